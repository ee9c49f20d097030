"""A page that is watched: what it asks for, and what it complains of."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, Page, Request

NEAR = ("127.0.0.1", "")


@dataclass
class Watched:
    """A page, every request that it makes, and what its scripts complain of."""

    page: Page
    requests: list[Request] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    @property
    def elsewhere(self) -> list[str]:
        """The requests that left this machine."""
        return [each.url for each in self.requests if (urlsplit(each.url).hostname or "") not in NEAR]

    @property
    def asked(self) -> list[str]:
        """The requests of the page itself: a browser looks up the icon again whenever the address changes."""
        return [each.url for each in self.requests if not (each.resource_type == "other" and "icon" in each.url)]


def watch(context: BrowserContext) -> Watched:
    """A new page of a context, watched."""
    watched = Watched(context.new_page())
    watched.page.on("request", lambda request: watched.requests.append(request))
    watched.page.on("pageerror", lambda error: watched.complaints.append(str(error)))
    watched.page.on("console", lambda said: watched.complaints.append(said.text) if "Policy" in said.text else None)
    return watched
