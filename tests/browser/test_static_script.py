"""A copy of plain files in a browser: search, filters and the map work as they do before a server."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page, expect
from static_sites import Running, compared, exported, network, nginx_over

from citygraph import dataset as folders
from citygraph.archive import Archive
from server import create_app

URL = "https://cities.example/kg/"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return network(tmp_path_factory.mktemp("root") / "network")


@pytest.fixture(scope="module")
def site(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return exported(root, tmp_path_factory.mktemp("www") / "kg", "--unvalidated", base_url=URL)


@pytest.fixture(scope="module")
def nginx(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with nginx_over(site, tmp_path_factory.mktemp("nginx")) as running:
        yield running


@pytest.fixture(scope="module")
def live(root: Path, site: Path) -> FlaskClient:
    """A server of the same graph, with the same dumps."""
    app = create_app(dataset=folders.load(root), public_url=URL, path="/kg")
    served = app.extensions["site"]
    served.archive = Archive(root / "releases", next((site / "dump").iterdir()), served.dataset.digest)
    return app.test_client()


@pytest.fixture
def window(browser: Browser, nginx: Running) -> Iterator[Page]:
    context = browser.new_context(base_url=nginx.url, viewport={"width": 1280, "height": 900})
    opened, wrong = context.new_page(), list[object]()
    opened.on("pageerror", lambda error: wrong.append(error))
    opened.on("response", lambda reply: wrong.append(reply.url) if reply.status >= 400 else None)
    opened.on("request", lambda asked: wrong.append(asked.url) if not asked.url.startswith(nginx.url) else None)
    yield opened
    assert wrong == []
    context.close()


def counted(live: FlaskClient, question: str) -> int:
    """How many cities the server has for a question."""
    return len({row["id"] for row in live.get(f"/kg/cities.json?{question}").get_json()["items"]})


def test_the_search_of_the_first_page_finds_names(window: Page) -> None:
    window.goto("./")
    window.fill("#q", "HELSINKI")
    window.locator("form.search button").click()
    expect(window.locator("tbody tr:visible")).to_have_count(1)
    expect(window.locator("tbody")).to_contain_text("Helsinki")


def test_filters_in_a_link_are_kept_on_the_way_and_applied(window: Page, live: FlaskClient) -> None:
    window.goto("explore?field=design")
    assert window.url.endswith("explore.html?field=design")
    expect(window.locator("#field-design")).to_be_checked()
    expect(window.locator("tbody tr:visible")).to_have_count(counted(live, "field=design"))
    window.check("#country-dk")
    expect(window.locator("tbody tr:visible")).to_have_count(counted(live, "field=design&country=dk"))
    window.goto("explore.sv.html?field=design&sort=-country")
    expect(window.locator('th[aria-sort="descending"]')).to_have_text("land")


def test_what_a_copy_cannot_filter_by_it_says(window: Page) -> None:
    window.goto("explore.html?field=design&at=2016-01-01")
    expect(window.locator("#results .note")).to_have_text("This copy of plain files cannot filter by: at=2016-01-01")


def test_the_map_filters_by_what_its_address_says(window: Page, live: FlaskClient) -> None:
    window.goto("map?field=design")
    assert window.url.endswith("map.html?field=design")
    expect(window.locator("[data-held]:visible")).to_have_count(counted(live, "field=design"))
    window.select_option("#filter-country", "dk")
    expect(window.locator("[data-held]:visible")).to_have_count(counted(live, "field=design&country=dk"))
    whole = window.locator(".downloads a")
    assert {link.get_attribute("href").partition("?")[2] for link in whole.all()} == {""}  # type: ignore[union-attr]


def test_a_query_in_a_link_stands_in_the_form_and_nothing_offers_to_run_it(window: Page) -> None:
    window.goto("sparql.html?query=ASK+%7B%7D")
    assert window.input_value("#query") == "ASK {}"
    expect(window.locator(".go")).to_have_count(0)
    expect(window.get_by_text("to answer queries it needs a server")).to_be_visible()


def test_no_page_offers_a_form_that_nobody_answers(site: Path) -> None:
    for page in site.rglob("*.html"):
        text = page.read_text("utf-8")
        scripted = page.name.startswith(("explore.", "map.", "index.", "sparql.")) and page.parent == site
        assert scripted or "<form" not in text.replace('<form class="search"', ""), page


def test_tables_and_results_of_queries_have_the_types_of_the_server(
    site: Path, nginx: Running, live: FlaskClient
) -> None:
    assert compared(site, nginx, live) >= {
        "text/csv", "text/tab-separated-values", "application/geo+json", "application/vnd.sqlite3",
        "application/sparql-results+json", "application/sparql-results+xml", "application/csvm+json", "image/svg+xml",
    }  # fmt: skip
