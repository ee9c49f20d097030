"""A site under a path of its host, the links of a whole site, and what its ETags depend on."""

import re
import urllib.request
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
from flask.testing import FlaskClient
from live import serving
from pyoxigraph import NamedNode

from citygraph.__main__ import main
from citygraph.dataset import Dataset, load
from citygraph.engine import Embedded, Engine
from citygraph.mounting import prefix_of
from citygraph.site import CODE, EDITED
from server import create_app

ROOTS = Path(__file__).parent / "roots"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.fixture(scope="module")
def site() -> Iterator[tuple[Dataset, Engine]]:
    """A root whose things have every kind of name and fate."""
    dataset = load(ROOTS / "harbours")
    engine = Embedded(dataset, workers=1)
    yield dataset, engine
    engine.close()


@pytest.mark.parametrize(
    "path", ["kg", "/kg//x", "/../x", "/kg/./", "/k g/", "/kg?x", "/kg#x", "//evil.example/", "/ö"]
)
def test_a_path_that_no_site_can_stand_under_is_refused(path: str, site: tuple[Dataset, Engine]) -> None:
    with pytest.raises(ValueError, match="no path for a site"):
        prefix_of(path)
    with pytest.raises(ValueError, match="no path for a site"):
        create_app(dataset=site[0], engine=site[1], path=path)


def test_the_command_line_refuses_such_a_path(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["serve", "--path", "kg/../x"])
    assert ended.value.code == 2
    assert "no path for a site, such as /kg/" in capsys.readouterr().err


class Addresses(HTMLParser):
    """What a page points at on its own site."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for name, value in attributes:
            if name in ("href", "src", "action") and value and not urlsplit(value).scheme and value[0] != "#":
                self.found.add(value.partition("#")[0])


def crawl(client: FlaskClient, todo: list[str], limit: int) -> dict[str, int]:
    """The status of each address that links lead to from some under /kg/, as a browser meets them. None leads out."""
    done: dict[str, int] = {}
    while todo and len(done) < limit:
        address = todo.pop(0)
        with client.get(address, headers={"Accept": BROWSER}) as reply:
            done[address] = reply.status_code
            told = set(re.findall(r"<(/[^>]*)>", ",".join(reply.headers.getlist("Link"))))
            location = reply.headers.get("Location", "/kg/")
            told |= {location} if location.startswith("/") else set()
            told |= Addresses(reply.text).found if reply.mimetype == "text/html" else set()
        outside = {one for one in told if not one.startswith("/kg/")}
        assert not outside, (address, outside)
        todo += sorted(told - done.keys() - set(todo))
    return done


def test_nothing_under_a_path_points_out_of_it(dataset: Dataset, engine: Engine) -> None:
    client = create_app(dataset=dataset, engine=engine, path="/kg/").test_client()
    starts = ["/kg/", "/kg/city/norrkoping.html", "/kg/nothing", "/kg/ontology.html", "/kg/dataset.html"]
    done = crawl(client, starts, 120)
    assert len(done) == 120
    assert {address for address, status in done.items() if status >= 400} == {"/kg/nothing"}


def test_every_link_of_names_that_are_hard_to_write_answers(site: tuple[Dataset, Engine]) -> None:
    client = create_app(dataset=site[0], engine=site[1], path="/kg/").test_client()
    iris = {str(quad.subject.value) for quad in site[0].store if isinstance(quad.subject, NamedNode)}
    done = crawl(client, ["/kg/resource?" + urlencode({"iri": iri}) for iri in sorted(iris)], 2000)
    gone = {address for address, status in done.items() if status == 410}
    assert {address for address, status in done.items() if status >= 400} == gone
    assert gone
    assert all("/harbour/atlantis" in address for address in gone)
    assert len(done) > 5 * len(iris) > 100


def test_a_proxy_may_cut_the_path_off(site: tuple[Dataset, Engine]) -> None:
    client = create_app(dataset=site[0], engine=site[1], path="/kg").test_client()
    for asked in ("/harbour/istanbul", "/kg/harbour/istanbul"):
        assert client.get(asked).headers["Location"] == "/kg/harbour/istanbul.html"
    assert client.get("/kg").text == client.get("/kg/").text == client.get("/").text
    assert client.get("/kgx").status_code == 404


def test_a_server_under_a_path_serves_pages_queries_and_files(tmp_path: Path) -> None:
    options = ("--path", "/kg", "--workers", "1", "--root", str(ROOTS / "harbours"))
    with serving(*options, log=tmp_path / "log") as (address, _):
        for path, kind in (
            ("/kg/", "text/html"),
            ("/kg/harbour/%C3%A4ngelholm", "text/html"),
            ("/kg/sparql?query=ASK%7B%7D", "application/sparql-results+json"),
            ("/kg/static/style.css", "text/css"),
            ("/harbour/istanbul.ttl", "text/turtle"),
        ):
            with urllib.request.urlopen(address + path, timeout=20) as reply:
                assert reply.headers.get_content_type() == kind
    assert f"{address}/kg/  (Ctrl+C stops)" in (tmp_path / "log").read_text("utf-8")


def copy(source: Path, target: Path) -> Path:
    for file in source.rglob("*.ttl"):
        (target / file.relative_to(source)).parent.mkdir(parents=True, exist_ok=True)
        (target / file.relative_to(source)).write_bytes(file.read_bytes())
    return target


def tags(root: Path, paths: list[str]) -> dict[str, str]:
    dataset = load(root)
    engine = Embedded(dataset, workers=1)
    client = create_app(dataset=dataset, engine=engine).test_client()
    found = {path: client.get(path).headers["ETag"] for path in paths}
    engine.close()
    return found


def test_two_starts_give_the_same_etags_and_a_changed_fact_others(tmp_path: Path) -> None:
    paths = ["/", "/harbour/istanbul.html", "/harbour/istanbul.ttl", "/graph/data.nt", "/.well-known/void"]
    root = copy(ROOTS / "harbours", tmp_path / "harbours")
    first = tags(root, paths)
    assert tags(root, paths) == first
    assert len(set(first.values())) == len(paths)
    file = root / "data" / "harbours.ttl"
    file.write_text(file.read_text("utf-8").replace('"Istanbul"@en', '"İstanbul"@tr'), "utf-8")
    after = tags(root, paths)
    assert all(after[path] != first[path] for path in paths)


def test_whatever_pages_are_made_of_counts_for_their_etags() -> None:
    counted = {path for pattern in EDITED for path in CODE.glob(pattern) if path.is_file()}
    files = {path for path in (CODE / "citygraph").rglob("*.*") if path.is_file() and path.suffix != ".pyc"}
    # Of the editor only which version is installed shows on a page.
    assert {path for path in files - counted if "yasgui" not in path.parts} == set()
