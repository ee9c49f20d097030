"""Outlines as rings of points: cut to a rectangle, made simpler, and written as the path of a drawing."""

import heapq
import math
from collections.abc import Iterable, Sequence
from itertools import pairwise

from citygraph.maps.projection import XY

TENTH = 10
"""Paths count in tenths of a unit of their drawing."""

Ring = list[XY]


def clipped(ring: Ring, left: float, right: float, low: float, high: float) -> Ring:
    """What of a ring is within a rectangle (Sutherland and Hodgman)."""
    for axis, bound, sign in ((0, left, 1), (0, right, -1), (1, low, 1), (1, high, -1)):
        kept: Ring = []
        for a, b in pairwise([ring[-1], *ring] if ring else []):
            inside = [sign * (point[axis] - bound) >= 0 for point in (a, b)]
            if inside[0] != inside[1]:
                t = (bound - a[axis]) / (b[axis] - a[axis])
                kept.append((a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])))
            if inside[1]:
                kept.append(b)
        ring = kept
    return ring


def dense(ring: Ring, step: float) -> Ring:
    """A ring with points added on long sides, which are straight on one map and bent on another."""
    made: Ring = []
    for a, b in pairwise([*ring, ring[0]] if ring else []):
        parts = math.ceil(max(abs(b[0] - a[0]), abs(b[1] - a[1])) / step) or 1
        made += [(a[0] + (b[0] - a[0]) * i / parts, a[1] + (b[1] - a[1]) * i / parts) for i in range(parts)]
    return made


def area(points: Sequence[XY]) -> float:
    """The area within points, without its sign."""
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise([*points, points[0]]))) / 2 if points else 0.0


def simplified(ring: Ring, least: float) -> Ring:
    """A ring without the points that change its shape least (Visvalingam and Whyatt)."""
    count = len(ring)
    before, after = [(i - 1) % count for i in range(count)], [(i + 1) % count for i in range(count)]
    alive = [True] * count

    def weight(i: int) -> float:
        return area((ring[before[i]], ring[i], ring[after[i]]))

    left, current = count, [weight(i) for i in range(count)]
    queue = [(size, i) for i, size in enumerate(current)]
    heapq.heapify(queue)
    while queue and left > 4:
        size, i = heapq.heappop(queue)
        if not alive[i] or size != current[i]:
            continue
        if size >= least:
            break
        alive[i], left = False, left - 1
        after[before[i]], before[after[i]] = after[i], before[i]
        for j in (before[i], after[i]):
            # No point may go sooner than one that made way for it.
            current[j] = max(size, weight(j))
            heapq.heappush(queue, (current[j], j))
    return [point for point, kept in zip(ring, alive, strict=True) if kept]


def path(rings: Iterable[Ring]) -> str:
    """Rings as the data of an SVG path, in tenths of a unit, each point by its way from the one before."""
    made = []
    for ring in rings:
        points = [(round(x * TENTH), round(y * TENTH)) for x, y in ring]
        steps = [(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(points)]
        told = " ".join(f"{x} {y}" for x, y in steps if x or y).replace(" -", "-")
        if told:
            made.append(f"M{points[0][0]} {points[0][1]}l{told}z")
    return "".join(made)
