"""The target of FarAwayShape: just the cities that lie more than 16 degrees from all others of their country."""

from pathlib import Path

import rdflib
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode, Quad, Store

from citygraph.namespaces import PREFIXES

SHAPES = Path(__file__).parents[1] / "shapes" / "coordinates.ttl"
BASE = "https://w3id.org/creative-cities/"
NEAR = 16
SH = rdflib.Namespace("http://www.w3.org/ns/shacl#")
CCN, SCHEMA = f"{BASE}ontology#", "https://schema.org/"

places = st.lists(
    st.tuples(st.sampled_from("ab"), st.integers(-90, 90), st.integers(-180, 180)), max_size=9, unique=True
)  # fmt: skip


def target() -> str:
    target = rdflib.URIRef(f"{BASE}shapes#FarAwayShape-target")
    prefixes = {**PREFIXES, "ccn": CCN, "schema": SCHEMA}
    text = str(rdflib.Graph().parse(SHAPES).value(target, SH.select))
    return "".join(f"PREFIX {prefix}: <{iri}>\n" for prefix, iri in prefixes.items()) + text


def placed(given: list[tuple[str, int, int]]) -> Store:
    store = Store()
    for number, (country, north, east) in enumerate(given):
        city, point = NamedNode(f"urn:{number}"), NamedNode(f"urn:{number}#geo")
        store.add(Quad(city, NamedNode(CCN + "country"), NamedNode(f"urn:{country}")))
        store.add(Quad(city, NamedNode(CCN + "coordinates"), point))
        store.add(Quad(point, NamedNode(SCHEMA + "latitude"), Literal(north)))
        store.add(Quad(point, NamedNode(SCHEMA + "longitude"), Literal(east)))
    return store


def lonely(given: list[tuple[str, int, int]]) -> set[str]:
    """The same by comparing each with each."""
    found = set()
    for number, (country, north, east) in enumerate(given):
        others = [(n, e) for at, (c, n, e) in enumerate(given) if c == country and at != number]
        if others and not any(abs(n - north) <= NEAR and abs(e - east) <= NEAR for n, e in others):
            found.add(f"urn:{number}")
    return found


@settings(max_examples=300, deadline=None)
@given(places)
def test_the_lonely_cities_are_found_and_no_others(given: list[tuple[str, int, int]]) -> None:
    assert {row["this"].value for row in placed(given).query(target())} == lonely(given)  # type: ignore[union-attr]
