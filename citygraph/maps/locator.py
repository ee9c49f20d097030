"""A small map that shows where a few places are: their neighbourhood, or the world where they are far apart."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from markupsafe import Markup

from citygraph.globe import RADIUS
from citygraph.maps.drawing import drawing, land, marked
from citygraph.maps.projection import MERIDIAN, WORLD, XY, Frame, framed, from_equal_earth, lambert
from citygraph.maps.rings import TENTH, Ring, area, clipped, dense, path, simplified
from citygraph.wording import gettext, ngettext

WIDTH, HEIGHT = 320, 200
LEAST, FARTHEST = 1600 / RADIUS, 3600 / RADIUS
"""Of the half width of a neighbourhood, on the plane."""
MARGIN = 1.25
NAMED = 3
STEP = 2.0
"""Degrees after which a side of what was clipped has another point."""
NUMBERS = re.compile(r"-?\d+")


@dataclass(frozen=True)
class Point:
    """A place to show: degrees, what it is called, where a click on it leads, and one of the eight hues, 0 for none."""

    latitude: float
    longitude: float
    label: str
    href: str = ""
    hue: int = 0


def small(points: Sequence[Point]) -> Markup:
    """A small map with these points on it, nothing where there are none."""
    if not points:
        return Markup()
    frame, outline = neighbourhood(points) or (WORLD, land().coarse)
    near = frame is not WORLD
    back = (("land", outline),) if near else (("globe", land().globe), ("land", outline))
    size = (6.0 if len(points) == 1 else 4.0) * (1 if near else WORLD.width / WIDTH)
    dots = [marked(p.label, p.href, p.hue, *frame.at(p.latitude, p.longitude), size) for p in points]
    return Markup('<div class="map small">{}</div>').format(drawing("place", frame, back, dots, words(points, near)))


def words(points: Sequence[Point], near: bool) -> str:
    """What the map shows, for those who do not see it."""
    called = ", ".join(point.label for point in points[:NAMED])
    if len(points) > NAMED:
        called = ngettext("%(num)s place", "%(num)s places", len(points)) % {"num": len(points)}
    said = gettext("Map of the neighbourhood of %(places)s") if near else gettext("Map of the world with %(places)s")
    return said % {"places": called}


def neighbourhood(points: Sequence[Point]) -> tuple[Frame, str] | None:
    """The frame and the land around points, None where they are too far apart for one view."""
    middle = centre(points)
    if middle is None:
        return None
    plane = lambert(*middle)
    flat = [plane(point.latitude, point.longitude) for point in points]
    half = max(LEAST, *(MARGIN * max(abs(x), abs(y) * WIDTH / HEIGHT) for x, y in flat))
    if half > FARTHEST:
        return None
    low = half * HEIGHT / WIDTH
    frame = framed(plane, WIDTH, -half, half, -low, low)
    return frame, around(frame, middle, half)


def centre(points: Sequence[Point]) -> XY | None:
    """The middle of points on the globe, None where they are all around it."""
    x = y = z = 0.0
    for point in points:
        phi, turned = math.radians(point.latitude), math.radians(point.longitude)
        x, y, z = x + math.cos(phi) * math.cos(turned), y + math.cos(phi) * math.sin(turned), z + math.sin(phi)
    if math.hypot(x, y, z) < len(points) / 2:
        return None
    return math.degrees(math.atan2(z, math.hypot(x, y))), math.degrees(math.atan2(y, x))


@cache
def coasts() -> list[tuple[Ring, tuple[float, float, float, float]]]:
    """The rings of the map of the world as (longitude, latitude), each with its west, east, south and north."""
    found = []
    for part in land().world.split("M")[1:]:
        numbers = [int(number) / TENTH for number in NUMBERS.findall(part)]
        x, y, flat = numbers[0], numbers[1], [(numbers[0], numbers[1])]
        for dx, dy in zip(numbers[2::2], numbers[3::2], strict=True):
            x, y = x + dx, y + dy
            flat.append((x, y))
        places = [from_equal_earth(*WORLD.plane(x, y)) for x, y in flat]
        # A ring does not end where longitudes do, but where the map of the world does.
        ring = [(x + 360 if x < MERIDIAN - 180 else x, latitude) for latitude, x in places]
        longitudes, latitudes = [p[0] for p in ring], [p[1] for p in ring]
        found.append((ring, (min(longitudes), max(longitudes), min(latitudes), max(latitudes))))
    return found


def around(frame: Frame, middle: XY, half: float) -> str:
    """The land in the frame of a neighbourhood."""
    reach = math.degrees(half) * 1.5
    south, north = max(-89.0, middle[0] - reach), min(89.0, middle[0] + reach)
    wide = min(179.0, reach / max(0.05, math.cos(math.radians(max(abs(south), abs(north))))))
    found = []
    for ring, (west, east, low, high) in coasts():
        for turn in (-360.0, 0.0, 360.0):
            left, right = middle[1] - wide - turn, middle[1] + wide - turn
            if east < left or west > right or high < south or low > north:
                continue
            here = dense(clipped(ring, left, right, south, north), STEP)
            flat = clipped([frame.at(y, x) for x, y in here], -1.0, frame.width + 1, -1.0, frame.height + 1)
            if len(flat) > 3 and area(flat) > 0.5:
                found.append(simplified(flat, 0.3))
    return path(found)
