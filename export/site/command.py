"""python -m export site: every page and document as files, for hosting without a server of ours."""

import argparse
import os
import re
import sys
from html import unescape
from pathlib import Path
from urllib.parse import quote, urlsplit

from flask import Flask
from pyoxigraph import Literal

from citygraph import archive, dataset, downloads, listpages, queries, terminal, validation
from citygraph.archive import Archive
from citygraph.dataset import Dataset, ParseErrors
from export import dumps
from export.folder import replaced
from export.site import hosting
from export.site.collecting import Collected, collect
from export.site.layout import Layout
from export.site.rewriting import Rewriter
from server import create_app

SEEDS = ("/", "/robots.txt", "/sitemap.xml", "/llms.txt", "/api/openapi.json", "/releases")
LOCATION, PART = re.compile(r"<loc>([^<]*)</loc>"), re.compile(r"/sitemap-\d+\.xml$")
SITEMAP = re.compile(r"/sitemap(-\d+)?\.xml$")
ABSENT = "/no-such-page"
FAULTS_SHOWN = 20


class Faulty(Exception):
    """The site has links that lead to nothing, or pages that cannot be made."""


def main(arguments: list[str] | None = None) -> int:
    """Write the site, or say what is wrong and write nothing (exit code 1)."""
    given = parser().parse_args(arguments)
    public, live = given.base_url.rstrip("/") + "/", given.live
    parts = urlsplit(public)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
        return terminal.complain("--base-url is where the files will stand, such as https://example.org/graph/")
    try:
        loaded = dataset.load(given.root.resolve() if given.root else dataset.checkout(), given.base)
    except (ParseErrors, OSError) as error:
        return terminal.complain(str(error))
    try:
        with replaced(given.out) as (fresh, scratch):
            dist = exported(loaded, given.dist or archive.dist_of(loaded.root), public, scratch, given.unvalidated)
            publish(loaded, Layout(parts.path.rstrip("/")), fresh, public, live, dist)
    except Faulty as faulty:
        return terminal.complain(*faulty.args[:FAULTS_SHOWN], "Nothing was written: mend this first.")
    except OSError as error:
        return terminal.complain(str(error))
    files = [path for path in given.out.rglob("*") if path.is_file()]
    print(f"{len(files):,} files, {sum(path.stat().st_size for path in files) / 1e6:,.0f} MB in {given.out}")
    return 0


def exported(loaded: Dataset, dist: Path, public: str, scratch: Path, unvalidated: bool) -> Path:
    """The folder of an export of this graph: the one that lies there, else one that is made on the way.

    Raises `Faulty` where the graph is not valid, since such a graph is not exported.
    """
    found = archive.find(dist)
    if found and found.manifest.hash == loaded.digest:
        return dist
    report = None if unvalidated else validation.check(loaded, terminal.progress, processes=os.cpu_count() or 1)
    if report and not report.conforms:
        raise Faulty(*report.lines())
    dumps.write(loaded, scratch / archive.DIST, report, url=public, say=terminal.progress)
    return scratch / archive.DIST


def publish(loaded: Dataset, layout: Layout, fresh: Path, public: str, live: str, dist: Path) -> None:
    """Write the site with the dumps of an export into a folder. Raises `Faulty`."""
    app = create_app(dataset=loaded, public_url=public, path=layout.prefix or "/")
    site = app.extensions["site"]
    site.live, site.static = live, True
    site.archive = Archive(archive.releases_of(loaded.root), dist, loaded.digest)
    try:
        found = write(app, layout, fresh, live)
    finally:
        site.engine.close()
    if found.faults:
        raise Faulty(*found.faults)
    hosting.write(fresh, layout, found, loaded, public)


def parser() -> argparse.ArgumentParser:
    """The options."""
    made = argparse.ArgumentParser(prog="python -m export site", description=__doc__)
    made.add_argument(
        "--base-url", required=True, help="where the files will stand, such as https://example.org/graph/"
    )
    made.add_argument("--live", default="", help="a server of ours that answers queries, for the links that need one")
    made.add_argument("--root", type=Path, default=None, help="folder to publish (default: this checkout)")
    made.add_argument("--base", default=None, help="base IRI (default: the one that the data states)")
    made.add_argument(
        "--dist", type=Path, default=None, metavar="DIR",
        help="files of this graph that python -m export made (default: CITYGRAPH_DIST, else dist/ of the root;"
        " where they are of another state of the graph, or not there, they are made on the way)",
    )  # fmt: skip
    made.add_argument(
        "--unvalidated", action="store_true", help="make them without holding the graph against its shapes, and say so"
    )
    made.add_argument("--out", type=Path, default=Path("site"), help="folder to write, replaced as a whole")
    return made


def listed(app: Flask, layout: Layout, public: str) -> list[str]:
    """The addresses in the sitemap: things that no page links to are published too."""
    found, maps = [], [f"{layout.prefix}/sitemap.xml"]
    with app.test_client() as client:
        for address in maps:
            told = LOCATION.findall(client.get(address).get_data(as_text=True))
            places = [f"{layout.prefix}/{unescape(one).removeprefix(public)}" for one in told]
            maps += [place for place in places if PART.search(place)]
            found += places
    return found


def write(app: Flask, layout: Layout, folder: Path, live: str) -> Collected:
    """All files but the rules."""
    site = app.extensions["site"]
    seeds = [layout.prefix + seed for seed in SEEDS]
    seeds += [f"{layout.prefix}/{context.path}" for context in site.contexts.values()]
    seeds += listed(app, layout, site.public_url)
    moved = queries.load("description/moved").filled({"base": Literal(site.dataset.base)})
    rests = [str(row["thing"].value).removeprefix(site.dataset.base) for row in site.engine.select(moved)]
    seeds += [f"{layout.prefix}/{quote(rest)}" for rest in rests if "?" not in rest]
    if site.current:
        seeds += [f"{layout.prefix}/dump/latest.{suffix}" for suffix in downloads.suffixes(site.current)]
    found = collect(app, layout, seeds, folder, terminal.progress)
    with app.test_request_context(layout.prefix + "/"):
        explored = listpages.explored(site)
    scripted = {"map": "map", **({"explore": "explore", explored: "explore"} if explored else {})}
    rewriter = Rewriter(layout, found, live, scripted)
    for file in sorted(set(found.files.values())):
        if file.endswith(".html"):
            path = folder / file
            path.write_text(rewriter.page(path.read_text("utf-8")), "utf-8")
        elif SITEMAP.search(f"/{file}"):
            path = folder / file
            path.write_text(rewriter.sitemap(path.read_text("utf-8"), site.public_url), "utf-8")
    found.faults += [f"{link}: is linked to, and leads to no file" for link in sorted(rewriter.dead)]
    with app.test_client() as client:
        absent = client.get(layout.prefix + ABSENT, headers={"Accept": "text/html"}).get_data(as_text=True)
    (folder / "404.html").write_text(rewriter.page(absent), "utf-8")
    void = folder / ".well-known" / "void"
    void.parent.mkdir(exist_ok=True)
    with app.test_client() as client:
        reply = client.get(f"{layout.prefix}/.well-known/void?format=ttl")
        void.write_bytes(reply.get_data())
        found.types[str(void.relative_to(folder))] = reply.content_type
    return found


if __name__ == "__main__":
    sys.exit(main())
