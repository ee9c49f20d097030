"""Where each address of the live site lies among the files of the static one.

A page lies at its address with `.html`, in another language of the interface with its tag before that
(`city/lyon.sv.html`); a document at its address. A document of a part (`cities.csv?round=2025`) and a further page of a
list have what they ask for in their names (`cities.round-2025.csv`, `sources.page-2.html`). What else an address asks
(filters, queries) stays in the links to pages, where scripts may read it, and has no file.
"""

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, unquote, urlencode

from citygraph import documents, formats, wording

PAGE = formats.HTML.suffix
SUFFIX = re.compile(r"\.[a-z][a-z0-9]*$")
INDEX = "index"
DOWNLOADED = re.compile(r"(rdf-graph-store|\.well-known/sparql-examples)")
"""What is a document only by what its address asks for: the default graph, and the example queries."""
FIRST = ("page", "1")
"""What says no more than that nothing else is asked for."""
DICTIONARY = ".csv-metadata.json"
"""The dictionary of a list's columns, which is one for all its parts."""
QUERIES = "queries/"
"""The list of the named queries, which is JSON for those who ask for it so."""


@dataclass(frozen=True)
class Asked:
    """An address of the site, taken apart: the path below the prefix, the language of its page, and what is asked
    besides."""

    path: str
    language: str
    rest: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Layout:
    """The files of a site whose addresses begin with a prefix, `/kg` or nothing."""

    prefix: str = ""

    def asked(self, address: str) -> Asked | None:
        """What an address asks for; None where it is none of this site."""
        if not address.startswith(self.prefix + "/") or address.startswith("//"):
            return None
        path, _, query = address.partition("#")[0].removeprefix(self.prefix + "/").partition("?")
        given = parse_qsl(query, keep_blank_values=True)
        language = dict(given).get("lang", wording.WRITTEN)
        return Asked(unquote(path), language, tuple(one for one in given if one[0] != "lang" and one != FIRST))

    def address(self, asked: Asked) -> str:
        """The one address, of those that ask the same, that is visited."""
        given = [*asked.rest, *([("lang", asked.language)] if asked.language != wording.WRITTEN else [])]
        return f"{self.prefix}/{quote(asked.path)}" + (f"?{urlencode(given)}" if given else "")

    def visited(self, address: str) -> str | None:
        """The address to visit for a link, or None where it leads to no file: to another site, to what only a
        server can answer, or to a page in a language that the interface does not have."""
        asked = self.asked(address)
        if asked is None or asked.language not in wording.INTERFACE:
            return None
        if asked.rest and not self.document(asked):
            return None
        return self.address(asked)

    def document(self, asked: Asked) -> str | None:
        """The file of what is a document only by what its address asks for, or a part of one."""
        wanted = dict(asked.rest)
        if (part := self.part(asked)) or asked.path == QUERIES:
            return part or (f"{QUERIES}{INDEX}.json" if wanted == {"format": "json"} else None)
        format = formats.lookup(wanted.pop("format", ""), formats.GRAPH_FORMATS)
        whole = wanted == ({"default": ""} if asked.path == "rdf-graph-store" else {})
        return f"{asked.path}{format.suffix}" if format and whole and DOWNLOADED.fullmatch(asked.path) else None

    def part(self, asked: Asked) -> str:
        """The file of a part of a document, or of a further page of a list; nothing where neither is asked for."""
        suffix = SUFFIX.search(asked.path)
        page = suffix is None or suffix[0] == PAGE
        if not asked.path or asked.path.endswith(("/", DICTIONARY)):
            return ""
        if page and [key for key, _ in asked.rest] != ["page"]:
            return ""
        stem, end = (asked.path[: suffix.start()], suffix[0]) if suffix else (asked.path, marked(asked.language) + PAGE)
        return f"{stem}.{re.sub('[^A-Za-z0-9]+', '-', urlencode(asked.rest)).strip('-')}{end}"

    def file(self, address: str) -> str | None:
        """The file of an address that is visited."""
        asked = self.asked(address)
        if asked is None:
            return None
        if asked.rest:
            return self.document(asked)
        mark = marked(asked.language)
        path = asked.path
        if path.endswith("/") or not path:
            return f"{path}{INDEX}{mark}{PAGE}"
        if path.endswith(PAGE):
            return f"{path.removesuffix(PAGE)}{mark}{PAGE}"
        return path if SUFFIX.search(path) else f"{path}{mark}{PAGE}"

    def data(self, address: str, media_type: str) -> str | None:
        """The file of an address that is visited and has no page: a graph without a suffix has that of its syntax, and
        what everybody calls so, such as SHA256SUMS, keeps its name."""
        asked = self.asked(address)
        if asked is None or asked.rest:
            return self.document(asked) if asked else None
        syntax = next((each.suffix for each in documents.RDF_FORMATS if each.media_type == media_type), "")
        return asked.path if SUFFIX.search(asked.path) else asked.path + syntax

    def link(self, file: str) -> str:
        """The address at which a file is found."""
        shown = file.removesuffix(INDEX + PAGE) if file == INDEX + PAGE or file.endswith("/" + INDEX + PAGE) else file
        return f"{self.prefix}/{quote(shown)}"


def marked(language: str) -> str:
    """What the names of pages in a language have before their suffix."""
    return "" if language == wording.WRITTEN else f".{language}"
