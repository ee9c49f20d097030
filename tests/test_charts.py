"""Charts drawn on the server: well-formed, to scale, inside their frame, and said in words as well."""

import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citygraph import charts
from citygraph.charts.drawing import figure, fitted, text_width
from citygraph.charts.scales import domain, spread, ticks

NUMBERS = st.floats(-1e12, 1e12, allow_nan=False).filter(lambda number: number == 0 or abs(number) > 1e-9)
COUNTS = st.integers(0, 10**6)
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"]), max_size=60)
SVG = "{http://www.w3.org/2000/svg}"


def drawn(markup: str) -> list[ElementTree.Element]:
    """The drawings in a piece of a page, each parsed as XML."""
    found = re.findall(r"<svg .*?</svg>", markup, re.DOTALL)
    assert found
    return [ElementTree.fromstring(svg.replace("<svg ", f'<svg xmlns="{SVG[1:-1]}" ', 1)) for svg in found]  # noqa: S314


def box(svg: ElementTree.Element) -> tuple[float, float]:
    _, _, width, height = map(float, svg.attrib["viewBox"].split())
    return width, height


def rects(svg: ElementTree.Element, kind: str) -> list[dict[str, float]]:
    found = [one for one in svg.iter(f"{SVG}rect") if kind in one.attrib["class"].split()]
    return [{name: float(one.attrib[name]) for name in ("x", "y", "width", "height")} for one in found]


def pieces(svg: ElementTree.Element) -> list[list[tuple[float, float, float, float]]]:
    """The columns of each layer: left, right, top, bottom."""
    form = re.compile(r"M(\S+) (\S+)V([\d.-]+)h([\d.-]+)V\S+?z")
    found = []
    for path in svg.iter(f"{SVG}path"):
        if path.attrib["class"].split()[0] == "layer":
            steps = [tuple(map(float, step)) for step in form.findall(path.attrib["d"])]
            found.append([(x, x + w, high, low) for x, low, high, w in steps])
    return found


@settings(deadline=None)
@given(st.tuples(NUMBERS, NUMBERS).filter(lambda ends: abs(ends[0] - ends[1]) > 1e-6 * max(map(abs, ends))))
def test_ticks_are_round_even_and_hold_what_is_between(ends: tuple[float, float]) -> None:
    low, high = sorted(ends)
    found = ticks(low, high)
    step = (found[-1] - found[0]) / (len(found) - 1)
    assert found[0] <= low + step * 1e-6
    assert found[-1] >= high - step * 1e-6
    assert 2 <= len(found) <= 8
    assert all(abs(b - a - step) <= abs(step) * 1e-6 for a, b in pairwise(found))
    assert re.fullmatch(r"[125](\.0*)?e[+-]\d+", f"{step:.3e}")


@settings(deadline=None)
@given(st.integers(0, 12))
def test_ticks_of_what_is_counted_are_whole(most: int) -> None:
    assert all(tick == int(tick) for tick in ticks(0, max(1, most), whole=True))


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), -float("inf")])
def test_what_has_no_place_on_an_axis_is_refused(wrong: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        domain([1, wrong])
    with pytest.raises(ValueError, match="finite"):
        charts.bars([("x", wrong)], "Title")


@settings(deadline=None)
@given(st.lists(st.floats(-50, 500), max_size=12), st.floats(1, 40))
def test_labels_keep_clear_of_one_another_and_in_order(places: list[float], apart: float) -> None:
    moved = spread(places, apart, 0, 300)
    assert all(-1e-6 <= place <= 300 + 1e-6 for place in moved)
    room = min(apart, 300 / (len(places) - 1)) if len(places) > 1 else apart
    ordered = [place for _, place in sorted(zip(places, moved, strict=True))]
    assert all(b - a >= room - 1e-6 for a, b in pairwise(ordered))


def test_labels_with_room_stay_where_they_are() -> None:
    assert spread([10, 50, 90], 20, 0, 100) == [10, 50, 90]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(TEXTS, NUMBERS), max_size=8), TEXTS, TEXTS)
def test_no_bar_leaves_its_frame_whatever_it_shows(rows: list[tuple[str, float]], title: str, unit: str) -> None:
    [svg] = drawn(charts.bars(rows, title, unit))
    width, height = box(svg)
    found = rects(svg, "bar")
    assert len(found) == len(rows)
    for bar in found:
        assert bar["x"] >= -0.1
        assert bar["x"] + bar["width"] <= width + 0.2
        assert 0 <= bar["y"] <= bar["y"] + bar["height"] <= height
    assert svg.findtext(f"{SVG}title") == title
    assert svg.findtext(f"{SVG}desc")


@settings(deadline=None)
@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=12))
def test_bars_are_as_long_as_their_values(values: list[int]) -> None:
    [svg] = drawn(charts.bars([("x", value) for value in values], "Title"))
    longest = max(bar["width"] for bar in rects(svg, "bar"))
    for bar, value in zip(rects(svg, "bar"), values, strict=True):
        assert bar["width"] == pytest.approx(longest * value / max(*values, 1), abs=0.2)


def test_a_part_of_a_whole_stands_on_its_track() -> None:
    [svg] = drawn(charts.bars([charts.Bar("Film", 3, "/field/film", 4, 4)], "Kept", "cities"))
    [bar], [track] = rects(svg, "bar"), rects(svg, "track")
    assert bar["width"] / track["width"] == pytest.approx(3 / 4, abs=0.01)
    assert {"3 of 4", "cities"} <= set(svg.itertext())
    assert [link.attrib for link in svg.iter(f"{SVG}a")] == [{"href": "/field/film", "tabindex": "-1"}]


LAYERS = st.integers(1, 12).flatmap(
    lambda n: st.lists(st.tuples(TEXTS, st.lists(COUNTS, min_size=n, max_size=n)), min_size=1, max_size=5)
)


@settings(max_examples=30, deadline=None)
@given(LAYERS)
def test_layers_stand_on_one_another_inside_the_frame(rows: list[tuple[str, list[int]]]) -> None:
    columns = [str(2000 + n) for n in range(len(rows[0][1]))]
    sums = [sum(values[n] for _, values in rows) for n in range(len(columns))]
    for svg in drawn(charts.stacked(columns, [charts.Layer(*row) for row in rows], "Title", "things", "Words")):
        width, height = box(svg)
        found = [piece for layer in pieces(svg) for piece in layer]
        assert all(0 <= left <= right <= width and 0 <= top <= bottom <= height for left, right, top, bottom in found)
        stacks: dict[float, list[tuple[float, float]]] = {}
        for left, _, top, bottom in found:
            stacks.setdefault(left, []).append((top, bottom))
        heights = []
        for _, stack in sorted(stacks.items()):
            assert all(low[0] == high[1] for low, high in pairwise(stack))
            heights.append(stack[0][1] - stack[-1][0])
        standing = [total for total in sums if total]
        assert len(heights) == len(standing)
        for seen, total in zip(heights, standing, strict=True):
            assert seen == pytest.approx(max(heights) * total / max(standing), abs=0.3)


@settings(max_examples=30, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=5))
def test_the_margin_has_room_for_the_longest_name(names: list[str]) -> None:
    layers = [charts.Layer(name[:25], [1, 2]) for name in names]
    for svg in drawn(charts.stacked(["2024", "2025"], layers, "Title")):
        width, _ = box(svg)
        for text in svg.iter(f"{SVG}text"):
            if text.attrib["class"] == "name" and width > 500:
                assert float(text.attrib["x"]) + text_width(text.text or "") <= width + 0.1


@pytest.mark.parametrize("values", [[1], [1, -1], [1, float("nan")]])
def test_layers_that_cannot_be_stacked_are_refused(values: list[float]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        charts.stacked(["a", "b"], [charts.Layer("x", values)], "Title")
    with pytest.raises(ValueError):  # noqa: PT011
        charts.multiples(["a", "b"], [charts.Layer("x", values)])


def test_a_drawing_with_links_in_it_is_no_mere_image() -> None:
    [plain] = drawn(charts.bars([("Film", 3)], "Title"))
    [linked] = drawn(charts.bars([charts.Bar("Film", 3, "/field/film")], "Title"))
    assert (plain.attrib["role"], linked.attrib["role"]) == ("img", "group")


def test_words_do_not_run_together_where_no_drawing_is_shown() -> None:
    layers = [charts.Layer("Film", [1, 30], 4), charts.Layer("Music", [2, 84], 8)]
    read = re.sub(r"<[^>]+>", "", charts.stacked(["2004", "2025"], layers, "Members", "cities", "From 3 to 114."))
    assert {"2004", "2025", "30", "84", "114", "to", "cities"} <= set(read.split())
    assert "Film" in re.sub(r"<[^>]+>", "", charts.bars([("Film", 30)], "Title")).split()


def test_small_charts_share_one_scale() -> None:
    layers = [charts.Layer("Much", [0, 10], 1), charts.Layer("Less", [0, 5], 2)]
    much, less = (pieces(drawn(svg)[0])[0][0] for svg in charts.multiples(["2024", "2025"], layers, "cities"))
    assert (less[3] - less[2]) * 2 == pytest.approx(much[3] - much[2], abs=0.2)


def test_two_charts_on_a_page_have_ids_of_their_own() -> None:
    page = charts.stacked(["a"], [charts.Layer("x", [1])], "Title") + charts.bars([("a", 1)], "Title")
    found = re.findall(r' id="(\w+)"', page)
    assert len(found) == len(set(found)) == 6


def test_nothing_that_is_shown_can_be_markup() -> None:
    [svg] = drawn(charts.bars([charts.Bar("<b>&", 1, 'javascript:"x')], "</title><script>", "<i>", "<p>"))
    assert {element.tag.removeprefix(SVG) for element in svg.iter()} == {
        "svg",
        "title",
        "desc",
        "a",
        "g",
        "text",
        "rect",
    }


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (406, "406"), (1234, "1234"), (12345, "12\u202f345"), (-7, "−7"), (0.5, "0.5"), (3.14159, "3.142")],
)
def test_figures_are_written_as_on_the_other_pages(value: float, text: str) -> None:
    assert figure(value) == text


@settings(deadline=None)
@given(TEXTS, st.floats(20, 400))
def test_a_text_is_cut_only_where_it_has_to_be(text: str, width: float) -> None:
    cut = fitted(text, width)
    assert text_width(cut) <= width
    assert cut == text or cut.endswith("…")
