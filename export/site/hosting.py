"""Rules for web servers: types of documents, redirects from things to documents by Accept, what moved, what is gone."""

import re
from collections import defaultdict
from pathlib import Path
from urllib.parse import unquote

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from citygraph import documents, formats
from citygraph.dataset import Dataset
from export.site.collecting import Collected
from export.site.layout import Layout

WHERE = {
    "htaccess": ".htaccess",
    "nginx-negotiation.conf": "hosting/nginx-negotiation.conf",
    "nginx-site.conf": "hosting/nginx-site.conf",
    "w3id.htaccess": "hosting/w3id.htaccess",
    "netlify.toml": "netlify.toml",
    "negotiate.js": "netlify/edge-functions/negotiate.js",
}
"""Each template, and the file that it makes."""
OFFERED = (formats.HTML, *documents.RDF_FORMATS, formats.JSON, formats.CSV, formats.GEOJSON)
OTHERS = {
    "text/css": "css",
    "text/javascript": "js",
    "image/svg+xml": "svg",
    "image/png": "png",
    "image/x-icon": "ico",
    "application/xml": "xml",
    "application/atom+xml": "atom",
    "text/plain": "txt",
    "application/gzip": "gz",
    "application/vnd.sqlite3": "sqlite",
    "application/trig": "trig",
    "application/n-quads": "nq",
    "application/zip": "zip",
    "application/manifest+json": "webmanifest",
}
CERTAIN = r"(^|,)\s*{0}(\s*;\s*(?!q=)[^,;]+)*\s*(;\s*q=1(\.0*)?\s*)?(,|$)"
"""A type that is wanted most."""
POSSIBLE = r"(^|,)\s*{0}(?![^,]*;\s*q=0(\.0*)?\s*(,|;|$))\s*(;|,|$)"
"""A type that is wanted at all."""


def write(folder: Path, layout: Layout, found: Collected, dataset: Dataset, public: str) -> None:
    """Write the rules into the folder of the site."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("rules")), undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, autoescape=False,
    )  # fmt: skip
    environment.filters["below"] = lambda path: re.escape(path.removeprefix(f"{layout.prefix}/"))
    environment.filters["quoted"] = lambda text: '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    said = {
        "prefix": layout.prefix,
        "base": dataset.base,
        "public": public,
        "accepts": accepts(),
        "types": types(),
        "texts": [media_type for media_type, _ in types() if is_text(media_type) and media_type != "text/html"],
        "packed": [media_type for media_type, _ in types() if is_text(media_type) and media_type != "text/html"],
        "moved": [
            (unquote(at), to)
            for at, (status, to) in sorted(found.moved.items())
            if status in (301, 308) and "?" not in at
        ],
        "gone": [unquote(at) for at in sorted(found.gone) if "?" not in at],
    }
    for name, file in WHERE.items():
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(environment.get_template(name).render(said), "utf-8")


def accepts() -> list[tuple[str, str]]:
    """Patterns for an Accept header, the first that fits counts: what is wanted most, then what is wanted at all."""
    return [
        (form.replace("{0}", re.escape(media_type).replace("/", "/").replace("\\-", "-")), offer.suffix)
        for form in (CERTAIN, POSSIBLE)
        for offer in OFFERED
        for media_type in (offer.media_type, *offer.aliases)
        if "*" not in media_type
    ]


def types() -> list[tuple[str, list[str]]]:
    """Media types with the suffixes of their files, without dots."""
    found: dict[str, list[str]] = defaultdict(list)
    for offer in OFFERED:
        found[offer.media_type].append(offer.suffix[1:])
    for media_type, suffix in OTHERS.items():
        found[media_type].append(suffix)
    return list(found.items())


def is_text(media_type: str) -> bool:
    """Whether files of a type are text in UTF-8."""
    return not re.match(r"image/(png|x-icon)|application/(gzip|zip|vnd\.sqlite3)", media_type)
