"""The links of a page of the static site: straight to files, so that they work without any rule of a server."""

import re
from collections.abc import Mapping
from html import escape, unescape
from types import MappingProxyType
from urllib.parse import urlencode

from citygraph import wording
from export.site.collecting import ATTRIBUTE, Collected, plain
from export.site.layout import Asked, Layout

TURNED = re.compile(r'\s*<link rel="alternate" hreflang="([\w-]+)" href="[^"]*">')
ENTRY = re.compile(r"(<(?:url|sitemap)><loc>)([^<]*)(</loc>.*?</(?:url|sitemap)>\n)")
HOPS = 5


class Rewriter:
    """Rewrites the pages of what was collected. `live` is the address of a server that answers queries, or nothing;
    `scripted` gives the paths of pages that filter by themselves, each by the path whose filters it takes."""

    def __init__(
        self, layout: Layout, found: Collected, live: str = "", scripted: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        self.layout, self.found, self.live, self.scripted = layout, found, live, scripted
        self.dead: set[str] = set()

    def page(self, text: str) -> str:
        """A page with its links rewritten, without those to languages that have no files."""
        offered = {*wording.INTERFACE, "x-default"}
        text = TURNED.sub(lambda found: found[0] if found[1] in offered else "", text)
        return ATTRIBUTE.sub(lambda found: f'{found[1]}="{escape(self.sent(found[1], plain(found[2])))}"', text)

    def sitemap(self, text: str, public: str) -> str:
        """A sitemap with the addresses of files, without what has none. `public` is what its addresses begin with."""
        place = public.removesuffix(self.layout.prefix + "/")

        def entry(found: re.Match[str]) -> str:
            here = unescape(found[2]).removeprefix(place)
            if self.layout.visited(here) not in self.found.files.keys() | self.found.moved.keys():
                return ""
            return f"{found[1]}{escape(place + self.target(here))}{found[3]}"

        return ENTRY.sub(entry, text)

    def sent(self, attribute: str, link: str) -> str:
        """Where a link goes, or a form: where there is a server, forms go there, but for those that scripts answer."""
        asked = self.layout.asked(link)
        if attribute != "action" or not self.live or not asked or asked.path in self.scripted.values():
            return self.target(link)
        return self.live.rstrip("/") + link.removeprefix(self.layout.prefix)

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
        if self.live and asked.rest and asked.path not in self.scripted:
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
        page = self.layout.address(Asked(self.scripted.get(asked.path, asked.path), asked.language, ()))
        bare = self.layout.visited(page)
        if bare in self.found.moved:
            return self.target(bare)
        file = self.found.files.get(bare or "")
        if not file:
            self.dead.add(address)
        return f"{self.layout.link(file)}?{urlencode(asked.rest)}" if file else address
