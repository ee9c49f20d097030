"""What clients are given by the Accept headers that they send, at every kind of address."""

import pytest
from accepts import PLACES, ROWS
from flask.testing import FlaskClient

ADDRESSES = {
    "home": "/",
    "thing": "/designation/norrkoping-music",
    "vocabulary": "/ontology",
    "list": "/conferences",
    "select": "/sparql?query=SELECT+%2A+%7B%7D",
    "construct": "/sparql?query=CONSTRUCT+%7B%3Chttp%3A%2F%2Fx%2Fs%3E+%3Chttp%3A%2F%2Fx%2Fp%3E+1%7D+%7B%7D",
    "error": "/nothing",
}
NAMES = {
    "text/html": "html",
    "text/turtle": "ttl",
    "application/n-triples": "nt",
    "application/ld+json": "jsonld",
    "application/rdf+xml": "rdf",
    "application/json": "json",
    "application/geo+json": "geojson",
    "application/sparql-results+json": "json",
    "application/sparql-results+xml": "xml",
    "text/csv": "csv",
    "text/tab-separated-values": "tsv",
    "application/n-quads": "nq",
    "application/trig": "trig",
    "application/problem+json": "problem",
    "text/plain": "text",
}


def test_the_table_holds_sixty_headers_that_differ() -> None:
    headers = {accept for _, accept, _ in ROWS}
    assert len(headers) == len(ROWS) >= 60
    assert all(len(answers.split()) == len(PLACES) for _, _, answers in ROWS)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(("accept", "answers"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_a_client_is_given_what_it_can_read(client: FlaskClient, accept: str | None, answers: str, place: str) -> None:
    headers = {} if accept is None else {"Accept": accept}
    reply = client.get(ADDRESSES[place], headers=headers)
    assert "Accept" in reply.vary
    if reply.status_code == 303:
        reply = client.get(reply.headers["Location"], headers=headers)
    expected = dict(zip(PLACES, answers.split(), strict=True))[place]
    status = {"error": 404}.get(place, 406 if expected == "406" else 200)
    assert reply.status_code == status
    if expected == "406":
        told = reply.get_json()["offers"] if reply.is_json else reply.text
        assert "text/turtle" in told or place == "select"
    else:
        assert NAMES[reply.mimetype] == expected
        assert "Accept" in reply.vary or place in ("home", "thing", "vocabulary")


@pytest.mark.parametrize("place", ["thing", "list", "vocabulary"])
@pytest.mark.parametrize("accept", [accept for _, accept, _ in ROWS], ids=[row[0] for row in ROWS])
def test_format_beats_every_accept_header(client: FlaskClient, accept: str | None, place: str) -> None:
    headers = {} if accept is None else {"Accept": accept}
    for name in ("ttl", "jsonld", "json"):
        reply = client.get(f"{ADDRESSES[place]}?format={name}", headers=headers)
        if reply.status_code == 303:
            assert reply.headers["Location"].endswith(f".{name}")
        else:
            assert (reply.status_code, NAMES[reply.mimetype]) == (200, name)
    reply = client.get(f"{ADDRESSES[place]}?format=docx", headers=headers)
    assert reply.status_code == 400
    assert "ttl" in reply.text


@pytest.mark.parametrize("path", ["/map", "/explore", "/statistics", "/downloads"])
def test_what_is_only_a_page_is_refused_to_who_wants_none(client: FlaskClient, path: str) -> None:
    refused = client.get(path, headers={"Accept": "text/csv"})
    assert refused.status_code == 406
    assert "Accept" in refused.vary
    for accept in ("text/html", "*/*", "", "text/html;q=0.5, text/csv"):
        assert client.get(path, headers={"Accept": accept}).status_code == 200
