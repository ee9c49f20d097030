"""The one table of formats: negotiation, suffixes, links and the Service Description read it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pyoxigraph import QueryResultsFormat, RdfFormat


@dataclass(frozen=True)
class Format:
    """A syntax that goes over the wire.

    `name` is what `?format=` takes and `suffix` (with its dot) what a document's address ends in; `names` and
    `aliases` are further names and media types that mean it. `kind` is "graph", "solutions" or "document";
    `serializer` is pyoxigraph's own object, where it has one.
    """

    name: str
    suffix: str
    media_type: str
    kind: str
    label: str
    serializer: RdfFormat | QueryResultsFormat | None = None
    charset: str | None = "utf-8"
    names: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()

    @property
    def content_type(self) -> str:
        """The value of a Content-Type header."""
        return f"{self.media_type}; charset={self.charset}" if self.charset else self.media_type

    @property
    def iri(self) -> str | None:
        """The W3C's IRI of the format, as the Service Description and DCAT use it."""
        return self.serializer.iri if self.serializer is not None else None


def _graph(
    serializer: RdfFormat, aliases: tuple[str, ...], names: tuple[str, ...] = (), charset: str | None = None
) -> Format:
    name = serializer.file_extension
    return Format(
        name, f".{name}", serializer.media_type, "graph", serializer.name, serializer, charset, names, aliases
    )


def _solutions(
    serializer: QueryResultsFormat, name: str, aliases: tuple[str, ...], charset: str | None = None
) -> Format:
    media_type = serializer.media_type.partition(";")[0]
    suffix = serializer.file_extension
    return Format(name, f".{suffix}", media_type, "solutions", serializer.name, serializer, charset, (suffix,), aliases)


TURTLE = _graph(
    RdfFormat.TURTLE,
    ("application/x-turtle", "application/turtle", "text/n3", "text/rdf+n3"),
    ("turtle", "n3"),
    "utf-8",
)
N_TRIPLES = _graph(RdfFormat.N_TRIPLES, ("text/ntriples",), ("ntriples",))
JSON_LD = _graph(RdfFormat.JSON_LD, (), ("json-ld",))
RDF_XML = _graph(RdfFormat.RDF_XML, ("application/rdf", "application/xml", "text/xml"), ("rdfxml", "rdf+xml", "xml"))
N_QUADS = _graph(RdfFormat.N_QUADS, ("text/x-nquads", "text/nquads"), ("nquads",))
TRIG = _graph(RdfFormat.TRIG, ("application/x-trig",))
RESULTS_JSON = _solutions(QueryResultsFormat.JSON, "json", ("application/json", "text/json"))
RESULTS_XML = _solutions(QueryResultsFormat.XML, "xml", ("application/xml", "text/xml"))
RESULTS_CSV = _solutions(QueryResultsFormat.CSV, "csv", (), "utf-8")
RESULTS_TSV = _solutions(QueryResultsFormat.TSV, "tsv", (), "utf-8")
HTML = Format(
    "html",
    ".html",
    "text/html",
    "document",
    "HTML",
    aliases=("application/xhtml+xml",),
    names=("htm", "xhtml"),
)
TEXT = Format("text", ".txt", "text/plain", "document", "Plain text", names=("txt",))
JSON = Format("json", ".json", "application/json", "document", "JSON", charset=None)
GEOJSON = Format("geojson", ".geojson", "application/geo+json", "document", "GeoJSON", charset=None)
CSV = Format("csv", ".csv", RESULTS_CSV.media_type, "document", "CSV")

GRAPH_FORMATS = (TURTLE, N_TRIPLES, JSON_LD, RDF_XML, N_QUADS, TRIG)
SOLUTION_FORMATS = (RESULTS_JSON, RESULTS_XML, RESULTS_CSV, RESULTS_TSV)
BOOLEAN_FORMATS = SOLUTION_FORMATS
"""pyoxigraph writes an ASK's answer as CSV and TSV too: the bare word `true` or `false`."""


def lookup(name: str, offers: Sequence[Format]) -> Format | None:
    """The offer that `?format=` or a suffix means: a name ("ttl"), a suffix (".ttl") or a media type; else
    None."""
    wanted = name.strip().lower()
    exact = (offer for offer in offers if wanted in (offer.name, offer.suffix, offer.media_type))
    other = (offer for offer in offers if wanted.removeprefix(".") in offer.names or wanted in offer.aliases)
    return next(exact, None) or next(other, None)
