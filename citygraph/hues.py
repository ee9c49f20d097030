"""Which things have a hue of the style sheet: from 1 on, in the order of the last part of their IRIs."""

from collections.abc import Iterable

from citygraph import queries
from citygraph.engine import Engine
from citygraph.labels import local_name, written

HUES = 8
"""How many hues the style sheet has."""


def among(iris: Iterable[str]) -> dict[str, int]:
    """The hue of each thing among all of its kind; where there are more things than hues, several share one."""
    return {iri: n % HUES + 1 for n, iri in enumerate(sorted(set(iris), key=lambda iri: (local_name(iri), iri)))}


def found(engine: Engine) -> dict[str, int]:
    """The hue of each thing of a graph that has one, by IRI."""
    return among(written(row["thing"]) for row in engine.select(queries.load("pages/thing/hues").text))
