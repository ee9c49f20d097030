"""What lies in a site of plain files besides pages, dumps, releases, the feed, and the type that each is sent as."""

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
from flask.testing import FlaskClient
from pyoxigraph import RdfFormat, parse
from releases import MORE, edited, harbours, released
from static_sites import Running, compared, exported, nginx_over

from citygraph import dataset as folders
from export.site import command
from server import create_app

URL = "https://harbours.example/kg/"
LOCATION = re.compile(r"<loc>([^<]*)</loc>")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Harbours that were released twice."""
    made = harbours(tmp_path_factory.mktemp("root") / "harbours")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CITYGRAPH_RELEASES", str(made / "releases"))
        patch.setenv("CITYGRAPH_URL", URL)
        released(made)
        edited(made, "2026.2", MORE)
        released(made)
        yield made


@pytest.fixture(scope="module")
def site(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return exported(root, tmp_path_factory.mktemp("www") / "kg")


@pytest.fixture(scope="module")
def nginx(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with nginx_over(site, tmp_path_factory.mktemp("nginx")) as running:
        yield running


@pytest.fixture(scope="module")
def live(root: Path) -> FlaskClient:
    """The same graph on a server of ours, below the same path."""
    return create_app(dataset=folders.load(root), public_url=URL, path="/kg").test_client()


def test_releases_are_in_the_site_with_all_their_files_as_their_checksums_say(site: Path) -> None:
    for version in ("2026.1", "2026.2"):
        folder = site / "releases" / version
        assert (site / "releases" / f"{version}.html").is_file()
        assert (site / "releases" / f"{version}.sv.html").is_file()
        sums = [line.split("  ") for line in (folder / "SHA256SUMS").read_text("utf-8").splitlines()]
        assert len(sums) > 20
        for checksum, name in sums:
            assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == checksum, name
    assert (site / "releases" / "2026.2" / "added.nt").read_text("utf-8").count("In Scania") == 1


def test_the_feed_is_in_the_site_and_its_entries_lead_to_pages(site: Path, nginx: Running) -> None:
    feed = (site / "changes.atom").read_text("utf-8")
    pages = set(re.findall(rf'href="{URL}(releases/[^"/]+)"', feed))
    assert pages == {"releases/2026.1", "releases/2026.2"}
    for page in pages:
        assert nginx.ask(page) == (303, f"/kg/{page}.html")


def test_the_newest_dumps_have_their_lasting_addresses(site: Path, nginx: Running) -> None:
    for suffix in ("ttl", "nt", "jsonld", "rdf", "nq", "trig", "ttl.gz", "nq.gz"):
        status, place = nginx.ask(f"dump/latest.{suffix}")
        assert (status, place) == (307, f"/kg/releases/2026.2/harbours.example.org.{suffix}")
        assert nginx.ask(place.removeprefix("/kg/"))[0] == 200
    assert nginx.ask("releases") == (307, "/kg/downloads#releases")


def test_what_dcat_says_of_sizes_and_checksums_is_true_of_the_files(site: Path) -> None:
    said: dict[str, dict[str, str]] = {}
    for quad in parse((site / "dataset.nt").read_bytes(), format=RdfFormat.N_TRIPLES):
        said.setdefault(str(quad.subject), {})[re.split("[/#]", quad.predicate.value)[-1]] = str(quad.object)
    checked = 0
    for about in said.values():
        place = about.get("downloadURL", "").strip("<>").removeprefix(URL)
        if "byteSize" in about and place:
            file = site / place
            assert f'"{file.stat().st_size}"' in about["byteSize"]
            checksum = said[about["checksum"]]["checksumValue"]
            assert hashlib.sha256(file.read_bytes()).hexdigest() in checksum
            checked += 1
    assert checked > 20


def test_dumps_made_before_are_taken_where_they_are_of_this_graph_and_made_on_the_way_where_not(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CITYGRAPH_RELEASES", str(tmp_path / "none"))
    stale, made = root / "releases" / "2026.1", root / "releases" / "2026.2"
    for dist in (stale, made):
        site = exported(root, tmp_path / dist.name / "kg", "--dist", str(dist))
        assert [folder.name for folder in (site / "dump").iterdir()] == ["2026.2"]
        assert "In Scania" in (site / "dump" / "2026.2" / "harbours.example.org.ttl").read_text("utf-8")
        assert (site / "validation.ttl").is_file()
        assert (site / "dump" / "2026.2" / "added.nt").is_file() == (dist == made)
        assert not (site / "changes.atom").exists()


def test_a_graph_that_is_not_valid_is_no_site_but_where_that_is_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = harbours(tmp_path / "root")
    strict = root / "shapes" / "strict.ttl"
    strict.parent.mkdir(exist_ok=True)
    strict.write_text(
        """@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix dcat: <http://www.w3.org/ns/dcat#> .
<https://harbours.example.org/shapes#strict> a sh:NodeShape ; sh:targetClass dcat:Dataset ;
  sh:property [ sh:path dcat:theme ; sh:minCount 1 ; sh:message "A dataset has a theme." ] .
""",
        "utf-8",
    )
    asked = ["--root", str(root), "--out", str(tmp_path / "kg"), "--base-url", URL]
    assert command.main(asked) == 1
    assert "A dataset has a theme." in capsys.readouterr().err
    assert not (tmp_path / "kg").exists()
    assert command.main([*asked, "--unvalidated"]) == 0
    manifest = next((tmp_path / "kg" / "dump").rglob("manifest.json"))
    assert json.loads(manifest.read_text("utf-8"))["validated"] is False


def test_the_sitemap_names_files_that_are_there(site: Path) -> None:
    found = LOCATION.findall((site / "sitemap.xml").read_text("utf-8"))
    assert len(found) > 20
    for address in found:
        path = unquote(address.removeprefix(URL))
        assert (site / (path or "index.html")).is_file(), address


def test_nginx_sends_every_file_as_the_type_that_the_server_says(site: Path, nginx: Running, live: FlaskClient) -> None:
    assert compared(site, nginx, live) >= {
        "text/html", "text/turtle", "text/css", "text/javascript", "text/plain", "application/atom+xml",
        "application/gzip", "application/json", "application/ld+json", "application/n-quads", "application/n-triples",
        "application/rdf+xml", "application/trig", "application/xml", "image/svg+xml", "image/png",
        "application/linkset+json",
    }  # fmt: skip
