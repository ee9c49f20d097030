"""python -m export site: every page and document as files, for hosting without a server of ours."""

import argparse
import re
import sys
from html import unescape
from pathlib import Path
from urllib.parse import quote, urlsplit

from flask import Flask
from pyoxigraph import Literal

from citygraph import dataset, queries, terminal
from citygraph.dataset import ParseErrors
from export.folder import replaced
from export.site import hosting
from export.site.collecting import Collected, collect
from export.site.layout import Layout
from export.site.rewriting import Rewriter
from server import create_app

SEEDS = ("/", "/robots.txt", "/sitemap.xml", "/llms.txt", "/api/openapi.json")
LOCATION, SITEMAP = re.compile(r"<loc>([^<]*)</loc>"), re.compile(r"/sitemap-\d+\.xml$")
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
    app = create_app(dataset=loaded, public_url=public, path=parts.path)
    app.extensions["site"].live = live
    app.extensions["site"].static = True
    try:
        with replaced(given.out) as (fresh, _):
            found = write(app, Layout(parts.path.rstrip("/")), fresh, live)
            if found.faults:
                raise Faulty
            hosting.write(fresh, Layout(parts.path.rstrip("/")), found, loaded, public)
    except Faulty:
        return terminal.complain(*found.faults[:FAULTS_SHOWN], "Nothing was written: mend this first.")
    finally:
        app.extensions["site"].engine.close()
    files = [path for path in given.out.rglob("*") if path.is_file()]
    print(f"{len(files):,} files, {sum(path.stat().st_size for path in files) / 1e6:,.0f} MB in {given.out}")
    return 0


def parser() -> argparse.ArgumentParser:
    """The options."""
    made = argparse.ArgumentParser(prog="python -m export site", description=__doc__)
    made.add_argument(
        "--base-url", required=True, help="where the files will stand, such as https://example.org/graph/"
    )
    made.add_argument("--live", default="", help="a server of ours that answers queries, for the links that need one")
    made.add_argument("--root", type=Path, default=None, help="folder to publish (default: this checkout)")
    made.add_argument("--base", default=None, help="base IRI (default: the one that the data states)")
    made.add_argument("--out", type=Path, default=Path("site"), help="folder to write, replaced as a whole")
    return made


def listed(app: Flask, layout: Layout, public: str) -> list[str]:
    """The addresses in the sitemap: things that no page links to are published too."""
    found, maps = [], [f"{layout.prefix}/sitemap.xml"]
    with app.test_client() as client:
        for address in maps:
            told = LOCATION.findall(client.get(address).get_data(as_text=True))
            places = [f"{layout.prefix}/{unescape(one).removeprefix(public)}" for one in told]
            maps += [place for place in places if SITEMAP.search(place)]
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
    found = collect(app, layout, seeds, folder, terminal.progress)
    rewriter = Rewriter(layout, found, live)
    for file in sorted(set(found.files.values())):
        if file.endswith(".html"):
            path = folder / file
            path.write_text(rewriter.page(path.read_text("utf-8")), "utf-8")
    found.faults += [f"{link}: is linked to, and leads to no file" for link in sorted(rewriter.dead)]
    with app.test_client() as client:
        absent = client.get(layout.prefix + ABSENT, headers={"Accept": "text/html"}).get_data(as_text=True)
    (folder / "404.html").write_text(rewriter.page(absent), "utf-8")
    void = folder / ".well-known" / "void"
    void.parent.mkdir(exist_ok=True)
    with app.test_client() as client:
        void.write_bytes(client.get(f"{layout.prefix}/.well-known/void?format=ttl").get_data())
    return found


if __name__ == "__main__":
    sys.exit(main())
