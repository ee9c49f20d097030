"""Documents of things: which IRI a path means, the triples that belong to it, and their bytes."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from pyoxigraph import BlankNode, NamedNode, RdfFormat, Triple, serialize

from citygraph import formats, queries, turtle
from citygraph.dataset import Dataset
from citygraph.engine import Engine
from citygraph.formats import Format
from citygraph.labels import local_name, written
from citygraph.sparql import bind

FORMATS: Sequence[Format] = (
    formats.HTML,
    formats.TURTLE,
    formats.N_TRIPLES,
    formats.JSON_LD,
    formats.RDF_XML,
    formats.JSON,
)
RDF_FORMATS = tuple(format for format in FORMATS if format.kind == "graph")
EVERY: Sequence[Format] = (*FORMATS, formats.CSV, formats.GEOJSON)
"""The formats of every thing, and those that things of some classes have besides."""
UNSAFE_IN_IRIS = "%/:?#[]@!$&'()*+,;=~-._"
ESCAPE = re.compile("%[0-9A-F]{2}")
NOT_IN_IRIS = re.compile(r'[\x00-\x20<>"{}|\\^`%]')


def named(iri: str) -> NamedNode | None:
    """The IRI as a node; None where it is no absolute IRI."""
    try:
        return NamedNode(iri)
    except ValueError:
        return None


def asked(engine: Engine, name: str, iri: str) -> bool:
    """What one of our questions about a thing (`pages/thing/<name>`) is answered; no for what is no IRI."""
    node = named(iri)
    return node is not None and engine.ask(bind(queries.load(f"pages/thing/{name}").text, {"thing": node}))


def known(engine: Engine, iri: str) -> bool:
    """Whether something is said of a thing of ours."""
    return asked(engine, "known", iri)


def mentioned(engine: Engine, iri: str) -> bool:
    """Whether a thing of others occurs in the graph."""
    return asked(engine, "mentioned", iri)


def spellings(path: str, base: str) -> list[str]:
    """The IRIs that a path below the base can mean; paths arrive decoded, IRIs may be written with escapes."""
    least = NOT_IN_IRIS.sub(lambda found: quote(found[0], ""), path)
    most = quote(path, UNSAFE_IN_IRIS)
    lower = ESCAPE.sub(lambda found: found[0].lower(), most)
    return [base + spelling for spelling in dict.fromkeys((path, most, least, lower))]


def find(path: str, base: str, exists: Callable[[str], bool]) -> str | None:
    """The IRI of the thing at a path below the base."""
    return next((iri for iri in spellings(path, base) if exists(iri)), None)


def split(path: str) -> tuple[str, Format | None]:
    """A path without the suffix of a document format, and that format."""
    stem, dot, suffix = path.rpartition(".")
    found = next((f for f in EVERY if dot and f.suffix == f".{suffix}"), None)
    return (stem, found) if found else (path, None)


def version_of(engine: Engine, iri: str) -> str | None:
    """The thing that an IRI is a version of."""
    node = named(iri)
    if node is None:
        return None
    rows = engine.select(bind(queries.load("pages/thing/version").text, {"thing": node}))
    return next((row["current"].value for row in rows if isinstance(row["current"], NamedNode)), None)


@dataclass(frozen=True)
class Fate:
    """What became of a thing: the IRIs of what replaced it, or the day on which it was withdrawn."""

    replacements: tuple[str, ...]
    withdrawn: str | None

    @property
    def moved(self) -> str | None:
        """The one thing that is meant now. Of several nobody can say which."""
        return self.replacements[0] if len(self.replacements) == 1 else None


def fate(engine: Engine, iri: str) -> Fate:
    """What became of a thing, for most of them nothing."""
    rows = engine.select(bind(queries.load("pages/thing/fate").text, {"thing": NamedNode(iri)}))
    replacements = tuple(written(r["replacement"]) for r in rows if isinstance(r.get("replacement"), NamedNode))
    return Fate(replacements, next((written(r["withdrawn"]) for r in rows if "withdrawn" in r), None))


def classes(engine: Engine, dataset: Dataset, iri: str) -> list[str]:
    """The local names of a thing's classes of our ontology, as queries and templates are named by them."""
    own = dataset.base + "ontology#"
    rows = engine.select(bind(queries.load("pages/thing/types").text, {"thing": NamedNode(iri)}))
    iris = [row["class"].value for row in rows if isinstance(row["class"], NamedNode)]
    return [local_name(iri) for iri in iris if iri.startswith(own)]


def first(names: Sequence[str], available: Sequence[str], otherwise: str) -> str:
    """The first name that is available; names come from data, so nothing else is ever looked up."""
    return next((name for name in names if name in available), otherwise)


def offered(classes: Sequence[str]) -> Sequence[Format]:
    """The formats of a thing of these classes: CSV where a query makes a table of it (`documents/tables/<class>`),
    GeoJSON where the table has coordinates."""
    tables = [name.removeprefix("documents/tables/") for name in queries.names("documents/tables")]
    name = first(classes, tables, "")
    if not name:
        return FORMATS
    placed = "?lat" in queries.load(f"documents/tables/{name}").text
    return (*FORMATS, formats.CSV, *([formats.GEOJSON] if placed else []))


def own_graph(dataset: Dataset, iri: str) -> str | None:
    """The named graph that bears the name of a thing, as a vocabulary's and the shapes' do."""
    graph = dataset.graph(iri.removeprefix(dataset.base))
    return graph if graph in dataset.graphs else None


def question(engine: Engine, dataset: Dataset, iri: str) -> str:
    """The query that makes the document of a thing; of one with blank nodes another one adds these."""
    if graph := own_graph(dataset, iri):
        return bind(queries.load("documents/graph").text, {"graph": NamedNode(graph)})
    available = [name.removeprefix("documents/") for name in queries.names("documents")]
    name = first(classes(engine, dataset, iri), available, "any")
    return queries.load(f"documents/{name}").filled({"thing": NamedNode(iri)})


def triples(engine: Engine, dataset: Dataset, iri: str) -> list[Triple]:
    """Everything that belongs into the document of a thing."""
    found = engine.construct(question(engine, dataset, iri))
    if own_graph(dataset, iri):
        return found
    if any(isinstance(fact.object, BlankNode) for fact in found):
        found += engine.construct(bind(queries.load("documents/blank-nodes").text, {"thing": NamedNode(iri)}))
    return found


def write(facts: Sequence[Triple], format: Format, dataset: Dataset) -> bytes:
    """The bytes of a document, the same for the same facts."""
    if format is formats.TURTLE:
        return turtle.write(facts, dataset.prefixes).encode()
    ordered = sorted(set(turtle.stable(facts)), key=turtle.order)
    if not isinstance(format.serializer, RdfFormat):
        raise TypeError(f"{format.label} is no syntax of RDF")
    return serialize(ordered, format=format.serializer, prefixes=dataset.prefixes) or b""
