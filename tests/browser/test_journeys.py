"""What people come for, done as they would do it: by keyboard, without scripts, on paper."""

import csv
import io

from playwright.sync_api import Browser, Page, expect

MOST_TABS = 400


def walk_to(page: Page, name: str) -> None:
    """Press the tabulator until what has the focus is called so. Fails when it never is."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if page.evaluate(NAME) == name:
            return
    raise AssertionError(f"nothing that the keyboard reaches is called {name!r} at {page.url}")


NAME = """() => { const e = document.activeElement;
    const label = e.labels && e.labels[0] ? e.labels[0].innerText : "";
    return (e.getAttribute("aria-label") || label || e.innerText || "").trim(); }"""


def test_who_joined_with_music_in_2017_as_csv_by_keyboard_and_without_scripts(browser: Browser, url: str) -> None:
    with browser.new_context(base_url=url, locale="en-GB", java_script_enabled=True) as context:
        # Tabbing is looked at by a script of the test; the page's own are not let in.
        context.route("**/*.js*", lambda route: route.abort())
        page = context.new_page()
        page.goto("/")
        walk_to(page, "Browse")
        page.keyboard.press("Enter")
        walk_to(page, "Cities")
        page.keyboard.press("Enter")
        page.wait_for_url("**/cities*")
        for field, choice in (("field", "Music"), ("round", "2017")):
            page.locator(f"select[name={field}]").focus()
            page.keyboard.type(choice)
        page.keyboard.press("Tab")
        walk_to(page, "Show")
        page.keyboard.press("Enter")
        page.wait_for_url("**field=music**")
        walk_to(page, "CSV")
        with page.expect_download() as download:
            page.evaluate("document.activeElement.setAttribute('download', '')")
            page.keyboard.press("Enter")
        text = download.value.path().read_text("utf-8")
        cities = {row["cityLabel"] for row in csv.DictReader(io.StringIO(text))}
        assert "Norrköping" in cities
        assert len(cities) == 12


def test_the_skip_link_is_the_first_stop_and_leads_past_the_menu(browser: Browser, url: str) -> None:
    with browser.new_context(base_url=url, locale="en-GB") as context:
        page = context.new_page()
        page.goto("/cities")
        page.keyboard.press("Tab")
        skip = page.locator(":focus")
        expect(skip).to_have_text("Skip to content")
        expect(skip).to_be_in_viewport()
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_be_focused()


def test_the_language_is_changed_and_stays_changed(browser: Browser, url: str) -> None:
    with browser.new_context(base_url=url, locale="en-GB") as context:
        page = context.new_page()
        page.goto("/city/norrkoping.html")
        page.get_by_role("link", name="Svenska").first.click()
        expect(page.locator("html")).to_have_attribute("lang", "sv")
        page.get_by_role("link", name="Sverige").first.click()
        expect(page.locator("h1")).to_have_text("Sverige")
        expect(page.locator("html")).to_have_attribute("lang", "sv")


def test_a_swedish_browser_is_spoken_to_in_swedish(browser: Browser, url: str) -> None:
    with browser.new_context(base_url=url, locale="sv-SE") as context:
        page = context.new_page()
        page.goto("/city/norrkoping")
        expect(page.locator("html")).to_have_attribute("lang", "sv")
