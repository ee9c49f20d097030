"""What a query may take is told, to programs and to people, before somebody runs into it."""

from decimal import Decimal

import pytest
from faulty import JSON, YES, over, replying, serving
from flask.testing import FlaskClient
from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, parse

from citygraph.dataset import Dataset
from citygraph.engine import Answering, Embedded, Limits
from citygraph.namespaces import PREFIXES
from server import create_app

SCHEMA = PREFIXES["schema"]


class Bounded(Embedded):
    """An engine of any limits, for which the graph lies ready in this process."""

    def __init__(self, dataset: Dataset, limits: Limits) -> None:
        self.dataset, self.limits, self.answering = dataset, limits, Answering(dataset, 1 << 20)


def client_of(dataset: Dataset, limits: Limits) -> FlaskClient:
    return create_app(dataset=dataset, engine=Bounded(dataset, limits)).test_client()


def told(client: FlaskClient) -> dict[str, tuple[Decimal, str]]:
    """Each limit of the Service Description by the end of its IRI: the most, and its unit."""
    body = client.get("/sparql", headers={"Accept": "text/turtle"}).data
    facts: set[Triple] = {quad.triple for quad in parse(body, format=RdfFormat.TURTLE)}

    def of(node: object, term: str) -> str:
        [value] = [t.object for t in facts if t.subject == node and t.predicate == NamedNode(SCHEMA + term)]
        assert isinstance(value, Literal)
        return value.value

    nodes = [t.object for t in facts if t.predicate == NamedNode(SCHEMA + "additionalProperty")]
    return {
        str(node.value).rpartition("#limit-")[2]: (Decimal(of(node, "maxValue")), of(node, "unitCode"))
        for node in nodes
        if isinstance(node, NamedNode)
    }


def page(client: FlaskClient) -> str:
    return " ".join(client.get("/sparql", headers={"Accept": "text/html"}).text.split())


def test_all_limits_of_our_own_engine_are_told_to_programs(dataset: Dataset) -> None:
    assert told(client_of(dataset, Limits(2.5, 1 << 20, 1 << 30, 7))) == {
        "timeout": (Decimal("2.5"), "SEC"),
        "max-body": (Decimal(1 << 20), "AD"),
        "memory": (Decimal(1 << 30), "AD"),
        "queue": (Decimal(7), "C62"),
    }


def test_the_limits_that_are_told_are_those_of_the_running_server(client: FlaskClient) -> None:
    found = {name: most for name, (most, _) in told(client).items()}
    assert found == {"timeout": 10, "max-body": 64 << 20, "memory": 1 << 30, "queue": 32}


def test_what_a_store_elsewhere_decides_is_left_out(dataset: Dataset) -> None:
    with serving(replying(JSON, YES)) as store:
        limits = over(store, timeout=4.0).limits
    assert limits == Limits(4.0, 64 << 20, None, None)
    client = client_of(dataset, limits)
    assert set(told(client)) == {"timeout", "max-body"}
    assert "memory" not in page(client)
    assert "wait" not in page(client)


@pytest.mark.parametrize(
    "words", ["2.5 seconds", "1.0 GiB of memory", "1.0 MiB long", "7 queries may wait", "<code>timeout=</code>"]
)
def test_the_query_page_says_them_in_words(dataset: Dataset, words: str) -> None:
    assert words in page(client_of(dataset, Limits(2.5, 1 << 20, 1 << 30, 7)))


def test_a_page_kept_by_a_browser_is_old_once_the_limits_are_others(dataset: Dataset) -> None:
    tags = {
        client_of(dataset, limits).get("/sparql", headers={"Accept": "text/html"}).headers["ETag"]
        for limits in (Limits(2.5, 1 << 20), Limits(3.5, 1 << 20))
    }
    assert len(tags) == 2
