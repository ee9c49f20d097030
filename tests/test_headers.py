"""The headers of every kind of reply, at / and under a path."""

import gzip
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from live import serving
from werkzeug.test import TestResponse

from citygraph.dataset import Dataset
from citygraph.engine import Engine
from server import create_app

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
KEPT = "public, max-age=300, stale-while-revalidate=86400"
SHORT = "public, max-age=60"
NEVER = "no-store"
QUERY = "/sparql?query=SELECT+%3Fs+%7B+%3Fs+a+%3Fc+%7D+ORDER+BY+%3Fs+LIMIT+3"
NOW = "/sparql?query=SELECT+%28NOW%28%29+AS+%3Fn%29+%7B%7D"
THING = "/city/norrkoping"
SUFFIXES = ["html", "ttl", "nt", "jsonld", "rdf", "json"]

# address, status, Cache-Control, whether it is the same for every Accept
REPLIES = [
    ("/", 200, KEPT, False),
    ("/sparql", 200, KEPT, False),
    ("/cities", 200, KEPT, False),
    *((f"{THING}.{suffix}", 200, KEPT, True) for suffix in SUFFIXES),
    ("/ontology.ttl", 200, KEPT, True),
    ("/shapes.ttl", 200, KEPT, True),
    ("/dataset.jsonld", 200, KEPT, True),
    ("/graph/shapes.nt", 200, KEPT, None),
    ("/graph/shapes", 200, KEPT, False),
    ("/rdf-graph-store?graph=https://w3id.org/creative-cities/graph/shapes", 200, KEPT, False),
    ("/.well-known/void", 200, KEPT, False),
    (QUERY, 200, KEPT, False),
    (NOW, 200, NEVER, False),
    ("/static/style.css", 200, "public, max-age=300", True),
    ("/downloads", 200, KEPT, False),
    ("/validation", 200, KEPT, False),
    ("/dump/latest.ttl", 307, SHORT, True),
    (THING, 303, SHORT, False),
    ("/ontology", 303, SHORT, False),
    ("/city/Norrkoping", 308, SHORT, True),
    ("/wikidata/Q25724", 303, SHORT, True),
    ("/resource?iri=https://w3id.org/creative-cities/field/music", 303, SHORT, True),
    ("/resource?iri=http://www.wikidata.org/entity/Q25724", 303, SHORT, False),
    ("/city/atlantis", 404, NEVER, False),
    ("/city/atlantis.ttl", 404, NEVER, False),
    (f"{THING}?format=docx", 400, NEVER, False),
    ("/cities?nonsense=1", 400, NEVER, False),
    ("/wikidata/nonsense", 400, NEVER, False),
    ("/sparql?query=SELECT", 400, NEVER, False),
    ("/rdf-graph-store", 400, NEVER, False),
]
CONDITIONAL = [address for address, status, kept, _ in REPLIES if status == 200 and kept != NEVER]


@pytest.fixture(params=["/", "/kg/"], ids=["root", "kg"], scope="module")
def site(request: pytest.FixtureRequest, dataset: Dataset, engine: Engine) -> tuple[FlaskClient, str]:
    app = create_app(dataset=dataset, engine=engine, path=request.param)
    return app.test_client(), request.param.rstrip("/")


def get(site: tuple[FlaskClient, str], path: str, **headers: str) -> TestResponse:
    client, prefix = site
    with client.get(prefix + path, headers={k.replace("_", "-"): v for k, v in headers.items()}) as reply:
        reply.get_data()
        return reply


@pytest.mark.parametrize(("path", "status", "kept", "fixed"), REPLIES, ids=[row[0][:40] for row in REPLIES])
def test_a_reply_says_how_long_it_may_be_kept_and_by_what_it_varies(
    site: tuple[FlaskClient, str], path: str, status: int, kept: str, fixed: bool | None
) -> None:
    reply = get(site, path)
    assert (reply.status_code, reply.headers["Cache-Control"]) == (status, kept)
    if fixed is not None:
        assert ("Accept" in reply.vary) is not fixed


@pytest.mark.parametrize("path", [row[0] for row in REPLIES], ids=lambda path: path[:40])
def test_every_reply_is_open_to_other_sites_and_closed_to_attacks(site: tuple[FlaskClient, str], path: str) -> None:
    headers = get(site, path).headers
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in headers
    exposed = set(headers["Access-Control-Expose-Headers"].split(", "))
    assert exposed == {"Link", "ETag", "Location", "Retry-After", "Server-Timing"}
    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'self'"
    assert "script-src" not in policy
    assert {policy["object-src"], policy["base-uri"]} == {"'none'"}
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert "Set-Cookie" not in headers


@pytest.mark.parametrize("path", CONDITIONAL, ids=lambda path: path[:40])
def test_what_a_client_has_is_304(site: tuple[FlaskClient, str], path: str) -> None:
    first = get(site, path)
    tag = first.headers["ETag"]
    assert tag.startswith('"')
    for known in (tag, f'"other", {tag}', f"W/{tag}", "*"):
        again = get(site, path, If_None_Match=known)
        assert (again.status_code, again.data) == (304, b"")
        assert again.headers["ETag"] == tag
        assert again.headers["Cache-Control"] == first.headers["Cache-Control"]
        assert again.vary.to_header() == first.vary.to_header()
        assert set(again.headers.getlist("Link")) <= set(first.headers.getlist("Link"))
    assert get(site, path, If_None_Match='"other"').status_code == 200
    if path.startswith("/sparql?"):
        return
    day = first.headers["Last-Modified"]
    assert get(site, path, If_Modified_Since=day).status_code == 304
    assert get(site, path, If_Modified_Since="Thu, 01 Jan 1970 00:00:00 GMT").status_code == 200
    assert get(site, path, If_None_Match='"other"', If_Modified_Since=day).status_code == 200


def test_every_document_was_modified_on_the_day_of_the_release(site: tuple[FlaskClient, str]) -> None:
    stamps = {get(site, f"{THING}.{suffix}").headers["Last-Modified"] for suffix in SUFFIXES}
    assert len(stamps) == 1


@pytest.mark.parametrize("path", ["/", THING, "/sparql?query=ASK%7B%7D", "/.well-known/void", "/graph/shapes"])
def test_each_variant_has_an_etag_of_its_own(site: tuple[FlaskClient, str], path: str) -> None:
    accepts = ["text/html", "text/turtle", "application/sparql-results+json", "text/csv", "application/rdf+xml"]
    replies = [get(site, path, Accept=accept) for accept in accepts]
    documents = [reply for reply in replies if reply.status_code == 200 and "ETag" in reply.headers]
    tags = {reply.headers["ETag"] for reply in documents}
    assert len(tags) == len({reply.content_type for reply in documents})


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_document_links_its_thing_formats_licence_list_and_description(
    site: tuple[FlaskClient, str], suffix: str
) -> None:
    reply, (client, prefix) = get(site, f"{THING}.{suffix}"), site
    links = reply.headers.getlist("Link")
    assert f'<https://w3id.org/creative-cities{THING}>; rel="describes"' in links
    assert '<https://creativecommons.org/licenses/by/4.0/>; rel="license"' in links
    assert f'<{prefix}/cities>; rel="collection"' in links
    assert f'<{prefix}/.well-known/void>; rel="describedby"' in links
    alternates = {
        link.partition(">")[0][1:]: link.rpartition('type="')[2][:-1] for link in links if "alternate" in link
    }
    assert {f"{prefix}{THING}.{other}" for other in SUFFIXES} <= alternates.keys()
    for address, media_type in alternates.items():
        assert client.get(address).mimetype == media_type


@pytest.mark.parametrize("path", [row[0] for row in REPLIES], ids=lambda path: path[:40])
def test_head_is_get_without_its_body(site: tuple[FlaskClient, str], path: str) -> None:
    client, prefix = site
    with client.get(prefix + path) as got, client.head(prefix + path) as head:
        assert head.data == b""
        assert head.status_code == got.status_code
        varying = {"date", "server-timing"} | ({"etag", "content-length"} if path == NOW else set())
        left, right = ([h for h in reply.headers if h[0].lower() not in varying] for reply in (head, got))
        assert left == right


@pytest.mark.parametrize("path", [row[0] for row in REPLIES], ids=lambda path: path[:40])
def test_options_is_204_and_says_the_methods(site: tuple[FlaskClient, str], path: str) -> None:
    client, prefix = site
    if path == "/static/style.css":
        pytest.skip("files are served by the framework")
    reply = client.options(prefix + path, headers={"Origin": "https://example.org"})
    assert (reply.status_code, reply.data) == (204, b"")
    methods = {"GET", "HEAD", "OPTIONS"} | ({"POST"} if path.startswith("/sparql") else set())
    for name in ("Allow", "Access-Control-Allow-Methods"):
        assert set(reply.headers[name].split(", ")) == methods
    assert "Accept" in reply.headers["Access-Control-Allow-Headers"]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"])
@pytest.mark.parametrize("path", ["/", THING, f"{THING}.ttl", "/cities", "/graph/data", "/wikidata/Q25724", "/sparql"])
def test_other_methods_are_405_with_allow(site: tuple[FlaskClient, str], path: str, method: str) -> None:
    if (path, method) == ("/sparql", "POST"):
        method = "PUT"
    client, prefix = site
    reply = client.open(prefix + path, method=method)
    assert reply.status_code == 405
    assert {"GET", "HEAD", "OPTIONS"} <= set(reply.headers["Allow"].split(", "))
    assert reply.headers["Cache-Control"] == NEVER
    assert reply.headers["Access-Control-Allow-Origin"] == "*"


def test_a_query_says_how_long_it_took(site: tuple[FlaskClient, str]) -> None:
    name, _, duration = get(site, QUERY).headers["Server-Timing"].partition(";dur=")
    assert name == "query"
    assert 0 <= float(duration) < 60_000


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    options = ("--workers", "1", "--path", "/kg/")
    with serving(*options, log=Path(tmp_path_factory.mktemp("headers")) / "log") as (address, _):
        yield address + "/kg"


def fetch(url: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    request = urllib.request.Request(url, headers={name.replace("_", "-"): value for name, value in headers.items()})
    try:
        with urllib.request.urlopen(request, timeout=30) as reply:
            return reply.status, {k.lower(): v for k, v in reply.headers.items()}, reply.read()
    except urllib.error.HTTPError as error:
        return error.code, {k.lower(): v for k, v in error.headers.items()}, error.read()


@pytest.mark.parametrize("path", ["/", "/cities", *(f"{THING}.{s}" for s in SUFFIXES), "/.well-known/void", QUERY])
def test_a_client_that_takes_gzip_is_sent_gzip_with_a_tag_of_its_own(live: str, path: str) -> None:
    _, plain, body = fetch(live + path)
    for _ in range(2):
        status, packed, bytes_ = fetch(live + path, Accept_Encoding="gzip, deflate, br")
        if len(body) < 600:
            assert "content-encoding" not in packed
            return
        assert (status, packed["content-encoding"]) == (200, "gzip")
        assert gzip.decompress(bytes_) == body
        assert int(packed["content-length"]) == len(bytes_) < len(body)
        assert packed["etag"] != plain["etag"]
        assert "Accept-Encoding" in packed["vary"]
        assert fetch(live + path, Accept_Encoding="gzip", If_None_Match=packed["etag"])[0] == 304
