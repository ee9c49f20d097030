"""A site of plain files on nginx, and a small network to make one of."""

import os
import re
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from bench.servers import free_port
from export.site import command

ROOT = Path(__file__).parents[1]
SOME = ("dk", "fi", "is")
"""The countries of the small network."""
NGINX = """
{user} daemon off; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    include {site}/hosting/nginx-negotiation.conf;
    server {{ listen 127.0.0.1:{port}; root {root}; include {site}/hosting/nginx-site.conf; }}
}}
"""


def exported(root: Path, out: Path, *options: str, base_url: str = "https://harbours.example/kg/") -> Path:
    """The site of a root, in a folder."""
    assert command.main(["--root", str(root), "--out", str(out), "--base-url", base_url, *options]) == 0
    return out


def network(root: Path) -> Path:
    """The cities of a few countries, without what others say of them."""
    shutil.copytree(ROOT / "ontology", root / "ontology")
    (root / "data" / "cities").mkdir(parents=True)
    for name in SOME:
        shutil.copy(ROOT / "data" / "cities" / f"{name}.ttl", root / "data" / "cities")
    for name in ("dataset", "network", "regions", "rounds"):
        shutil.copy(ROOT / "data" / f"{name}.ttl", root / "data")
    some(root / "data" / "countries.ttl", set(SOME))
    told = "".join(path.read_text("utf-8") for path in (root / "data").rglob("*.ttl"))
    some(root / "data" / "sources.ttl", set(re.findall(r"\bsource:([\w-]+)", told)))
    return root


def some(path: Path, names: set[str]) -> None:
    """The things of those names out of a file of the real graph."""
    head, *things = (ROOT / "data" / path.name).read_text("utf-8").split("\n\n")
    kept = [thing for thing in things if re.match(r"\s*\w+:([\w-]+)", thing)[1] in names]  # type: ignore[index]
    lines = "\n\n".join([head, *kept]).splitlines()
    path.write_text("\n".join(line for line in lines if not re.match(r"    \S+ city:", line)) + "\n", "utf-8")


def needed(program: str) -> str:
    """The file of a program that a test needs: without it the test is skipped, or fails where everything is tested."""
    found = shutil.which(program) or shutil.which(program, path="/usr/sbin")
    if not found:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{program} is not installed")
    return str(found)


@dataclass(frozen=True)
class Running:
    """nginx over a site."""

    url: str

    def ask(self, path: str, accept: str = "") -> tuple[int, str]:
        """Status and type, or status and where it leads."""
        request = urllib.request.Request(self.url + path, headers={"Accept": accept})
        opener = urllib.request.build_opener(Unredirected)
        try:
            with opener.open(request, timeout=10) as reply:
                return reply.status, reply.headers["Content-Type"]
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers["Location"] or error.headers["Content-Type"]


class Unredirected(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


@contextmanager
def nginx_over(site: Path, folder: Path) -> Iterator[Running]:
    """nginx with the rules of a site, as long as it is needed; its own files lie in a folder."""
    program, port = needed("nginx"), free_port()
    user = "user root;" if os.geteuid() == 0 else ""  # who else may not read the folders of tests
    config = folder / "nginx.conf"
    config.write_text(NGINX.format(user=user, folder=folder, site=site, root=site.parent, port=port), "utf-8")
    command = [program, "-p", str(folder), "-c", str(config), "-e", str(folder / "error.log")]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as running:
        try:
            wait(port, running)
            yield Running(f"http://127.0.0.1:{port}/kg/")
        finally:
            running.send_signal(signal.SIGTERM)


def wait(port: int, running: "subprocess.Popen[bytes]") -> None:
    for _ in range(100):
        assert running.poll() is None, running.stderr and running.stderr.read()
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/kg/", timeout=5).close()
        except urllib.error.HTTPError:
            raise
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("nginx does not answer")


NO_ADDRESS = re.compile(
    r"404\.html|\.htaccess|netlify.*|hosting/.*|rdf-graph-store\..*|.*sparql-examples\..*|.*\.sv\.html|harbour/(double|slash).*"
)
"""Files that are called otherwise on a server."""


def compared(site: Path, nginx: Running, live: FlaskClient) -> set[str]:
    """The types that files of each folder and suffix are sent as, which are those that a server says."""
    found, seen = set(), set()
    for file in sorted(path for path in site.rglob("*") if path.is_file()):
        name = str(file.relative_to(site))
        like = (file.parent, file.name.partition(".")[2])
        if like in seen or NO_ADDRESS.fullmatch(name) or not name.isascii() or "%" in name:
            continue
        seen.add(like)
        with said(live, name) as asked:
            status, content_type = nginx.ask(quote(name))
            assert (status, asked.status_code) == (200, 200), f"{name}: {status}, and {asked.status_code} of the server"
            kind, _, parameters = content_type.partition(";")
            assert kind == asked.mimetype, f"{name}: {kind}, and {asked.mimetype} of the server"
            assert parameters in (asked.content_type.partition(";")[2], " charset=utf-8"), f"{name}: {content_type}"
            found.add(kind)
    return found


def said(live: FlaskClient, name: str) -> TestResponse:
    """What a server replies where a file stands for: at the address of that name, or without its suffix."""
    if name == "queries/index.json":
        return live.get("/kg/queries/?format=json")
    if part := re.fullmatch(r"(.*)\.(\w+)-(\d+)\.(\w+)", name):
        return live.get(f"/kg/{part[1]}.{part[4]}?{part[2]}={part[3]}")
    found = live.get(f"/kg/{quote(name).removesuffix('index.html')}", follow_redirects=True)
    if found.status_code != 404:
        return found
    found.close()
    return live.get(f"/kg/{quote(name).removesuffix('.html')}", headers={"Accept": "text/html"})
