"""Queries to start from, as data: each a `sh:SPARQLExecutable`, the way SPARQL editors read them."""

from collections.abc import Sequence

from pyoxigraph import Literal, NamedNode

from citygraph import queries
from citygraph.dataset import Dataset
from citygraph.sparql import form
from citygraph.statements import Facts, Subject

ADDRESS = ".well-known/sparql-examples"
KINDS = {"select": "Select", "ask": "Ask", "construct": "Construct"}


def examples(dataset: Dataset, names: Sequence[str], public_url: str) -> Facts:
    """The queries of these names over a dataset, with their parameters at the defaults, and where to send them."""
    for name in names:
        query = queries.load(name)
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
