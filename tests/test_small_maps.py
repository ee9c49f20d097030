"""A small map on a page: a few places with the land around them, light, and readable without seeing it."""

import gzip
import re
from collections.abc import Iterator
from functools import cache
from itertools import accumulate
from xml.etree import ElementTree

import pytest
from flask import Flask
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from citygraph.maps import Point, locator, small
from citygraph.maps.drawing import land
from citygraph.maps.projection import WORLD, from_lambert

NORRKOPING = Point(58.59543, 16.18, "Norrköping", "/city/norrkoping", 8)
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(autouse=True)
def request_to_a_page(app: Flask) -> Iterator[None]:
    with app.test_request_context("/"):
        yield


def parsed(text: str) -> ElementTree.Element:
    return ElementTree.fromstring(text)  # noqa: S314 (ours)


def drawing(points: list[Point]) -> ElementTree.Element:
    found = parsed(small(points)).find(f"{SVG}svg")
    assert found is not None
    return found


def dots(svg: ElementTree.Element) -> list[tuple[float, float]]:
    return [(float(c.attrib["cx"]), float(c.attrib["cy"])) for c in svg.iter(f"{SVG}circle")]


def test_one_place_stands_in_the_middle_of_its_neighbourhood() -> None:
    svg = drawing([NORRKOPING])
    assert dots(svg) == [(160.0, 100.0)]
    [link] = svg.iter(f"{SVG}a")
    assert link.attrib["href"] == "/city/norrkoping"
    assert link.attrib["tabindex"] == "-1"
    assert link.attrib["class"] == "hue-8"


def test_those_who_do_not_see_it_are_told_what_it_shows() -> None:
    assert 'aria-label="Map of the neighbourhood of Norrköping"' in small([NORRKOPING])


def test_places_far_apart_are_shown_on_the_world() -> None:
    svg = drawing([NORRKOPING, Point(35, 139, "Tokyo"), Point(-33, -71, "Santiago")])
    assert svg.attrib["viewBox"] == "0 0 1000 437"
    assert len(dots(svg)) == 3


def test_no_places_make_no_map() -> None:
    assert small([]) == ""


def test_labels_and_addresses_are_text() -> None:
    wild = small([Point(1, 2, "<b>\"&'", '/x?"><script>')])
    assert "<b>" not in wild
    assert "<script>" not in wild
    parsed(wild)


POINTS = st.builds(Point, st.floats(-85, 85), st.floats(-180, 180), st.just("x"), hue=st.integers(0, 8))


@given(st.lists(POINTS, min_size=1, max_size=5))
def test_every_place_is_within_its_small_map_which_is_light(app: Flask, points: list[Point]) -> None:
    with app.test_request_context("/"):
        made = small(points)
    assert len(gzip.compress(made.encode())) < 5000
    svg = parsed(made).find(f"{SVG}svg")
    assert svg is not None
    _, _, width, height = (float(part) for part in svg.attrib["viewBox"].split())
    below = [point for point in points if point.latitude < -57]
    for x, y in dots(svg):
        assert -0.1 <= x <= width + 0.1
        assert -0.1 <= y <= height + 0.1 or below or max(p.latitude for p in points) > 84


@given(st.floats(-70, 75), st.floats(-180, 180))
def test_the_land_around_a_place_stays_within_the_drawing(latitude: float, longitude: float) -> None:
    found = locator.neighbourhood([Point(latitude, longitude, "x")])
    assert found is not None
    frame, path = found
    for part in path.split("M")[1:]:
        x = y = 0.0
        numbers = [int(number) / 10 for number in re.findall(r"-?\d+", part)]
        for dx, dy in zip(numbers[::2], numbers[1::2], strict=True):
            x, y = x + dx, y + dy
            assert -1.2 <= x <= frame.width + 1.2
            assert -1.2 <= y <= frame.height + 1.2


@cache
def rings(path: str) -> list[list[tuple[float, float]]]:
    found = []
    for part in path.split("M")[1:]:
        numbers = [int(number) / 10 for number in re.findall(r"-?\d+", part)]
        found.append(list(zip(accumulate(numbers[::2]), accumulate(numbers[1::2]), strict=True)))
    return found


def inside(path: str, x: float, y: float) -> bool:
    """Whether a point of a drawing is within a path, by the even-odd rule."""
    crossed = False
    for ring in rings(path):
        for a, b in zip(ring, [*ring[1:], ring[0]], strict=True):
            if (a[1] > y) != (b[1] > y) and x < a[0] + (y - a[1]) / (b[1] - a[1]) * (b[0] - a[0]):
                crossed = not crossed
    return crossed


@settings(deadline=None, max_examples=120)
@example(64, -21.9, 160, 40)
@example(58.6, 16.2, 300, 190)
@example(58.6, 16.2, 60, 10)
@given(st.floats(-56, 72), st.floats(-180, 180), st.floats(5, 315), st.floats(5, 195))
def test_a_small_map_has_land_where_the_map_of_the_world_has_it(
    latitude: float, longitude: float, x: float, y: float
) -> None:
    found = locator.neighbourhood([Point(latitude, longitude, "x")])
    assert found is not None
    frame, path = found
    north, east = from_lambert(latitude, longitude, *frame.plane(x, y))
    assume(-56 < north < 80)
    there = [WORLD.at(north + a, east + b) for a, b in ((0, 0), (1.5, 0), (-1.5, 0), (0, 2.5), (0, -2.5))]
    on_the_world = {inside(land().world, *point) for point in there}
    # Near a coast the two may differ by as much as they are simplified.
    assume(len(on_the_world) == 1)
    assert {inside(path, x, y)} == on_the_world
