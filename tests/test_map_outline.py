"""The map shows places where they are, and land without borders: projections, and the outline that is drawn."""

import json
import math
import os
import re
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citygraph.maps import outline, rings
from citygraph.maps.projection import (
    EUROPE,
    MERIDIAN,
    MIDDLE,
    WORLD,
    equal_earth,
    from_equal_earth,
    from_lambert,
    lambert,
)

LAND = json.loads(outline.RESULT.read_text("utf-8"))
FRAMES = {"globe": WORLD, "border": WORLD, "world": WORLD, "coarse": WORLD, "europe": EUROPE}
LATITUDES, LONGITUDES = st.floats(-89, 89), st.floats(-179.9, 179.9)


def points(path: str) -> list[list[tuple[float, float]]]:
    """The rings of a path, in units of its drawing."""
    found = []
    for part in path.split("M")[1:]:
        numbers = [int(number) / rings.TENTH for number in re.findall(r"-?\d+", part)]
        x, y, ring = 0.0, 0.0, []
        for dx, dy in zip(numbers[::2], numbers[1::2], strict=True):
            x, y = x + dx, y + dy
            ring.append((x, y))
        found.append(ring)
    return found


def test_equal_earth_has_the_proportions_that_its_authors_give_it() -> None:
    # Šavrič, Patterson and Jenny (2018): the ratio of the axes is 2.05458 : 1, poles are 0.59247 of the equator long.
    equator, top = equal_earth(0, MERIDIAN - 180)[0], equal_earth(90, MERIDIAN)[1]
    assert equal_earth(0, MERIDIAN) == (0, 0)
    assert -equator / top == pytest.approx(2.05458, abs=1e-5)
    assert equal_earth(90, MERIDIAN - 180)[0] / equator == pytest.approx(0.59247, abs=1e-5)


@given(LATITUDES, LONGITUDES)
def test_every_place_comes_back_from_the_map_of_the_world(latitude: float, longitude: float) -> None:
    back = from_equal_earth(*equal_earth(latitude, longitude))
    assert back[0] == pytest.approx(latitude, abs=1e-6)
    assert math.cos(math.radians(back[1] - longitude)) == pytest.approx(1)


@given(LATITUDES, LATITUDES, LONGITUDES)
def test_what_is_farther_north_is_higher_and_every_place_is_on_the_map(a: float, b: float, longitude: float) -> None:
    low, high = sorted((a, b))
    assert equal_earth(low, longitude)[1] <= equal_earth(high, longitude)[1]
    if low >= -57:
        assert WORLD.holds(*WORLD.at(min(low, 84), longitude))


@given(st.floats(-80, 80), LONGITUDES)
def test_areas_are_true(latitude: float, longitude: float) -> None:
    step = 1e-4
    corners = [(-step, -step), (-step, step), (step, step), (step, -step)]
    on_the_globe = (2 * math.radians(step)) ** 2 * math.cos(math.radians(latitude))
    for project in (equal_earth, lambert(*MIDDLE)):
        if project is not equal_earth and math.dist(project(latitude, longitude), (0, 0)) > 1.9:
            continue
        if abs(math.remainder(longitude - MERIDIAN - 180, 360)) < 2 * step:
            continue
        assert rings.area([project(latitude + a, longitude + b) for a, b in corners]) == pytest.approx(
            on_the_globe, rel=1e-3
        )


@given(st.floats(25, 80), st.floats(-40, 60))
def test_every_place_comes_back_from_the_map_of_europe(latitude: float, longitude: float) -> None:
    assert from_lambert(*MIDDLE, *lambert(*MIDDLE)(latitude, longitude)) == pytest.approx((latitude, longitude))


def test_the_outline_is_small_and_says_where_it_comes_from() -> None:
    assert outline.RESULT.stat().st_size <= 60_000
    assert "Natural Earth" in LAND["origin"]
    assert "public domain" in LAND["origin"]


@pytest.mark.parametrize("name", FRAMES)
def test_every_ring_is_within_its_drawing(name: str) -> None:
    frame = FRAMES[name]
    for ring in points(LAND[name]):
        assert len(ring) >= 4
        for x, y in ring:
            assert -1.2 <= x <= frame.width + 1.2
            assert -1.2 <= y <= frame.height + 1.2


def test_there_is_no_antarctica_and_no_streak_across_the_map() -> None:
    places = [from_equal_earth(*WORLD.plane(x, y)) for ring in points(LAND["world"]) for x, y in ring]
    assert min(latitude for latitude, _ in places) > -57
    for ring in points(LAND["world"]):
        for a, b in pairwise(ring):
            # The longest straight coast; a ring that is cut badly runs from edge to edge.
            assert abs(a[0] - b[0]) < 60


@pytest.mark.parametrize(
    ("latitude", "longitude", "dry"),
    [(58.6, 15.5, True), (-33, -62, True), (-54.3, -67.8, True), (36, 138.5, True), (66.5, -172, True), (0, -30, False),
     (42, 51, False), (-75, 0, False), (58.5, 20, False)],
)  # fmt: skip
def test_land_is_where_land_is(latitude: float, longitude: float, dry: bool) -> None:
    x, y = WORLD.at(latitude, longitude)
    crossed = 0
    for ring in points(LAND["world"]):
        for a, b in zip(ring, [*ring[1:], ring[0]], strict=True):
            if (a[1] > y) != (b[1] > y) and x < a[0] + (y - a[1]) / (b[1] - a[1]) * (b[0] - a[0]):
                crossed += 1
    assert crossed % 2 == dry


def test_a_topology_is_read_cut_at_the_end_of_the_map_and_written_the_same_twice() -> None:
    # A square of 20 degrees on the meridian where the map ends, and one in the Antarctic.
    arcs = [[[350, 100], [20, 0], [0, 20], [-20, 0], [0, -20]], [[100, 0], [30, 0], [0, 10], [-30, 0], [0, -10]]]
    source = {
        "transform": {"scale": [1, 1], "translate": [-180, -90]},
        "objects": {"land": {"geometries": [{"type": "MultiPolygon", "arcs": [[[0]], [[~1]]]}]}},
        "arcs": arcs,
    }
    arcs[0][0][0] = 0  # from 180 west to 160 west, across 169 west
    text = json.dumps(source).encode()
    made = outline.made(text)
    assert made == outline.made(text)
    parts = points(json.loads(made)["world"])
    assert len(parts) == 2
    assert sorted(round(min(x for x, _ in ring)) > 500 for ring in parts) == [False, True]


def test_the_outline_is_what_the_script_makes_of_its_source() -> None:
    source = os.environ.get("NATURAL_EARTH_LAND")
    if not source:
        pytest.skip("NATURAL_EARTH_LAND does not name land-50m.json of world-atlas 2.0.2")
    assert outline.made(Path(source).read_bytes()) == outline.RESULT.read_text("utf-8")


@given(
    st.lists(st.tuples(st.floats(0, 100), st.floats(0, 100)), min_size=5, max_size=40, unique=True), st.floats(0, 50)
)
def test_a_simpler_ring_has_only_points_of_the_ring(ring: rings.Ring, least: float) -> None:
    kept = rings.simplified(ring, least)
    assert 4 <= len(kept) <= len(ring)
    assert [point for point in ring if point in kept] == kept


@given(st.lists(st.tuples(st.floats(-50, 150), st.floats(-50, 150)), min_size=3, max_size=20))
def test_what_is_clipped_is_within_the_rectangle(ring: rings.Ring) -> None:
    for x, y in rings.clipped(ring, 0, 100, 10, 90):
        assert -1e-6 <= x <= 100 + 1e-6
        assert 10 - 1e-6 <= y <= 90 + 1e-6
