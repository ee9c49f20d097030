"""Every kind of page in a browser: what everybody can read, on any screen, without a word to anyone else."""

from collections.abc import Iterator
from itertools import pairwise

import pytest
from axe_playwright_python.sync_playwright import Axe
from every_page import PAGES
from playwright.sync_api import BrowserContext, Page
from watching import Watched, watch

axe = Axe()
VIOLATIONS = {"resultTypes": ["violations"]}
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
"""The rules that may say something else of the same page in the dark."""


@pytest.fixture(scope="module", params=PAGES)
def seen(request: pytest.FixtureRequest, screen: BrowserContext) -> Iterator[Watched]:
    """A page of each kind as it is once everything has come."""
    watched = watch(screen)
    watched.page.goto(PAGES[request.param], wait_until="networkidle")
    yield watched
    watched.page.close()


@pytest.fixture(scope="module", params=PAGES)
def small(request: pytest.FixtureRequest, phone: BrowserContext) -> Iterator[Page]:
    """The same on a phone."""
    yield from opened(phone, request.param)


@pytest.fixture(scope="module", params=PAGES)
def bare(request: pytest.FixtureRequest, scriptless: BrowserContext) -> Iterator[Page]:
    """The same without scripts."""
    yield from opened(scriptless, request.param)


def opened(context: BrowserContext, kind: str) -> Iterator[Page]:
    """A page of a kind, for as long as it is looked at."""
    page = context.new_page()
    page.goto(PAGES[kind])
    yield page
    page.close()


def test_axe_finds_nothing(seen: Watched) -> None:
    seen.page.emulate_media(color_scheme="light")
    found = axe.run(seen.page, options=VIOLATIONS)
    assert found.violations_count == 0, found.generate_report()


def test_in_the_dark_axe_finds_nothing_either(seen: Watched) -> None:
    seen.page.emulate_media(color_scheme="dark")
    found = axe.run(seen.page, options=VIOLATIONS | COLOURS)
    assert found.violations_count == 0, found.generate_report()


def test_no_request_leaves_and_no_script_complains(seen: Watched) -> None:
    assert seen.requests
    assert seen.elsewhere == []
    assert seen.complaints == []


def test_on_a_phone_nothing_sticks_out_and_nothing_is_cut_off(small: Page) -> None:
    wide, screen = small.evaluate("[document.documentElement.scrollWidth, screen.width]")
    assert wide <= screen, f"{wide} px: {outside(small)}"


def outside(page: Page) -> list[str]:
    """What begins or ends beyond the screen, and is not inside something that scrolls."""
    return list(
        page.evaluate(
            """() => [...document.querySelectorAll("main *, header *, footer *")]
                .filter((e) => e.getBoundingClientRect().right > screen.width + 1 && !e.closest(".scroll"))
                .slice(0, 5).map((e) => e.outerHTML.slice(0, 120))"""
        )
    )


def test_without_scripts_there_is_the_same_to_read(bare: Page) -> None:
    assert bare.locator("h1").count() == 1
    assert bare.locator("h1").first.is_visible()
    assert len(bare.locator("main, body").first.inner_text()) > 20


def test_headings_go_down_step_by_step(bare: Page) -> None:
    names = bare.locator("h1, h2, h3, h4, h5, h6").evaluate_all("all => all.map((e) => Number(e.tagName[1]))")
    assert names[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(names)), names
