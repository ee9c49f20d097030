"""void.ttl and dcat.ttl: the graph's description of itself, with the files of an export, their sizes and checksums."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from pyoxigraph import Literal, NamedNode, Triple

from citygraph import description, distributions, formats, turtle
from citygraph.catalogue import INHERITED, catalogue
from citygraph.distributions import File
from citygraph.namespaces import PREFIXES, name
from citygraph.statements import Facts, Subject
from export.as_turtle import comment
from export.files import written

if TYPE_CHECKING:
    from export.dumps import Export

OF_THE_WHOLE = {
    name(curie)
    for curie in (
        "rdf:type", "rdfs:label", "dcterms:title", "dcterms:description", "dcterms:issued", "dcterms:license",
        "dcterms:modified", "dcterms:publisher", "dcat:version", "foaf:homepage", "spdx:checksum",
    )
}  # fmt: skip
"""What the description of a dataset in VoID takes over from the catalogue, beside VoID's own words."""


def write(export: Export) -> list[File]:
    """The description as two files: VoID, and DCAT."""
    loaded, site = export.loaded, export.site
    files = sorted(export.files)
    whole = NamedNode(loaded.iri)
    said = catalogue(loaded, site.engine, site.public_url)
    inherited = {name(curie) for curie in INHERITED[:-1]}
    shared = [fact for fact in said if fact.subject == whole and fact.predicate in inherited]
    listed = distributions.distributions(files, whole, export.below.__add__, shared)
    return [
        document(export, "dcat.ttl", "The dataset, its files and services, as DCAT", [*said, *listed]),
        document(export, "void.ttl", "What is in the graph, in figures, as VoID", void(export, said)),
    ]


def document(export: Export, path: str, title: str, facts: Iterable[Triple]) -> File:
    """One description, as Turtle."""
    text = turtle.write(facts, export.loaded.prefixes)
    head = comment(export.head[0], title, export.head[1])
    return written(export.fresh / path, f"{head}\n{text}", title, formats.TURTLE.media_type)


def void(export: Export, said: Iterable[Triple]) -> Facts:
    """VoID: the dataset, its dumps, its classes, properties and links, and the size of each named graph."""
    loaded = export.loaded
    whole = Subject(NamedNode(loaded.iri))
    own = PREFIXES["void"]
    about = [fact for fact in said if fact.predicate in OF_THE_WHOLE or fact.predicate.value.startswith(own)]
    kept = {whole.node, *(fact.object for fact in about if fact.subject == whole.node)}
    yield from (fact for fact in about if fact.subject in kept)
    syntaxes = {format.media_type: format.iri for format in formats.GRAPH_FORMATS}
    for file in sorted(export.files):
        if file.media_type in syntaxes and file.graph is None:
            iri = syntaxes[file.media_type]
            yield from whole("void:dataDump", NamedNode(export.below + file.path))
            yield from whole("void:feature", NamedNode(iri) if iri else None)
    yield from description.statistics(loaded, export.site.engine)
    for graph, triples in export.triples.items():
        part = Subject(NamedNode(loaded.graph(graph)))
        yield from whole("void:subset", part.node)
        yield from part.a("void:Dataset")
        yield from part("void:triples", Literal(triples))
        for file in sorted(export.files):
            if file.graph == part.node.value:
                yield from part("void:dataDump", NamedNode(export.below + file.path))


def checksum_of(path: Path) -> str:
    """The SHA-256 of a small file, in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
