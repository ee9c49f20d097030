"""Every kind of page in a browser: what everybody can read, on any screen, without a word to anyone else."""

import itertools

import pytest
from axe_playwright_python.sync_playwright import Axe
from every_page import PAGES
from playwright.sync_api import Browser, Page
from watching import watch

kinds = pytest.mark.parametrize("kind", PAGES)


@kinds
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser: Browser, url: str, kind: str, scheme: str) -> None:
    with browser.new_context(base_url=url, locale="en-GB", color_scheme=scheme) as context:  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(PAGES[kind])
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()


@kinds
def test_on_a_phone_nothing_sticks_out_and_nothing_is_cut_off(browser: Browser, url: str, kind: str) -> None:
    screen = {"width": 390, "height": 844}
    with browser.new_context(base_url=url, locale="en-GB", viewport=screen, is_mobile=True) as context:  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(PAGES[kind])
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= screen["width"], f"{wide} px: {outside(page)}"


def outside(page: Page) -> list[str]:
    """What begins or ends beyond the screen, and is not inside something that scrolls."""
    return list(
        page.evaluate(
            """() => [...document.querySelectorAll("main *, header *, footer *")]
                .filter((e) => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".scroll"))
                .slice(0, 5).map((e) => e.outerHTML.slice(0, 120))"""
        )
    )


@kinds
def test_no_request_leaves_and_no_script_complains(browser: Browser, url: str, kind: str) -> None:
    with browser.new_context(base_url=url, locale="en-GB") as context:
        watched = watch(context)
        watched.page.goto(PAGES[kind])
        watched.page.wait_for_load_state("networkidle")
        assert watched.requests
        assert watched.elsewhere == []
        assert watched.complaints == []


@kinds
def test_without_scripts_there_is_the_same_to_read(browser: Browser, url: str, kind: str) -> None:
    with browser.new_context(base_url=url, locale="en-GB", java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(PAGES[kind])
        assert page.locator("h1").count() == 1
        assert page.locator("h1").first.is_visible()
        assert len(page.locator("main").inner_text()) > 20


@kinds
def test_headings_go_down_step_by_step(browser: Browser, url: str, kind: str) -> None:
    with browser.new_context(base_url=url, locale="en-GB", java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(PAGES[kind])
        names = page.locator("h1, h2, h3, h4, h5, h6").evaluate_all("all => all.map((e) => Number(e.tagName[1]))")
        assert names[0] == 1
        assert all(after - before <= 1 for before, after in itertools.pairwise(names)), names
