"""SPARQL 1.1 Query, feature by feature, over HTTP: each answer, in each format, is what the engine itself gives.

tests/corpus/*.rq hold the queries. What stands above the first ### is put in front of each query of the file. A
heading is the name of a query and what to expect of it: `= rows`, as CSV writes them, with | in between, sorted where
the query does not (`()` for a row without values, `nothing` for no rows); `= 3 triples`; or `!400 2:5`, a status and
the place that the error names. `-xml` says that no XML can carry it.
"""

import csv
import io
import json
import re
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest
from live import serving
from probes import Reply, ask, send
from pyoxigraph import (
    BlankNode,
    CanonicalizationAlgorithm,
    Dataset,
    NamedNode,
    Quad,
    QueryBoolean,
    QuerySolutions,
    QueryTriples,
    RdfFormat,
    parse,
    parse_query_results,
)

from citygraph import dataset as folders
from citygraph import formats
from citygraph.formats import Format

CORPUS = Path(__file__).parent / "corpus"
ROOT = CORPUS / "root"
WRONG = {
    "aggregates/an-error-inside-count-is-not-counted": "one error makes the whole COUNT unbound",
    "forms/ask-having": "GROUP BY and HAVING are not read after ASK",
    "modifiers/distinct-by-term": "numbers are stored in canonical form, 1.0 as 1",
    "paths/alternative": "an alternative drops duplicates, where it is a UNION",
    "paths/brackets-decide": "an alternative drops duplicates, where it is a UNION",
    "paths/zero-of-a-constant": "zero steps need a node that is in the graph",
    "paths/zero-of-a-literal": "zero steps need a node that is in the graph",
    "paths/zero-between-constants": "zero steps need a node that is in the graph",
    "patterns/local-names-with-dots-and-colons": "a second dot in a local name is not read",
    "strings/replace-dollar": "a dollar with a backslash before it keeps the backslash",
    "strings/replace-that-matches-nothing-is-an-error": "a pattern that matches the empty text is taken, not an error",
    "terms/boolean-order": "< does not compare booleans",
    "terms/effective-value-of-a-broken-number": "a number that is none has no effective boolean value, not false",
}
"""What the engine itself does otherwise than SPARQL 1.1 says, each with the reason."""
Loaded = folders.Dataset


@dataclass(frozen=True)
class Case:
    """A query of the corpus."""

    name: str
    text: str
    rows: str | None
    status: int
    place: str
    no_xml: bool


def cases() -> Iterator[Case]:
    for path in sorted(CORPUS.glob("*.rq")):
        prologue, *parts = re.split(r"^### ?", path.read_text("utf-8"), flags=re.MULTILINE)
        for part in parts:
            heading, _, text = part.partition("\n")
            told, _, rows = heading.partition(" = ")
            name, *flags = told.split()
            refusal = next((flag[1:] for flag in flags if flag.startswith("!")), "200")
            place = next((flag for flag in flags if re.fullmatch(r"\d+:\d+", flag)), "")
            yield Case(
                f"{path.stem}/{name}",
                prologue + text.rstrip("\n"),
                rows.strip() if " = " in heading else None,
                int(refusal),
                place,
                "-xml" in flags,
            )


CASES = list(cases())
ANSWERED = [case for case in CASES if case.status == 200]
REFUSED = [case for case in CASES if case.status != 200]


def named(chosen: list[Case]) -> list[object]:
    return [
        pytest.param(case, id=case.name, marks=pytest.mark.xfail(strict=True, reason=WRONG[case.name]))
        if case.name in WRONG
        else pytest.param(case, id=case.name)
        for case in chosen
    ]


@pytest.fixture(scope="module")
def loaded() -> Loaded:
    return folders.load(ROOT)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    log = tmp_path_factory.mktemp("corpus") / "log"
    with serving("--root", str(ROOT), "--workers", "2", log=log) as (address, _):
        yield address


def direct(loaded: Loaded, case: Case) -> QuerySolutions | QueryBoolean | QueryTriples:
    return loaded.store.query(case.text, base_iri=loaded.base)


def offered(loaded: Loaded, case: Case) -> tuple[Format, ...]:
    graph = isinstance(direct(loaded, case), QueryTriples)
    return formats.GRAPH_FORMATS if graph else formats.SOLUTION_FORMATS


def cells(body: bytes) -> Counter[tuple[str, ...]]:
    rows = csv.reader(io.StringIO(re.sub(r"_:\w+", "_:", body.decode("utf-8")), newline=""))
    return Counter(map(tuple, rows))


def solutions(body: bytes, format: Format) -> object:
    """What a body says, however it is ordered and whatever its blank nodes are called."""
    found = parse_query_results(body, format=format.serializer)
    if isinstance(found, QueryBoolean):
        return bool(found)
    names = [variable.value for variable in found.variables]
    rows = [tuple(row) for row in found]
    if not any(isinstance(term, BlankNode) for row in rows for term in row):
        return names, Counter(rows)
    quads = [
        Quad(node, NamedNode(f"urn:variable:{name}"), term)
        for row in rows
        for node in [BlankNode()]
        for name, term in zip(names, row, strict=True)
        if term is not None
    ]
    return names, canonical(quads)


def canonical(quads: list[Quad]) -> set[Quad]:
    found = Dataset(quads)
    found.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return set(found)


def same(got: bytes, wanted: bytes, case: Case, format: Format) -> None:
    """Both say the same, and in the same bytes where there is one way to say it."""
    if isinstance(format.serializer, RdfFormat):
        assert canonical([*parse(got, format=format.serializer)]) == canonical(
            [*parse(wanted, format=format.serializer)]
        )
        return
    if format is formats.RESULTS_CSV:
        assert cells(got) == cells(wanted)
        fixed = len(cells(wanted)) <= 2
    else:
        assert solutions(got, format) == solutions(wanted, format)
        fixed = wanted.count(b"\n") <= 2 and wanted.count(b"<result>") <= 1 and wanted.count(b"},{") == 0
    if (fixed or "ORDER BY" in case.text) and not re.search(rb"_:|bnode", wanted):
        assert got == wanted


@pytest.mark.parametrize("case", named(ANSWERED))
def test_an_answer_is_the_engines_own_in_every_format(url: str, loaded: Loaded, case: Case) -> None:
    for format in offered(loaded, case):
        reply = ask(url, case.text, f"{format.media_type}, application/problem+json;q=0.1")
        if case.no_xml and format in (formats.RESULTS_XML, formats.RDF_XML):
            assert reply.status == 406
            continue
        assert reply.status == 200, reply.body
        assert reply.type == format.media_type
        wanted: bytes = direct(loaded, case).serialize(format=format.serializer)
        if format is formats.RESULTS_XML:
            wanted = wanted.replace(b"\r", b"&#xD;")
        same(reply.body, wanted, case, format)
    if case.rows is not None:
        assert shown(url, case) == case.rows


def shown(url: str, case: Case) -> str:
    """The answer as a heading of the corpus has it."""
    for accept in ("text/csv", "application/n-triples"):
        reply = send(url, "GET", "/sparql?query=" + quote(case.text, safe=""), headers={"Accept": accept})
        if reply.status != 406:
            break
    text = reply.body.decode("utf-8")
    if accept == "application/n-triples":
        return f"{len(text.splitlines())} triples"
    header, *rows = csv.reader(io.StringIO(text, newline=""))
    if re.search(r"\bASK\b", case.text):
        return ",".join(header)
    lines = [",".join(row) or "()" for row in rows]
    return " | ".join(lines if "ORDER BY" in case.text else sorted(lines)) or "nothing"


def refused(reply: Reply) -> dict[str, object]:
    problem: dict[str, object] = json.loads(reply.body)
    assert reply.type == "application/problem+json"
    assert problem["status"] == reply.status
    assert "Traceback" not in str(problem)
    return problem


@pytest.mark.parametrize("case", named(REFUSED))
def test_a_refusal_says_why_and_where(url: str, case: Case) -> None:
    reply = ask(url, case.text)
    assert reply.status == case.status, reply.body
    problem = refused(reply)
    if case.place:
        assert f"{problem['line']}:{problem['column']}" == case.place, problem


def test_no_query_stands_in_the_corpus_twice() -> None:
    for key in ("name", "text"):
        counted = Counter(getattr(case, key) for case in CASES)
        assert [each for each, number in counted.items() if number > 1] == []
    assert len(CASES) >= 300


def test_a_folder_with_nothing_but_turtle_is_served(tmp_path: Path) -> None:
    folder = tmp_path / "root" / "data"
    folder.mkdir(parents=True)
    for number in range(3):
        (folder / f"{number}.ttl").write_text(
            f"<https://new.example.org/{number}> <https://new.example.org/is> {number} ."
        )
    started = time.monotonic()
    with serving("--root", str(tmp_path / "root"), "--workers", "1", log=tmp_path / "log") as (address, _):
        reply = ask(address, "SELECT (SUM(?n) AS ?sum) { ?s <https://new.example.org/is> ?n }", "text/csv")
        print(f"answered {time.monotonic() - started:.2f} s after the command was given")
        assert reply.body == b"sum\r\n3\r\n"
        assert send(address, "GET", "/1.html").status == 200
