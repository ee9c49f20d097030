"""With a script the page to explore follows each choice at once, before a server and on a copy without one."""

from __future__ import annotations

import csv
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from flask import Flask
from listed import ids, rows
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from citygraph.dataset import Dataset
from citygraph.engine import Embedded
from server import create_app

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

QUESTION = "field=music&field=film&region=africa&sort=-country"


@contextmanager
def listening(app: Flask) -> Iterator[str]:
    """The address of an application that browsers reach."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def copied(application: WSGIApplication) -> WSGIApplication:
    """An application that answers as files do: the same, whatever stands behind the question mark."""
    return lambda environ, start: application({**environ, "QUERY_STRING": ""}, start)


@pytest.fixture(scope="module", params=[False, True], ids=["before a server", "on a copy"])
def site(request: pytest.FixtureRequest, dataset: Dataset, engine: Embedded) -> Iterator[str]:
    app = create_app(dataset=dataset, engine=engine)
    app.extensions["site"].static = request.param
    if request.param:
        app.wsgi_app = copied(app.wsgi_app)  # type: ignore[method-assign]
    with listening(app) as address:
        yield address


@pytest.fixture
def window(browser: Browser, site: str) -> Iterator[Page]:
    opened = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    wrong: list[object] = []
    asked: list[str] = []
    opened.on("pageerror", lambda error: wrong.append(error))
    opened.on("request", lambda request: asked.append(request.url))
    opened.goto(f"{site}/explore")
    yield opened
    assert wrong == []
    assert {urlsplit(url).hostname for url in asked} <= {"127.0.0.1", None}
    opened.context.close()


def shown(window: Page) -> list[str]:
    """The paths of the cities in the table, in their order."""
    found = window.locator("tbody tr td:first-child a").evaluate_all("links => links.map(link => link.pathname)")
    return [path.removeprefix("/") for path in found]


def test_what_is_ticked_searched_and_sorted_is_shown_counted_and_in_the_address(window: Page, app: Flask) -> None:
    client = app.test_client()
    window.check("#field-music")
    expect(window.locator("#how-many")).to_have_text("84 of 406 cities")
    window.check("#field-film")
    expect(window.locator("#how-many")).to_have_text("114 of 406 cities")
    expect(window.locator("#field-film")).to_be_focused()
    window.check("#region-africa")
    some = ids(client, "/cities?field=music&field=film&region=africa")
    expect(window.locator("#how-many")).to_have_text(f"{len(some)} of 406 cities")
    window.get_by_role("link", name="country", exact=True).click()
    expect(window.locator('th[aria-sort="ascending"]')).to_have_text("country")
    window.get_by_role("link", name="country", exact=True).click()
    expect(window.locator('th[aria-sort="descending"]')).to_have_text("country")
    assert [f"https://w3id.org/creative-cities/{path}" for path in shown(window)] == ids(client, f"/cities?{QUESTION}")
    assert "region=africa" in window.url
    assert "sort=-country" in window.url
    beside = window.locator("li:has(#field-design) .count").inner_text()
    assert int(beside) == len(ids(client, "/cities?field=design&region=africa"))
    window.locator("#explore-q").fill("LAGOS")
    window.locator("#explore-q").fill("LÁGOS")
    found = ids(client, f"/cities?{QUESTION}&q=lagos")
    expect(window.locator("tbody tr:visible")).to_have_count(len(found))


def test_an_address_says_what_was_chosen_and_a_chip_takes_it_back(window: Page, site: str) -> None:
    window.goto(f"{site}/explore?field=music&round=2017")
    expect(window.locator("#how-many")).to_have_text("12 of 406 cities")
    expect(window.locator("#round-2017")).to_be_checked()
    window.locator(".chips li").first.locator("a, button").click()
    expect(window.locator("#how-many")).to_have_text("64 of 406 cities")
    expect(window.locator("#field-music")).not_to_be_checked()


def test_the_keyboard_ticks_a_box_and_stays_on_it(window: Page) -> None:
    window.focus("#field-music")
    window.keyboard.press("Space")
    expect(window.locator("#how-many")).to_have_text("84 of 406 cities")
    expect(window.locator("#field-music")).to_be_focused()


def test_the_csv_of_a_choice_holds_its_rows_in_their_order(window: Page, app: Flask, site: str) -> None:
    window.goto(f"{site}/explore?{QUESTION}")
    link = window.locator('.downloads a[type="text/csv"]').first
    expect(window.locator('th[aria-sort="descending"]')).to_have_text("country")
    with window.expect_download() as waiting:
        link.evaluate("link => { link.download = 'cities.csv'; link.click(); }")
    with Path(waiting.value.path()).open(encoding="utf-8", newline="") as file:
        assert list(csv.DictReader(file)) == rows(app.test_client(), f"/cities?{QUESTION}")


def test_on_a_phone_the_filters_are_folded_and_nothing_runs_over_the_edge(browser: Browser, site: str) -> None:
    phone = browser.new_context(viewport={"width": 390, "height": 800}).new_page()
    phone.goto(f"{site}/explore")
    expect(phone.locator("#field-music")).to_be_hidden()
    phone.locator("#filters > summary").click()
    phone.check("#field-music")
    expect(phone.locator("#how-many")).to_have_text("84 of 406 cities")
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
    phone.context.close()
