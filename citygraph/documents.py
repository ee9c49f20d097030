"""Documents of things: which IRI a path means, the triples that belong to it, and their bytes."""

from collections.abc import Callable, Sequence
from urllib.parse import quote

from pyoxigraph import BlankNode, NamedNode, RdfFormat, Triple, serialize

from citygraph import formats, queries, turtle
from citygraph.dataset import Dataset
from citygraph.engine import Engine
from citygraph.formats import Format
from citygraph.labels import local_name
from citygraph.sparql import bind

FORMATS: Sequence[Format] = (
    formats.HTML,
    formats.TURTLE,
    formats.N_TRIPLES,
    formats.JSON_LD,
    formats.RDF_XML,
)
RDF_FORMATS = FORMATS[1:]
UNSAFE_IN_IRIS = "%/:?#[]@!$&'()*+,;=~-._"


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


def find(path: str, base: str, exists: Callable[[str], bool]) -> str | None:
    """The IRI of the thing at a path below the base; paths arrive decoded, IRIs may be written with
    escapes."""
    return next((iri for iri in dict.fromkeys((base + path, base + quote(path, UNSAFE_IN_IRIS))) if exists(iri)), None)


def split(path: str) -> tuple[str, Format | None]:
    """A path without the suffix of a document format, and that format."""
    stem, dot, suffix = path.rpartition(".")
    found = next((f for f in FORMATS if dot and f.suffix == f".{suffix}"), None)
    return (stem, found) if found else (path, None)


def version_of(engine: Engine, iri: str) -> str | None:
    """The thing that an IRI is a version of."""
    node = named(iri)
    if node is None:
        return None
    rows = engine.select(bind(queries.load("pages/thing/version").text, {"thing": node}))
    return next((row["current"].value for row in rows if isinstance(row["current"], NamedNode)), None)


def classes(engine: Engine, dataset: Dataset, iri: str) -> list[str]:
    """The local names of a thing's classes of our ontology, as queries and templates are named by them."""
    own = dataset.base + "ontology#"
    rows = engine.select(bind(queries.load("pages/thing/types").text, {"thing": NamedNode(iri)}))
    iris = [row["class"].value for row in rows if isinstance(row["class"], NamedNode)]
    return [local_name(iri) for iri in iris if iri.startswith(own)]


def first(names: Sequence[str], available: Sequence[str], otherwise: str) -> str:
    """The first name that is available; names come from data, so nothing else is ever looked up."""
    return next((name for name in names if name in available), otherwise)


def own_graph(dataset: Dataset, iri: str) -> str | None:
    """The named graph that bears the name of a thing, as a vocabulary's and the shapes' do."""
    graph = dataset.graph(iri.removeprefix(dataset.base))
    return graph if graph in dataset.graphs else None


def triples(engine: Engine, dataset: Dataset, iri: str) -> list[Triple]:
    """Everything that belongs into the document of a thing."""
    graph = own_graph(dataset, iri)
    if graph:
        return engine.construct(bind(queries.load("documents/graph").text, {"graph": NamedNode(graph)}))
    available = [name.removeprefix("documents/") for name in queries.names("documents")]
    name = first(classes(engine, dataset, iri), available, "any")
    found = engine.construct(bind(queries.load(f"documents/{name}").text, {"thing": NamedNode(iri)}))
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
