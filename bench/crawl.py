"""python -m bench.crawl: follow every link of a site from its first page, visit everything twice, and hold the formats
of every thing against each other. Without an address it starts the server of this checkout."""

import argparse
import hashlib
import http.client
import json
import os
import re
import subprocess
import sys
import threading
import time
import urllib.request
import zlib
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qs, unquote, urldefrag, urljoin, urlsplit

from pyoxigraph import RdfFormat, Triple, parse

from bench.inventory import Get, Reply, by_dump, things
from bench.peers import REPOSITORY
from bench.servers import free_port
from citygraph.turtle import stable

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
CONTEXT = "http://www.w3.org/ns/json-ld#context"
HERE = "http://here.invalid"
DATA = re.compile(r"(.*)\.(ttl|nt|jsonld|rdf|json|csv|geojson)")
PATIENCE = 60.0
SPOKEN = 40
"""Every page has an address in each language, whose links go on in it: of so many, one is visited."""
ASKED = 40
"""Behind every figure stands its query, whose page has more to choose: of so many such addresses, one is visited."""


@dataclass(frozen=True)
class Seen:
    """What is kept of a visit: where a redirect leads, the anchors of a page, the digest of the graph in a document,
    the other formats, and what is wrong."""

    status: int
    media_type: str = ""
    location: str = ""
    links: frozenset[str] = frozenset()
    anchors: frozenset[str] = frozenset()
    digest: str = ""
    alternates: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()


@dataclass
class Report:
    """A crawl: what was seen by address, who linked to it first, the things of the graph, and all that is wrong."""

    seen: dict[str, Seen] = field(default_factory=dict)
    origin: dict[str, str] = field(default_factory=dict)
    things: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def __str__(self) -> str:
        documents = sum(bool(seen.digest) for seen in self.seen.values())
        pages = sum(seen.media_type == "text/html" and seen.status == 200 for seen in self.seen.values())
        redirects = sum(bool(seen.location) for seen in self.seen.values())
        return (
            f"{len(self.seen)} addresses in {self.seconds:.1f} s: {pages} pages, {documents} documents of RDF or JSON, "
            f"{redirects} redirects; {len(self.things)} things in the graph; {len(self.faults)} faults"
        )


class Page(HTMLParser):
    """The addresses that a page links to and loads, and its anchors."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.anchors: set[str] = set()
        self.alternates: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {key: value or "" for key, value in attrs}
        self.anchors.update({found["id"]} if "id" in found else ())
        self.links.update(found[key] for key in ("href", "src", "action") if key in found)
        if tag == "link" and found.get("rel") == "alternate" and "hreflang" not in found:
            self.alternates.append(found.get("href", ""))


def crawl(get: Get, start: str = "/", workers: int = 1, share: int = 1, files: bool = False) -> Report:
    """Visit all that can be reached from an address by links, level by level, and compare what was found.

    With a `share` of ten every page is visited, the data documents of one thing in ten, and one list in ten of those
    with several filters. A site of plain `files` has
    no endpoint, and its pages link straight to documents: there things are visited besides.
    """
    report, began = Report(origin={start: ""}), time.perf_counter()
    contexts: dict[str, object] = {}
    if files:
        report.things = by_dump(get, start)
        report.origin |= dict.fromkeys(report.things, "its IRI")
    level = list(report.origin)
    with ThreadPoolExecutor(workers) as pool:
        while level:
            found = pool.map(lambda address: visit(get, address, contexts), level)
            report.seen.update(zip(level, found, strict=True))
            for address in level:
                for link in sorted(targets(report.seen[address], start)):
                    report.origin.setdefault(link, address)
            level = [a for a in report.origin if a not in report.seen and chosen(a, share)]
    for address, seen in report.seen.items():
        report.faults += [f"{address} (from {report.origin[address]}): {fault}" for fault in seen.faults]
        astray = sorted(link for link in seen.links if link.startswith("/") and not link.startswith(start))
        report.faults += [f"{link} (from {address}): leads out of the site" for link in astray]
    report.faults += missing_anchors(report)
    report.things = report.things or things(get, start)
    for thing in report.things:
        report.faults += compare(report, thing, share)
    report.seconds = time.perf_counter() - began
    return report


def chosen(address: str, share: int) -> bool:
    """Whether an address is visited; all documents of a thing are, or none. In a language that the address names, one
    page in `SPOKEN` is, of those that carry a query one in `ASKED`, and with several filters at once one in `share`."""
    path, _, text = address.partition("?")
    asked = parse_qs(text)
    if "lang" in asked and zlib.crc32(path.encode()) % SPOKEN:
        return False
    if zlib.crc32(address.encode()) % (ASKED if "query" in asked else share if len(asked) > 1 else 1):
        return False
    data = DATA.fullmatch(address)
    return not data or zlib.crc32(data[1].encode()) % share == 0


def targets(seen: Seen, start: str) -> Iterator[str]:
    """The addresses of the site that a visit leads to, without fragments."""
    for link in (*seen.links, *seen.alternates, seen.location):
        if link.startswith(start):
            yield urldefrag(link)[0]


def visit(get: Get, address: str, contexts: dict[str, object]) -> Seen:
    """Read one address, and ask for it once more as a browser does that has it already."""
    reply = get(address, BROWSER)
    if 300 <= reply.status < 400:
        location = urljoin(address, reply.headers.get("location", ""))
        return Seen(reply.status, location=location, faults=() if location.startswith("/") else ("leads away",))
    if reply.status != 200:
        return Seen(reply.status, reply.media_type, faults=(f"status {reply.status}",))
    faults = [] if "no-store" in reply.headers.get("cache-control", "") else again(get, address, reply)
    links, anchors, digest, stated = set[str](), set[str](), "", reply.linked("alternate")
    try:
        if reply.media_type == "text/html":
            page = Page(reply.body.decode())
            links, anchors = {urljoin(address, link) for link in page.links}, page.anchors
            stated = stated or page.alternates
        else:
            digest = digested(get, reply, contexts)
    except (ValueError, SyntaxError) as error:
        faults.append(f"{reply.media_type} cannot be read: {error}")
    alternates = tuple(urljoin(address, link) for link in stated)
    return Seen(
        reply.status, reply.media_type, "", frozenset(links), frozenset(anchors), digest, alternates, tuple(faults)
    )


def again(get: Get, address: str, first: Reply) -> list[str]:
    """What is wrong with a second visit, which takes a header and no body."""
    tag = first.headers.get("etag", "")
    if not tag:
        return ["has no ETag"]
    second = get(address, {**BROWSER, "If-None-Match": tag})
    return [] if (second.status, second.body) == (304, b"") else [f"status {second.status} at the second visit"]


def digested(get: Get, reply: Reply, contexts: dict[str, object]) -> str:
    """A digest of the graph that a document holds, the same in every syntax; none where it holds no graph.

    Raises `SyntaxError` or `ValueError` for what cannot be read.
    """
    if reply.media_type == "application/json":
        context = next(iter(reply.linked(CONTEXT)), None)
        if context is None:
            return ""
        if context not in contexts:
            contexts[context] = json.loads(get(context, {}).body)["@context"]
        body = json.dumps({**json.loads(reply.body), "@context": contexts[context]}).encode()
        return digest_of(quad.triple for quad in parse(body, format=RdfFormat.JSON_LD))
    syntax = RdfFormat.from_media_type(reply.media_type)
    if syntax is None or reply.media_type == "text/plain":  # which N-Triples once were, and checksums are
        return ""
    return digest_of(quad.triple for quad in parse(reply.body, format=syntax, base_iri=HERE))


def digest_of(triples: Iterable[Triple]) -> str:
    """A digest of a graph, blank nodes named canonically."""
    lines = sorted({str(triple) for triple in stable(triples)})
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def missing_anchors(report: Report) -> Iterator[str]:
    """Links to a place on a page that the page does not have."""
    checked: set[str] = set()
    for address, seen in report.seen.items():
        for link in sorted(seen.links - checked):
            checked.add(link)
            target, fragment = urldefrag(link)
            page = report.seen.get(target)
            while page and page.location:
                page = report.seen.get(urldefrag(page.location)[0])
            if fragment and page and page.anchors and not {fragment, unquote(fragment)} & page.anchors:
                yield f"{link} (from {address}): the page has no such anchor"


def compare(report: Report, thing: str, share: int = 1) -> Iterator[str]:
    """What is wrong with a thing: not reached, or its documents do not all say the same."""
    seen = report.seen.get(thing)
    if seen is None:
        yield f"{thing}: no link leads there"
        return
    page = report.seen.get(seen.location)
    if seen.status != 303 or page is None or page.media_type != "text/html":
        yield f"{thing}: status {seen.status} to {seen.location!r}, which is no page"
        return
    documents = {address: report.seen[address] for address in page.alternates if address in report.seen}
    digests = {address: one.digest for address, one in documents.items() if one.digest}
    if len(digests) < 4 and chosen(f"{thing}.ttl", share):
        yield f"{thing}: only {len(digests)} documents hold a graph"
    if len(set(digests.values())) > 1:
        first = next(iter(digests.values()))
        yield f"{thing}: not the same graph in {', '.join(a for a, digest in digests.items() if digest != first)}"


class Connections:
    """Gets over HTTP, with a connection for each thread."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.host, self.port = parts.hostname or "127.0.0.1", parts.port or 80
        self.of_thread = threading.local()
        self.opened: list[http.client.HTTPConnection] = []

    def __call__(self, address: str, headers: Mapping[str, str]) -> Reply:
        connection = getattr(self.of_thread, "connection", None)
        if connection is None:
            connection = http.client.HTTPConnection(self.host, self.port, timeout=PATIENCE)
            self.of_thread.connection = connection
            self.opened.append(connection)
        connection.request("GET", address, headers=dict(headers))
        response = connection.getresponse()
        body = response.read()
        found = {key.lower(): value for key, value in response.getheaders()}
        return Reply(response.status, found, response.headers.get_all("Link") or [], body)

    def close(self) -> None:
        """Close the connections of all threads."""
        for connection in self.opened:
            connection.close()


def main(arguments: list[str] | None = None) -> int:
    """Crawl and print what is wrong; the exit code is 1 when anything is."""
    made = argparse.ArgumentParser(prog="python -m bench.crawl", description=__doc__)
    made.add_argument("url", nargs="?", help="where a site stands, with a slash at the end (default: one is started)")
    made.add_argument("--workers", type=int, default=4, help="requests at a time (default: %(default)s)")
    made.add_argument("--files", action="store_true", help="the site is one of plain files")
    given = made.parse_args(arguments)
    process, url = (None, given.url) if given.url else started()
    try:
        with closing(Connections(url)) as get:
            report = crawl(get, urlsplit(url).path or "/", given.workers, files=given.files)
    finally:
        if process:
            process.terminate()
            process.wait(15)
    print(*report.faults, report, sep="\n")
    return 1 if report.faults else 0


def started() -> "tuple[subprocess.Popen[bytes], str]":
    """A server of this checkout that answers, and where it stands. Raises `RuntimeError` when it does not within a
    minute."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/"
    command = [sys.executable, "-m", "citygraph", "serve", "--port", str(port)]
    # What the site says of its own address then leads to it, as it does where it is published.
    environment = {**os.environ, "CITYGRAPH_URL": url}
    process = subprocess.Popen(command, cwd=REPOSITORY, env=environment, stdout=subprocess.DEVNULL)
    for _ in range(600):
        try:
            urllib.request.urlopen(url + "robots.txt", timeout=5).close()
            return process, url
        except OSError:
            time.sleep(0.1)
    process.kill()
    raise RuntimeError("the server did not start")


if __name__ == "__main__":
    sys.exit(main())
