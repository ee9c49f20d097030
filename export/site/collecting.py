"""Visiting every address of a site, as a browser would that follows all links, and writing what is found as files."""

import multiprocessing
import os
import re
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urldefrag, urljoin

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from citygraph import formats
from export.site.layout import Layout

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
ATTRIBUTE = re.compile(r'(?<=\s)(href|src|action|poster|data-href)="(/[^"]*)"')
LINKED = re.compile(r"<([^>]*)>")
TRIES = 5
SHARE = 16
"""Addresses that a process is given at a time."""
BUSY: "list[tuple[Flask, Layout, Path]]" = []
"""What each process visits with; set as it is forked."""


@dataclass
class Collected:
    """What was found: the files by address, the type of each file as a server says it, where redirects lead, and what
    is wrong."""

    files: dict[str, str] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    moved: dict[str, tuple[int, str]] = field(default_factory=dict)
    gone: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Visit:
    """One address: its status, where it leads, what its page links to, its file and the type of that."""

    address: str
    status: int
    location: str
    links: frozenset[str]
    file: str = ""
    content_type: str = ""


def collect(
    app: Flask, layout: Layout, seeds: Iterable[str], folder: Path, told: Callable[[str], None]
) -> Collected:  # fmt: skip
    """Visit all that the seeds lead to, and write it into a folder. Faults are told, not raised."""
    found, seen = Collected(), dict.fromkeys(seeds, "")
    level = list(seen)
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(os.cpu_count(), context, begin, ((app, layout, folder),)) as pool:
        while level:
            links: dict[str, str] = {}
            for visit in pool.map(visited, level, chunksize=SHARE):
                note(found, visit, seen[visit.address])
                links |= dict.fromkeys(sorted(visit.links | {visit.location}), visit.address)
            told(f"{len(found.files):,} files …")
            new = {to: at for link, at in links.items() if (to := layout.visited(link)) and to not in seen}
            seen |= new
            level = list(new)
    return found


def note(found: Collected, visit: Visit, origin: str) -> None:
    """Keep what a visit found."""
    if visit.status == 200 and visit.file:
        found.files[visit.address] = visit.file
        found.types[visit.file] = visit.content_type
    elif 300 <= visit.status < 400:
        found.moved[visit.address] = (visit.status, visit.location)
    elif visit.status == 410:
        found.gone.append(visit.address)
    elif visit.status != 200:
        found.faults.append(f"{visit.address} (from {origin or 'the start'}): status {visit.status}")


def begin(busy: tuple[Flask, Layout, Path]) -> None:
    BUSY.append(busy)


def visited(address: str) -> Visit:
    """Visit one address, and write its file."""
    app, layout, folder = BUSY[0]
    with app.test_client() as client, got(client, address) as reply:
        body, location = reply.get_data(), reply.headers.get("Location", "")
        if location:
            location = urljoin(address, location)
        links = {urldefrag(urljoin(address, LINKED.match(one.strip())[1]))[0]  # type: ignore[index]
                 for one in reply.headers.getlist("Link") if LINKED.match(one.strip())}  # fmt: skip
        if reply.status_code != 200:
            links.clear()
        elif reply.mimetype == "text/html":
            text = body.decode()
            links |= {urldefrag(plain(link))[0] for _, link in ATTRIBUTE.findall(text)}
        file = (
            layout.file(address)
            if reply.mimetype == formats.HTML.media_type
            else layout.data(address, reply.mimetype or "")
        )
        if reply.status_code == 200 and file:
            path = folder / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)
    inside = frozenset(link for link in links if link.startswith("/"))
    return Visit(address, reply.status_code, location, inside, file or "", reply.content_type)


def got(client: FlaskClient, address: str) -> TestResponse:
    """The reply of an address; what a busy machine had no time for is asked again."""
    for _ in range(TRIES - 1):
        reply = client.get(address, headers=BROWSER)
        if reply.status_code != 503:
            return reply
        reply.close()
    return client.get(address, headers=BROWSER)


def plain(attribute: str) -> str:
    """What an attribute says, without the escapes that templates write."""
    for mark, character in (("&#39;", "'"), ("&#34;", '"'), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        attribute = attribute.replace(mark, character)
    return attribute
