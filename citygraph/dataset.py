"""From folders of Turtle to a loaded store: ontology/, data/ and shapes/ of a root, and the facts derived from them.

The default graph of the store is what queries see unless they ask for something else: ontology, data and derived facts.
The named graphs BASE/graph/{ontology,data,shapes,derived} hold each part by itself.
"""

import hashlib
import os
import re
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from os.path import commonprefix
from pathlib import Path

from pyoxigraph import (
    BlankNode,
    DefaultGraph,
    NamedNode,
    Quad,
    QuadParser,
    QuerySolutions,
    QueryTriples,
    RdfFormat,
    Store,
    parse,
    serialize,
)

from citygraph.namespaces import PREFIXES
from citygraph.turtle import stable

NO_BASE = "http://localhost/"
"""The base of a graph none of whose subjects has a web address."""

PARTS = ("ontology", "data", "shapes")


@dataclass(frozen=True, order=True)
class Problem:
    """What is wrong at one line of one file, in the words of the one who has to mend it."""

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


class ParseErrors(Exception):
    """Files that are no Turtle; nothing was loaded."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


@dataclass(frozen=True)
class Dataset:
    """A root that has been loaded. `digest` is the SHA-256 of its sorted canonical N-Quads, in hex."""

    root: Path
    base: str
    version: str
    digest: str
    prefixes: dict[str, str]
    store: Store = field(repr=False)
    counts: dict[str, int]

    @property
    def iri(self) -> str:
        """The IRI of the dataset itself."""
        return self.base + "dataset"

    def graph(self, name: str) -> str:
        """The IRI of a named graph; `name` is ontology, data, shapes or derived."""
        return f"{self.base}graph/{name}"

    @property
    def graphs(self) -> frozenset[str]:
        """The IRIs of all named graphs."""
        return frozenset(map(self.graph, (*PARTS, "derived")))


def checkout() -> Path:
    """The root that is served when none is named: CITYGRAPH_ROOT, or the folder this code lies in."""
    return Path(os.environ.get("CITYGRAPH_ROOT") or Path(__file__).parents[1])


def files(root: Path, part: str) -> list[Path]:
    """The Turtle files of one part of a root, in a stable order. Raises `OSError` for a folder that cannot be read."""

    def refuse(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError):
            raise error

    walk = os.walk(root / part, onerror=refuse)
    return sorted(Path(folder, name) for folder, _, names in walk for name in names if name.endswith(".ttl"))


def load(root: Path, base: str | None = None, say: Callable[[str], None] = lambda text: None) -> Dataset:
    """Parse a root, derive what its rules derive, and hold it all in memory.

    Raises `FileNotFoundError` when there is no such folder or nothing in it, `ParseErrors` with every file that is no
    Turtle and every rule that is no SPARQL. `say` is told of progress.
    """
    found = {part: files(root, part) for part in PARTS}
    if not any(found.values()):
        raise FileNotFoundError(
            f"{root}: no Turtle in ontology/, data/ or shapes/ there; point --root at such a folder"
        )
    staged, parts, problems = Store(), {}, []
    for part, paths in found.items():
        parts[part] = NamedNode(f"urn:part:{part}")
        for path in paths:
            say(str(path.relative_to(root)))
            problems += read(staged, path, parts[part], root)
    if problems:
        raise ParseErrors(problems)
    base = base or os.environ.get("CITYGRAPH_BASE") or base_of(staged, list(parts.values()))
    return assemble(root, base, staged, parts, say)


def quads(path: Path) -> QuadParser:
    """The quads of one Turtle file. Raises `SyntaxError` while it is read."""
    return parse(path=path, format=RdfFormat.TURTLE)


def read(store: Store, path: Path, graph: NamedNode, root: Path) -> list[Problem]:
    """Load one file into a graph; the problems say why it was not loaded."""
    file = str(path.relative_to(root))
    try:
        if path.read_bytes().startswith(b"\xef\xbb\xbf"):
            return [Problem(file, 1, 1, "starts with a byte order mark; save it as UTF-8 without one")]
        store.load(path=path, format=RdfFormat.TURTLE, base_iri=None, to_graph=graph)
    except SyntaxError as error:
        message = str(error.msg).partition(": ")[2] or str(error.msg)
        if message.startswith("A dot is expected"):
            message += ", or ; at the end of the line before"
        return [Problem(file, error.lineno or 1, error.offset or 1, message)]
    except (ValueError, OSError) as error:
        return [Problem(file, 1, 1, str(error))]
    return []


def solutions(store: Store, text: str, graphs: list[NamedNode] | None = None) -> QuerySolutions:
    """The rows of a SELECT of ours, from the default graph or from the union of some graphs."""
    found = store.query(text, default_graph=[*graphs] if graphs else None)
    assert isinstance(found, QuerySolutions), f"no SELECT: {text}"
    return found


def base_of(store: Store, graphs: list[NamedNode]) -> str:
    """The base that the data states (void:uriSpace), else what the IRIs of most of its subjects have in common.

    Most, because a graph may say something of a few things elsewhere: the host with the most subjects counts.
    """
    stated = f"SELECT ?space {{ ?dataset <{PREFIXES['void']}uriSpace> ?space }} ORDER BY STRLEN(STR(?space))"
    for row in solutions(store, stated, graphs):
        return str(row["space"].value)
    subjects = solutions(store, "SELECT DISTINCT ?s { ?s ?p ?o FILTER(ISIRI(?s)) }", graphs)
    hosts: dict[str, list[str]] = {}
    for iri in (str(row["s"].value) for row in subjects):
        if found := re.match(r"https?://[^/]+/", iri):
            hosts.setdefault(found[0], []).append(iri)
    if not hosts:
        return NO_BASE
    common = commonprefix(max(hosts.values(), key=len))
    return common[: max(common.rfind("/"), common.rfind("#")) + 1]


def assemble(root: Path, base: str, staged: Store, parts: dict[str, NamedNode], say: Callable[[str], None]) -> Dataset:
    """The store as it is queried: parts under their names, their union as the default graph, and the derived facts."""
    store, quads = Store(), []
    for part, graph in parts.items():
        name = NamedNode(f"{base}graph/{part}")
        quads += [Quad(s, p, o, name) for s, p, o, _ in staged.quads_for_pattern(None, None, None, graph)]
    store.extend(quads)
    shapes = NamedNode(f"{base}graph/shapes")
    union = [Quad(*quad.triple) for quad in quads if quad.graph_name != shapes]
    store.extend(union)
    derived = NamedNode(f"{base}graph/derived")
    known, new = set(union), set()
    for path in sorted((root / "ontology" / "rules").glob("*.rq")):
        say(str(path.relative_to(root)))
        new |= set(infer(store, path, root)) - known
    store.extend(Quad(q.subject, q.predicate, q.object, derived) for q in new)
    store.extend(new)
    counts = {p: sum(1 for _ in store.quads_for_pattern(None, None, None, NamedNode(f"{base}graph/{p}")))
              for p in (*PARTS, "derived")}  # fmt: skip
    digest = hashlib.sha256(b"".join(canonical(store))).hexdigest()
    return Dataset(root, base, version_of(store) or digest[:12], digest, prefixes_of(store, root), store, counts)


def infer(store: Store, path: Path, root: Path) -> Iterator[Quad]:
    """What one rule adds. A rule sees only what is authored, never what another rule derived, so order is no matter."""
    try:
        found = store.query(path.read_text("utf-8"))
    except SyntaxError as error:
        stated = re.match(r"error at (\d+):(\d+): (.*)", str(error.msg), re.DOTALL)
        place = (int(stated[1]), int(stated[2]), stated[3]) if stated else (1, 1, str(error.msg))
        raise ParseErrors([Problem(str(path.relative_to(root)), *place)]) from None
    if not isinstance(found, QueryTriples):
        raise ParseErrors([Problem(str(path.relative_to(root)), 1, 1, "a rule is a CONSTRUCT; write one")])
    yield from (Quad(*triple) for triple in found)


def canonical(store: Store) -> list[bytes]:
    """The sorted lines of the dataset's N-Quads, the default graph (a union) left out."""
    quads = [quad for quad in store if quad.graph_name != DefaultGraph()]
    if any(isinstance(term, BlankNode) for quad in quads for term in (quad.subject, quad.object)):
        by_graph: dict[NamedNode | BlankNode | DefaultGraph, list[Quad]] = {}
        for quad in quads:
            by_graph.setdefault(quad.graph_name, []).append(quad)
        quads = [
            Quad(t.subject, t.predicate, t.object, name)
            for name, group in by_graph.items()
            for t in stable(q.triple for q in group)
        ]
    text: bytes = serialize(quads, format=RdfFormat.N_QUADS) or b""
    return sorted(text.splitlines(keepends=True))


def version_of(store: Store) -> str | None:
    """The version that the dataset states of itself."""
    query = f"SELECT ?v {{ ?d a <{PREFIXES['dcat']}Dataset> ; <{PREFIXES['dcat']}version> ?v }} ORDER BY ?d LIMIT 1"
    return next((str(row["v"].value) for row in solutions(store, query)), None)


def prefixes_of(store: Store, root: Path) -> dict[str, str]:
    """Well-known prefixes, overlaid by those that the data declares (sh:declare) or, without any, its files use."""
    sh = PREFIXES["sh"]
    query = f"SELECT ?p ?n {{ ?o <{sh}declare> ?d . ?d <{sh}prefix> ?p ; <{sh}namespace> ?n }} ORDER BY ?p ?n"
    declared = {row["p"].value: row["n"].value for row in solutions(store, query)}
    if not declared:
        for part in PARTS:
            for path in files(root, part):
                reader = quads(path)
                with suppress(SyntaxError):  # what is no Turtle is reported where files are loaded
                    deque(reader, maxlen=0)
                declared.update(reader.prefixes)
    return PREFIXES | declared


def declared_prefixes(root: Path) -> dict[str, str]:
    """The same without loading the data: for the formatter, which has to work on files that are being mended."""
    store = Store()
    for path in files(root, "ontology"):
        with suppress(SyntaxError):
            store.extend(quads(path))
    return prefixes_of(store, root)
