"""Addresses that nobody sends in good faith get a clean 4xx: no trace, no file, no header of theirs."""

from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import EnvironBuilder, run_wsgi_app

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"

HOSTILE = [
    "/../../etc/passwd",
    "/static/../../server.py",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/static/%2e%2e%2f%2e%2e%2fserver.py",
    "/city/norrkoping%00",
    "/city/%00.html",
    "/city/%0d%0aSet-Cookie:%20a=b",
    "/city/norrkoping%0d%0aX: y.ttl",
    "/%ff%fe",
    "/city/%C3%28",
    "/city/<script>alert(1)</script>",
    "/city/" + "a" * 70_000,
    "/?x=" + "a" * 70_000,
    "/city/{{7*7}}",
    "/city/norrkoping.ttl?format=%ff",
    "/cities?lang=%0d%0aX:y",
    "/cities?lang='><script>",
    "/resource?iri=javascript:alert(1)",
    "/resource?iri=http://x/%0d%0aSet-Cookie:a",
    "/resource?iri=http://x/%ff",
    "/resource?iri=http://x/%3E%3Cb",
    "/graph/..%2f..%2fdata",
    "/queries/pages/cities.rq",
    "/thing/known",
    "/home/figures",
    "/city/norrkoping.exe",
    "/city/norrkoping..ttl",
]


@pytest.mark.parametrize("path", HOSTILE, ids=lambda path: path[:40])
@pytest.mark.parametrize("accept", [BROWSER, "*/*", "text/turtle"], ids=["browser", "any", "turtle"])
def test_hostile_addresses_are_a_clean_4xx(client: FlaskClient, path: str, accept: str) -> None:
    reply = client.get(path, headers={"Accept": accept})
    assert 400 <= reply.status_code < 500
    assert "Set-Cookie" not in reply.headers
    assert "X" not in reply.headers
    for leak in ("Traceback", str(Path.cwd()), "site-packages", "<script>", "root:"):
        assert leak not in reply.text


def test_a_newline_in_the_raw_address_splits_no_header(client: FlaskClient) -> None:
    environ = EnvironBuilder("/city/Norrkoping").get_environ() | {"QUERY_STRING": "a=b\r\nX: y"}
    _, status, headers = run_wsgi_app(client.application, environ)
    assert int(status.split()[0]) in (308, 400)
    assert all("\n" not in value and "\r" not in value for _, value in headers)
