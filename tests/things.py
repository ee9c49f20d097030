"""Everything in the graph as it goes over the wire: the tidy JSON and the Turtle of each thing."""

import json
from collections.abc import Iterable
from typing import Any, NamedTuple
from urllib.parse import quote

import pytest
from flask import Flask
from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, parse

from citygraph.dataset import Dataset
from citygraph.turtle import stable


class Written(NamedTuple):
    """One thing: its JSON as it came and as it is read, and the facts of its Turtle."""

    text: str
    json: dict[str, Any]
    facts: list[Triple]


@pytest.fixture(scope="session")
def things(dataset: Dataset, app: Flask) -> dict[str, Written]:
    """All things of ours by their IRIs."""
    client = app.test_client()
    found = {}
    for iri in iris(dataset):
        path = quote(iri.removeprefix(dataset.base[:-1]))
        text = client.get(path + ".json").get_data(as_text=True)
        turtle = client.get(path + ".ttl").data
        found[iri] = Written(text, json.loads(text), [q.triple for q in parse(turtle, format=RdfFormat.TURTLE)])
    return found


def iris(dataset: Dataset) -> list[str]:
    """What the graph speaks of and has a document of its own."""
    subjects = {quad.subject for quad in dataset.store.quads_for_pattern(None, None, None, None)}
    named = {node.value.split("#")[0] for node in subjects if isinstance(node, NamedNode)}
    return sorted(iri for iri in named if iri.startswith(dataset.base) and iri.removeprefix(dataset.base))


def expanded(document: dict[str, Any], context: dict[str, Any]) -> list[Triple]:
    """The facts of a JSON document, by the context that it names."""
    inlined = json.dumps({**document, "@context": context["@context"]})
    return [quad.triple for quad in parse(inlined, format=RdfFormat.JSON_LD)]


def canonical(facts: Iterable[Triple]) -> list[str]:
    """Facts in a form that is the same for isomorphic graphs. Language tags mean the same in any case, and readers of
    JSON-LD may make them small."""
    return sorted(map(str, stable(Triple(s, p, small(o)) for s, p, o in set(facts))))


def small(term: Any) -> Any:
    if isinstance(term, Literal) and term.language:
        return Literal(term.value, language=term.language.lower())
    return term
