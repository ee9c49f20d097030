"""The files of the graph on the web: the page of downloads, releases and what they changed, the feed, and each file.

A release stands at `/releases/<version>/<file>` and never changes. The last export stands at `/dump/<version>/<file>`
for as long as its hash is that of the graph that is served. `/dump/latest.<suffix>` leads to the file of the graph as
it is served now, whichever of the two has it, and where neither has, to the document that is written from the graph.
"""

import hashlib
from functools import lru_cache
from pathlib import Path

from flask import Blueprint, Response, g, render_template, url_for
from werkzeug.exceptions import NotFound

from citygraph import archive, changes, formats, incoming, replies, sending, telling
from citygraph.addresses import home
from citygraph.archive import Export
from citygraph.catalogue import DUMPED
from citygraph.distributions import MANIFEST, SUMS, File
from citygraph.incoming import carried
from citygraph.site import site

blueprint = Blueprint("downloads", __name__)

UNLISTED = {MANIFEST: ("The list of the files", "application/json"), SUMS: ("The checksums of all files", "text/plain")}
"""The files that no manifest lists, because one is the manifest and the other holds its checksum."""
GROUPS = ("whole", "parts", "tables", "about", "changes")


@blueprint.get("/downloads")
def page() -> Response:
    """All files of the graph, with sizes and checksums, and all releases."""
    incoming.wanted((formats.HTML,))
    return replies.cached(site, downloads_page, formats.HTML.content_type, negotiated=True)


def downloads_page() -> str:
    """The page of the files of the graph as it is served; where there are none it says how they are made."""
    found = site.current
    told = archive.said(site.archive)
    live = [(format, url_for("downloads.latest", suffix=format.name)) for format in DUMPED]
    return render_template(
        "downloads.html", found=found, groups=grouped(found) if found else {}, told=told, live=live, changes=changes,
        releases=site.archive.releases, listed=listed, sums=SUMS, manifest=MANIFEST, public_url=site.public_url,
    )  # fmt: skip


@blueprint.get("/dump/latest.<suffix>")
def latest(suffix: str) -> Response:
    """To the whole graph in a syntax, as it is served now."""
    found = site.current
    file = found.main(suffix) if found else None
    if found and file:
        return replies.redirected(carried(f"{home()}{found.path}{file.path}"), 307)
    live = next((format for format in DUMPED if format.name == suffix), None)
    if live:
        return replies.redirected(url_for("graph.graph_store", default="", format=live.name), 307)
    known = [*suffixes(found)] if found else [format.name for format in DUMPED]
    more = "" if found else " The others are there once they are exported: python -m export."
    raise NotFound(f"There is no such file; the suffix is one of {', '.join(known)}.{more}")


def suffixes(found: Export) -> list[str]:
    """What the addresses of the whole graph end with."""
    name = f"{found.manifest.name}."
    return [file.path.removeprefix(name) for file in found.manifest.files if file.path.startswith(name)]


@blueprint.get("/dump/<version>/<path>")
def dump(version: str, path: str) -> Response:
    """A file of the last export, as long as it is of the graph that is served."""
    found = site.current
    if found is None or found.version != version:
        raise NotFound(f"No files of version {version} lie ready; /downloads says what there is.")
    if found.released:
        return replies.redirected(carried(f"{home()}{found.path}{path}"), 307)
    return sending.reply(found, file_of(found, path), replies.CACHED, "download" in g.parameters)


@blueprint.get("/releases")
def releases() -> Response:
    """To the list of the releases."""
    return replies.redirected(url_for("downloads.page") + "#releases", 307)


@blueprint.get("/releases/<version>")
def release(version: str) -> Response:
    """What a release changed, in words, and its files."""
    found = released(version)
    return replies.cached(site, lambda: release_page(found), formats.HTML.content_type)


def release_page(found: Export) -> str:
    """The page of a release."""
    said = changes.read(found.folder)
    things = changes.in_language(said, g.language) if said else []
    return render_template(
        "release.html", found=found, said=said, things=things, groups=grouped(found), sums=SUMS, manifest=MANIFEST,
        public_url=site.public_url, listed=listed,
    )  # fmt: skip


@blueprint.get("/releases/<version>/<path>")
def release_file(version: str, path: str) -> Response:
    """A file of a release; it never changes."""
    found = released(version)
    return sending.reply(found, file_of(found, path), replies.IMMUTABLE, "download" in g.parameters)


@blueprint.get(f"/{telling.FEED}")
def feed() -> Response:
    """The releases as an Atom feed, newest first."""
    found = site.archive.releases
    if not found:
        raise NotFound("Nothing has been released here yet, so there is nothing to follow.")
    return replies.cached(site, lambda: written_feed(found), f"{telling.ATOM}; charset=utf-8")


def written_feed(found: list[Export]) -> str:
    """The feed of some releases."""
    said = site.said("dcterms:description") or ""
    publisher = site.said("dc:publisher") or ""
    about = telling.About(site.title, said, publisher, site.license or "")
    return telling.of_releases(about, site.dataset.base, site.public_url, found)


def released(version: str) -> Export:
    """The release of a version. Raises `NotFound` that names those there are."""
    found = site.archive.release(version)
    if found is None:
        there = ", ".join(each.version for each in site.archive.releases[:20]) or "none"
        raise NotFound(f"There is no release of that version. Releases: {there}.")
    return found


def file_of(found: Export, path: str) -> File:
    """A file by its name: one that the manifest lists, the manifest, or the checksums. Raises `NotFound`."""
    if file := found.file(path):
        return file
    if path in UNLISTED and (found.folder / path).is_file():
        return unlisted(found, path)
    raise NotFound(f"Version {found.version} has no such file; {MANIFEST} lists those that it has.")


def unlisted(found: Export, path: str) -> File:
    """The manifest or the checksums, as a file."""
    title, media_type = UNLISTED[path]
    seen = (found.folder / path).stat()
    checksum = checksum_of(found.folder / path, (seen.st_ino, seen.st_mtime_ns, seen.st_size))
    return File(path, title, media_type, seen.st_size, checksum)


@lru_cache(256)
def checksum_of(path: Path, seen: tuple[int, int, int]) -> str:
    """The SHA-256 of a small file, computed once for each state that it is seen in."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def listed(found: Export, path: str) -> File | None:
    """A file for a page to show; None where it is not there."""
    try:
        return file_of(found, path)
    except NotFound:
        return None


def grouped(found: Export) -> dict[str, list[tuple[File, File | None]]]:
    """The files of an export by what they hold, each with its packed form where it has one."""
    packed = {file.path: file for file in found.manifest.files if file.compress}
    groups: dict[str, list[tuple[File, File | None]]] = {name: [] for name in GROUPS}
    for file in found.manifest.files:
        if not file.compress:
            groups[group(found, file)].append((file, packed.get(f"{file.path}.gz")))
    return {name: sorted(files, key=lambda pair: place(pair[0])) for name, files in groups.items() if files}


def place(file: File) -> tuple[str, int, str]:
    """Where a file stands among those like it: the forms of a graph in the order in which pages name them."""
    order = [format.media_type for format in formats.GRAPH_FORMATS]
    known = file.media_type in order
    return (file.path.partition(".")[0] if known else "", order.index(file.media_type) if known else 0, file.path)


def group(found: Export, file: File) -> str:
    """What a file holds: the whole graph, a named graph, a table, what changed, or something about the graph."""
    name = found.manifest.name  # which has dots where the base ends with a host
    stem, _, suffix = file.path.partition(".")
    if file.path.startswith(f"{name}."):
        stem, suffix = name, file.path.removeprefix(f"{name}.")
    if suffix in ("csv", "geojson", "sqlite", "csv-metadata.json"):
        return "tables"
    if stem == name:
        return "whole"
    if file.graph:
        return "parts"
    return "changes" if stem in ("added", "removed", "changes") else "about"
