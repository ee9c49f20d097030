"""The outline of the land, made once from Natural Earth's coordinates: `python -m citygraph.maps.outline SOURCE`.

SOURCE is `land-50m.json` of the npm package `world-atlas` 2.0.2, Natural Earth 4.1 as TopoJSON. Natural Earth is in
the public domain. Only its land is read, so that the map takes no side on any border. Written is `land.json` beside
this file: paths in tenths of a unit of the drawing.
"""

import hashlib
import json
import math
import sys
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from citygraph.maps.projection import EUROPE, MERIDIAN, MIDDLE, WORLD, XY, Frame, equal_earth, from_lambert
from citygraph.maps.rings import TENTH, Ring, area, clipped, dense, path, simplified

RESULT = Path(__file__).with_name("land.json")
ORIGIN = "Natural Earth 4.1, 1:50m land, public domain, by way of world-atlas 2.0.2 (npm)"
DETAIL = {"world": (WORLD, 0.5, 0.6), "coarse": (WORLD, 6.0, 8.0), "europe": (EUROPE, 0.7, 1.6)}
"""Of each drawing: the frame, the smallest triangle that a point of an outline must make with those beside it, and the
smallest island, in square units."""
AROUND = (-70.0, 120.0, 5.0, 89.9)
"""Longitudes and latitudes outside of which nothing can be in Europe's frame; beyond, its plane turns in on itself."""
STEP = 2.0
"""Degrees after which a side of what was clipped has another point."""
NEARLY = 1e-9
"""Degrees from the end of the map within which a place may be put on either side."""


def rings(topology: dict[str, Any]) -> list[Ring]:
    """The rings of the land, as (longitude, latitude), of a quantised topology."""
    arcs = [list(decoded(arc, topology["transform"])) for arc in topology["arcs"]]
    found: list[Ring] = []
    for geometry in topology["objects"]["land"]["geometries"]:
        polygons = geometry["arcs"] if geometry["type"] == "MultiPolygon" else [geometry["arcs"]]
        for ring in (ring for polygon in polygons for ring in polygon):
            joined: Ring = []
            for number in ring:
                arc = arcs[number] if number >= 0 else arcs[~number][::-1]
                joined += arc[1:] if joined else arc
            found.append(joined)
    return found


def decoded(arc: Sequence[Sequence[int]], transform: dict[str, Sequence[float]]) -> Iterable[XY]:
    """The points of an arc: each is stored as its way from the one before, in steps of the transform."""
    (a, b), (c, d), x, y = transform["scale"], transform["translate"], 0, 0
    for dx, dy in arc:
        x, y = x + dx, y + dy
        yield x * a + c, y * b + d


def cut(ring: Ring) -> list[Ring]:
    """The parts of a ring on either side of the meridian where the map of the world ends."""
    whole = [ring[0]]
    for longitude, latitude in ring[1:]:
        turns = round((whole[-1][0] - longitude) / 360)
        whole.append((longitude + 360 * turns, latitude))
    west, east = MERIDIAN - 180 + NEARLY, MERIDIAN + 180 - NEARLY
    moved = [[(longitude + turn, latitude) for longitude, latitude in whole] for turn in (-360, 0, 360)]
    return [part for ring in moved if (part := clipped(ring, west, east, -90, 90))]


def drawn(rings: Iterable[Ring], name: str) -> str:
    """The land in one drawing."""
    frame, least, island = DETAIL[name]
    found = []
    for ring in rings:
        flat = clipped([frame.at(latitude, longitude) for longitude, latitude in ring], *edges(frame))
        if len(flat) > 3 and area(flat) >= island:
            found.append(simplified(flat, least))
    return path(sorted(found, key=area, reverse=True))


def edges(frame: Frame) -> tuple[float, float, float, float]:
    """The rectangle that rings are clipped to: a unit beyond the frame, so that no coast runs along its edge."""
    return (-1.0, frame.width + 1, -1.0, frame.height + 1)


def border() -> str:
    """The edge of Europe's frame as it lies on the map of the world."""
    w, h, steps = EUROPE.width, EUROPE.height, 12
    corners = [(0.0, 0.0), (w, 0.0), (w, h), (0.0, h), (0.0, 0.0)]
    sides = [
        (a[0] + (b[0] - a[0]) * i / steps, a[1] + (b[1] - a[1]) * i / steps)
        for a, b in pairwise(corners)
        for i in range(steps)
    ]
    return path([[WORLD.at(*from_lambert(*MIDDLE, *EUROPE.plane(x, y))) for x, y in sides]])


def globe() -> str:
    """The edge of the world between the latitudes that are drawn."""
    top, bottom = (WORLD.plane(0, y)[1] for y in (0.0, WORLD.height))
    steps = 40
    ys = [bottom + (top - bottom) * i / steps for i in range(steps + 1)]
    return path([[edge(y, 1) for y in ys] + [edge(y, -1) for y in reversed(ys)]])


def edge(y: float, side: int) -> XY:
    """The point of the edge of the world, to the east or to the west, at a height of the plane."""
    low, high = -90.0, 90.0
    while high - low > 1e-9:
        middle = (low + high) / 2
        low, high = (middle, high) if equal_earth(middle, MERIDIAN)[1] < y else (low, middle)
    return WORLD.at(low, MERIDIAN + (180 - NEARLY) * side)


def made(source: bytes) -> str:
    """The text of `land.json`. Raises `KeyError` where the source is no topology with land in it."""
    land = [ring for ring in rings(json.loads(source)) if max(latitude for _, latitude in ring) > -60]
    document = {
        "origin": ORIGIN,
        "sha256": hashlib.sha256(source).hexdigest(),
        "unit": 1 / TENTH,
        "globe": globe(),
        "border": border(),
        "world": drawn((part for ring in land for part in cut(ring)), "world"),
        "coarse": drawn((part for ring in land for part in cut(ring)), "coarse"),
        "europe": drawn((dense(clipped(part, *AROUND), STEP) for ring in land for part in cut(ring)), "europe"),
    }
    return json.dumps(document, indent=1) + "\n"


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    RESULT.write_text(made(Path(sys.argv[1]).read_bytes()), "utf-8")
    print(f"{RESULT}: {RESULT.stat().st_size / 1000:.1f} kB, for a drawing of the world {math.ceil(WORLD.height)} high")
