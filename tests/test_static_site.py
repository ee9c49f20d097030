"""The site as plain files: every link leads to a file, and the rules for web servers find the documents of things."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing
from html import unescape
from pathlib import Path
from urllib.parse import unquote

import pytest
from flask import Flask
from static_sites import Running, exported, needed, nginx_over

from bench.crawl import Connections, crawl
from export.site import command
from export.site.collecting import Collected, collect
from export.site.layout import Layout
from export.site.rewriting import Rewriter

ROOTS = Path(__file__).parent / "roots"
LINK = re.compile(r'\s(?:href|src|action)="([^"]*)"')


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The harbours below /kg/."""
    return exported(ROOTS / "harbours", tmp_path_factory.mktemp("www") / "kg")


def links(page: Path) -> set[str]:
    return {unescape(link) for link in LINK.findall(page.read_text("utf-8"))}


def test_every_link_of_every_page_leads_to_a_file(site: Path) -> None:
    seen = 0
    for page in site.rglob("*.html"):
        for link in links(page):
            if link.startswith("/"):
                path = unquote(link.partition("#")[0].partition("?")[0])
                assert path.startswith("/kg/"), (page, link)
                file = site / path.removeprefix("/kg/")
                assert (file / "index.html" if path.endswith("/") else file).is_file(), (page.relative_to(site), link)
                seen += 1
    assert seen > 200


def test_things_have_a_page_in_both_languages_and_their_documents(site: Path) -> None:
    for name in (
        "istanbul.html",
        "istanbul.sv.html",
        "istanbul.ttl",
        "istanbul.jsonld",
        "istanbul.nt",
        "istanbul.json",
    ):
        assert (site / "harbour" / name).is_file(), name
    assert 'href="/kg/harbour/istanbul.sv.html"' in (site / "harbour" / "istanbul.html").read_text("utf-8")
    assert '<html lang="sv"' in (site / "harbour" / "istanbul.sv.html").read_text("utf-8")
    assert not list(site.rglob("*.fr.html"))


def test_two_exports_are_the_same_bytes(site: Path, tmp_path: Path) -> None:
    again = exported(ROOTS / "harbours", tmp_path / "kg")
    files = {path.relative_to(site): path.read_bytes() for path in site.rglob("*") if path.is_file()}
    assert files == {path.relative_to(again): path.read_bytes() for path in again.rglob("*") if path.is_file()}


def test_what_needs_a_server_says_so(site: Path) -> None:
    assert "needs a server" in (site / "sparql.html").read_text("utf-8")
    assert "behövs en server" in (site / "sparql.sv.html").read_text("utf-8")


FOUND = Collected(
    files={"/kg/sparql": "sparql.html", "/kg/cities": "cities.html", "/kg/city/a.html": "city/a.html"},
    moved={"/kg/city/a": (303, "/kg/city/a.html"), "/kg/city/b": (301, "/kg/city/a#x")},
)


@pytest.mark.parametrize(
    ("link", "target", "live"),
    [
        ("/kg/city/a", "/kg/city/a.html", "/kg/city/a.html"),
        ("/kg/city/a#names", "/kg/city/a.html#names", "/kg/city/a.html#names"),
        ("/kg/city/b", "/kg/city/a.html#x", "/kg/city/a.html#x"),
        (
            "/kg/sparql?query=ASK+%7B%7D",
            "/kg/sparql.html?query=ASK+%7B%7D",
            "https://live.example/sparql?query=ASK+%7B%7D",
        ),
        ("/kg/cities?field=music", "/kg/cities.html?field=music", "https://live.example/cities?field=music"),
        (
            "https://elsewhere.example/kg/city/a",
            "https://elsewhere.example/kg/city/a",
            "https://elsewhere.example/kg/city/a",
        ),
    ],
)
def test_links_go_to_files_and_what_is_asked_besides_to_a_live_server(link: str, target: str, live: str) -> None:
    assert Rewriter(Layout("/kg"), FOUND).target(link) == target
    assert Rewriter(Layout("/kg"), FOUND, "https://live.example/").target(link) == live


@pytest.mark.parametrize(
    ("link", "target"),
    [
        ("/kg/cities?field=music", "/kg/explore.html?field=music"),
        ("/kg/explore?field=music", "/kg/explore.html?field=music"),
        ("/kg/map?field=music", "/kg/map.html?field=music"),
        ("/kg/countries?region=africa", "https://live.example/countries?region=africa"),
    ],
)
def test_a_filter_leads_to_the_page_whose_script_applies_it(link: str, target: str) -> None:
    files = {f"/kg/{name}": f"{name}.html" for name in ("cities", "explore", "map", "countries")}
    scripted = {"cities": "explore", "explore": "explore", "map": "map"}
    assert Rewriter(Layout("/kg"), Collected(files), "https://live.example/", scripted).target(link) == target


def test_forms_go_to_the_live_server_but_those_that_scripts_answer() -> None:
    files = {f"/kg/{name}": f"{name}.html" for name in ("sparql", "explore")}
    rewriter = Rewriter(Layout("/kg"), Collected(files), "https://live.example/", {"explore": "explore"})
    page = '<form action="/kg/sparql"><form action="/kg/explore"><a href="/kg/sparql">'
    assert rewriter.page(page) == (
        '<form action="https://live.example/sparql"><form action="/kg/explore.html"><a href="/kg/sparql.html">'
    )


def test_a_document_without_a_suffix_has_that_of_its_syntax_or_its_own_name() -> None:
    layout = Layout("/kg")
    assert layout.data("/kg/graph/data?lang=sv", "text/turtle") == "graph/data.ttl"
    assert layout.data("/kg/dump/2026.1/SHA256SUMS?lang=sv", "text/plain") == "dump/2026.1/SHA256SUMS"


def test_a_link_to_nothing_is_told(site: Path) -> None:
    rewriter = Rewriter(Layout("/kg"), FOUND)
    rewriter.target("/kg/nothing")
    assert rewriter.dead == {"/kg/nothing"}


@pytest.mark.parametrize("base_url", ["harbours.example", "ftp://harbours.example/", "https://harbours.example/?a=b"])
def test_an_address_that_is_none_is_refused(base_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--out", str(tmp_path / "site"), "--base-url", base_url]) == 1
    assert "--base-url is where the files will stand" in capsys.readouterr().err
    assert not (tmp_path / "site").exists()


@pytest.mark.parametrize(
    ("address", "file"),
    [
        ("/kg/", "index.html"),
        ("/kg/?lang=sv", "index.sv.html"),
        ("/kg/cities", "cities.html"),
        ("/kg/cities?lang=en", "cities.html"),
        ("/kg/city/lyon.html?lang=sv", "city/lyon.sv.html"),
        ("/kg/city/lyon.ttl", "city/lyon.ttl"),
        ("/kg/queries/?lang=sv", "queries/index.sv.html"),
        ("/kg/rdf-graph-store?default=&format=nt", "rdf-graph-store.nt"),
        ("/kg/harbour/%C3%A4ngelholm", "harbour/ängelholm.html"),
        ("/kg/queries/?format=json", "queries/index.json"),
        ("/kg/cities.csv?round=2025", "cities.round-2025.csv"),
        ("/kg/cities.csv?page=1", "cities.csv"),
        ("/kg/cities?page=2&lang=sv", "cities.page-2.sv.html"),
        ("/kg/cities.csv-metadata.json?page=2", None),
        ("/kg/dump/2026.1/manifest.json", "dump/2026.1/manifest.json"),
        ("/kg/releases/2026.1", "releases/2026.1.html"),
        ("/kg/cities?field=music", None),
        ("/kg/sparql?query=ASK%7B%7D", None),
        ("/elsewhere", None),
        ("//elsewhere/kg/", None),
        ("https://elsewhere/kg/", None),
    ],
)
def test_each_address_has_its_file(address: str, file: str | None) -> None:
    layout = Layout("/kg")
    visited = layout.visited(address)
    assert (layout.file(visited) if visited else None) == file


NO_FILES = ("find%3Fname%3Dx", "slash/", "abroad", "byzantium", "constantinople", "atlantis", "egg", "hen", "avonmouth")
"""Names that files cannot have, what nothing lists, and what moved or is gone: to the crawl they are missing pages."""


@pytest.fixture(scope="module")
def nginx(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with nginx_over(site, tmp_path_factory.mktemp("nginx")) as running:
        yield running


@pytest.mark.parametrize(
    ("accept", "suffix"),
    [
        ("", ".html"),
        ("*/*", ".html"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", ".html"),
        ("text/turtle", ".ttl"),
        ("text/turtle;charset=utf-8", ".ttl"),
        ("text/turtle;q=0.9, */*;q=0.1", ".ttl"),
        ("application/ld+json", ".jsonld"),
        ('application/ld+json;profile="http://www.w3.org/ns/json-ld#compacted"', ".jsonld"),
        ("application/rdf+xml", ".rdf"),
        ("application/n-triples, text/turtle;q=0.5", ".nt"),
        ("application/json", ".json"),
        ("text/turtle;q=0, application/ld+json;q=0.2", ".jsonld"),
        ("image/png", ".html"),
    ],
)
def test_the_rules_for_nginx_negotiate_the_document_of_a_thing(nginx: Running, accept: str, suffix: str) -> None:
    assert nginx.ask("harbour/istanbul", accept) == (303, f"/kg/harbour/istanbul{suffix}")


def test_what_moved_is_redirected_for_good(nginx: Running) -> None:
    assert nginx.ask("harbour/constantinople") == (301, "/kg/harbour/istanbul")
    assert nginx.ask("harbour/abroad") == (301, "https://elsewhere.example.org/harbour/abroad")


def test_what_was_withdrawn_is_gone(nginx: Running) -> None:
    assert nginx.ask("harbour/atlantis")[0] == 410


def test_nginx_says_types_and_404(nginx: Running) -> None:
    assert nginx.ask("harbour/istanbul.ttl") == (200, "text/turtle; charset=utf-8")
    assert nginx.ask("harbour/istanbul.jsonld")[1].startswith("application/ld+json")
    assert nginx.ask(".well-known/void")[1].startswith("text/turtle")
    assert nginx.ask("harbour/nowhere") == (404, "text/html; charset=utf-8")
    assert nginx.ask("harbour/nowhere", "text/turtle")[0] == 404


def test_the_crawl_of_the_live_site_finds_nothing_wrong_with_the_files(nginx: Running) -> None:
    with closing(Connections(nginx.url)) as get:
        report = crawl(get, "/kg/", files=True)
    assert [fault for fault in report.faults if not any(name in fault for name in NO_FILES)] == []
    assert len(report.things) > 20


def test_the_edge_function_negotiates_as_nginx_does(site: Path, tmp_path: Path) -> None:
    node = needed("node")
    shutil.copy(site / "netlify" / "edge-functions" / "negotiate.js", tmp_path / "negotiate.mjs")
    (tmp_path / "try.mjs").write_text(
        """
import negotiate from "./negotiate.mjs";
const there = new Set(["/kg/a.html", "/kg/a.ttl", "/kg/a.jsonld"]);
const found = [];
for (const [path, accept] of JSON.parse(process.argv[2])) {
  const request = new Request("https://x.example" + path, { headers: { Accept: accept } });
  const known = (asked) => there.has(new URL((asked || request).url).pathname);
  const next = async (asked) => new Response(null, { status: known(asked) ? 200 : 404 });
  const reply = await negotiate(request, { next });
  found.push([reply.status, reply.headers.get("Location") || reply.headers.get("Content-Type")]);
}
console.log(JSON.stringify(found));
""",
        "utf-8",
    )
    asked = [
        ["/kg/a", "text/turtle"],
        ["/kg/a", "text/csv"],
        ["/kg/a", "*/*"],
        ["/kg/b", "text/turtle"],
        ["/kg/a.ttl", ""],
    ]
    done = subprocess.run([node, tmp_path / "try.mjs", json.dumps(asked)], capture_output=True, text=True, timeout=60)
    assert json.loads(done.stdout) == [
        [303, "/kg/a.ttl"], [303, "/kg/a.html"], [303, "/kg/a.html"], [404, None], [200, "text/turtle; charset=utf-8"]
    ], done.stderr  # fmt: skip


def test_what_a_busy_machine_had_no_time_for_is_asked_again(tmp_path: Path) -> None:
    app, asked = Flask("busy"), tmp_path / "asked"

    @app.get("/<path>")
    def reply(path: str) -> tuple[str, int]:
        asked.write_text((asked.read_text() if asked.exists() else "") + path)
        return "text", 200 if asked.read_text() == "aa" else 503

    found = collect(app, Layout(), ["/a"], tmp_path / "site", lambda text: None)
    assert (found.faults, found.files) == ([], {"/a": "a.html"})
    found = collect(app, Layout(), ["/b"], tmp_path / "site", lambda text: None)
    assert found.faults == ["/b (from the start): status 503"]
