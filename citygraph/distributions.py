"""The files of an export: what a manifest lists of them, and how VoID and DCAT say it."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import quote

from pyoxigraph import Literal, NamedNode, Triple

from citygraph.namespaces import PREFIXES, name
from citygraph.statements import Facts, Subject

MANIFEST, SUMS = "manifest.json", "SHA256SUMS"
MEDIA_TYPES = "https://www.iana.org/assignments/media-types/"
FILE_TYPES = "http://publications.europa.eu/resource/authority/file-type/"
FILE_TYPE = {
    "text/turtle": "RDF_TURTLE",
    "application/n-triples": "RDF_N_TRIPLES",
    "application/n-quads": "RDF_N_QUADS",
    "application/trig": "RDF_TRIG",
    "application/ld+json": "JSON_LD",
    "application/rdf+xml": "RDF_XML",
    "text/csv": "CSV",
    "application/geo+json": "GEOJSON",
}
"""What the European table of file types calls a media type."""
GZIP = "application/gzip"
SHA256 = NamedNode(PREFIXES["spdx"] + "checksumAlgorithm_sha256")
HEX = name("xsd:hexBinary")


@dataclass(frozen=True, order=True)
class File:
    """A file of an export. `path` is that below the folder, `media_type` that of the content, which `compress` packs;
    `sha256` is in hex; `graph` is the IRI of the named graph that it holds, where it holds one and nothing else."""

    path: str
    title: str
    media_type: str
    bytes: int
    sha256: str
    compress: str | None = None
    graph: str | None = None


@dataclass(frozen=True)
class Manifest:
    """What an export says of itself. `hash` is the SHA-256, in hex, of its canonical N-Quads; `graphs` has the IRI and
    the number of triples of each named graph; `validated` is False for one that nobody held against the shapes."""

    name: str
    base: str
    version: str
    modified: str | None
    hash: str
    validated: bool
    graphs: dict[str, dict[str, str | int]]
    files: tuple[File, ...]

    def text(self) -> str:
        """The document, the same for the same export."""
        said = asdict(self)
        said["files"] = [
            {key: value for key, value in asdict(file).items() if value is not None} for file in sorted(self.files)
        ]
        return json.dumps(said, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def read(folder: Path) -> Manifest:
    """The manifest of an export. Raises `OSError` where there is none, `ValueError` for what is none of ours."""
    try:
        said = json.loads((folder / MANIFEST).read_text("utf-8"))
        files = tuple(File(**file) for file in said.pop("files"))
        return Manifest(**said, files=files)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{folder / MANIFEST}: no manifest that this version can read; export again") from error


def distributions(
    files: Iterable[File], dataset: NamedNode, address_of: Callable[[str], str], shared: Iterable[Triple] = ()
) -> Iterator[Triple]:
    """Files as distributions of a dataset; `address_of` gives the address of a path. What `shared` says of the dataset
    (its licence, its publisher) is said of each distribution too."""
    inherited = [(fact.predicate, fact.object) for fact in shared if fact.subject == dataset]
    whole = Subject(dataset)
    for file in sorted(files):
        one, address = Subject(NamedNode(f"{dataset.value}#file-{quote(file.path)}")), NamedNode(address_of(file.path))
        title = Literal(file.title, language="en")
        yield from whole("dcat:distribution", one.node)
        yield from one.a("dcat:Distribution")
        yield from one("rdfs:label", title)
        yield from one("dcterms:title", title)
        yield from one("dcterms:description", Literal(f"{file.title}: {file.bytes:,} bytes.", language="en"))
        yield from one("dcat:accessURL", address)
        yield from one("dcat:downloadURL", address)
        yield from one("dcat:byteSize", Literal(str(file.bytes), datatype=name("xsd:nonNegativeInteger")))
        yield from one("dcterms:subject", NamedNode(file.graph) if file.graph else None)
        yield from checksum(one, file.sha256)
        yield from typed(one, "dcat:mediaType", file.media_type)
        if file.compress:
            yield from typed(one, "dcat:compressFormat", file.compress)
        known = FILE_TYPE.get(file.media_type)
        kind = Subject(NamedNode(FILE_TYPES + known if known else MEDIA_TYPES + file.media_type))
        yield from one("dcterms:format", kind.node)
        yield from kind.a("dcterms:MediaTypeOrExtent")
        yield from kind("rdfs:label", Literal(known.replace("_", " ") if known else file.media_type))
        yield from (Triple(one.node, predicate, value) for predicate, value in inherited)


def typed(one: Subject, curie: str, media_type: str) -> Facts:
    """A media type by its entry in IANA's table."""
    kind = Subject(NamedNode(MEDIA_TYPES + media_type))
    yield from one(curie, kind.node)
    yield from kind.a("dcterms:MediaType")
    yield from kind("rdfs:label", Literal(media_type))


def checksum(one: Subject, sha256: str) -> Facts:
    """The checksum of a file, or of a dataset: of its sorted canonical N-Quads."""
    separator = "-" if "#" in one.node.value else "#"
    node = Subject(NamedNode(f"{one.node.value}{separator}checksum"))
    yield from one("spdx:checksum", node.node)
    yield from node.a("spdx:Checksum")
    yield from node("rdfs:label", Literal(f"SHA-256 {sha256}"))
    yield from node("spdx:algorithm", SHA256)
    yield from Subject(SHA256).a("spdx:ChecksumAlgorithm")
    yield from Subject(SHA256)("rdfs:label", Literal("SHA-256"))
    yield from node("spdx:checksumValue", Literal(sha256, datatype=HEX))


def checksum_of(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
