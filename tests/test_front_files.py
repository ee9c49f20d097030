"""Files as the web server sends them: by their path, in parts, and not through the memory of the process."""

import hashlib
import http.client
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from live import serving
from releases import harbours, released

BIG = 200 << 20
NAME = "harbours.example.org"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root with a release to which somebody has added a file of 200 MiB, of which nearly all is a hole."""
    root = harbours(tmp_path_factory.mktemp("files") / "root")
    released(root, "--releases", str(root / "releases"))
    folder = root / "releases" / "2026.1"
    with (folder / "big.bin").open("wb") as file:
        file.truncate(BIG)
        file.seek(BIG - 3)
        file.write(b"end")
    path = folder / "manifest.json"
    said = json.loads(path.read_text("utf-8"))
    with (folder / "big.bin").open("rb") as file:
        checksum = hashlib.file_digest(file, "sha256").hexdigest()
    more = {"path": "big.bin", "title": "Big", "media_type": "application/octet-stream"}
    said["files"].append({**more, "bytes": BIG, "sha256": checksum})
    path.write_text(json.dumps(said), "utf-8")
    return root


@pytest.fixture(scope="module")
def server(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[http.client.HTTPConnection]:
    log = tmp_path_factory.mktemp("log") / "log"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CITYGRAPH_RELEASES", str(root / "releases"))
        with serving("--root", str(root), "--workers", "1", log=log) as (address, _):
            connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=30)
            yield connection
            connection.close()


def ask(
    server: http.client.HTTPConnection, path: str, method: str = "GET", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    server.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    reply = server.getresponse()
    return reply.status, {name.lower(): value for name, value in reply.getheaders()}, reply.read()


def test_a_file_comes_whole_and_as_it_lies_there(server: http.client.HTTPConnection, root: Path) -> None:
    path = f"/releases/2026.1/{NAME}.ttl"
    for _ in range(2):
        status, headers, body = ask(server, path, Accept_Encoding="gzip")
        assert (status, body) == (200, (root / path[1:]).read_bytes())
        assert "content-encoding" not in headers
        assert headers["etag"] == f'"{hashlib.sha256(body).hexdigest()}"'
        assert int(headers["content-length"]) == len(body)
        assert "immutable" in headers["cache-control"]
        assert headers["access-control-allow-origin"] == "*"


def test_a_part_comes_as_a_part(server: http.client.HTTPConnection, root: Path) -> None:
    path = f"/releases/2026.1/{NAME}.nq"
    whole = (root / path[1:]).read_bytes()
    for asked, part in (("bytes=3-9", whole[3:10]), ("bytes=-5", whole[-5:]), ("bytes=0-", whole)):
        status, headers, body = ask(server, path, Range=asked)
        assert (status, body) == (206, part)
        assert int(headers["content-length"]) == len(part)
    tag = ask(server, path)[1]["etag"]
    assert ask(server, path, Range="bytes=3-9", If_Range=tag)[0] == 206
    assert ask(server, path, Range="bytes=3-9", If_Range='"old"')[::2] == (200, whole)
    assert ask(server, path, Range="bytes=3-9,12-14")[::2] == (200, whole)
    assert ask(server, path, Range=f"bytes={len(whole)}-")[0] == 416
    assert ask(server, path, Range="bytes=3-9", If_None_Match=tag)[::2] == (304, b"")
    assert ask(server, path, If_None_Match=tag)[::2] == (304, b"")


def test_head_of_a_part_is_head_of_the_whole(server: http.client.HTTPConnection) -> None:
    status, headers, body = ask(server, "/releases/2026.1/big.bin", "HEAD", Range="bytes=0-9")
    assert (status, headers["content-length"], body) == (200, str(BIG), b"")


def test_a_large_file_does_not_go_through_memory(server: http.client.HTTPConnection) -> None:
    assert ask(server, "/releases/2026.1/big.bin", Range=f"bytes={BIG - 3}-")[::2] == (206, b"end")
    before = resident()
    server.request("GET", "/releases/2026.1/big.bin")
    reply = server.getresponse()
    length, most = 0, 0
    while piece := reply.read(1 << 20):
        length += len(piece)
        most = max(most, resident() - before) if length % (20 << 20) == 0 else most
    assert length == BIG
    assert most < BIG // 4


def resident() -> int:
    """Bytes in memory of all processes that serve from here, at most."""
    mine = Path("/proc/self").resolve().name
    sizes = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal() and folder.name != mine and descends(folder.name, mine):
            status = dict(
                line.split(":", 1) for line in (folder / "status").read_text("utf-8").splitlines() if ":" in line
            )
            sizes.append(int(status.get("VmRSS", "0 kB").split()[0]) << 10)
    return sum(sizes)


def descends(process: str, ancestor: str) -> bool:
    """Whether a process was started by another, directly or not."""
    while process not in ("0", "1", ""):
        try:
            process = Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()[1]
        except FileNotFoundError:
            return False
        if process == ancestor:
            return True
    return False
