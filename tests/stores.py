"""Stores of other makers, started for the tests on ports of their own, and the ways in which they differ from ours."""

import contextlib
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from live import free_port

from citygraph import pushing
from citygraph.credentials import Credentials
from citygraph.dataset import Dataset
from citygraph.endpoint import Endpoint
from citygraph.remote import Remote

ENGINES = ("embedded", "oxigraph", "virtuoso")
SUITE = ("test_sparql_protocol", "test_documents", "test_pages", "test_http", "test_queries", "test_stores")
"""The test modules that run over every engine."""

BINDS = "`nearest-members` takes for ever: each `BIND` is put into those after it, which doubles the work twelve times."
ALL = "A query of `documents/` for all things at once takes seconds on a machine at rest, and too long on a busy one."
NOT_RUN = {BINDS, ALL}
"""Differences that are not even tried, since the store would have no time for the tests after them."""
DAYS = 'A date that is nowhere in the data is compared wrongly: write `STR(?day) <= "2013-12-30"`.'
TRUTH = "A truth value in a column comes as the integer 1 or 0."
UNGROUPED = "A column that is neither grouped nor aggregated is answered instead of refused."
BARE = "`SELECT COUNT(*)` without brackets and a name is a 502, not a 400: the store answers it, with a broken name."
DIFFERENCES: dict[str, dict[str, str]] = {
    "oxigraph": {},
    "virtuoso": {
        "test_queries::test_each_file_has_a_title_and_parses_alone[nearest-members]": BINDS,
        "test_queries::test_each_file_has_a_title_and_parses_alone[documents/any]": ALL,
        "test_queries::test_each_file_has_a_title_and_parses_alone[documents/Country]": ALL,
        "test_queries::test_each_file_has_a_title_and_parses_alone[documents/CreativeCity]": ALL,
        "test_queries::test_each_file_has_a_title_and_parses_alone[documents/DesignationRound]": ALL,
        "test_queries::test_each_query_for_users_runs_with_its_defaults[nearest-members]": BINDS,
        "test_queries::test_norrkoping_is_nearest_to_linkoping": BINDS,
        "test_queries::test_a_point_beyond_the_date_line_has_near_neighbours": BINDS,
        "test_stores::test_a_day_that_is_nowhere_in_the_data_is_compared_all_the_same": DAYS,
        "test_stores::test_a_truth_value_is_one": TRUTH,
        "test_stores::test_a_column_that_is_neither_grouped_nor_aggregated_is_an_error": UNGROUPED,
        "test_stores::test_a_count_may_not_stand_bare": BARE,
    },
}
"""What a store answers otherwise, by test, with the reason as the README gives it. A test that begins to pass fails."""

INI = """
[Database]
DatabaseFile = virtuoso.db
ErrorLogFile = virtuoso.log
LockFile = virtuoso.lck
TransactionFile = virtuoso.trx
xa_persistent_file = virtuoso.pxa
[TempDatabase]
DatabaseFile = temporary.db
TransactionFile = temporary.trx
[Parameters]
ServerPort = 127.0.0.1:{sql}
DisableUnixSocket = 1
CaseMode = 2
NumberOfBuffers = 20000
MaxDirtyBuffers = 15000
CheckpointInterval = 0
DirsAllowed = .
ThreadsPerQuery = 2
[HTTPServer]
ServerPort = 127.0.0.1:{http}
ServerRoot = .
ServerThreads = 20
Charset = UTF-8
[SPARQL]
ResultSetMaxRows = 100000
MaxQueryExecutionTime = 15
"""


@dataclass(frozen=True)
class Store:
    """A running store: where it is queried, where its graphs are replaced, and who may do that."""

    endpoint: str
    graph_store: str
    credentials: Credentials = field(default_factory=Credentials)

    def load(self, dataset: Dataset) -> Remote:
        """The engine over the store, once our graphs are in it."""
        engine = Remote(dataset, self.endpoint, timeout=15)
        done = pushing.push(
            dataset, Endpoint(pushing.address(self.graph_store, ""), self.credentials), self.graph_store, engine, print
        )
        assert not done.failed, done.lines()
        return engine


def missing(name: str) -> str:
    """Why the tests over a store cannot run here; nothing where they can, or have to."""
    if name == "embedded" or name in os.environ.get("STORE_TESTS", "").split(","):
        return ""
    if name == "virtuoso":
        return "takes many minutes; STORE_TESTS=oxigraph,virtuoso runs it"
    if program(name):
        return ""
    return f"the package {name} is not installed"


def program(name: str) -> str | None:
    """The file of a store's server."""
    beside = str(Path(sys.executable).parent)
    return shutil.which("oxigraph", path=beside) if name == "oxigraph" else shutil.which("virtuoso-t")


@contextmanager
def running(name: str, folder: Path) -> Iterator[Store]:
    """A store without data; its process is gone afterwards, and its files lie in `folder`."""
    file = program(name)
    assert file, f"STORE_TESTS names {name}, which is not installed"
    http, sql = free_port(), free_port()
    base = f"http://127.0.0.1:{http}"
    if name == "oxigraph":
        command = [file, "serve", "--bind", f"127.0.0.1:{http}"]
        store = Store(f"{base}/query", f"{base}/store")
    else:
        (folder / "virtuoso.ini").write_text(INI.format(http=http, sql=sql), "utf-8")
        command = [file, "+foreground", "+configfile", "virtuoso.ini"]
        graphs = f"{base}/sparql-graph-crud-auth?graph-uri={{graph}}"
        store = Store(f"{base}/sparql", graphs, Credentials("dba", "dba"))
    log = folder / "output"
    with log.open("wb") as output, subprocess.Popen(command, cwd=folder, stdout=output, stderr=output) as process:
        try:
            listening(store.endpoint, process, log)
            yield store
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


def listening(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Returns once the store answers. Raises RuntimeError with its words if it does not within a minute."""
    for _ in range(600):
        if process.poll() is not None:
            break
        with contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError):
            urllib.request.urlopen(f"{url}?query=ASK%7B%7D", timeout=2).close()
            return
        time.sleep(0.1)
    raise RuntimeError(f"no store at {url}: {log.read_text('utf-8', 'replace')}")


def difference(engine: str, module: str, test: str) -> str | None:
    """The reason why a test is expected to fail over an engine. `test` is its name with the parameters in brackets."""
    bare = test.replace(f"[{engine}]", "").replace(f"[{engine}-", "[").replace(f"-{engine}]", "]")
    bare = bare.replace(f"-{engine}-", "-")
    known = DIFFERENCES.get(engine, {})
    return known.get(f"{module}::{bare}") or known.get(f"{module}::{bare.partition('[')[0]}")
