"""A real browser on a real server. Without a browser these tests are skipped, with BROWSER_TESTS=require they fail."""

import shutil
from collections.abc import Iterator

import pytest
from live import serving
from needed import unless_required
from playwright.sync_api import Browser, BrowserContext, sync_playwright
from watching import Watched, watch

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's chromium, to the end of a file: while Playwright is open, no other test can run an event loop."""
    if CHROMIUM is None:
        unless_required("there is no chromium (on Debian: apt install chromium)")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture(scope="session")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running server with the real graph."""
    with serving("--workers", "1", log=tmp_path_factory.mktemp("serve") / "log") as (address, _):
        yield address


@pytest.fixture(scope="module")
def screen(browser: Browser, url: str) -> Iterator[BrowserContext]:
    """A browser that speaks English, on a screen of usual size; the tests of a file share what it has fetched."""
    size = {"width": 1280, "height": 900}
    with browser.new_context(base_url=url, locale="en-GB", viewport=size, reduced_motion="reduce") as context:  # type: ignore[arg-type]
        yield context


@pytest.fixture(scope="module")
def phone(browser: Browser, url: str) -> Iterator[BrowserContext]:
    """The same on a phone."""
    with browser.new_context(base_url=url, locale="en-GB", viewport=PHONE, is_mobile=True, has_touch=True) as context:  # type: ignore[arg-type]
        yield context


@pytest.fixture(scope="module")
def scriptless(browser: Browser, url: str) -> Iterator[BrowserContext]:
    """The same with JavaScript off."""
    with browser.new_context(base_url=url, locale="en-GB", java_script_enabled=False) as context:
        yield context


@pytest.fixture
def watched(browser: Browser, url: str) -> Iterator[Watched]:
    """A page of a browser that has fetched nothing yet."""
    with browser.new_context(base_url=url, locale="en-GB", viewport={"width": 1280, "height": 900}) as context:
        yield watch(context)


@pytest.fixture
def plain(scriptless: BrowserContext) -> Iterator[Watched]:
    """A page with JavaScript off."""
    watched = watch(scriptless)
    yield watched
    watched.page.close()
