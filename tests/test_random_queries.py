"""Queries put together at random from the grammar and the words of the graph: the same answer in each format, or a
problem that says what it is.

RANDOM_QUERIES is how many, RANDOM_SEED where to begin; a failure names the seed of its query.
"""

import csv
import io
import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from grammar import Grammar, Words
from live import serving
from probes import Reply, ask
from pyoxigraph import (
    BlankNode,
    Literal,
    NamedNode,
    QueryBoolean,
    QueryResultsFormat,
    RdfFormat,
    parse,
    parse_query_results,
)

from citygraph import dataset as folders
from citygraph import formats

COUNT = int(os.environ.get("RANDOM_QUERIES", "1000"))
SEED = int(os.environ.get("RANDOM_SEED", "1"))
BATCHES = 20
LARGE = 1 << 20
"""Bytes of an answer that is read in one format only."""
SETTLED = frozenset({403, 406, 413, 503})


@pytest.fixture(scope="module")
def words() -> Words:
    return Words(folders.load(folders.checkout()))


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    log = tmp_path_factory.mktemp("random") / "log"
    with serving("--workers", "2", "--timeout", "1", log=log) as (address, _):
        yield address


def plain(term: object) -> object:
    return "_:" if isinstance(term, BlankNode) else term


def rows(body: bytes, format: QueryResultsFormat) -> tuple[list[str], Counter[tuple[object, ...]]]:
    """The variables and the rows of a result; an ASK is a row without variables for true."""
    found = parse_query_results(body, format=format)
    if isinstance(found, QueryBoolean):
        return [], Counter({(): int(bool(found))})
    return [name.value for name in found.variables], Counter(tuple(map(plain, row)) for row in found)


def cells(body: bytes) -> Counter[tuple[str, ...]]:
    text = re.sub(r"_:\w+", "_:", body.decode("utf-8"))
    return Counter(tuple(row) or ("",) for row in csv.reader(io.StringIO(text, newline="")))


def triples(body: bytes, format: RdfFormat) -> Counter[tuple[object, ...]]:
    return Counter(tuple(map(plain, quad.triple)) for quad in parse(body, format=format))


def value(term: object) -> str:
    return term.value if isinstance(term, NamedNode | Literal) else str(term or "")


def alike(query: str, replies: dict[str, Reply]) -> None:
    """All replies in full, parsed by their own rules, say the same."""
    loose = bool(re.search(r"LIMIT \d+ OFFSET", query))
    table: Counter[tuple[str, ...]] | None = None
    first: object = None
    for format in (*formats.SOLUTION_FORMATS, *formats.GRAPH_FORMATS):
        reply = replies.get(format.media_type)
        if reply is None or reply.status != 200:
            continue
        assert reply.type == format.media_type
        if isinstance(format.serializer, RdfFormat):
            found: object = (said := triples(reply.body, format.serializer))
        elif format is not formats.RESULTS_CSV:
            names, said = rows(reply.body, format.serializer)
            found = (names, said)
            table = Counter(tuple(map(value, row)) for row in said.elements())
        else:
            continue
        found = said.total() if loose else found
        assert first is None or first == found, format.name
        first = found
    csv_reply = replies.get("text/csv")
    if csv_reply and csv_reply.status == 200 and table is not None and "ASK" not in query.split("{")[0]:
        got = cells(csv_reply.body)
        assert got.total() - 1 == table.total()
        header = next(iter(got))
        if not loose:
            got[header] -= 1
            assert +got == Counter(row or ("",) for row in table.elements())


def tried(url: str, seed: int, words: Words) -> Counter[int]:
    """One query in each format of its kind; the statuses."""
    query = Grammar(seed, words).query()
    graph = query.startswith(("CONSTRUCT", "DESCRIBE"))
    offers = formats.GRAPH_FORMATS if graph else formats.SOLUTION_FORMATS
    replies = {}
    for format in offers:
        reply = ask(url, query, f"{format.media_type}, application/problem+json;q=0.1")
        replies[format.media_type] = reply
        if reply.status != 200:
            assert reply.status in SETTLED, f"seed {seed}: {reply}\n{query}"
            assert reply.type == "application/problem+json"
            assert json.loads(reply.body)["status"] == reply.status
            if reply.status != 406:
                break
        elif len(reply.body) > LARGE:
            break
    try:
        alike(query, replies)
    except (AssertionError, SyntaxError, ValueError) as error:
        raise AssertionError(f"seed {seed}: {error}\n{query}") from error
    return Counter(reply.status for reply in replies.values())


@pytest.mark.parametrize("batch", range(BATCHES))
def test_a_random_query_is_answered_alike_in_each_format(url: str, words: Words, batch: int) -> None:
    seeds = range(SEED + batch, SEED + COUNT, BATCHES)
    with ThreadPoolExecutor(4) as threads:
        statuses = sum(threads.map(lambda seed: tried(url, seed, words), seeds), Counter())
    if path := os.environ.get("ATTACK_REPORT"):
        with Path(path).open("a") as output:
            print(json.dumps({"random": len(seeds), "replies": dict(statuses)}), file=output)
    # Most queries have an answer, or nothing was tried.
    assert statuses[200] > 0.8 * statuses.total()
