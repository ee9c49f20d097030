"""Answers that are kept, ready to be sent, and compressed once a client asks for that: within a bound of memory, the
least used go first.

A cache lives in one process over one loaded graph, so nothing in it can outlive its data version.
"""

import gzip
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from threading import Lock

from citygraph.ranges import Piece

LARGEST = 8 << 20
"""Bytes of a reply that is still kept: the whole graph as N-Triples is, and what an attack makes up is not."""

Headers = list[tuple[str, str]]

COMPRESSED = (
    "text/",
    "image/svg+xml",
    "application/atom+xml",
    "application/csvm+json",
    "application/geo+json",
    "application/json",
    "application/ld+json",
    "application/linkset+json",
    "application/n-",
    "application/problem+json",
    "application/rdf+xml",
    "application/sparql-results+",
    "application/trig",
    "application/xml",
)
WORTHWHILE = 600
"""Bytes from which a body is compressed; below, the headers outweigh it."""


@dataclass(frozen=True)
class Reply:
    """A whole response. `headers` have their names in lower case; `piece` is what is sent of a file, in place of a
    body."""

    status: int
    headers: Headers
    body: bytes
    piece: Piece | None = None

    def header(self, name: str) -> str:
        """A header's value, or nothing."""
        return next((value for key, value in self.headers if key == name), "")

    @property
    def size(self) -> int:
        """Roughly the bytes that it takes in memory."""
        return len(self.body) + 200 * len(self.headers) + 500


@dataclass
class Kept:
    """A reply and, once a client has asked for it, its compressed form. `packs` says whether that is worth it."""

    plain: Reply
    packs: bool = False
    packed: Reply | None = None

    @property
    def size(self) -> int:
        """Roughly the bytes that the forms take which are there."""
        return self.plain.size + (self.packed.size if self.packed else 0)

    def unpacked(self, accepted: str) -> bool:
        """Whether a client that accepts these encodings wants a form that is not there yet."""
        return self.packs and self.packed is None and takes_gzip(accepted)

    def pack(self) -> None:
        """Compress. The two forms have different strong ETags, as they must."""
        body = gzip.compress(self.plain.body, 6, mtime=0)
        headers = [
            (key, packed_tag(value) if key == "etag" else value)
            for key, value in self.plain.headers
            if key != "content-length"
        ]
        headers += [("content-encoding", "gzip"), ("content-length", str(len(body)))]
        self.packed = Reply(self.plain.status, headers, body)

    def variant(self, accepted: str) -> Reply:
        """The form for a client that accepts these encodings, of those that are there."""
        return self.packed if self.packed and takes_gzip(accepted) else self.plain


def takes_gzip(accepted: str) -> bool:
    """Whether an Accept-Encoding header allows gzip; what it says of gzip itself goes before what it says of *."""
    said: dict[str, bool] = {}
    for part in accepted.lower().split(","):
        name, _, parameters = part.partition(";")
        said.setdefault(name.strip(), parameters.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000"))
    return said.get("gzip", said.get("*", False))


def keep(reply: Reply) -> Kept:
    """A reply with its place for a compressed form, where that is worth it."""
    kind = reply.header("content-type")
    encoded = reply.header("content-encoding") or reply.status != 200
    if encoded or len(reply.body) < WORTHWHILE or not kind.startswith(COMPRESSED):
        return Kept(reply)
    return Kept(Reply(reply.status, vary(reply.headers), reply.body), packs=True)


def packed_tag(tag: str) -> str:
    """The ETag of the compressed form."""
    return tag[:-1] + '-gz"' if tag.endswith('"') else tag


def vary(headers: Headers) -> Headers:
    """The headers with Accept-Encoding among what they vary on."""
    stated = next((value for key, value in headers if key == "vary"), "")
    rest = [(key, value) for key, value in headers if key != "vary"]
    return [*rest, ("vary", f"{stated}, Accept-Encoding" if stated else "Accept-Encoding")]


def unchanged(reply: Reply, request: dict[str, str]) -> Reply:
    """The reply, or a 304 where the request's headers say that the client has it."""
    known = request.get("if-none-match")
    if known is None and "if-modified-since" not in request:
        return reply
    if reply.status not in (200, 206) or not (tag := reply.header("etag")):
        return reply
    if known is not None:
        tags = {part.strip().removeprefix("W/") for part in known.split(",")}
        same = tag in tags or "*" in tags
    else:
        since, modified = day(request.get("if-modified-since", "")), day(reply.header("last-modified"))
        same = since is not None and modified is not None and modified <= since
    return Reply(304, [(k, v) for k, v in reply.headers if not k.startswith("content-")], b"") if same else reply


def day(text: str) -> datetime | None:
    """The time of an HTTP date, or None for anything else."""
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


@dataclass
class Cache:
    """Kept replies by key, within `limit` bytes; a reply of more than a quarter of that, or of
    `LARGEST`, is not kept."""

    limit: int
    held: int = 0
    entries: OrderedDict[object, tuple[Kept, int]] = field(default_factory=OrderedDict)
    lock: Lock = field(default_factory=Lock)

    def get(self, key: object) -> Kept | None:
        """What is kept under the key."""
        with self.lock:
            found = self.entries.get(key)
            if found is None:
                return None
            self.entries.move_to_end(key)
            return found[0]

    def put(self, key: object, kept: Kept, length: int = 0) -> None:
        """Keep a reply under a key of so many bytes, and let go of the least used ones that no longer fit."""
        size = kept.size + length
        if size > min(self.limit // 4, LARGEST):
            return
        with self.lock:
            if (old := self.entries.pop(key, None)) is not None:
                self.held -= old[1]
            self.entries[key] = (kept, size)
            self.held += size
            while self.held > self.limit:
                _, (_, gone) = self.entries.popitem(last=False)
                self.held -= gone
