"""The links of a page of the static site: straight to files, so that they work without any rule of a server."""

import re
from html import escape
from urllib.parse import urlencode

from citygraph import wording
from export.site.collecting import ATTRIBUTE, Collected, plain
from export.site.layout import Layout

TURNED = re.compile(r'\s*<link rel="alternate" hreflang="([\w-]+)" href="[^"]*">')
HOPS = 5


class Rewriter:
    """Rewrites the pages of what was collected. `live` is the address of a server that answers queries, or nothing."""

    def __init__(self, layout: Layout, found: Collected, live: str = "") -> None:
        self.layout, self.found, self.live = layout, found, live
        self.dead: set[str] = set()

    def page(self, text: str) -> str:
        """A page with its links rewritten, without those to languages that have no files."""
        offered = {*wording.INTERFACE, "x-default"}
        text = TURNED.sub(lambda found: found[0] if found[1] in offered else "", text)
        return ATTRIBUTE.sub(lambda found: f'{found[1]}="{escape(self.target(plain(found[2])))}"', text)

    def target(self, link: str) -> str:
        """Where a link goes: to the file of its address, else to a server, else to the page without what it asks."""
        address, hash, fragment = link.partition("#")
        asked = self.layout.asked(address)
        if asked is None:
            return link
        for _ in range(HOPS):
            visited = self.layout.visited(address)
            if visited is None or visited not in self.found.moved:
                break
            address, _, anchor = self.found.moved[visited][1].partition("#")
            hash, fragment = ("#", anchor) if anchor else (hash, fragment)
        visited = self.layout.visited(address)
        if visited in self.found.files:
            return self.layout.link(self.found.files[visited]) + hash + fragment
        if self.live and asked.rest:
            return self.live.rstrip("/") + link.removeprefix(self.layout.prefix)
        if visited in self.found.gone:
            return link
        return self.narrowed(address) + hash + fragment

    def narrowed(self, address: str) -> str:
        """The file of a page, with what is asked of it for the page's own script."""
        asked = self.layout.asked(address)
        if asked is None or not asked.rest:
            self.dead.add(address)
            return address
        bare = self.layout.visited(address.partition("?")[0] + f"?lang={asked.language}")
        if bare in self.found.moved:
            return self.target(bare)
        file = self.found.files.get(bare or "")
        if not file:
            self.dead.add(address)
        return f"{self.layout.link(file)}?{urlencode(asked.rest)}" if file else address
