"""Accept headers as clients really send them, and what each is given."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citygraph.errors import NotAcceptable
from citygraph.formats import (
    GRAPH_FORMATS,
    HTML,
    JSON,
    JSON_LD,
    N_QUADS,
    N_TRIPLES,
    RDF_XML,
    RESULTS_CSV,
    RESULTS_JSON,
    RESULTS_TSV,
    RESULTS_XML,
    SOLUTION_FORMATS,
    TRIG,
    TURTLE,
    Format,
    lookup,
)
from citygraph.negotiation import negotiate

PAGE = (HTML, TURTLE, N_TRIPLES, JSON_LD, RDF_XML, JSON)

FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
CHROME = (
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,"
    "application/signed-exchange;v=b3;q=0.7"
)
RDFLIB_PARSE = (
    "text/turtle, application/rdf+xml;q=0.9, application/n-triples;q=0.9, text/n3;q=0.8, "
    "application/ld+json;q=0.7, text/html;q=0.5, */*;q=0.1"
)
JENA_MODEL = (
    "text/turtle,application/n-triples;q=0.9,application/ld+json;q=0.8,application/rdf+xml;q=0.7,"
    "application/trix+xml;q=0.2,*/*;q=0.1"
)
JENA_RESULTS = (
    "application/sparql-results+json, application/sparql-results+xml;q=0.9, text/tab-separated-values;q=0.7, "
    "text/csv;q=0.5, application/json;q=0.2, application/xml;q=0.2, */*;q=0.1"
)
RDF4J_RESULTS = (
    "application/x-binary-rdf-results-table;q=0.8, application/sparql-results+json;q=0.8, application/json;q=0.8, "
    "application/sparql-results+xml;q=0.8, application/xml;q=0.8, text/tab-separated-values;q=0.8, text/csv;q=0.8"
)
RDF4J_GRAPH = (
    "application/x-binary-rdf;q=0.9, application/trig;q=0.8, text/turtle, application/n-triples;q=0.7, "
    "application/rdf+xml;q=0.5"
)
COMUNICA = (
    "application/n-quads,application/trig;q=0.95,application/ld+json;q=0.9,application/n-triples;q=0.8,"
    "text/turtle;q=0.6,application/rdf+xml;q=0.5,text/n3;q=0.35,application/xml;q=0.3,image/svg+xml;q=0.3,"
    "text/html;q=0.2,application/xhtml+xml;q=0.18"
)
COMUNICA_RESULTS = "application/sparql-results+json;q=1.0,application/sparql-results+xml;q=0.7,text/turtle"
FUJI = (
    "text/turtle, application/turtle, application/x-turtle;q=0.8, text/n3, text/rdf+n3, application/ld+json, "
    "application/rdf+xml, application/xml;q=0.5, text/html;q=0.1"
)
FUJI_JSON = 'application/ld+json;profile="http://www.w3.org/ns/json-ld#flattened", application/json;q=0.5'
SPARQLWRAPPER_XML = "application/sparql-results+xml"
SPARQLWRAPPER_GRAPH = "application/rdf+xml,text/turtle,text/n3,application/n-triples;q=0.5"
JAVA_URL = "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"
YASGUI = "application/sparql-results+json,*/*;q=0.9"

HEADERS: list[tuple[str | None, tuple[Format, ...], Format]] = [
    # none, and as good as none
    (None, PAGE, HTML),
    ("", PAGE, HTML),
    ("  ", SOLUTION_FORMATS, RESULTS_JSON),
    (",", GRAPH_FORMATS, TURTLE),
    (" , ,\t,", GRAPH_FORMATS, TURTLE),
    ("*/*", PAGE, HTML),  # curl, Apache HTTP client, requests
    ("*/*;q=0.1", SOLUTION_FORMATS, RESULTS_JSON),
    ("*", GRAPH_FORMATS, TURTLE),
    (JAVA_URL, PAGE, HTML),
    (JAVA_URL, SOLUTION_FORMATS, RESULTS_JSON),
    # browsers
    (FIREFOX, PAGE, HTML),
    (CHROME, PAGE, HTML),
    ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", (TURTLE, HTML), HTML),  # Safari
    ("application/xhtml+xml", PAGE, HTML),
    ("image/avif,image/webp,*/*", PAGE, HTML),
    ("text/css,*/*;q=0.1", PAGE, HTML),
    # clients of RDF
    (RDFLIB_PARSE, PAGE, TURTLE),
    (RDFLIB_PARSE, (HTML, RDF_XML), RDF_XML),
    (JENA_MODEL, PAGE, TURTLE),
    (JENA_MODEL, (HTML, JSON_LD), JSON_LD),
    (JENA_RESULTS, SOLUTION_FORMATS, RESULTS_JSON),
    (JENA_RESULTS, (RESULTS_CSV, RESULTS_TSV), RESULTS_TSV),
    (RDF4J_RESULTS, SOLUTION_FORMATS, RESULTS_JSON),
    (RDF4J_GRAPH, GRAPH_FORMATS, TURTLE),
    (RDF4J_GRAPH, (N_TRIPLES, TRIG), TRIG),
    (COMUNICA, GRAPH_FORMATS, N_QUADS),
    (COMUNICA, PAGE, JSON_LD),
    (COMUNICA_RESULTS, SOLUTION_FORMATS, RESULTS_JSON),
    (COMUNICA_RESULTS, GRAPH_FORMATS, TURTLE),
    (FUJI, PAGE, TURTLE),
    (FUJI_JSON, PAGE, JSON_LD),
    (FUJI_JSON, (HTML, JSON), JSON),
    ("application/json", SOLUTION_FORMATS, RESULTS_JSON),  # OpenRefine
    ("application/json, text/javascript, */*; q=0.01", SOLUTION_FORMATS, RESULTS_JSON),
    ("application/json, text/javascript, */*; q=0.01", PAGE, JSON),
    (SPARQLWRAPPER_XML, SOLUTION_FORMATS, RESULTS_XML),
    (SPARQLWRAPPER_GRAPH, GRAPH_FORMATS, TURTLE),
    (YASGUI, SOLUTION_FORMATS, RESULTS_JSON),
    ("text/csv; header=present", SOLUTION_FORMATS, RESULTS_CSV),
    ("text/tab-separated-values,text/csv;q=0.9", SOLUTION_FORMATS, RESULTS_TSV),
    # old names
    ("application/x-turtle", PAGE, TURTLE),
    ("text/n3", PAGE, TURTLE),
    ("text/rdf+n3", GRAPH_FORMATS, TURTLE),
    ("application/rdf", GRAPH_FORMATS, RDF_XML),
    ("application/xml", SOLUTION_FORMATS, RESULTS_XML),
    ("application/xml", GRAPH_FORMATS, RDF_XML),
    # parameters never block
    ("text/turtle;charset=utf-8", PAGE, TURTLE),
    ("text/turtle; charset=UTF-8; q=0.9, text/html;q=0.8", PAGE, TURTLE),
    ('application/ld+json;profile="http://www.w3.org/ns/json-ld#compacted"', PAGE, JSON_LD),
    ('application/ld+json;profile="a,b;q=0";q=0.9,text/html;q=0.1', PAGE, JSON_LD),
    ('text/html;x="\\",text/turtle;q=1", text/turtle;q=0.5', (TURTLE, HTML), HTML),
    ("application/rdf+xml;level=1;q=0.4,text/turtle;q=0.3", PAGE, RDF_XML),
    ("application/ld+json ; q=0.7 , text/turtle ;q = 0.6", PAGE, JSON_LD),
    ("TEXT/TURTLE;Q=0.9,Text/Html;q=0.1", PAGE, TURTLE),
    # the most specific range wins
    ("text/*;q=0.9,text/html;q=0.1,*/*;q=0.5", PAGE, TURTLE),
    ("*/*,application/sparql-results+json;q=0.1", SOLUTION_FORMATS, RESULTS_XML),
    ("text/*", SOLUTION_FORMATS, RESULTS_CSV),
    ("application/*", PAGE, N_TRIPLES),
    ("application/*;q=0.2,application/ld+json;q=0.3", PAGE, JSON_LD),
    ("text/turtle;q=0.2,text/turtle;q=0.9,text/html;q=0.5", PAGE, TURTLE),
    # q=0 excludes
    ("text/html;q=0,*/*", PAGE, TURTLE),
    ("*/*,text/html;q=0.000,text/turtle;q=0", PAGE, N_TRIPLES),
    ("text/*;q=0,*/*;q=0.1", GRAPH_FORMATS, N_TRIPLES),
    # a bad q drops its range, and only that
    ("text/html;q=2,text/turtle;q=0.1", PAGE, TURTLE),
    ("text/html;q=abc,text/turtle", PAGE, TURTLE),
    ("text/html;q=,text/turtle;q=0.3", PAGE, TURTLE),
    ("text/html;q=-1,text/turtle", PAGE, TURTLE),
    ("text/html;q=nan,text/turtle;q=inf,application/ld+json;q=0.1", PAGE, JSON_LD),
    ('text/html;q="1",text/turtle;q=0.1', PAGE, TURTLE),
    # ties go to the server
    ("application/ld+json,text/turtle", PAGE, TURTLE),
    ("text/turtle;q=0.5,text/html;q=0.5", PAGE, HTML),
    # untidy lists
    (",text/turtle,,", PAGE, TURTLE),
    ("text/turtle;q=0.5, , application/ld+json", PAGE, JSON_LD),
    ("nonsense, text/turtle", PAGE, TURTLE),
    ("/, text/, /turtle, text/turtle", PAGE, TURTLE),
    ("application/ld+json;q=0.4,text/turtle;q=0.3", PAGE, JSON_LD),  # two header lines, joined
    ("x/y," * 4000 + "text/turtle", PAGE, TURTLE),
]


@pytest.mark.parametrize(("accept", "offers", "expected"), HEADERS)
def test_a_client_is_given_what_it_wants_most(accept: str | None, offers: tuple[Format, ...], expected: Format) -> None:
    assert negotiate(accept, offers) is expected


@pytest.mark.parametrize(
    "accept",
    [
        "image/png",
        "text/turtle;q=0",
        "*/*;q=0",
        "text/html;q=7",
        "ttl",
        "nonsense",
        "text/plain",
        '"',
        "text/ turtle",
    ],
)
def test_what_does_not_fit_is_told_what_would(accept: str) -> None:
    with pytest.raises(NotAcceptable) as refusal:
        negotiate(accept, (TURTLE, JSON_LD))
    assert refusal.value.status == 406
    assert refusal.value.extra["offers"] == ["text/turtle", "application/ld+json"]


@pytest.mark.parametrize(
    "accept", ['"\\' * 200_000, "a;" * 200_000, "a/b;" + " " * 400_000, '"' * 400_001, "a/b;q=" * 99_999]
)
def test_a_hostile_header_takes_no_longer_than_its_length(accept: str) -> None:
    with pytest.raises(NotAcceptable):
        negotiate(accept, (TURTLE,))


PIECES = st.sampled_from(
    [
        "text/html",
        "text/turtle",
        "*/*",
        "*",
        "text/*",
        ";",
        ",",
        "q=",
        "=",
        "0.5",
        "0",
        '"',
        "\\",
        " ",
        "/",
        "é",
        "\0",
    ]
)


@given(st.one_of(st.none(), st.text(), st.lists(PIECES).map("".join)))
def test_any_header_ends_in_an_offer_or_a_406(accept: str | None) -> None:
    try:
        chosen = negotiate(accept, PAGE)
    except NotAcceptable:
        return
    assert chosen in PAGE


@pytest.mark.parametrize(
    ("name", "offers", "expected"),
    [
        ("ttl", GRAPH_FORMATS, TURTLE),
        (".ttl", GRAPH_FORMATS, TURTLE),
        ("turtle", GRAPH_FORMATS, TURTLE),
        ("text/turtle", GRAPH_FORMATS, TURTLE),
        ("json", SOLUTION_FORMATS, RESULTS_JSON),
        ("json", PAGE, JSON),
        ("srx", SOLUTION_FORMATS, RESULTS_XML),
        ("XML", SOLUTION_FORMATS, RESULTS_XML),
        ("rdf", GRAPH_FORMATS, RDF_XML),
        ("pdf", PAGE, None),
        ("", PAGE, None),
    ],
)
def test_a_format_is_found_by_name_suffix_or_media_type(
    name: str, offers: tuple[Format, ...], expected: Format | None
) -> None:
    assert lookup(name, offers) is expected
