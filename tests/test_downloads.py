"""Files over HTTP: the graph as it is served, whole or in part, and never a file that is none of its own."""

import hashlib
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from releases import MORE, edited, harbours, released

from citygraph import ranges
from citygraph.__main__ import main
from citygraph.dataset import load
from citygraph.engine import Embedded
from export import dumps
from server import create_app

NAME = "harbours.example.org"
Site = Callable[[Path], FlaskClient]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("CITYGRAPH_DIST")
    monkeypatch.delenv("CITYGRAPH_RELEASES")
    return harbours(tmp_path / "root")


def export(root: Path) -> None:
    dumps.write(load(root), root / "dist")


def test_without_files_the_page_says_how_they_are_made_and_the_graph_can_be_taken_all_the_same(
    root: Path, served: Site
) -> None:
    client = served(root)
    page = client.get("/downloads").get_data(as_text=True)
    assert "python -m export" in page
    assert "No files lie ready" in page
    led = client.get("/dump/latest.ttl")
    assert led.status_code == 307
    assert "Åhus" in client.get(led.location).get_data(as_text=True)
    assert client.get("/dump/latest.nq").status_code == 404
    assert client.get("/changes.atom").status_code == 404


def test_every_file_on_the_page_has_the_size_and_the_checksum_that_the_page_says(root: Path, served: Site) -> None:
    export(root)
    client = served(root)
    page = client.get("/downloads").get_data(as_text=True)
    found = re.findall(
        r'<th scope="row"><a href="(/dump/[^"]+)">.+?<code class="hash">(\w{64})</code>', page, re.DOTALL
    )
    assert len(found) >= 4
    for address, checksum in found:
        reply = client.get(address)
        assert (reply.status_code, hashlib.sha256(reply.data).hexdigest()) == (200, checksum)
        assert reply.headers["ETag"] == f'"{checksum}"'
        assert int(reply.headers["Content-Length"]) == len(reply.data)
    sums = client.get("/dump/2026.1/SHA256SUMS").get_data(as_text=True)
    assert all(f"{checksum}  {address.rpartition('/')[2]}\n" in sums for address, checksum in found)


def test_the_newest_file_is_the_graph_that_the_endpoint_answers_from(root: Path, served: Site) -> None:
    export(root)
    client = served(root)
    led = client.get("/dump/latest.nq")
    assert (led.status_code, led.location) == (307, f"/dump/2026.1/{NAME}.nq")
    assert "max-age=60" in led.headers["Cache-Control"]
    digest = hashlib.sha256(client.get(led.location).data).hexdigest()
    assert f'<code class="hash">{digest}</code>' in client.get("/downloads").get_data(as_text=True)
    assert client.get("/dump/latest.docx").status_code == 404


def test_an_export_of_another_state_of_the_graph_is_not_offered_as_this_one(root: Path, served: Site) -> None:
    export(root)
    edited(root, "2026.1", MORE)
    client = served(root)
    page = client.get("/downloads").get_data(as_text=True)
    assert "another state of the graph" in page
    assert client.get(f"/dump/2026.1/{NAME}.nq").status_code == 404
    assert client.get("/dump/latest.ttl").location.startswith("/rdf-graph-store?default=")


def test_an_export_that_is_made_while_the_site_runs_is_offered(root: Path, served: Site) -> None:
    client = served(root)
    client.application.extensions["site"].archive.clock = iter(range(1000)).__next__
    before = client.get("/downloads")
    assert "No files lie ready" in before.get_data(as_text=True)
    void = client.get("/.well-known/void?format=ttl").get_data(as_text=True)
    assert "byteSize" not in void
    export(root)
    after = client.get("/downloads")
    assert "No files lie ready" not in after.get_data(as_text=True)
    assert after.headers["ETag"] != before.headers["ETag"]
    assert "byteSize" in client.get("/.well-known/void?format=ttl").get_data(as_text=True)


def test_a_release_is_immutable_and_goes_before_the_export_of_the_same_graph(root: Path, served: Site) -> None:
    export(root)
    released(root)
    client = served(root)
    led = client.get("/dump/latest.ttl")
    assert led.location == f"/releases/2026.1/{NAME}.ttl"
    reply = client.get(led.location)
    assert "immutable" in reply.headers["Cache-Control"]
    assert reply.headers["Content-Type"] == "text/turtle; charset=utf-8"
    assert client.get(f"/dump/2026.1/{NAME}.ttl").location == led.location
    assert client.get(f"/releases/2026.9/{NAME}.ttl").status_code == 404
    assert "2026.1" in client.get("/releases/2026.9/x").get_data(as_text=True)


def test_what_the_catalogue_says_of_a_file_is_true(root: Path, served: Site) -> None:
    released(root)
    client = served(root)
    text = client.get("/.well-known/void?format=nt").get_data(as_text=True)
    addresses = dict(re.findall(r"<(\S+)> <\S+#downloadURL> <(\S+)>", text))
    sizes = dict(re.findall(r'<(\S+)> <\S+#byteSize> "(\d+)"', text))
    nodes = dict(re.findall(r"<(\S+)> <\S+#checksum> <(\S+)>", text))
    sums = dict(re.findall(r'<(\S+)> <\S+#checksumValue> "(\w+)"', text))
    files = {one: address for one, address in addresses.items() if one in sizes}
    assert len(files) >= 5
    for one, address in files.items():
        body = client.get(address.removeprefix("https://harbours.example.org")).data
        assert len(body) == int(sizes[one])
        assert hashlib.sha256(body).hexdigest() == sums[nodes[one]].lower()


@pytest.mark.parametrize(
    ("asked", "part"),
    [
        ("bytes=0-9", slice(0, 10)),
        ("bytes=5-5", slice(5, 6)),
        ("bytes=10-", slice(10, None)),
        ("bytes=-7", slice(-7, None)),
        ("bytes=-99999999", slice(None)),
        ("Bytes = 0-1", slice(0, 2)),
        ("bytes=0-99999999", slice(None)),
    ],
)
def test_a_part_of_a_file_is_that_part(root: Path, served: Site, asked: str, part: slice) -> None:
    export(root)
    client = served(root)
    whole = client.get(f"/dump/2026.1/{NAME}.nq").data
    reply = client.get(f"/dump/2026.1/{NAME}.nq", headers={"Range": asked})
    assert (reply.status_code, reply.data) == (206, whole[part])
    start, stop, _ = part.indices(len(whole))
    assert reply.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{len(whole)}"
    assert int(reply.headers["Content-Length"]) == len(reply.data)


def test_what_is_no_single_range_is_answered_with_the_whole_file(root: Path, served: Site) -> None:
    export(root)
    client = served(root)
    for asked in ("bytes=0-1,4-5", "bytes=9-2", "bytes=-", "bytes=x-y", "lines=0-1", "bytes", "bytes=1", "bytes=٣-٤"):
        reply = client.get(f"/dump/2026.1/{NAME}.nq", headers={"Range": asked})
        assert (reply.status_code, "Content-Range" in reply.headers) == (200, False), asked
        assert reply.headers["Accept-Ranges"] == "bytes"


def test_a_range_beyond_the_end_is_416_and_says_how_long_the_file_is(root: Path, served: Site) -> None:
    export(root)
    client = served(root)
    length = len(client.get(f"/dump/2026.1/{NAME}.nq").data)
    for asked in (f"bytes={length}-", "bytes=-0", "bytes=99999999-"):
        reply = client.get(f"/dump/2026.1/{NAME}.nq", headers={"Range": asked})
        assert (reply.status_code, reply.headers["Content-Range"]) == (416, f"bytes */{length}")


def test_a_download_goes_on_only_with_the_file_that_it_began_with(root: Path, served: Site) -> None:
    export(root)
    client = served(root)
    tag = client.get(f"/dump/2026.1/{NAME}.nq").headers["ETag"]

    def status(**headers: str) -> int:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return client.get(f"/dump/2026.1/{NAME}.nq", headers={"Range": "bytes=4-", **named}).status_code

    assert status(If_Range=tag) == 206
    assert status(If_Range='"another"') == 200
    assert status(If_Range=f"W/{tag}") == 200
    assert status(If_Range="Thu, 01 Jan 2026 00:00:00 GMT") == 200
    assert status(If_None_Match=tag) == 304
    assert status(If_Match='"another"') == 412
    assert status(If_Match=tag) == 206


def test_head_of_a_file_has_the_headers_of_get_and_knows_no_ranges(root: Path, served: Site) -> None:
    export(root)
    client = served(root)
    got = client.get(f"/dump/2026.1/{NAME}.nq")
    head = client.head(f"/dump/2026.1/{NAME}.nq", headers={"Range": "bytes=0-1"})
    assert (head.status_code, head.data) == (200, b"")
    for name in ("Content-Length", "Content-Type", "ETag", "Accept-Ranges", "Cache-Control"):
        assert head.headers[name] == got.headers[name]


def test_a_browser_shows_a_file_unless_it_is_asked_to_save_it(root: Path, served: Site) -> None:
    export(root)
    client = served(root)
    assert "Content-Disposition" not in client.get(f"/dump/2026.1/{NAME}.ttl").headers
    saved = client.get(f"/dump/2026.1/{NAME}.ttl?download")
    assert saved.headers["Content-Disposition"] == f'attachment; filename="{NAME}.ttl"'
    assert client.get("/dump/latest.ttl?download").location.endswith("?download")


@pytest.mark.parametrize(
    "path",
    [
        "../data/harbours.ttl", "..%2fdata%2fharbours.ttl", "%2e%2e/secret", "....//secret", "/etc/passwd", "secret",
        "%00", "2026.1/../../secret", "..", ".", "%5c..%5csecret", "link.ttl", ".hidden",
    ],
)  # fmt: skip
def test_no_path_leads_out_of_what_the_manifest_lists(root: Path, served: Site, path: str) -> None:
    released(root)
    for place in (root, root / "releases", root / "releases" / "2026.1"):
        (place / "secret").write_text("TOP SECRET", "utf-8")
        (place / ".hidden").write_text("TOP SECRET", "utf-8")
    (root / "releases" / "2026.1" / "link.ttl").symlink_to(root / "secret")
    client = served(root)
    for address in (f"/releases/2026.1/{path}", f"/releases/{path}", f"/dump/2026.1/{path}", f"/dump/{path}/x"):
        reply = client.get(address)
        assert reply.status_code in (307, 308, 400, 404), address
        assert b"SECRET" not in reply.data


def test_a_manifest_that_lists_what_lies_elsewhere_is_no_manifest(root: Path, served: Site) -> None:
    export(root)
    path = root / "dist" / "manifest.json"
    said = json.loads(path.read_text("utf-8"))
    said["files"][0]["path"] = "../data/harbours.ttl"
    path.write_text(json.dumps(said), "utf-8")
    assert "No files lie ready" in served(root).get("/downloads").get_data(as_text=True)


def test_a_file_that_is_no_longer_what_its_manifest_says_is_not_sent(root: Path, served: Site) -> None:
    export(root)
    client = served(root)
    with (root / "dist" / f"{NAME}.nq").open("ab") as file:
        file.write(b"\n")
    assert client.get(f"/dump/2026.1/{NAME}.nq").status_code == 404
    (root / "dist" / f"{NAME}.ttl").unlink()
    (root / "dist" / f"{NAME}.ttl").symlink_to(root / "data" / "harbours.ttl")
    assert client.get(f"/dump/2026.1/{NAME}.ttl").status_code == 404


def test_the_site_below_a_path_links_to_its_files_there(root: Path) -> None:
    released(root)
    app = create_app(root, path="/kg/")
    client = app.test_client()
    page = client.get("/kg/downloads").get_data(as_text=True)
    for address in re.findall(r'href="([^"]*/releases/2026.1/[^"]+)"', page):
        assert client.get(address).status_code == 200
        assert address.startswith("/kg/")
    assert client.get("/kg/dump/latest.ttl").location == f"/kg/releases/2026.1/{NAME}.ttl"
    app.extensions["site"].engine.close()


def test_a_broken_release_folder_breaks_nothing(root: Path, served: Site) -> None:
    released(root)
    releases = root / "releases"
    (releases / "2026.0").mkdir()
    (releases / "2026.0" / "manifest.json").write_text("{", "utf-8")
    (releases / "notes.txt").write_text("x", "utf-8")
    shutil.copytree(releases / "2026.1", releases / "misnamed")
    (releases / "2026.1" / "changes.json").write_text("[]", "utf-8")
    client = served(root)
    assert client.get("/downloads").status_code == 200
    assert client.get("/releases/2026.1").status_code == 200
    assert client.get("/releases/misnamed").status_code == 404
    assert client.get("/releases/2026.0").status_code == 404


def test_the_feed_and_the_page_of_a_release_say_in_words_what_was_added(root: Path, served: Site) -> None:
    released(root)
    edited(root, "2026.2", MORE)
    released(root)
    client = served(root)
    reply = client.get("/changes.atom")
    assert reply.headers["Content-Type"].startswith("application/atom+xml")
    atom = "{http://www.w3.org/2005/Atom}"
    feed = ElementTree.fromstring(reply.data)  # noqa: S314 our own
    entries = feed.findall(f"{atom}entry")
    assert [entry.findtext(f"{atom}title") for entry in entries] == ["Harbours 2026.2", "Harbours 2026.1"]
    told = entries[0].findtext(f"{atom}content") or ""
    assert "Åhus</a> (harbour, changed)" in told
    assert "<li>comment: In Scania. (en)</li>" in told
    page = client.get("/releases/2026.2").get_data(as_text=True)
    assert "<ins>In Scania. (en)</ins>" in page
    assert "3 facts added" in page
    assert client.get("/releases/2026.2/added.nt").data.count(b"\n") == 3


def test_over_a_store_elsewhere_files_are_offered_while_its_graphs_are_as_large_as_theirs(root: Path) -> None:
    export(root)
    loaded = load(root)
    edited(root, "2026.1", MORE)
    for held, offered in ((loaded, True), (load(root), False)):
        embedded = Embedded(held, workers=1)
        app = create_app(dataset=loaded, engine=Elsewhere(embedded), path="/")
        page = app.test_client().get("/downloads").get_data(as_text=True)
        assert ("No files lie ready" not in page) is offered
        embedded.close()


class Elsewhere:
    """An engine that is not the embedded one, as far as a site can tell."""

    def __init__(self, engine: Embedded) -> None:
        self.engine = engine

    def __getattr__(self, name: str) -> Any:
        return getattr(self.engine, name)


def test_the_command_line_says_whether_the_files_are_those_of_the_graph(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def told() -> str:
        assert main(["stats", "--root", str(root)]) == 0
        return capsys.readouterr().out

    assert "files    none; run python -m export" in told()
    export(root)
    assert "files of this graph: the export in" in told()
    edited(root, "2026.1", MORE)
    assert "files    stale: the export in" in told()


spec = st.builds(
    "{}{}-{}".format, st.sampled_from(["bytes=", "bytes= "]), st.integers(0, 60) | st.just(""), st.integers(0, 60)
    | st.just(""),
)  # fmt: skip


@given(spec | st.text(max_size=20), st.integers(0, 50))
def test_a_range_is_none_or_within_the_file_or_refused(header: str, length: int) -> None:
    try:
        found = ranges.asked(header, length)
    except ranges.Unsatisfiable:
        return
    assert found is None or 0 <= found[0] < found[1] <= length
