"""Where on the globe things are: the columns of a row that say it, and the way between two points.

A point is its latitude and its longitude, in degrees.
"""

import math
from collections.abc import Mapping, Sequence

from citygraph.labels import Term, written

PLACE = ("latitude", "longitude")
"""What columns are called that say where something is."""
RADIUS = 6371.0088
"""Of the earth in km, the mean."""

Point = tuple[float, float]


def point(latitude: str, longitude: str) -> Point | None:
    """The point that two texts say; None where they are no numbers, or lead off the globe."""
    try:
        there = float(latitude), float(longitude)
    except ValueError:
        return None
    return there if abs(there[0]) <= 90 and abs(there[1]) <= 180 else None


def place(row: Mapping[str, Term], columns: Sequence[str] = PLACE) -> Point | None:
    """The point of a row, where it says one."""
    latitude, longitude = (written(row[column]) if column in row else "" for column in columns)
    return point(latitude, longitude)


def kilometres(one: Point, other: Point) -> float:
    """The way over the great circle, on a sphere."""
    (a, b), (c, d) = ((math.radians(latitude), math.radians(longitude)) for latitude, longitude in (one, other))
    square = math.sin((c - a) / 2) ** 2 + math.cos(a) * math.cos(c) * math.sin((d - b) / 2) ** 2
    return 2 * RADIUS * math.asin(min(1.0, math.sqrt(square)))
