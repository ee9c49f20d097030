"""Queries to start from, as data: each a `sh:SPARQLExecutable`, the way SPARQL editors read them."""

from collections.abc import Iterable

from pyoxigraph import Literal, NamedNode

from citygraph.dataset import Dataset
from citygraph.queries import Query
from citygraph.sparql import form
from citygraph.statements import Facts, Subject

ADDRESS = ".well-known/sparql-examples"
KINDS = {"select": "Select", "ask": "Ask", "construct": "Construct"}


def examples(dataset: Dataset, named: Iterable[Query], public_url: str) -> Facts:
    """These queries over a dataset, with their parameters at the defaults, and where to send them."""
    for query in named:
        name = query.name
        text = query.filled({})
        kind = form(text) or ""
        one = Subject(NamedNode(f"{dataset.base}{ADDRESS}#{name}"))
        yield from one.a("sh:SPARQLExecutable", f"sh:SPARQL{KINDS[kind]}Executable")
        yield from one("rdfs:label", Literal(query.title, language="en"))
        told = f"{query.title}. {query.comment}".removesuffix(" ")
        yield from one("rdfs:comment", Literal(told, language="en"))
        yield from one(f"sh:{kind}", Literal(text))
        yield from one("sh:prefixes", NamedNode(f"{dataset.iri}#prefixes"))
        yield from one("schema:target", NamedNode(public_url + "sparql"))
        yield from one("rdfs:seeAlso", NamedNode(f"{public_url}queries/{name}"))
