"""The SPARQL 1.1 Protocol at /sparql."""

import csv
import io
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from citygraph import protocol
from citygraph.dataset import Dataset
from citygraph.engine import Answer, Answering, Embedded, Limits
from citygraph.errors import Busy, TimedOut
from server import create_app

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
CITY = "<https://w3id.org/creative-cities/city/norrkoping>"
LABEL = "<http://www.w3.org/2000/01/rdf-schema#label>"
SELECT = f"SELECT ?label WHERE {{ {CITY} {LABEL} ?label FILTER(LANG(?label) = 'en') }}"
ASK = "ASK { ?s ?p ?o }"
CONSTRUCT = "CONSTRUCT WHERE { <https://w3id.org/creative-cities/city/norrkoping> ?p ?o }"
FORM, QUERY = "application/x-www-form-urlencoded", "application/sparql-query"


def ask(client: FlaskClient, query: str = SELECT, accept: str | None = None, **more: str) -> TestResponse:
    headers = {} if accept is None else {"Accept": accept}
    return client.get("/sparql", query_string={"query": query} | more, headers=headers)


def names(reply: TestResponse) -> list[str]:
    assert reply.status_code == 200
    return [row["label"]["value"] for row in reply.get_json(force=True)["results"]["bindings"]]


def test_get_without_accept_is_json(client: FlaskClient) -> None:
    reply = ask(client)
    assert reply.content_type == "application/sparql-results+json"
    assert names(reply) == ["Norrköping"]
    assert "Accept" in reply.vary
    assert reply.headers["Server-Timing"]


def test_post_form(client: FlaskClient) -> None:
    for kind in (FORM, f"{FORM}; charset=UTF-8", f"{FORM};charset=utf-8"):
        assert names(client.post("/sparql", data=urlencode({"query": SELECT}), content_type=kind)) == ["Norrköping"]


def test_post_query(client: FlaskClient) -> None:
    for kind in (QUERY, f"{QUERY}; charset=utf-8"):
        assert names(client.post("/sparql", data=SELECT, content_type=kind)) == ["Norrköping"]


def test_post_with_the_query_in_the_address(client: FlaskClient) -> None:
    assert names(client.post("/sparql?" + urlencode({"query": SELECT}))) == ["Norrköping"]


@pytest.mark.parametrize(
    ("query", "accept", "content_type"),
    [
        (SELECT, "application/sparql-results+xml", "application/sparql-results+xml"),
        (SELECT, "application/json", "application/sparql-results+json"),
        (SELECT, "text/csv", "text/csv; charset=utf-8"),
        (SELECT, "text/tab-separated-values", "text/tab-separated-values; charset=utf-8"),
        (ASK, "application/sparql-results+xml", "application/sparql-results+xml"),
        (CONSTRUCT, None, "text/turtle; charset=utf-8"),
        (CONSTRUCT, "application/n-triples", "application/n-triples"),
        (CONSTRUCT, "application/ld+json", "application/ld+json"),
        (CONSTRUCT, "application/rdf+xml", "application/rdf+xml"),
        ("DESCRIBE <https://w3id.org/creative-cities/city/lyon>", "application/trig", "application/trig"),
    ],
)
def test_each_kind_of_result_in_the_format_asked_for(
    client: FlaskClient, query: str, accept: str, content_type: str
) -> None:
    reply = ask(client, query, accept)
    assert (reply.status_code, reply.content_type) == (200, content_type)


def test_csv_is_csv(client: FlaskClient) -> None:
    assert list(csv.reader(io.StringIO(ask(client, accept="text/csv").text))) == [["label"], ["Norrköping"]]


def test_406_when_the_kind_of_result_has_no_such_format(client: FlaskClient) -> None:
    reply = ask(client, SELECT, "text/turtle")
    assert reply.status_code == 406
    assert "application/sparql-results+json" in reply.text
    assert "Accept" in reply.vary


def test_format_forces_one_of_ours_and_other_names_are_ignored(client: FlaskClient) -> None:
    assert ask(client, accept="text/csv", format="xml").content_type == "application/sparql-results+xml"
    assert ask(client, accept=BROWSER, format="csv").content_type == "text/csv; charset=utf-8"
    assert ask(client, output="json", results="json", format="whatever").status_code == 200


@pytest.mark.parametrize("data", [[("query", SELECT), ("query", ASK)], [("default-graph-uri", "urn:x:y")], []])
def test_post_needs_exactly_one_query(client: FlaskClient, data: list[tuple[str, str]]) -> None:
    assert client.post("/sparql", data=urlencode(data), content_type=FORM).status_code == 400


def test_two_queries_are_400_wherever_they_stand(client: FlaskClient) -> None:
    assert client.get("/sparql?" + urlencode([("query", ASK), ("query", ASK)])).status_code == 400
    assert client.post("/sparql?" + urlencode({"query": ASK}), data=ASK, content_type=QUERY).status_code == 400


def test_update_is_403(client: FlaskClient) -> None:
    update = "DELETE WHERE { ?s ?p ?o }"
    assert client.post("/sparql", data={"update": update}).status_code == 403
    assert client.post("/sparql", data=update, content_type="application/sparql-update").status_code == 403
    assert client.get("/sparql", query_string={"update": update}).status_code == 403
    assert ask(client, update).status_code == 403


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/json", "multipart/form-data; boundary=x", f"{FORM}; charset=iso-8859-1", ""],
)
def test_another_content_type_is_415_and_says_what_to_send(client: FlaskClient, kind: str) -> None:
    reply = client.post("/sparql", data=b"x=y", content_type=kind or None)
    assert reply.status_code == 415
    assert QUERY in reply.headers["Accept-Post"]
    assert QUERY in reply.text


def test_a_body_over_the_limit_is_413(client: FlaskClient) -> None:
    assert client.post("/sparql", data=b"#" * (1 << 20) + b"#", content_type=QUERY).status_code == 413


def test_a_body_without_a_length_is_never_cut_in_silence(client: FlaskClient) -> None:
    for size, status in ((1 << 20, 200), ((1 << 20) + 1, 413), (3 << 20, 413)):
        sent = b"ASK { ?s ?p ?o } #".ljust(size, b"x")
        environ = {"wsgi.input_terminated": True, "CONTENT_LENGTH": "", "wsgi.input": io.BytesIO(sent)}
        reply = client.post("/sparql", content_type=QUERY, environ_overrides=environ)
        assert reply.status_code == status


def test_what_is_no_utf_8_is_400(client: FlaskClient) -> None:
    assert client.post("/sparql", data=b"ASK { ?s ?p '\xff' }", content_type=QUERY).status_code == 400
    assert client.post("/sparql", data=b"query=ASK%20%ff", content_type=FORM).status_code == 400
    assert client.post("/sparql", data=b"query=ASK\xff", content_type=FORM).status_code == 400
    assert client.get("/sparql?query=ASK%20%C3%28").status_code == 400
    assert client.get("/sparql?query=ASK%00").status_code == 400


def test_default_graph_uri_says_where_to_look(client: FlaskClient, dataset: Dataset) -> None:
    count = "SELECT (COUNT(*) AS ?label) { ?s ?p ?o }"
    data, shapes = dataset.graph("data"), dataset.graph("shapes")
    assert names(ask(client, count, **{"default-graph-uri": data})) == [str(dataset.counts["data"])]
    both = "/sparql?" + urlencode([("query", count), ("default-graph-uri", data), ("default-graph-uri", shapes)])
    assert names(client.get(both)) == [str(dataset.counts["data"] + dataset.counts["shapes"])]
    posted = client.post("/sparql?" + urlencode({"default-graph-uri": data}), data=count, content_type=QUERY)
    assert names(posted) == [str(dataset.counts["data"])]


def test_named_graph_uri_says_which_graphs_have_names(client: FlaskClient, dataset: Dataset) -> None:
    query = "SELECT DISTINCT (STR(?g) AS ?label) { GRAPH ?g { ?s ?p ?o } }"
    assert names(ask(client, query, **{"named-graph-uri": dataset.graph("data")})) == [dataset.graph("data")]


def test_an_unknown_graph_is_empty_and_a_relative_one_is_400(client: FlaskClient) -> None:
    assert ask(client, ASK, **{"default-graph-uri": "urn:x:nothing"}).get_json(force=True)["boolean"] is False
    assert ask(client, ASK, **{"default-graph-uri": "nothing"}).status_code == 400


def test_timeout_is_a_positive_number(client: FlaskClient) -> None:
    assert ask(client, timeout="2.5").status_code == 200
    assert ask(client, timeout="100000").status_code == 200
    for wrong in ("0", "-1", "nan", "inf", "soon", ""):
        assert ask(client, timeout=wrong).status_code == 400


def test_a_syntax_error_is_400_with_line_and_column(client: FlaskClient) -> None:
    problem = ask(client, "SELECT * WHERE {\n  ?s ?p }").get_json()
    assert problem["status"] == 400
    assert problem["line"] == 2
    assert problem["detail"]


def test_service_is_refused_before_anything_connects(client: FlaskClient) -> None:
    reply = ask(client, "SELECT * { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }")
    assert (reply.status_code, reply.content_type) == (403, "application/problem+json")


def test_a_get_query_has_an_etag_and_304(client: FlaskClient) -> None:
    first = ask(client)
    again = client.get("/sparql", query_string={"query": SELECT}, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert ask(client, accept="text/csv").headers["ETag"] != first.headers["ETag"]


def test_without_a_query_browsers_get_a_page_and_others_the_service_description(client: FlaskClient) -> None:
    page = client.get("/sparql", headers={"Accept": BROWSER})
    assert page.content_type == "text/html; charset=utf-8"
    assert '<form method="get" action="/sparql"' in page.text
    assert client.get("/sparql").content_type == "text/turtle; charset=utf-8"
    assert client.get("/sparql", headers={"Accept": "application/rdf+xml"}).content_type == "application/rdf+xml"


def test_a_browser_gets_the_result_as_a_table(client: FlaskClient) -> None:
    reply = ask(client, accept=BROWSER)
    assert reply.status_code == 200
    assert "<td><span>Norrköping</span></td>" in reply.text.replace(' lang="en"', "")
    assert "norrkoping" in ask(client, CONSTRUCT, BROWSER).text
    assert ">yes<" in ask(client, ASK, BROWSER).text


def test_a_browser_sees_what_is_wrong_beside_the_query_and_with_its_status(client: FlaskClient) -> None:
    reply = ask(client, "SELECT </script><script>alert(1)</script>", BROWSER)
    assert reply.status_code == 400
    assert reply.content_type == "text/html; charset=utf-8"
    assert "<textarea" in reply.text
    assert "<script>" not in reply.text
    assert reply.headers["Cache-Control"] == "no-store"


class Overwhelmed(Embedded):
    """An engine that has no time for anyone."""

    def __init__(self, dataset: Dataset, error: Busy | TimedOut) -> None:
        self.dataset, self.error, self.limits = dataset, error, Limits(10.0, 1 << 20)
        self.answering = Answering(dataset, 1 << 20)

    def query(self, *_: object, **__: object) -> Answer:
        raise self.error


@pytest.mark.parametrize(
    ("error", "member", "header"),
    [
        (Busy("Come back later.", headers={"Retry-After": "2"}), None, "2"),
        (TimedOut("Too long.", limit_seconds=10), 10, None),
    ],
)
def test_no_answer_in_time_is_503(
    dataset: Dataset, error: Busy | TimedOut, member: int | None, header: str | None
) -> None:
    client = create_app(dataset=dataset, engine=Overwhelmed(dataset, error)).test_client()
    reply = ask(client)
    assert (reply.status_code, reply.content_type) == (503, "application/problem+json")
    assert reply.get_json().get("limit_seconds") == member
    assert reply.headers.get("Retry-After") == header
    assert reply.headers["Cache-Control"] == "no-store"
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    assert client.get("/city/norrkoping.html").status_code == 200


def test_parameters_are_bounded_in_number() -> None:
    with pytest.raises(protocol.BadRequest):
        protocol.parameters(b"&".join(b"a=b" for _ in range(300)))
