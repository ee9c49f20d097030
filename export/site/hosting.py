"""Rules for web servers: types of documents, redirects from things to documents by Accept, what moved, what is gone."""

import re
from collections import Counter, defaultdict
from pathlib import Path
from urllib.parse import unquote

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from citygraph import documents, formats
from citygraph.dataset import Dataset
from export.site.collecting import Collected
from export.site.layout import SUFFIX, Layout

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
KNOWN = {offer.suffix[1:]: offer.media_type for offer in OFFERED} | {
    "txt": formats.TEXT.media_type, "js": "text/javascript", "css": "text/css", "xml": "application/xml",
    "svg": "image/svg+xml", "png": "image/png", "ico": "image/x-icon", "webmanifest": "application/manifest+json",
}  # fmt: skip
"""Media types by suffix, of files that a site may have or be given besides what was collected."""
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
    environment.filters["escaped"] = re.escape
    environment.filters["quoted"] = lambda text: '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    suffixes, bare = types(found)
    redirects = [(unquote(at), status, to) for at, (status, to) in sorted(found.moved.items())
                 if status != 303 and "?" not in at]  # fmt: skip
    said = {
        "prefix": layout.prefix,
        "base": dataset.base,
        "public": public,
        "accepts": accepts(),
        "types": suffixes,
        "bare": bare,
        "names": sorted({(Path(file).name, content_type) for file, content_type in bare.items()}),
        "texts": [media_type for media_type in suffixes if media_type in in_utf_8(found)],
        "packed": [media_type for media_type in suffixes if is_text(media_type)],
        "moved": redirects,
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


def types(found: Collected) -> tuple[dict[str, list[str]], dict[str, str]]:
    """Media types with the suffixes of their files, without dots, and the whole types of single files: of those without
    a suffix, and of those that others with their suffix are no example of. All are what the server said of them."""
    said: dict[str, Counter[str]] = defaultdict(Counter)
    for file, content_type in found.types.items():
        said[suffix_of(file)][plain(content_type)] += 1
    usual = {suffix: counted.most_common(1)[0][0] for suffix, counted in said.items() if suffix}
    named: dict[str, list[str]] = defaultdict(list)
    for suffix, media_type in sorted({**KNOWN, **usual}.items()):
        named[media_type].append(suffix)
    bare = {file: content_type for file, content_type in sorted(found.types.items())
            if usual.get(suffix_of(file)) != plain(content_type)}  # fmt: skip
    return dict(named), bare


def in_utf_8(found: Collected) -> set[str]:
    """The media types that name a charset, those of pages aside, which web servers know by themselves."""
    said = {content_type for content_type in found.types.values() if "charset" in content_type}
    return {plain(each) for each in said} - {formats.HTML.media_type}


def suffix_of(file: str) -> str:
    """The suffix of a file, without its dot."""
    found = SUFFIX.search(file)
    return found[0][1:] if found else ""


def plain(content_type: str) -> str:
    """A media type without its parameters."""
    return content_type.partition(";")[0].strip()


def is_text(media_type: str) -> bool:
    """Whether files of a type get much smaller when they are packed."""
    return bool(re.match(r"text/(?!html)|application/(.*json|.*xml|n-|trig|sparql)|image/svg", media_type))
