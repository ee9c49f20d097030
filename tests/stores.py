"""Stores of other makers, started for the tests on ports of their own, and the ways in which they differ from ours."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench import servers
from bench.servers import free_port
from citygraph import pushing
from citygraph.credentials import Credentials
from citygraph.dataset import Dataset
from citygraph.endpoint import Endpoint
from citygraph.remote import Remote

ENGINES = ("embedded", "oxigraph", "virtuoso")
SUITE = (
    "test_statistics", "test_front_page",
    "test_sparql_protocol", "test_documents", "test_pages", "test_http", "test_queries", "test_stores", "test_lists",
    "test_list_days", "test_list_search", "test_list_order", "test_list_paging", "test_explore", "test_map_page",
    "test_hostile_addresses", "test_named_queries",
)  # fmt: skip
"""The test modules that run over every engine."""

BINDS = "`nearest-members` takes for ever: each `BIND` is put into those after it, which doubles the work twelve times."
NOT_RUN = {BINDS}
"""Differences that are not even tried, since the store would have no time for the tests after them."""
DAYS = 'A date that is nowhere in the data is compared wrongly: write `STR(?day) <= "2013-12-30"`.'
TRUTH = "A truth value in a column comes as the integer 1 or 0."
UNGROUPED = "A column that is neither grouped nor aggregated is answered instead of refused."
PATHS = "A path with `+` or `*` whose start and end are both unbound is an error."
BARE = "`SELECT COUNT(*)` without brackets and a name is a 502, not a 400: the store answers it, with a broken name."
DIFFERENCES: dict[str, dict[str, str]] = {
    "oxigraph": {},
    "virtuoso": {
        "test_queries::test_each_file_has_a_title_and_parses_alone[nearest-members]": BINDS,
        "test_pages::test_links_of_the_site_lead_somewhere[/sparql]": BINDS,
        "test_queries::test_each_file_has_a_title_and_parses_alone[pages/thing/fate]": PATHS,
        "test_queries::test_each_query_for_users_runs_with_its_defaults[nearest-members]": BINDS,
        "test_queries::test_norrkoping_is_nearest_to_linkoping": BINDS,
        "test_queries::test_a_point_beyond_the_date_line_has_near_neighbours": BINDS,
        "test_named_queries::test_rows_are_plain_json_of_what_csv_says[nearest-members]": BINDS,
        "test_named_queries::test_parameters_choose_what_is_answered[nearest-members?field=music-10]": BINDS,
        "test_named_queries::test_a_point_is_given_in_degrees": BINDS,
        "test_named_queries::test_a_page_links_to_its_query_and_to_downloads[nearest-members]": BINDS,
        "test_named_queries::test_no_parameter_however_odd_is_an_error_of_the_server[nearest-members.json]": BINDS,
        "test_named_queries::test_every_combination_of_parameters_is_answered[nearest-members]": BINDS,
        "test_named_queries::test_rows_are_as_openapi_says[nearest-members]": BINDS,
        "test_stores::test_a_day_that_is_nowhere_in_the_data_is_compared_all_the_same": DAYS,
        "test_stores::test_a_truth_value_is_one": TRUTH,
        "test_stores::test_a_column_that_is_neither_grouped_nor_aggregated_is_an_error": UNGROUPED,
        "test_stores::test_a_count_may_not_stand_bare": BARE,
    },
}
"""What a store answers otherwise, by test, with the reason as the README gives it. A test that begins to pass fails."""

VIRTUOSO = {"ResultSetMaxRows": 100_000, "MaxQueryExecutionTime": 60}
"""Its limits: few enough rows that a cut can be tried, and an end to queries that nobody waits for any more."""


@dataclass(frozen=True)
class Store:
    """A running store: where it is queried, where its graphs are replaced, and who may do that."""

    endpoint: str
    graph_store: str
    credentials: Credentials = field(default_factory=Credentials)

    def load(self, dataset: Dataset) -> Remote:
        """The engine over the store, once our graphs are in it."""
        engine = Remote(dataset, self.endpoint, timeout=60)
        done = pushing.push(
            dataset, Endpoint(pushing.address(self.graph_store, ""), self.credentials), self.graph_store, engine, print
        )
        assert not done.failed, done.lines()
        return engine


INSTALL = {
    "oxigraph": "make install-test",
    "virtuoso": "apt-get install virtuoso-opensource-7-bin, or any Virtuoso 7 whose virtuoso-t is on the path",
}


def asked_for() -> set[str]:
    """The stores that have to be tested, whether they are installed or not."""
    names = set(os.environ.get("STORE_TESTS", "").split(",")) - {""}
    if unknown := names - {*INSTALL}:
        raise ValueError(f"STORE_TESTS names {', '.join(sorted(unknown))}; there are {', '.join(INSTALL)}")
    return names


def missing(name: str) -> str:
    """Why the tests over a store do not run here; nothing where they can, or have to."""
    if name == "embedded" or name in asked_for():
        return ""
    if name == "virtuoso":
        return "takes more than a minute; STORE_TESTS=oxigraph,virtuoso runs it"
    if installed(name):
        return ""
    return f"the package {name} is not installed"


def installed(name: str) -> bool:
    """Whether a store's server is here."""
    return servers.program({"virtuoso": "virtuoso-t"}.get(name, name)) is not None


@contextmanager
def running(name: str, folder: Path) -> Iterator[Store]:
    """A store without data; its process is gone afterwards, and its files lie in `folder`."""
    if not installed(name):
        raise FileNotFoundError(f"STORE_TESTS names {name}, which is not installed: {INSTALL[name]}")
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    if name == "oxigraph":
        command, path = servers.oxigraph(port), "/query"
        store = Store(f"{base}{path}", f"{base}/store")
    else:
        command, path = servers.virtuoso(folder, port, free_port(), buffers=20_000, threads=2, **VIRTUOSO), "/sparql"
        graphs = f"{base}/sparql-graph-crud-auth?graph-uri={{graph}}"
        store = Store(f"{base}{path}", graphs, Credentials("dba", "dba"))
    with servers.process(command, folder) as process:
        servers.wait(process, port, path, folder, seconds=60)
        yield store


def difference(engine: str, module: str, test: str) -> str | None:
    """The reason why a test is expected to fail over an engine. `test` is its name with the parameters in brackets."""
    bare = test.replace(f"[{engine}]", "").replace(f"[{engine}-", "[").replace(f"-{engine}]", "]")
    bare = bare.replace(f"-{engine}-", "-")
    known = DIFFERENCES.get(engine, {})
    return known.get(f"{module}::{bare}") or known.get(f"{module}::{bare.partition('[')[0]}")
