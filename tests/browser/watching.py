"""A page that is watched: what it asks for, and what it complains of."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, Page, Request


@dataclass
class Watched:
    """A page, every request that it makes, and what its scripts complain of."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    @property
    def elsewhere(self) -> list[str]:
        """The requests that left this machine."""
        near = ("127.0.0.1", "")
        return [address for address in self.requests if (urlsplit(address).hostname or "") not in near]


def watch(context: BrowserContext) -> Watched:
    """A new page of a context, watched."""
    watched = Watched(context.new_page())

    def seen(request: Request) -> None:
        watched.requests.append(request.url)

    context.on("request", seen)
    watched.page.on("pageerror", lambda error: watched.complaints.append(str(error)))
    watched.page.on("console", lambda said: watched.complaints.append(said.text) if "Policy" in said.text else None)
    return watched
