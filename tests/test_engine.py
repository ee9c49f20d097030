"""What the embedded engine answers, in which format, and how it says no."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree import ElementTree

import pytest
from pyoxigraph import (
    DefaultGraph,
    Literal,
    NamedNode,
    Quad,
    QueryResultsFormat,
    RdfFormat,
    Store,
    parse,
    parse_query_results,
)

from citygraph import formats
from citygraph.engine import Embedded, Engine
from citygraph.errors import NotAcceptable, QueryError, Refused, ResultTooLarge, TooLarge
from citygraph.sparql import bind

BASE = "https://example.org/"
EX = f"PREFIX ex: <{BASE}>\n"


@dataclass(frozen=True)
class Small:
    store: Store
    base: str = BASE
    prefixes: dict[str, str] = field(default_factory=lambda: {"ccn": f"{BASE}ontology#"})
    graphs: frozenset[str] = frozenset({f"{BASE}graph/data"})


def node(name: str) -> NamedNode:
    return NamedNode(BASE + name)


@pytest.fixture(scope="module")
def small() -> Iterator[Embedded]:
    store = Store()
    for graph in (DefaultGraph(), node("graph/data")):
        store.add(Quad(node("norrkoping"), node("label"), Literal("Norrköping", language="sv"), graph))
        store.add(Quad(node("norrkoping"), node("field"), node("music"), graph))
    store.add(Quad(node("odd"), node("return"), Literal("a\rb\r\nc"), DefaultGraph()))
    store.add(Quad(node("odd"), node("control"), Literal("a\x01b"), DefaultGraph()))
    store.add(Quad(node("odd"), node("123"), Literal("number"), DefaultGraph()))
    made = Embedded(Small(store), workers=2, timeout=2.0, max_body=1 << 20)
    yield made
    made.close()


SELECT = EX + "SELECT ?city ?label { ?city ex:label ?label }"
CONSTRUCT = EX + "CONSTRUCT { ?city ex:name ?label } WHERE { ?city ex:label ?label }"


def test_it_is_an_engine(small: Embedded) -> None:
    engine: Engine = small
    assert engine.query("ASK {}").kind == "boolean"


@pytest.mark.parametrize("target", formats.SOLUTION_FORMATS, ids=lambda each: each.name)
def test_solutions_come_in_every_format_and_keep_their_language(small: Embedded, target: formats.Format) -> None:
    answer = small.query(SELECT, target.media_type)
    assert (answer.kind, answer.format, answer.media_type) == ("solutions", target, target.media_type)
    if target is formats.RESULTS_CSV:
        assert list(csv.reader(io.StringIO(answer.body.decode()))) == [
            ["city", "label"],
            [BASE + "norrkoping", "Norrköping"],
        ]
        return
    assert isinstance(target.serializer, QueryResultsFormat)
    solutions = list(parse_query_results(answer.body, format=target.serializer))  # type: ignore[arg-type]
    assert [tuple(each) for each in solutions] == [(node("norrkoping"), Literal("Norrköping", language="sv"))]


@pytest.mark.parametrize("target", formats.GRAPH_FORMATS, ids=lambda each: each.name)
@pytest.mark.parametrize("text", [CONSTRUCT, EX + "DESCRIBE ex:norrkoping"], ids=["construct", "describe"])
def test_graphs_come_in_every_format(small: Embedded, target: formats.Format, text: str) -> None:
    answer = small.query(text, target.media_type)
    assert (answer.kind, answer.media_type) == ("graph", target.media_type)
    assert isinstance(target.serializer, RdfFormat)
    triples = {quad.triple for quad in parse(answer.body, format=target.serializer)}
    assert triples == set(small.construct(text))


@pytest.mark.parametrize("target", formats.BOOLEAN_FORMATS, ids=lambda each: each.name)
def test_ask_is_answered_in_every_format(small: Embedded, target: formats.Format) -> None:
    answer = small.query("ASK {}", target.media_type)
    assert answer.kind == "boolean"
    assert b"true" in answer.body
    assert b"false" in small.query("ASK { FILTER(1 = 2) }", format=target).body


def test_without_accept_solutions_are_json_and_graphs_turtle(small: Embedded) -> None:
    assert small.query(SELECT).media_type == "application/sparql-results+json"
    assert small.query(CONSTRUCT).media_type == "text/turtle"


def test_a_forced_format_goes_before_accept(small: Embedded) -> None:
    assert small.query(SELECT, "text/csv", format=formats.RESULTS_TSV).format is formats.RESULTS_TSV


def test_the_prefixes_of_a_query_come_back_in_turtle(small: Embedded) -> None:
    body = small.query(CONSTRUCT).body.decode()
    assert f"@prefix ex: <{BASE}>" in body
    assert 'ex:norrkoping ex:name "Norrköping"@sv' in body


def test_a_relative_iri_is_read_against_the_base(small: Embedded) -> None:
    assert small.query("PREFIX : <#> ASK { <norrkoping> <field> <music> }").body == b'{"head":{},"boolean":true}'


# Refusals


@pytest.mark.parametrize("text", [SELECT, "ASK {}", CONSTRUCT, EX + "DESCRIBE ex:norrkoping"])
def test_406_is_said_before_any_work(small: Embedded, text: str) -> None:
    with pytest.raises(NotAcceptable) as refusal:
        small.query(text.replace("}", "} # broken ) ", 1) + " ((", "image/png")
    assert refusal.value.extra["offers"]


def test_a_format_of_the_other_kind_is_not_acceptable(small: Embedded) -> None:
    with pytest.raises(NotAcceptable, match="Turtle cannot carry the answer to SELECT"):
        small.query(SELECT, format=formats.TURTLE)
    with pytest.raises(NotAcceptable):
        small.query(SELECT, "text/turtle")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("INSERT DATA { <a:a> <a:a> 1 }", Refused),
        ("SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }", Refused),
        ("SELECT * FROM <http://web.example/> { ?s ?p ?o }", Refused),
        ("SELECT * { ?s ?p \ud800 }", QueryError),
        ("SELECT * { ?s ?p '\udfff' }", QueryError),
        ("SELECT (<http://x/f>(1) AS ?y) {}", QueryError),
        ("SELECT (ex:f(1) AS ?y) {}", QueryError),
        ("SELECT ?x ?n { ?x ?y ?n } GROUP BY ?x", QueryError),
        ("hello", QueryError),
        ("", QueryError),
        ("\0", QueryError),
        ("SELECT * { ?s ?p ?o } " + " " * (1 << 20), TooLarge),
    ],
)
def test_what_cannot_be_answered_is_the_askers_error(small: Embedded, text: str, kind: type[Exception]) -> None:
    with pytest.raises(kind) as refusal:
        small.query(text)
    assert 400 <= getattr(refusal.value, "status", 0) < 500


def test_a_long_query_is_searched_too(small: Embedded) -> None:
    with pytest.raises(Refused):
        small.query("SELECT * { " + " " * (1 << 17) + "SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }")


def test_a_missing_prefix_is_named_with_its_place(small: Embedded) -> None:
    with pytest.raises(QueryError) as error:
        small.query("SELECT * {\n  ?s a ccn:City\n}")
    assert error.value.extra == {"line": 2, "column": 8, "hint": f"Add: PREFIX ccn: <{BASE}ontology#>"}


@pytest.mark.parametrize("timeout", [0, -1, float("nan")])
def test_a_timeout_is_above_zero(small: Embedded, timeout: float) -> None:
    with pytest.raises(QueryError):
        small.query("ASK {}", timeout=timeout)


def test_a_result_over_the_limit_is_413(small: Embedded) -> None:
    rows = "VALUES ?x { 1 2 3 4 5 6 7 8 9 10 }".replace("?x", "{}")
    text = "SELECT * { " + " ".join(rows.replace("{}", f"?x{i}", 1) for i in range(5)) + " }"
    with pytest.raises(ResultTooLarge) as refusal:
        small.query(text)
    assert (refusal.value.status, refusal.value.extra["limit_bytes"]) == (413, 1 << 20)


# What XML cannot say


def test_a_carriage_return_survives_xml(small: Embedded) -> None:
    body = small.query(EX + "SELECT ?o { ex:odd ex:return ?o }", "application/sparql-results+xml").body
    root = ElementTree.fromstring(body)  # noqa: S314 (our own output)
    assert [each.text for each in root.iter() if each.tag.endswith("literal")] == ["a\rb\r\nc"]
    graph = small.query(EX + "CONSTRUCT WHERE { ex:odd ex:return ?o }", "application/rdf+xml").body
    assert [quad.object for quad in parse(graph, format=RdfFormat.RDF_XML)] == [Literal("a\rb\r\nc")]


@pytest.mark.parametrize(
    ("text", "accept"),
    [
        ("SELECT ?o { ex:odd ex:control ?o }", "application/sparql-results+xml"),
        ("SELECT ('a\ufffeb' AS ?o) {}", "application/sparql-results+xml"),
        ("CONSTRUCT WHERE { ex:odd ex:control ?o }", "application/rdf+xml"),
        ("CONSTRUCT WHERE { ex:odd ex:123 ?o }", "application/rdf+xml"),
    ],
)
def test_what_xml_cannot_carry_is_406_and_names_what_can(small: Embedded, text: str, accept: str) -> None:
    with pytest.raises(NotAcceptable) as refusal:
        small.query(EX + text, accept)
    offers = refusal.value.extra["offers"]
    assert isinstance(offers, list)
    assert accept not in offers
    assert small.query(EX + text, offers[0]).body


def test_json_carries_control_characters(small: Embedded) -> None:
    found = json.loads(small.query(EX + "SELECT ?o { ex:odd ex:control ?o }").body)
    assert found["results"]["bindings"][0]["o"]["value"] == "a\x01b"


# The dataset of a query


COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
NAMED = "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }"


def number(engine: Embedded, text: str, default: list[str] | None = None, named: list[str] | None = None) -> int:
    body = engine.query(text, default_graphs=default, named_graphs=named).body
    return int(json.loads(body)["results"]["bindings"][0]["n"]["value"])


def test_without_a_dataset_it_is_the_stores(small: Embedded) -> None:
    assert (number(small, COUNT), number(small, NAMED)) == (5, 2)


def test_the_protocols_graphs_are_the_whole_dataset(small: Embedded) -> None:
    data = f"{BASE}graph/data"
    assert (number(small, COUNT, [data]), number(small, NAMED, [data])) == (2, 0)
    assert (number(small, COUNT, None, [data]), number(small, NAMED, None, [data])) == (0, 2)


def test_an_unknown_graph_is_empty(small: Embedded) -> None:
    assert number(small, COUNT, ["http://web.example/"]) == 0
    assert number(small, "SELECT (COUNT(*) AS ?n) { GRAPH <http://web.example/> { ?s ?p ?o } }") == 0


def test_a_graph_that_is_no_iri_is_400(small: Embedded) -> None:
    with pytest.raises(QueryError, match="absolute IRI"):
        small.query(COUNT, default_graphs=["no iri"])


# Queries of ours


def test_our_own_queries_give_terms_and_leave_out_the_unbound(small: Embedded) -> None:
    text = bind(
        EX + "SELECT ?label ?none { $city ex:label ?label OPTIONAL { $city ex:none ?none } }",
        {"city": node("norrkoping")},
    )
    assert small.select(text) == [{"label": Literal("Norrköping", language="sv")}]
    assert small.ask(EX + "ASK { ex:norrkoping ex:field ex:music }")
    assert [str(each.object) for each in small.construct(CONSTRUCT)] == ['"Norrköping"@sv']


def test_the_wrong_form_of_our_own_is_a_type_error(small: Embedded) -> None:
    with pytest.raises(TypeError):
        small.select("ASK {}")
    with pytest.raises(TypeError):
        small.ask(SELECT)
    with pytest.raises(TypeError):
        small.construct(SELECT)
