"""Links and labels as facts in a file of data/, in the formatter's form; a file is replaced whole or not at all."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from pyoxigraph import Literal, NamedNode, QueryTriples, RdfFormat, Store, Triple

from citygraph import formatting, queries, sparql, turtle
from citygraph.linking.candidates import Candidate
from citygraph.namespaces import RDF_TYPE, name
from citygraph.wikidata import ENTITY

FOUND = "Candidates from Wikidata, scored by name, country, distance, class and identifiers"
TAKEN = "Label of the linked item, as Wikidata has it"
PICKED = "; chosen by a person"


def link(candidate: Candidate, day: str, picked: bool) -> list[Triple]:
    """A link with its evidence."""
    thing = candidate.thing
    return made(
        "linking/link",
        thing=NamedNode(thing.iri),
        property=NamedNode(thing.kind.property),
        item=NamedNode(ENTITY + candidate.item.id),
        evidence=NamedNode(f"{thing.iri}#wikidata"),
        comment=Literal(f"Score {candidate.score:.2f}: {candidate.evidence}", language="en"),
        date=Literal(day, datatype=name("xsd:date")),
        method=Literal(FOUND + (PICKED if picked else ""), language="en"),
    )


def label(thing: str, text: str, language: str, day: str) -> list[Triple]:
    """A label with its evidence."""
    return made(
        "linking/label",
        thing=NamedNode(thing),
        label=Literal(text, language=language),
        language=Literal(language),
        evidence=NamedNode(f"{thing}#name-wikidata-{language}"),
        date=Literal(day, datatype=name("xsd:date")),
        method=Literal(TAKEN, language="en"),
    )


def made(query: str, **terms: NamedNode | Literal) -> list[Triple]:
    """What a CONSTRUCT of ours makes of terms alone."""
    found = Store().query(sparql.bind(queries.load(query).text, terms))
    assert isinstance(found, QueryTriples), f"no CONSTRUCT: {query}"
    return list(found)


def add(file: Path, facts: Iterable[Triple], prefixes: Mapping[str, str]) -> None:
    """Add facts to a file, which need not be there. Evidence that was in it is replaced by the new one of its name.

    Raises SyntaxError if the file is no Turtle, and CommentInside if a comment stands between its facts."""
    new = list(facts)
    old = formatting.canonical_text(file, prefixes) if file.exists() else ""
    head = "\n".join(formatting.header(old)).rstrip("\n")
    store = Store()
    store.load(old.encode(), format=RdfFormat.TURTLE)
    replaced = {fact.subject for fact in new if fact.predicate == RDF_TYPE}
    kept = [quad.triple for quad in store if quad.subject not in replaced]
    body = turtle.write([*kept, *new], prefixes)
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_suffix(".ttl.new")
    beside.write_text(f"{head}\n\n{body}" if head else body, "utf-8", newline="\n")
    beside.replace(file)
