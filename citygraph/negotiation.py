"""The one function that reads Accept."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from citygraph.errors import NotAcceptable
from citygraph.formats import Format

# Possessive, and an open quote runs to the end: linear in the header's length, whatever it holds.
_ELEMENT = re.compile(r'(?:[^",]|"(?:[^"\\]|\\.?)*+"?)++', re.DOTALL)
_PARAMETER = re.compile(r';\s*+([^\s;="]*+)\s*+=\s*+("(?:[^"\\]|\\.?)*+"?|[^;"]*+)', re.DOTALL)
_RANGE = re.compile(r"\s*([!#$%&'*+.^_`|~\w-]+)(?:/([!#$%&'*+.^_`|~\w-]+))?\s*(?=;|$)", re.ASCII)
_QUALITY = re.compile(r"[01](?:\.\d*)?|\.\d+", re.ASCII)

USUAL = 300
"""Characters of an Accept header up to which it is remembered what it wants: clients send few different ones."""


def negotiate(accept: str | None, offers: Sequence[Format]) -> Format:
    """The offer that Accept wants most; of two wanted alike the one that is named more exactly, else the first.

    A missing or empty header means */*. Parameters other than q never block a match, the most specific range
    wins, q=0 excludes, a bad q drops its range. Raises NotAcceptable with `offers`.
    """
    if accept is None or not accept.strip(" \t,"):
        return offers[0]
    return (_remembered if len(accept) < USUAL else _negotiated)(accept, tuple(offers))


def _negotiated(accept: str, offers: tuple[Format, ...]) -> Format:
    ranges: dict[str, float] = {}
    for name, quality in _ranges(accept):
        ranges[name] = max(quality, ranges.get(name, 0.0))
    wishes = [(*_wish(offer, ranges), -place) for place, offer in enumerate(offers)]
    quality, _, place = max(wishes)
    if quality == 0:
        types = [offer.media_type for offer in offers]
        raise NotAcceptable(f"None of the formats asked for is on offer. There are: {', '.join(types)}.", offers=types)
    return offers[-place]


_remembered = lru_cache(maxsize=1024)(_negotiated)


def _ranges(accept: str) -> Iterator[tuple[str, float]]:
    for element in _ELEMENT.findall(accept):
        found = _RANGE.match(element)
        if found is None or (found[2] is None and found[1] != "*"):
            continue
        quality = _q(element[found.end() :])
        if quality is not None:
            # A lone * is what Java's URLConnection sends for */*.
            yield f"{found[1]}/{found[2] or '*'}".lower(), quality


def _q(parameters: str) -> float | None:
    """The first q among the parameters; 1 when there is none, None when it is no number from 0 to 1."""
    for name, value in _PARAMETER.findall(parameters):
        if name.lower() == "q":
            number = float(value) if _QUALITY.fullmatch(value := value.strip()) else 2.0
            return number if number <= 1 else None
    return 1.0


def _wish(offer: Format, ranges: dict[str, float]) -> tuple[float, int]:
    """What the most specific range says about the offer, and how exact it is: its own media type (3), an alias (2),
    type/* (1), */* (0). Programs and old browsers that want one thing and take any other give both the same q."""
    of_type = f"{offer.media_type.partition('/')[0]}/*"
    for exact, names in ((3, (offer.media_type,)), (2, offer.aliases), (1, (of_type,)), (0, ("*/*",))):
        for name in names:
            if name in ranges:
                return ranges[name], exact
    return 0.0, 0
