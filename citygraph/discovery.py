"""What programs look for first when they come to a site: /sitemap.xml, /robots.txt, /llms.txt."""

from collections.abc import Iterable
from urllib.parse import urlencode
from xml.sax.saxutils import escape

from flask import render_template
from pyoxigraph import Literal, NamedNode
from werkzeug.exceptions import NotFound
from werkzeug.urls import iri_to_uri

from citygraph import documents, formats, listpages, maps, queries
from citygraph.addresses import has_path, home
from citygraph.catalogue import dumps
from citygraph.description import curie
from citygraph.examples import ADDRESS
from citygraph.labels import pick, written
from citygraph.site import Site
from citygraph.sparql import bind

MOST = 50_000
"""How many addresses one sitemap may hold, by the protocol of sitemaps."""
NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
NOT_FOR_CRAWLERS = ("q/", "sparql?", "resource?", "rdf-graph-store?")


def sitemap(site: Site, part: int | None) -> str:
    """The sitemap; where one file cannot hold it, an index of its parts. Raises `NotFound` for a part that is none."""
    parts = -(-(len(fixed(site)) + number_of_things(site)) // MOST)
    if part is None and parts == 1:
        return document("urlset", "url", addresses(site, 0), site)
    if part is None:
        return document("sitemapindex", "sitemap", [f"sitemap-{n}.xml" for n in range(1, parts + 1)], site)
    if not 1 <= part <= parts:
        raise NotFound("The sitemap has no such part.")
    return document("urlset", "url", addresses(site, (part - 1) * MOST), site)


def document(root: str, element: str, paths: Iterable[str], site: Site) -> str:
    """A sitemap or an index of sitemaps; each entry is as new as the data."""
    changed = f"<lastmod>{site.modified.date()}</lastmod>" if site.modified else ""
    entries = [f"<{element}><loc>{escape(site.public_url + path)}</loc>{changed}</{element}>\n" for path in paths]
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="{NAMESPACE}">\n{"".join(entries)}</{root}>\n'


def addresses(site: Site, start: int) -> list[str]:
    """The pages from a place in the sitemap on, below the public address: first those of the site, then of things."""
    pages = fixed(site)
    found, offset = pages[start : start + MOST], max(0, start - len(pages))
    text = bind(queries.load("description/things").text, {"base": Literal(site.dataset.base)})
    rows = site.engine.select(f"{text}\nLIMIT {MOST - len(found)} OFFSET {offset}")
    return [*found, *(page(site.dataset.base, written(row["thing"])) for row in rows)]


def fixed(site: Site) -> list[str]:
    """The pages that are of no thing in the default graph."""
    named = ["queries/", *(f"queries/{name}" for name in site.named)] if site.named else []
    return [
        "",
        "sparql",
        *(["explore"] if listpages.explored(site) else []),
        *(["map"] if maps.offered() else []),
        "statistics",
        "downloads",
        "validation",
        *site.menu,
        *named,
        *(["shapes.html"] if site.dataset.counts.get("shapes") else []),
    ]


def number_of_things(site: Site) -> int:
    """How many things have a page."""
    text = bind(queries.load("description/number-of-things").text, {"base": Literal(site.dataset.base)})
    return sum(int(written(row["things"])) for row in site.engine.select(text))


def page(base: str, iri: str) -> str:
    """The path of the page of a thing, encoded as addresses are."""
    rest = iri.removeprefix(base)
    if has_path(base, rest):
        return iri_to_uri(rest) + formats.HTML.suffix
    return "resource?" + urlencode({"iri": iri, "format": formats.HTML.name})


def robots(site: Site) -> str:
    """Crawlers may read everything but what they would ask the engine for without end."""
    here = home()
    lines = ["User-agent: *", *(f"Disallow: {here}{path}" for path in NOT_FOR_CRAWLERS)]
    return "\n".join([*lines, "", f"Sitemap: {site.public_url}sitemap.xml", ""])


def llms(site: Site) -> str:
    """What a language model, or anyone in a hurry, has to know to use the site."""
    classes = []
    for row in site.engine.select(queries.load("description/class-partitions").text):
        iri = written(row["term"])
        if isinstance(row["term"], NamedNode) and (label := pick(site.terms.get(iri, []), "en")):
            classes.append((curie(site.dataset, iri), label.value, written(row["count"])))
    lists = [(path, title, queries.load(f"pages/{path}").comment) for path, title in site.menu.items()]
    files = [(format.label, address) for address, format in dumps(site.public_url, site.current)]
    suffixes = [format.suffix for format in documents.FORMATS]
    return render_template("llms.txt", classes=classes, lists=lists, dumps=files, suffixes=suffixes, examples=ADDRESS)
