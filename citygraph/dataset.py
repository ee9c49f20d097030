"""From folders of Turtle to a loaded store: ontology/, data/ and shapes/ of a root, and the facts derived from them.

The default graph of the store is what queries see unless they ask for something else: ontology, data and derived facts.
The named graphs BASE/graph/{ontology,data,shapes,derived} hold each part by itself.
"""

import os
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from os.path import commonprefix
from pathlib import Path
from tempfile import TemporaryDirectory

from pyoxigraph import (
    NamedNode,
    Quad,
    QuadParser,
    QuerySolutions,
    QueryTriples,
    RdfFormat,
    Store,
    Triple,
    parse,
)

from citygraph.digest import QUADS, Passed
from citygraph.namespaces import PREFIXES

NO_BASE = "http://localhost/"
"""The base of a graph none of whose subjects has a web address."""

PARTS = ("ontology", "data", "shapes")
DECLARATION = re.compile(rb"(?i)@prefix|(?<![\w:.-])prefix(?=[\s#:])")
"""Every declaration of a prefix, and perhaps more."""


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
    """A root that has been loaded. `digest` is the SHA-256 of its sorted canonical N-Quads, in hex; `files` is how many
    descriptors a process may need to read the store, `answers` the results (SPARQL JSON) that some queries have,
    `quads` a file of those N-Quads, packed by gzip, where there is one."""

    root: Path
    base: str
    version: str
    digest: str
    prefixes: dict[str, str]
    counts: dict[str, int]
    opened: Callable[[], Store] = field(repr=False)
    files: int = 0
    answers: dict[str, str] = field(repr=False, default_factory=dict)
    quads: Path | None = None

    @property
    def store(self) -> Store:
        """Its quads, as this process can read them."""
        return self.opened()

    @property
    def iri(self) -> str:
        """The IRI of the dataset itself, which others begin with: below a base that ends in # there could be none."""
        return f"{self.base[:-1]}/dataset" if self.base.endswith("#") else f"{self.base}dataset"

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


def load(
    root: Path, base: str | None = None, say: Callable[[str], None] = lambda text: None, place: Path | None = None,
) -> Dataset:  # fmt: skip
    """Parse a root, derive what its rules derive, and hold it all in memory or, with `place`, in that new folder.

    Raises `FileNotFoundError` when there is no such folder or nothing in it, `ParseErrors` with every file that is no
    Turtle or every rule that is no SPARQL. `say` is told of progress.
    """
    found = {part: files(root, part) for part in PARTS}
    if not any(found.values()):
        raise FileNotFoundError(
            f"{root}: no Turtle in ontology/, data/ or shapes/ there; point --root at such a folder"
        )
    base = base or os.environ.get("CITYGRAPH_BASE") or base_of([path for paths in found.values() for path in paths])
    store = Store(place) if place else Store()
    problems: list[Problem] = []
    with TemporaryDirectory(prefix="citygraph-", dir=place and place.parent) as folder:
        passed = Passed(Path(folder))
        # One call for all files: quads go through one by one, and a store on disk sorts and writes them while we parse.
        store.bulk_extend(authored(root, found, base, problems, passed, say))
        if problems:
            raise ParseErrors(problems)
        rules = {path.stem: infer(store, path, root) for path in rules_of(root)}
        store.bulk_extend(derived(store, rules, NamedNode(f"{base}graph/derived"), passed, say))
        say("counts and digest")
        hashed = passed.digest(kept := place and place / QUADS)
    counts = {part: size(store, NamedNode(f"{base}graph/{part}")) for part in (*PARTS, "derived")}
    version = version_of(store) or hashed[:12]
    return Dataset(root, base, version, hashed, prefixes_of(store, root), counts, lambda: store, quads=kept)


def authored(
    root: Path, found: Mapping[str, list[Path]], base: str, problems: list[Problem], passed: Passed,
    say: Callable[[str], None],
) -> Iterator[Quad]:  # fmt: skip
    """All that the files say, in the graph of their part and, but for the shapes, in the default graph too.

    What is no Turtle is appended to `problems`; from then on files are only parsed.
    """
    for part, paths in found.items():
        graph = NamedNode(f"{base}graph/{part}")
        for path in paths:
            say(str(path.relative_to(root)))
            try:
                refuse_byte_order_mark(path)
                reader = quads(path)
                if problems:
                    deque(reader, maxlen=0)
                for subject, predicate, value, _ in reader:
                    named = Quad(subject, predicate, value, graph)
                    passed.add(named, graph)
                    yield named
                    if part != "shapes":
                        yield Quad(subject, predicate, value)
            except (SyntaxError, ValueError, OSError) as error:
                problems.append(problem(str(path.relative_to(root)), error))


def quads(path: Path) -> QuadParser:
    """The quads of one Turtle file; its blank nodes are no other file's. Raises `SyntaxError` while it is read."""
    return parse(path=path, format=RdfFormat.TURTLE, rename_blank_nodes=True)


def refuse_byte_order_mark(path: Path) -> None:
    """Raises `ValueError` for a file that an editor put a mark into."""
    with path.open("rb") as file:
        if file.read(3) == b"\xef\xbb\xbf":
            raise ValueError("starts with a byte order mark; save it as UTF-8 without one")


def problem(file: str, error: Exception) -> Problem:
    """What is wrong with a file, and where."""
    if not isinstance(error, SyntaxError):
        return Problem(file, 1, 1, str(error))
    message = str(error.msg).partition(": ")[2] or str(error.msg)
    if message.startswith("A dot is expected"):
        message += ", or ; at the end of the line before"
    return Problem(file, error.lineno or 1, error.offset or 1, message)


def rules_of(root: Path) -> list[Path]:
    """The rules of a root, in a stable order."""
    return sorted((root / "ontology" / "rules").glob("*.rq"))


def infer(store: Store, path: Path, root: Path) -> QueryTriples:
    """What one rule adds to the store as it is now, whatever is added while it is read."""
    try:
        found = store.query(path.read_text("utf-8"))
    except SyntaxError as error:
        stated = re.match(r"error at (\d+):(\d+): (.*)", str(error.msg), re.DOTALL)
        place = (int(stated[1]), int(stated[2]), stated[3]) if stated else (1, 1, str(error.msg))
        raise ParseErrors([Problem(str(path.relative_to(root)), *place)]) from None
    if not isinstance(found, QueryTriples):
        raise ParseErrors([Problem(str(path.relative_to(root)), 1, 1, "a rule is a CONSTRUCT; write one")])
    return found


def derived(
    store: Store, rules: Mapping[str, QueryTriples], graph: NamedNode, passed: Passed, say: Callable[[str], None]
) -> Iterator[Quad]:
    """What rules add to what is authored, in a graph of its own and in the default graph.

    All of them have asked the store before the first of these is added: a rule sees only what is authored, never what
    another rule derived, so their order is no matter.
    """
    for name, found in rules.items():
        say(f"rule {name}")
        for subject, predicate, value in found:
            fact = Quad(subject, predicate, value)
            if fact not in store:
                named = Quad(subject, predicate, value, graph)
                passed.add(named, graph)
                yield named
                yield fact


def size(store: Store, graph: NamedNode) -> int:
    """How many triples a graph has."""
    rows = solutions(store, f"SELECT (COUNT(*) AS ?triples) {{ GRAPH {graph} {{ ?s ?p ?o }} }}")
    return int(next(rows)["triples"].value)


def solutions(store: Store, text: str) -> QuerySolutions:
    """The rows of a SELECT of ours."""
    found = store.query(text)
    assert isinstance(found, QuerySolutions), f"no SELECT: {text}"
    return found


def base_of(paths: list[Path]) -> str:
    """The base that the files state (void:uriSpace), else what the IRIs of most of their subjects have in common.

    Most, because a graph may say something of a few things elsewhere: the host with the most subjects counts.
    """
    stated = [value for path in paths if b"uriSpace" in path.read_bytes() for value in uri_spaces(path)]
    if stated:
        return min(stated, key=lambda value: (len(value), value))
    seen: set[int] = set()
    hosts: dict[str, tuple[int, str, str]] = {}
    for subject in subjects(paths):
        host = re.match(r"https?://[^/]+/", subject)
        if host and hash(subject) not in seen:
            seen.add(hash(subject))
            number, least, most = hosts.get(host[0], (0, subject, subject))
            hosts[host[0]] = (number + 1, min(least, subject), max(most, subject))
    if not hosts:
        return NO_BASE
    _, least, most = max(hosts.values(), key=lambda host: host[0])
    common = commonprefix([least, most])
    return common[: max(common.rfind("/"), common.rfind("#")) + 1]


def uri_spaces(path: Path) -> Iterator[str]:
    """What a file states by void:uriSpace; nothing from the place on where it is no Turtle."""
    with suppress(SyntaxError):
        for quad in quads(path):
            if quad.predicate.value == PREFIXES["void"] + "uriSpace" and not isinstance(quad.object, Triple):
                yield quad.object.value


def subjects(paths: list[Path]) -> Iterator[str]:
    """The IRIs of all subjects, each at least once."""
    last = None
    for path in paths:
        with suppress(SyntaxError):
            for quad in quads(path):
                if quad.subject != last and isinstance(quad.subject, NamedNode):
                    last = quad.subject
                    yield last.value


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
                declared.update(prefixes_in(path))
    return PREFIXES | declared


def prefixes_in(path: Path) -> dict[str, str]:
    """The prefixes that a file declares, as far as it is Turtle; read to its end only if some may stand there."""
    reader = quads(path)
    with suppress(SyntaxError):  # what is no Turtle is reported where files are loaded
        next(reader, None)
        if len(DECLARATION.findall(path.read_bytes())) != len(reader.prefixes):
            deque(reader, maxlen=0)
    return reader.prefixes


def declared_prefixes(root: Path) -> dict[str, str]:
    """The same without loading the data: for the formatter, which has to work on files that are being mended."""
    store = Store()
    for path in files(root, "ontology"):
        with suppress(SyntaxError):
            store.extend(quads(path))
    return prefixes_of(store, root)
