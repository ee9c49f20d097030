"""The map in a browser: cards, and filters that ask the server nothing and show what it would."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect
from watching import Watched, watch

SEEN = """() => [
  document.getElementById('counted').textContent.trim(),
  [...document.querySelectorAll('.world .dots a')].filter(dot => dot.style.display !== 'none').length,
  [...document.querySelectorAll('.places [data-held]')].filter(one => !one.hidden).map(one => one.textContent.trim()),
  [...document.querySelectorAll('.places h3, .country')].filter(one => !one.closest('[hidden]')).map(
    one => one.parentNode.querySelector('.count').textContent),
  [...document.querySelectorAll('.legend .count')].map(count => count.textContent),
  [...document.querySelectorAll('.years .count')].map(count => count.textContent),
  [...document.querySelectorAll('.years rect')].map(bar => bar.getAttribute('height')),
  [...document.querySelectorAll('[aria-current]')].map(link => link.textContent.trim()),
  [...document.querySelectorAll('[data-same]')].map(link => [...new URL(link.href).searchParams].sort().join('&')),
]"""


@pytest.fixture
def there(watched: Watched) -> Watched:
    watched.page.goto("/map")
    watched.requests.clear()
    return watched


def seen(page: Page) -> list[object]:
    found = page.evaluate(SEEN)
    assert isinstance(found, list)
    return found


def as_the_server_says(browser: Browser, url: str, page: Page) -> list[object]:
    """The same address without its script: the script of the filters is not loaded, so that it can be looked into."""
    with browser.new_context(base_url=url, locale="en-GB") as context:
        other = context.new_page()
        other.route(re.compile("map-filters"), lambda route: route.abort())
        other.goto(page.url)
        return seen(other)


@pytest.mark.parametrize(
    "chosen",
    [
        {"field": "music"},
        {"at": "2012-06-30"},
        {"region": "africa", "at": "2017-12-31"},
        {"country": "fr", "field": "media-arts", "at": "2020-01-01"},
        {"country": "se", "field": "film"},
        {"field": "literature", "region": "europe-and-north-america"},
    ],
)
def test_a_filter_shows_what_the_server_would_show_and_asks_it_nothing(
    there: Watched, browser: Browser, url: str, chosen: dict[str, str]
) -> None:
    for name, value in chosen.items():
        field = there.page.locator(f"#filter-{name}")
        if name == "at":
            field.fill(value)
        else:
            field.select_option(value)
    assert dict(re.findall(r"(\w+)=([^&]+)", there.page.url)) == chosen
    assert there.asked == []
    assert seen(there.page) == as_the_server_says(browser, url, there.page)
    assert there.complaints == []


def test_the_legend_and_the_years_choose_and_a_second_click_takes_it_back(there: Watched) -> None:
    before = seen(there.page)
    for link in ("[data-to=music]", "[data-to='2017-12-31']"):
        there.page.locator(link).click()
    expect(there.page.locator("#counted")).to_have_text("31 cities in 24 countries on 2017-12-31")
    for link in ("[data-to=music]", "[data-to='2017-12-31']"):
        there.page.locator(link).click()
    assert seen(there.page) == before
    there.page.locator("[data-to=film]").click()
    there.page.get_by_text("Show all").click()
    assert seen(there.page) == before
    assert there.asked == []


def test_a_page_that_came_with_filters_is_widened_with_one_request(
    watched: Watched, browser: Browser, url: str
) -> None:
    watched.page.goto("/map?field=film")
    watched.requests.clear()
    watched.page.locator("#filter-field").select_option("music")
    expect(watched.page.locator("#counted")).to_contain_text("84 cities")
    assert watched.asked == [f"{url}/map"]
    assert seen(watched.page) == as_the_server_says(browser, url, watched.page)


def test_a_copy_without_a_server_filters_by_its_address(there: Watched, browser: Browser, url: str) -> None:
    whole = there.page.request.get("/map").text()
    there.page.route(re.compile(r"/map\?"), lambda route: route.fulfill(body=whole, content_type="text/html"))
    there.page.goto("/map?field=music&at=2017-12-31")
    expect(there.page.locator("#counted")).to_have_text("31 cities in 24 countries on 2017-12-31")
    assert seen(there.page) == as_the_server_says(browser, url, there.page)


def test_a_dot_under_the_pointer_has_a_card_and_leads_to_its_city(there: Watched) -> None:
    dot = there.page.locator(".europe a[href='/city/norrkoping']")
    dot.hover()
    card = there.page.locator(".map-card")
    expect(card).to_have_text("Norrköping, Sweden\nMusic, since 2017-10-31")
    there.page.keyboard.press("Escape")
    expect(card).to_be_hidden()
    dot.click()
    expect(there.page.locator("h1")).to_have_text("Norrköping")


def test_a_card_says_what_the_city_had_on_the_day(there: Watched) -> None:
    there.page.locator("#filter-at").fill("2020-01-01")
    there.page.locator(".europe a[href='/city/lyon']").hover()
    expect(there.page.locator(".map-card")).to_contain_text("Media arts, 2008")


def test_a_finger_sees_the_card_first_and_goes_there_with_the_second_tap(browser: Browser, url: str) -> None:
    with browser.new_context(
        base_url=url, locale="en-GB", viewport={"width": 390, "height": 800}, has_touch=True
    ) as context:
        page = watch(context).page
        page.goto("/map")
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        dot = page.locator(".europe a[href='/city/reykjavik']")
        dot.tap()
        expect(page.locator(".map-card")).to_contain_text("Reykjav")
        assert page.url.endswith("/map")
        dot.tap()
        expect(page.locator("h1")).to_contain_text("Reykjav")


def test_no_dot_is_a_stop_for_the_keyboard(there: Watched) -> None:
    for _ in range(60):
        there.page.keyboard.press("Tab")
        assert not there.page.evaluate("Boolean(document.activeElement.closest('.dots'))")
    assert there.page.evaluate("Boolean(document.activeElement.closest('.places'))")
