"""The drawings of a map as SVG: the land, and a dot for each place."""

import json
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple

from markupsafe import Markup, escape

from citygraph.globe import RADIUS
from citygraph.maps.places import Places, Shown
from citygraph.maps.projection import EUROPE, WORLD, Frame
from citygraph.wording import gettext

LAND = Path(__file__).with_name("land.json")
DOT, DOT_IN_EUROPE = 3.2, 3.9
"""Radii in units of the drawing, where no style sheet says another."""
Address = Callable[[str], str | None]


class Land(NamedTuple):
    """The paths of `land.json`, in tenths of a unit of their drawing."""

    globe: str
    border: str
    world: str
    coarse: str
    europe: str


@cache
def land() -> Land:
    """The outline of the land, read once."""
    document = json.loads(LAND.read_text("utf-8"))
    return Land(**{name: document[name] for name in Land._fields})


def world(places: Places, shown: Iterable[Shown], address: Address, words: str) -> Markup:
    """The world: every place where it is, none moved. `words` says to those who do not see it what it is."""
    back = ("globe", land().globe), ("land", land().world), ("border", land().border)
    dots = (dot(one, *places.spots[one.number], DOT, address) for one in shown)
    return drawing("world", WORLD, back, dots, words)


def europe(places: Places, shown: Iterable[Shown], address: Address, words: str) -> Markup:
    """Europe, larger: dots that would cover each other are moved apart."""
    points, _ = places.inset
    dots = (dot(one, *points[one.number], DOT_IN_EUROPE, address) for one in shown if one.number in points)
    return drawing("europe", EUROPE, (("land", land().europe),), dots, words)


def drawing(name: str, frame: Frame, back: Iterable[tuple[str, str]], dots: Iterable[Markup], words: str) -> Markup:
    """One SVG: paths behind, dots before. The dots are for pointers; a list beside has the same links for everyone."""
    paths = Markup().join(Markup('<path class="{}" d="{}"/>').format(kind, path) for kind, path in back)
    return Markup(
        '<svg class="{}" viewBox="0 0 {:g} {:g}" xmlns="http://www.w3.org/2000/svg">'
        '<g role="img" aria-label="{}" transform="scale(.1)" fill-rule="evenodd">{}</g>'
        '<g class="dots" aria-hidden="true">{}</g></svg>'
    ).format(name, frame.width, frame.height, words, paths, Markup().join(dots))


def dot(shown: Shown, x: float, y: float, radius: float, address: Address) -> Markup:
    """A place: a link to its page, with what is said of it where a pointer rests."""
    return marked(told(shown), address(shown.place.thing.iri), shown.hue, x, y, radius)


def marked(words: str, href: str | None, hue: int, x: float, y: float, radius: float) -> Markup:
    """A dot with its words and, where there is an address, its link."""
    inside = f'<title>{escape(words)}</title><circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}"/>'
    if not href:
        return Markup(f'<g class="hue-{hue}">{inside}</g>')
    return Markup(f'<a href="{escape(href)}" class="hue-{hue}" tabindex="-1">{inside}</a>')


def told(shown: Shown) -> str:
    """What the card of a place says, in two lines."""
    place, held = shown.place, shown.held
    where = f", {place.country.label}" if place.country else ""
    return f"{place.thing.label}{where}" + (f"\n{about(held.field.label, held.start, held.end)}" if held.field else "")


def about(field: str, start: str, end: str) -> str:
    """What a place is shown for, and when."""
    if end:
        return gettext("%(field)s, %(start)s to %(end)s") % {"field": field, "start": start, "end": end}
    return gettext("%(field)s, since %(start)s") % {"field": field, "start": start} if start else field


def kilometres(units: float) -> int:
    """How far that many units of the drawing of Europe are on the earth, rounded up to ten."""
    return -(-int(units / EUROPE.scale * RADIUS + 0.999) // 10) * 10
