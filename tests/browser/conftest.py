"""A real browser on a real server. Without a browser these tests are skipped, with BROWSER_TESTS=require they fail."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from live import serving
from playwright.sync_api import Browser, sync_playwright
from watching import Watched, watch

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's chromium."""
    if not Path(CHROMIUM).exists():
        reason = "there is no chromium (on Debian: apt install chromium)"
        if os.environ.get("BROWSER_TESTS") == "require":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture(scope="session")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running server with the real graph."""
    with serving("--workers", "1", log=tmp_path_factory.mktemp("serve") / "log") as (address, _):
        yield address


@pytest.fixture
def watched(browser: Browser, url: str) -> Iterator[Watched]:
    """A page in English, on a screen of usual size."""
    with browser.new_context(base_url=url, locale="en-GB", viewport={"width": 1280, "height": 900}) as context:
        yield watch(context)


@pytest.fixture
def plain(browser: Browser, url: str) -> Iterator[Watched]:
    """The same with JavaScript off."""
    with browser.new_context(base_url=url, locale="en-GB", java_script_enabled=False) as context:
        yield watch(context)
