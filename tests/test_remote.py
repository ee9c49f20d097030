"""The engine over a store elsewhere: what it sends, and what it makes of stores that fail or lie."""

from collections.abc import Callable
from urllib.parse import parse_qs

import pytest
from faulty import BASE, CONSTRUCT, FACT, JSON, NT, ROWS, SELECT, YES, Elsewhere, Seen, graph, over, replying, serving
from pyoxigraph import Literal

from citygraph import formats
from citygraph.credentials import Credentials
from citygraph.endpoint import StoreFailed
from citygraph.errors import Busy, EngineError, QueryError, Refused, ResultTooLarge, TimedOut
from citygraph.remote import NOTHING, Remote


def sent(request: Seen) -> dict[str, list[str]]:
    return parse_qs(request.body.decode())


# What is sent


def test_answers_come_in_the_format_asked_for_and_keep_their_language() -> None:
    with serving(replying(f"{JSON}; charset=utf-8", ROWS)) as store:
        engine = over(store)
        assert engine.select(SELECT) == [{"o": Literal("a", language="sv")}]
        assert engine.query(SELECT, "text/tab-separated-values").body == b'?o\n"a"@sv\n'
        assert engine.query(SELECT, format=formats.RESULTS_CSV).body == b"o\r\na\r\n"
        assert engine.query(SELECT).media_type == JSON
    with serving(replying(NT, FACT)) as store:
        assert (
            over(store).query(f"PREFIX s: <s:> {CONSTRUCT}").body == '@prefix s: <s:> .\ns:s <p:p> "ö"@sv .\n'.encode()
        )
        assert [triple.object for triple in over(store).construct(CONSTRUCT)] == [Literal("ö", language="sv")]


def test_a_store_without_json_or_n_triples_is_read_too() -> None:
    xml = b'<sparql xmlns="http://www.w3.org/2005/sparql-results#"><head/><boolean>true</boolean></sparql>'
    with serving(replying("application/sparql-results+xml", xml)) as store:
        assert over(store).query("ASK {}").body == YES
    with serving(replying("text/turtle", b"<s:s> <p:p> 1, 2 .")) as store:
        assert len(over(store).construct(CONSTRUCT)) == 2


@pytest.mark.parametrize(
    ("text", "graphs", "default", "named"),
    [
        (SELECT, ((), ()), ["data", "derived", "ontology"], ["data", "derived", "ontology", "shapes"]),
        ("SELECT * FROM <graph/shapes> { ?s ?p ?o }", ((), ()), ["shapes"], []),
        ("PREFIX g: <graph/> SELECT * FROM NAMED g:data { ?s ?p ?o }", ((), ()), [], ["data"]),
        ("SELECT * FROM <graph/shapes> { ?s ?p ?o }", ((graph("data"),), ()), ["data"], []),
        (SELECT, ((), (graph("data"),)), [], ["data"]),
    ],
)
def test_the_dataset_is_said_in_full_and_only_by_the_protocol(
    text: str, graphs: tuple[tuple[str, ...], ...], default: list[str], named: list[str]
) -> None:
    with serving(replying(JSON, ROWS)) as store:
        over(store).query(text, default_graphs=graphs[0], named_graphs=graphs[1])
        form = sent(store.seen[0])
    assert form["default-graph-uri"] == ([graph(part) for part in default] or [NOTHING])
    assert form["named-graph-uri"] == ([graph(part) for part in named] or [NOTHING])
    assert "FROM" not in form["query"][0]


def test_a_relative_iri_is_read_against_the_base() -> None:
    with serving(replying(JSON, YES)) as store:
        over(store).query("ASK { <city/lyon> ?p ?o }")
        over(store).query("ASK { <urn:x> ?p ?o }")
        assert sent(store.seen[0])["query"] == [f"BASE <{BASE}>\nASK {{ <city/lyon> ?p ?o }}"]
        assert sent(store.seen[1])["query"] == ["ASK { <urn:x> ?p ?o }"]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("INSERT DATA { <a:a> <a:a> 1 }", Refused),
        ("SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }", Refused),
        ("SELECT * { " + " " * (1 << 17) + "SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }", Refused),
        ("SELECT * FROM <http://web.example/> { ?s ?p ?o }", Refused),
        ("SELECT (<bif:sys_stat>('x') AS ?y) {}", Refused),
        ("PREFIX x: <sql:> SELECT (x:y() AS ?y) {}", Refused),
        ("SELECT (bif:now() AS ?y) {}", QueryError),
        ('define get:soft "soft" SELECT * { ?s ?p ?o }', QueryError),
        ("SELECT * { ?s ?p '\udfff' }", QueryError),
        ("", QueryError),
    ],
)
def test_what_is_not_allowed_is_never_sent(text: str, kind: type[EngineError]) -> None:
    with serving(replying(JSON, ROWS)) as store:
        with pytest.raises(kind):
            over(store).query(text)
        assert store.seen == []


# What stores say


@pytest.mark.parametrize(
    ("said", "line", "column"),
    [
        (b"error at 2:9: expected one of SERVICE, [_]", 2, 9),
        (b"Virtuoso 37000 Error SP030: SPARQL compiler, line 2: syntax error\n\nSPARQL query:\ndefine x", 2, None),
        (b"<html><body><h1>Parse error</h1> at line 2</body></html>", 2, None),
    ],
)
@pytest.mark.parametrize("head", ["", "<x>"], ids=["absolute", "relative"])
def test_a_400_is_the_askers_with_the_stores_words(said: bytes, line: int, column: int | None, head: str) -> None:
    if head:
        said = said.replace(b" 2", b" 3", 1)
    with serving(replying("text/plain", said, 400)) as store, pytest.raises(QueryError) as error:
        over(store).query(f"ASK {{\n  ?s ?p {head} }}")
    assert error.value.extra.get("line") == line
    assert column is None or error.value.extra.get("column")
    assert "<h1>" not in error.value.detail
    assert "define" not in error.value.detail


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (500, b"java.lang.NullPointerException at /opt/store", StoreFailed, "status 500"),
        (500, b"Virtuoso 42001 Error SR185: Undefined procedure http://x/f.", QueryError, "Undefined procedure"),
        (500, b"Virtuoso S1T00 Error SR171: Transaction timed out", TimedOut, "time limit of its own"),
        (503, b"", Busy, "no time"),
        (504, b"", Busy, "no time"),
        (401, b"", StoreFailed, "refuses us"),
        (403, b"", StoreFailed, "refuses us"),
        (404, b"", StoreFailed, "status 404"),
        (204, b"", StoreFailed, "status 204"),
    ],
)
def test_each_status_is_a_clean_error(status: int, body: bytes, kind: type[EngineError], words: str) -> None:
    with serving(replying("text/plain", body, status)) as store, pytest.raises(kind, match=words) as error:
        over(store).query("ASK {}")
    assert "/opt" not in error.value.detail


def test_a_redirect_is_not_followed() -> None:
    with serving(replying(JSON, YES)) as other:
        for status in (301, 302, 303, 307, 308):
            behaviour = replying(JSON, YES, status, Location=other.url)
            with serving(behaviour) as store, pytest.raises(StoreFailed, match="another address"):
                over(store, Credentials("curator", "x")).query("ASK {}")
        assert other.seen == []


@pytest.mark.parametrize(
    ("text", "content_type", "body"),
    [
        (SELECT, "text/html", b"<html>Virtuoso S1T00 Error</html>"),
        (SELECT, JSON, b"<html>Virtuoso S1T00 Error</html>"),
        (SELECT, JSON, ROWS[:-20]),
        (SELECT, JSON, ROWS[:-1]),
        (SELECT, JSON, ROWS + ROWS),
        (SELECT, JSON, YES),
        ("ASK {}", JSON, ROWS),
        (SELECT, JSON, b""),
        (SELECT, "", ROWS),
        (SELECT, NT, b""),
        (CONSTRUCT, "text/plain", b""),
        (CONSTRUCT, JSON, ROWS),
        (CONSTRUCT, NT, FACT + b'<s:s> <p:p> "half'),
        (CONSTRUCT, NT, FACT + b"Virtuoso S1T00 Error"),
    ],
)
def test_what_is_no_answer_is_502_and_never_passed_on(text: str, content_type: str, body: bytes) -> None:
    with serving(replying(content_type, body)) as store, pytest.raises(StoreFailed):
        over(store).query(text)
    own: Callable[[Remote], object] = (
        (lambda engine: engine.construct(text)) if text is CONSTRUCT else
        (lambda engine: engine.select(text)) if text is SELECT else (lambda engine: engine.ask(text))
    )  # fmt: skip
    with serving(replying(content_type, body)) as store, pytest.raises(StoreFailed):
        own(over(store))


@pytest.mark.parametrize("header", ["X-SQL-State", "X-SPARQL-MaxRows"])
def test_an_answer_that_the_store_says_is_cut_is_an_error(header: str) -> None:
    told = {header.replace("-", "_"): "1"}
    with serving(replying(JSON, ROWS, **told)) as store, pytest.raises((StoreFailed, ResultTooLarge)):
        over(store).query(SELECT)


def test_triples_without_a_marked_end_are_not_trusted() -> None:
    with serving(lambda request: request.send(200, NT, FACT, -1)) as store, pytest.raises(StoreFailed, match="end"):
        over(store).query(CONSTRUCT)
    with serving(lambda request: request.send(200, NT, FACT, 500)) as store, pytest.raises(StoreFailed, match="broke"):
        over(store).query(CONSTRUCT)


def test_a_compressed_answer_is_not_unpacked() -> None:
    with serving(replying(JSON, YES, Content_Encoding="gzip")) as store, pytest.raises(StoreFailed, match="compressed"):
        over(store).query("ASK {}")


def test_the_wrong_form_of_our_own_is_a_type_error() -> None:
    engine = Remote(Elsewhere(), "http://127.0.0.1:1/")
    for ask, text in ((engine.select, "ASK {}"), (engine.ask, SELECT), (engine.construct, SELECT)):
        with pytest.raises(TypeError):
            ask(text)
