"""What the tests stand on: the real graph, loaded once, and the application over it, by one engine or by all."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import stores
from flask import Flask
from flask.testing import FlaskClient

from citygraph import dataset as folders
from citygraph.dataset import Dataset
from citygraph.engine import Embedded, Engine

pytest_plugins = ["pools", "things"]

ROOT = Path(__file__).parents[1]
# What somebody exported or released in this checkout is nothing to the tests, nor to the servers that they start.
os.environ["CITYGRAPH_DIST"] = os.environ["CITYGRAPH_RELEASES"] = str(ROOT / "tests" / "nothing")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One HTTP suite over all engines."""
    if "engine" in metafunc.fixturenames and metafunc.module.__name__ in stores.SUITE:
        metafunc.parametrize("engine", stores.ENGINES, indirect=True, scope="session")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Known differences of other stores are expected to fail, and to be struck from the table when they do not."""
    for item in items:
        engine = getattr(item, "callspec", None) and item.callspec.params.get("engine")  # type: ignore[attr-defined]
        if engine and (reason := stores.difference(engine, item.path.stem, item.name)):
            item.add_marker(pytest.mark.xfail(reason=reason, strict=True, run=reason not in stores.NOT_RUN))


@pytest.fixture(scope="session")
def dataset() -> Dataset:
    """The real graph of this checkout."""
    return folders.load(ROOT)


@pytest.fixture(scope="session")
def engine(
    request: pytest.FixtureRequest, dataset: Dataset, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    """An engine over the real graph: the embedded one, unless the test runs over all of them."""
    name = getattr(request, "param", "embedded")
    if name == "embedded":
        embedded = Embedded(dataset, workers=2)
        yield embedded
        embedded.close()
        return
    if reason := stores.missing(name):
        pytest.skip(reason)
    with stores.running(name, tmp_path_factory.mktemp(name)) as store:
        remote = store.load(dataset)
        yield remote
        remote.close()


@pytest.fixture(scope="session")
def app(dataset: Dataset, engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    from server import create_app

    return create_app(dataset=dataset, engine=engine, state=tmp_path_factory.mktemp("state"))


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def served() -> Iterator[Callable[[Path], FlaskClient]]:
    """Starts a site over a root; it ends with the test."""
    from server import create_app

    engines = []

    def start(root: Path) -> FlaskClient:
        app = create_app(root, path="/")
        engines.append(app.extensions["site"].engine)
        return app.test_client()

    yield start
    for engine in engines:
        engine.close()
