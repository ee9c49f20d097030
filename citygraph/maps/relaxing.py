"""Dots that would cover each other are moved apart, a little, in the drawing of Europe only."""

import math
from collections.abc import Sequence

from citygraph.maps.projection import EUROPE

APART = 8.0
"""Units between the middles of two dots that do not touch."""
MOST = 6.0
"""Units that a dot may be moved."""
MARGIN = 5.0
"""Units from the edge within which there are no dots, since they would be cut."""
ROUNDS = 60


def relaxed(places: Sequence[tuple[float, float]]) -> tuple[dict[int, tuple[float, float]], float]:
    """Where dots stand in the drawing of Europe, by the number of the place, for those that are in it, and by how many
    units one was moved at most. Places are latitudes and longitudes."""
    there = {i: point for i, place in enumerate(places) if EUROPE.holds(*(point := EUROPE.at(*place)), MARGIN)}
    moved = {i: list(point) for i, point in there.items()}
    for _ in range(ROUNDS):
        pairs = near(moved)
        if not pairs:
            break
        for i, j in pairs:
            push(moved, i, j)
        for i, (x, y) in there.items():
            hold(moved[i], x, y)
    points = {i: (round(x, 1), round(y, 1)) for i, (x, y) in moved.items()}
    return points, max((math.dist(point, there[i]) for i, point in points.items()), default=0.0)


def near(moved: dict[int, list[float]]) -> list[tuple[int, int]]:
    """The pairs of dots that cover each other, found by squares as wide as a dot."""
    squares: dict[tuple[int, int], list[int]] = {}
    for i, (x, y) in moved.items():
        squares.setdefault((int(x // APART), int(y // APART)), []).append(i)
    pairs = []
    for (a, b), here in squares.items():
        around = [j for da in (-1, 0, 1) for db in (-1, 0, 1) for j in squares.get((a + da, b + db), ())]
        pairs += [(i, j) for i in here for j in around if i < j and math.dist(moved[i], moved[j]) < APART - 0.05]
    return pairs


def push(moved: dict[int, list[float]], i: int, j: int) -> None:
    """Move two dots apart by half of what they cover; two at one point go in a direction of their own."""
    a, b = moved[i], moved[j]
    dx, dy = b[0] - a[0], b[1] - a[1]
    distance = math.hypot(dx, dy)
    if distance < 1e-6:
        dx, dy, distance = math.cos(i * 2.4), math.sin(i * 2.4), 1.0
        covered = APART
    else:
        covered = max(0.0, APART - distance)
    for point, side in ((a, -1), (b, 1)):
        point[0] += side * dx / distance * covered / 2
        point[1] += side * dy / distance * covered / 2


def hold(point: list[float], x: float, y: float) -> None:
    """Keep a dot within what it may be moved from its place, and within the frame."""
    far = math.dist(point, (x, y))
    if far > MOST:
        point[0], point[1] = x + (point[0] - x) * MOST / far, y + (point[1] - y) * MOST / far
    point[0], point[1] = within(point[0], EUROPE.width), within(point[1], EUROPE.height)


def within(coordinate: float, size: float) -> float:
    """A coordinate that is not in the margin."""
    return min(max(coordinate, MARGIN), size - MARGIN)
