"""Pictures of the whole site, drawn from its data and its style sheet: the card that other sites show beside a link to
it, and the icon for browsers that read no SVG. No words are on them, so that they serve any graph in any language.
"""

import math
import re
from functools import cache, lru_cache
from pathlib import Path

from flask import Blueprint, Response

from citygraph import replies
from citygraph.hues import HUES
from citygraph.maps import figure
from citygraph.maps.drawing import land
from citygraph.maps.places import Wanted
from citygraph.maps.projection import WORLD
from citygraph.raster import XY, Canvas, Colour
from citygraph.site import site

blueprint = Blueprint("pictures", __name__)

SHEET = Path(__file__).with_name("static") / "style.css"
PNG = "image/png"
WIDTH, HEIGHT, MARGIN, BAND = 1200, 630, 40, 18
"""Of the card, as the platforms crop least; at its foot a band in all hues."""
ICON = 48
Dot = tuple[float, float, int]
"""Latitude, longitude, and the hue from 1, or 0."""


@blueprint.get("/card.png")
def card() -> Response:
    """The places of the graph on the world, as a card for links."""
    return replies.cached(site, lambda: drawn(dots()), PNG)


@blueprint.get("/favicon.ico")
def icon() -> Response:
    """The icon as PNG, at the address where old browsers look for it."""
    return replies.cached(site, mark, PNG)


@cache
def colours() -> dict[str, Colour]:
    """The colours of the style sheet, as they are in light."""
    light = SHEET.read_text("utf-8").split("@media", 1)[0]
    found = re.findall(r"--([\w-]+): #([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})\b", light)
    return {name: (int(red, 16), int(green, 16), int(blue, 16)) for name, red, green, blue in found}


def dots() -> tuple[Dot, ...]:
    """The places that the card shows."""
    shown = figure.found("en").shown(Wanted({}, {}))
    return tuple((one.place.latitude, one.place.longitude, one.hue) for one in shown)


@lru_cache(maxsize=2)
def drawn(places: tuple[Dot, ...]) -> bytes:
    """The card: the land, and on it the places in their hues; for a graph without places, what the icon shows. It takes
    a second to draw, so it is drawn anew only for other places."""
    palette = colours()
    canvas = Canvas(WIDTH, HEIGHT, palette["paper"])
    if not places:
        star(canvas, (WIDTH / 2, (HEIGHT - BAND) / 2), HEIGHT / 3)
    scale = min((WIDTH - 2 * MARGIN) / WORLD.width, (HEIGHT - BAND - MARGIN) / WORLD.height)
    left, top = (WIDTH - WORLD.width * scale) / 2, (HEIGHT - BAND - WORLD.height * scale) / 2
    if places:
        canvas.area([[(x * scale / 10 + left, y * scale / 10 + top) for x, y in ring] for ring in outlines()],
                    palette["line"])  # fmt: skip
    for latitude, longitude, hue in places:
        x, y = WORLD.at(latitude, longitude)
        colour = palette[f"hue-{hue}" if hue else "mark"]
        canvas.disc(x * scale + left, y * scale + top, 6.4, palette["paper"], 0.7)
        canvas.disc(x * scale + left, y * scale + top, 5.2, colour, 0.88)
    for hue in range(HUES):
        span = WIDTH // HUES
        canvas.rectangle(hue * span, HEIGHT - BAND, (hue + 1) * span, HEIGHT, palette[f"hue-{hue + 1}"])
    return canvas.png()


@cache
def outlines() -> list[list[XY]]:
    """The rings of the land, in tenths of a unit of the map."""
    rings: list[list[XY]] = []
    for text in land().world.split("M")[1:]:
        start, *steps = [[int(n) for n in re.findall(r"-?\d+", part)] for part in text.rstrip("z").split("l")]
        x, y = start
        ring: list[XY] = [(x, y)]
        for numbers in steps:
            for dx, dy in zip(numbers[::2], numbers[1::2], strict=True):
                x, y = x + dx, y + dy
                ring.append((x, y))
        rings.append(ring)
    return rings


@cache
def mark() -> bytes:
    """The icon, as `static/icon.svg` draws it."""
    canvas = Canvas(ICON, ICON, colours()["paper"])
    star(canvas, (ICON / 2, ICON / 2), ICON / 2.75)
    return canvas.png()


def star(canvas: Canvas, middle: XY, radius: float) -> None:
    """Eight kinds of things that all hold together."""
    palette, turns = colours(), [math.tau * hue / HUES - math.pi / 2 for hue in range(HUES)]
    places = [(middle[0] + radius * math.cos(turn), middle[1] + radius * math.sin(turn)) for turn in turns]
    for place in places:
        canvas.line(middle, place, radius / 11, palette["quiet"])
    for hue, (x, y) in enumerate(places, 1):
        canvas.disc(x, y, radius * 0.32, palette[f"hue-{hue}"])
    canvas.disc(*middle, radius * 0.32, palette["ink"])
