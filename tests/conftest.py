"""What the tests stand on: the real graph, loaded once, and the application over it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from citygraph import dataset as folders
from citygraph.dataset import Dataset
from citygraph.engine import Embedded

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def dataset() -> Dataset:
    """The real graph of this checkout."""
    return folders.load(ROOT)


@pytest.fixture(scope="session")
def engine(dataset: Dataset) -> Iterator[Embedded]:
    """The embedded engine over the real graph."""
    made = Embedded(dataset, workers=2)
    yield made
    made.close()


@pytest.fixture(scope="session")
def app(dataset: Dataset, engine: Embedded) -> Flask:
    from server import create_app

    return create_app(dataset=dataset, engine=engine)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()
