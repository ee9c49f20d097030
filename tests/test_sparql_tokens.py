"""What is read from a query's tokens: its form, what it may not ask for, and the parameters in it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode, Store

from citygraph.errors import QueryError, Refused
from citygraph.explanation import PADDING, explain
from citygraph.sparql import bind, form, prologue, refuse, tokens

DATA = "https://example.org/graph/data"
XSD = "http://www.w3.org/2001/XMLSchema#"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT * {}", "select"),
        ("select*{}", "select"),
        ("ASK{}", "ask"),
        ("CONSTRUCT WHERE {?s ?p ?o}", "construct"),
        ("DESCRIBE <http://x/>", "describe"),
        ("# SELECT\nASK {}", "ask"),
        ("BASE <http://x/SELECT>\nPREFIX select: <#>\n#x\n PREFIX : <y>ASK {}", "ask"),
        ("prefix a.b:<x>deScribe ?x {}", "describe"),
        ("INSERT DATA {}", None),
        ("SELEC * {}", None),
        ("", None),
        ("# only a comment", None),
    ],
)
def test_the_form_is_the_first_word_after_the_prologue(text: str, expected: str | None) -> None:
    assert form(text) == expected


def test_the_prologue_is_resolved_and_comments_are_not_read() -> None:
    text = "# PREFIX no: <no>\nBASE <http://x/y/>\nPREFIX a:<b>PREFIX : <#>\n# PREFIX never: <n>\nSELECT * {}"
    assert prologue(text) == ("http://x/y/", {"a": "http://x/y/b", "": "http://x/y/#"})


def test_tokens_keep_every_character_but_space_and_comments() -> None:
    text = """SELECT ?a $b{?a ex:a.b\\,c 'it''s',\"\"\"a"b\"\"\"@en--ltr,-1.5e3"""
    text += """;<p>|^ :x%20y. _:b.c a [] FILTER(?a<=?b&&?c!="\\"")}"""
    assert [token.text for token in tokens(text)] == [
        "SELECT", "?a", "$b", "{", "?a", "ex:a.b\\,c", "'it'", "'s'", ",", '"""a"b"""', "@en--ltr", ",", "-", "1.5e3",
        ";", "<p>", "|", "^", ":x%20y", ".", "_:b.c", "a", "[", "]", "FILTER", "(", "?a", "<=", "?b", "&&", "?c", "!=",
        '"\\""', ")", "}",
    ]  # fmt: skip


@given(st.text())
def test_any_text_is_cut_into_tokens(text: str) -> None:
    for token in tokens(text):
        assert text.startswith(token.text, token.start)


HOSTILE = [
    "'''",
    '"',
    "a.",
    "<a",
    "<'>",
    "'''\\q",
    "a:b.",
    "?a<b#>",
    "((",
    "\\u0041",
    "#",
    "service#",
    "a:",
    "@a-",
    "1.",
    "%",
]


@pytest.mark.parametrize("unit", HOSTILE)
def test_hostile_text_is_read_in_time_that_grows_with_its_length(unit: str) -> None:
    text = unit * ((1 << 15) // len(unit))
    assert form(text) is None
    refuse(f"ASK {{ {text} service from }}", {DATA})
    assert sum(len(token.text) for token in tokens(text * 4)) <= len(text) * 4


ENDPOINT = "<http://127.0.0.1:1/>"
CALLS = [
    "SELECT * { SERVICE § {?s ?p ?o} }",
    "SELECT * { service § {?s ?p ?o} }",
    "SELECT * { SeRvIcE\n#c\n§\t{?s ?p ?o} }",
    "SELECT * { SERVICE SILENT § {?s ?p ?o} }",
    "SELECT * { SERVICESILENT §{?s ?p ?o} }",
    "SELECT*{SERVICE#SILENT\n§{?s ?p ?o}}",
    "SELECT * { VALUES ?e {§} SERVICE ?e {?s ?p ?o} }",
    "SELECT * { VALUES ?e {§} SERVICE$e{?s ?p ?o} }",
    "PREFIX ex: § SELECT * { SERVICE ex: {?s ?p ?o} }",
    "PREFIX ex: § SELECT * { SERVICEex:foo {?s ?p ?o} }",
    "PREFIX SERVICEex: <http://x/> PREFIX ex: § SELECT * { SERVICEex:foo{?s ?p ?o} }",
    "PREFIX : § SELECT * { SERVICE:foo {?s ?p ?o} }",
    "PREFIX e.a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r: § ASK { SERVICEe.a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r:o {} }",
    "SELECT * { { SELECT * { OPTIONAL { SERVICE § {?s ?p ?o} } } } }",
    "ASK { FILTER EXISTS { SERVICE § {?s ?p ?o} } }",
    "ASK { FILTER NOT EXISTS { { } UNION { SERVICE § {?s ?p ?o} } } }",
    "CONSTRUCT {?s ?p ?o} WHERE { GRAPH ?g { SERVICE § {?s ?p ?o} } }",
    "DESCRIBE ?s { MINUS { SERVICE § {?s ?p ?o} } }",
    "SELECT * { ?s ?p ?o FILTER(?o<1)SERVICE#>\n§{?s ?p ?o}}",
    "SELECT * { ?s ?p ?o FILTER(?o<'>')SERVICE §{?s ?p ?o}FILTER('x'='x')}",
    "SELECT * { ?s ?p ?o FILTER(?o<1#>'''\n)SERVICE §{?s ?p ?o}#'''\n}",
    "SELECT * { ?s ?p trueSERVICE §{?s ?p ?o} }",
    "SELECT * { ?s ?p 1SERVICE §{?s ?p ?o} }",
    "SELECT * { ?s ?p ('''a' ) SERVICE § {?s ?p ?o} }#\\q'''",
    'SELECT * { ?s ?p ("""a" ) SERVICE § {?s ?p ?o} }#\\ud800"""',
    "SELECT * { ?s ?p 'a' . SERVICE § {?s ?p ?o} # '\n}",
    "SELECT * { ?s ?p <http://x/#'> . SERVICE § {?s ?p ?o FILTER(?o = '>') } }",
]


@pytest.mark.parametrize("text", CALLS)
def test_a_call_of_another_server_is_refused_in_every_disguise(text: str) -> None:
    with pytest.raises(Refused, match="SERVICE") as refusal:
        refuse(text.replace("§", ENDPOINT), {DATA})
    assert refusal.value.status == 403


@pytest.mark.parametrize(
    "text",
    [
        "SELECT ?service { ?service a ?b } # SERVICE <http://x/> {}",
        "PREFIX sd: <http://www.w3.org/ns/sparql-service-description#>\nSELECT ?e { ?e a sd:Service }",
        "SELECT * { ?s ?p 'SERVICE <http://x/> {' }",
        'SELECT * { ?s ?p """a " SERVICE <http://x/> {""" }',
        "SELECT * { ?s ?p '''it's a SERVICE <http://x/> { call''' . }",
        "SELECT * { <http://x/service#thing> <http://x/a.service#p> ?o . ?o ?p ?q }",
        "PREFIX ex: <http://x/service#> SELECT * { ?s ex:service ?o ; ex:SERVICE [ ex:p ex:service ] }",
        "PREFIX service: <http://x/> SELECT * { service:x service:y service:z . { service:x ?p ?o } }",
        "PREFIX service: <http://x/> SELECT * { GRAPH service:x { ?s ?p ?o } }",
        "SELECT * { ?s ?p ?o FILTER(?o < 1 && ?p > 'SERVICE ?x {') }",
        "SELECT * { ?s ?p ?o FILTER(CONTAINS(?o, 'service')) }",
        "SELECT * { _:service ?p 'insert', 'load', 'from' } # DROP ALL",
        "PREFIX insert: <http://x/> SELECT ?from { insert:load insert:from ?from }",
    ],
)
def test_the_words_alone_are_no_offence(text: str) -> None:
    refuse(text, {DATA})
    Store().query(text)


@pytest.mark.parametrize(
    "text",
    [
        "INSERT DATA {<a:a> <a:a> 1}",
        "insert {} where {}",
        "DELETE WHERE {?s ?p ?o}",
        "PREFIX ex: <http://x/> WITH ex:g DELETE {} WHERE {}",
        "LOAD <http://127.0.0.1/>",
        "LOAD SILENT <http://127.0.0.1/> INTO GRAPH <http://x/>",
        "CLEAR ALL",
        "DROP DEFAULT",
        "CREATE GRAPH <http://x/>",
        "COPY DEFAULT TO <http://x/>",
        "MOVE DEFAULT TO <http://x/>",
        "# c\nADD DEFAULT TO <http://x/>",
    ],
)
def test_every_update_is_refused_with_what_to_do(text: str) -> None:
    with pytest.raises(Refused, match="read-only") as refusal:
        refuse(text, {DATA})
    assert refusal.value.extra["hint"]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM <http://web.example/> {?s ?p ?o}",
        "SELECT * FROM NAMED <file:///etc/passwd> {?s ?p ?o}",
        "PREFIX w: <http://web.example/> SELECT * FROM w:g {?s ?p ?o}",
        "SELECT * FROM <https://example.org/graph/data> FROM <http://web.example/> {?s ?p ?o}",
        "BASE <http://web.example/> SELECT * FROM <graph/data> {?s ?p ?o}",
    ],
)
def test_a_graph_of_the_web_is_refused_and_ours_are_named(text: str) -> None:
    with pytest.raises(Refused) as refusal:
        refuse(text, {DATA}, "https://example.org/")
    assert refusal.value.extra["graphs"] == [DATA]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM <https://example.org/graph/data> {?s ?p ?o}",
        "SELECT * FROM <graph/data> {?s ?p ?o}",
        "PREFIX g: <https://example.org/graph/> SELECT * FROM NAMED g:data {?s ?p ?o}",
        "BASE <https://example.org/graph/x> SELECT * FROM <data> {?s ?p ?o}",
    ],
)
def test_a_graph_of_ours_may_be_read_however_it_is_written(text: str) -> None:
    refuse(text, {DATA}, "https://example.org/")


# Parameters


def answer(text: str) -> object:
    return next(iter(Store().query(text)))[0]  # type: ignore[union-attr,index]


TEXTS = st.one_of(st.text(), st.text(st.sampled_from("\"'\\\n\r\t{}$?<>#a\0\u2028😀")))


@given(TEXTS)
def test_a_bound_literal_comes_back_as_it_was(value: str) -> None:
    assert answer(bind("SELECT (($x) AS ?y) {}", {"x": Literal(value)})) == Literal(value)


@given(TEXTS, st.sampled_from(["en", "sv-SE", "zh-Hant-TW"]))
def test_a_bound_text_keeps_its_language(value: str, language: str) -> None:
    term = Literal(value, language=language)
    assert answer(bind("SELECT (($x) AS ?y) {}", {"x": term})) == term


@given(TEXTS)
def test_a_bound_literal_keeps_its_datatype(value: str) -> None:
    term = Literal(value, datatype=NamedNode("http://example.org/type"))
    assert answer(bind("SELECT (($x) AS ?y) {}", {"x": term})) == term


@given(st.text())
def test_an_iri_comes_back_as_it_was_or_is_refused(value: str) -> None:
    try:
        term = NamedNode("http://example.org/" + value)
        text = bind("SELECT (($x) AS ?y) {}", {"x": term})
    except ValueError:
        return
    assert answer(text) == term


@pytest.mark.parametrize(
    "iri", ["http://x/> } DROP ALL #", "http://x/a b", "http://x/\\u003e", "no-scheme", "http://x/{a}", ""]
)
def test_an_iri_that_cannot_be_written_is_a_value_error(iri: str) -> None:
    with pytest.raises(ValueError, match=r"IRI|parse|scheme|Invalid|code point|character"):
        bind("SELECT * { $x ?p ?o }", {"x": NamedNode(iri)})


def test_a_language_tag_that_is_none_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="language"):
        bind("SELECT * { ?s ?p $x }", {"x": Literal("a", language="en } #")})


def test_only_tokens_are_parameters() -> None:
    text = 'SELECT ?s { ?s <http://x/$city> \'$city\', """$city""", $city, $cityName } # $city'
    bound = bind(text, {"city": Literal("a$city"), "cityName": Literal("b")})
    assert bound == text.replace("$city, $cityName", '"a$city", "b"')


def test_numbers_and_dates_keep_their_types() -> None:
    terms = {
        "n": Literal("7", datatype=NamedNode(XSD + "integer")),
        "d": Literal("2017-10-31", datatype=NamedNode(XSD + "date")),
    }
    assert bind("$n$d", terms) == f'"7"^^<{XSD}integer>"2017-10-31"^^<{XSD}date>'


@pytest.mark.parametrize("terms", [{}, {"other": Literal("x")}, {"city": Literal("x"), "other": Literal("y")}])
def test_a_parameter_too_few_or_too_many_is_a_key_error(terms: dict[str, Literal]) -> None:
    with pytest.raises(KeyError):
        bind("SELECT * { ?s ?p $city }", terms)


# Explanations


def explained(text: str) -> QueryError:
    with pytest.raises(SyntaxError) as error:
        Store().query(text + PADDING)
    return explain(error.value, text, {"ccn": "https://example.org/ontology#", "schema": "https://schema.org/"})


@pytest.mark.parametrize(
    ("text", "line", "column", "hint"),
    [
        ("SELECT * {\n ?s a ccn:City }", 2, 7, "Add: PREFIX ccn: <https://example.org/ontology#>"),
        ("SELECT * { ?s ccn:a ?x ; schema:b ?y }", 1, 15, "PREFIX schema: <https://schema.org/>"),
        ("SELECT * { ?s schma:a ?x }", 1, 15, "schema:"),
        ("PREFIX ex: <http://x/> SELECT * { ?s exx:a ?x }", 1, 38, "ex:"),
        ("SELEC * {?s ?p ?o}", 1, 1, "SELECT"),
        ("SELECT * {\n ?s ?p ?o .\n FITLER(?o) }", 3, 2, "FILTER"),
        ("SELECT ?s WERE { ?s ?p ?o }", 1, 11, "WHERE"),
        ("SELECT ?s { ?s ?p ?o } ORDR BY ?s", 1, 24, "ORDER"),
        ("SELECT * { ?s ?p 'é } ", 1, 18, "quote"),
        ("SELECT * { ?s ?p ?o ORDER BY ?s }", 1, 21, "OPTIONAL"),
        ("SELECT * { ?s ?p ?o FILTER(ABS()) }", 1, 32, None),
        ("SELECT * {", 1, 11, None),
        ("SELECT", 1, 7, None),
        ("", 1, 1, None),
    ],
)
def test_a_syntax_error_says_where_and_what_to_do(text: str, line: int, column: int, hint: str | None) -> None:
    error = explained(text)
    assert (error.status, error.extra["line"], error.extra["column"]) == (400, line, column)
    assert hint is None or hint in str(error.extra["hint"])


@given(st.text(st.sampled_from("SELECT ASK{}()?xy:<>.'\"#\n\\ é☃")))
def test_any_error_can_be_explained(text: str) -> None:
    for query in (text, text + PADDING):
        detail = "it is SPARQL"
        try:
            Store().query(query)
        except SyntaxError as error:
            detail = explain(error, text, {}).detail
        assert detail
