"""Columns made of layers, with the name of each layer beside the last column."""

from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup

from citygraph.charts.drawing import SIZE, drawing, element, figure, hued, linked, number, text_width
from citygraph.charts.scales import Scale, domain, spread, ticks

LAYOUTS = {"wide": (760.0, 380.0), "narrow": (360.0, 400.0)}
"""Width and height of the layouts, of which the style sheet shows the one that the screen has room for."""
TOP, BOTTOM, LINE, LEADER = 22.0, 22.0, SIZE + 4, 12.0


class Layer(NamedTuple):
    """A layer from the bottom up: a number for each column, where it leads, and its hue from 1."""

    label: str
    values: Sequence[float]
    hue: int = 0
    href: str = ""


class Frame(NamedTuple):
    """Where the columns stand: `left` and `right` ends of the plot, how wide a column is, and the scale of heights."""

    left: float
    right: float
    step: float
    scale: Scale

    def start(self, column: int) -> float:
        """Where a column begins."""
        return self.left + column * self.step + self.step * 0.09

    @property
    def thick(self) -> float:
        """How wide a column is."""
        return self.step * 0.82


def stacked(
    columns: Sequence[str], layers: Sequence[Layer], title: str, unit: str = "", description: str = ""
) -> Markup:
    """Stacked columns in both layouts. Raises `ValueError` for a layer that does not have one number for each column,
    and for a number that is negative or not finite."""
    if any(len(layer.values) != len(columns) for layer in layers):
        raise ValueError("a layer has one number for each column")
    if any(value < 0 for layer in layers for value in layer.values):
        raise ValueError("what is stacked is not negative")
    sums = [sum(layer.values[n] for layer in layers) for n in range(len(columns))]
    drawn = []
    for layout, (width, height) in LAYOUTS.items():
        frame, axis = framed(columns, layers, sums, width, height)
        seen = [
            *gridlines(frame, axis, unit),
            *years(frame, columns, height),
            *laid(frame, layers),
            *totals(frame, sums),
            *hovered(frame, columns, layers, sums),
        ]
        # Read out, the numbers of the axis among those of the layers would say nothing.
        pieces = [element("g", *seen, aria_hidden="true"), *(labels(frame, layers) if columns else ())]
        drawn.append(drawing(f"stacked {layout}", width, height, title, description, pieces))
    return Markup("\n").join(drawn)


def framed(
    columns: Sequence[str], layers: Sequence[Layer], sums: Sequence[float], width: float, height: float
) -> tuple[Frame, list[float]]:
    """The frame of a layout and the ticks of its axis; the margins are as wide as the longest text in them."""
    whole = all(value == round(value) for value in sums)
    low, high = domain(sums)
    axis = [tick for tick in ticks(low, high, whole=whole) if tick <= high]
    left = max(text_width(figure(tick)) for tick in axis) + 6
    right = max((text_width(named(layer)) for layer in layers), default=0.0)
    end = max(width - right - LEADER, left + width / 5)
    scale = Scale(low, high, height - BOTTOM, TOP)
    return Frame(left, end, (end - left) / max(1, len(columns)), scale), axis


def named(layer: Layer) -> str:
    """What stands beside a layer: its name and its last number."""
    label = layer.label[:1].upper() + layer.label[1:]
    return f"{label} {figure(layer.values[-1])}" if layer.values else label


def gridlines(frame: Frame, axis: Sequence[float], unit: str) -> list[Markup]:
    """A line for each tick, with its number; what is counted stands above the first."""
    pieces = []
    for tick in axis:
        place = frame.scale(tick)
        pieces.append(element("path", class_="line", d=f"M{number(frame.left)} {number(place)}H{number(frame.right)}"))
        pieces.append(element("text", figure(tick), class_="quiet", x=frame.left - 5, y=place + 4, text_anchor="end"))
    if unit:
        pieces.append(element("text", unit, class_="quiet", x=frame.left, y=TOP - 9))
    return pieces


def years(frame: Frame, columns: Sequence[str], height: float) -> list[Markup]:
    """The names of columns, as many as there is room for; the last one always."""
    widest = max((text_width(column) for column in columns), default=0.0) + 6
    every = max(1, -(-int(widest) // max(1, int(frame.step))))
    return [
        element(
            "text", columns[n], class_="quiet", x=frame.start(n) + frame.thick / 2, y=height - 6, text_anchor="middle"
        )
        for n in reversed(range(len(columns) - 1, -1, -every))
    ]


def laid(frame: Frame, layers: Sequence[Layer]) -> list[Markup]:
    """One path for each layer, with a piece for each column that has some of it."""
    floor = [0.0] * max((len(layer.values) for layer in layers), default=0)
    pieces = []
    for layer in layers:
        steps = []
        for n, value in enumerate(layer.values):
            if value:
                low, high = frame.scale(floor[n]), frame.scale(floor[n] + value)
                steps.append(
                    f"M{number(frame.start(n))} {number(low)}V{number(high)}h{number(frame.thick)}V{number(low)}z"
                )
                floor[n] += value
        pieces.append(element("path", class_=hued("layer", layer.hue), d="".join(steps)))
    return pieces


def labels(frame: Frame, layers: Sequence[Layer]) -> list[Markup]:
    """The name of each layer that the last column has, at its height or as near as the others let it."""
    there, middles, floor = [], [], 0.0
    for layer in layers:
        if layer.values[-1]:
            there.append(layer)
            middles.append(frame.scale(floor + layer.values[-1] / 2))
        floor += layer.values[-1]
    edge = frame.right - frame.step * 0.09
    pieces = []
    for layer, middle, place in zip(there, middles, spread(middles, LINE, TOP, frame.scale.start), strict=True):
        route = f"M{number(edge + 1)} {number(middle)}L{number(frame.right + LEADER - 3)} {number(place)}"
        line = element("path", class_=hued("leader", layer.hue), d=route)
        text = element("text", named(layer), class_="name", x=frame.right + LEADER, y=place + 4)
        pieces.append(line + linked(layer.href, text))
    return pieces


def totals(frame: Frame, sums: Sequence[float]) -> list[Markup]:
    """The sum above each column that is unlike the one before it, where it does not touch its neighbours; the last one
    always."""
    pieces: list[Markup] = []
    free = frame.right + LEADER
    for n in reversed(range(len(sums))):
        text, middle = figure(sums[n]), frame.start(n) + frame.thick / 2
        half = text_width(text) / 2
        changed = n == 0 or sums[n] != sums[n - 1]
        if changed and sums[n] and middle + half <= free:
            top = frame.scale(sums[n]) - 5
            pieces.append(element("text", text, class_="value", x=middle, y=top, text_anchor="middle"))
            free = middle - half - 2
    return pieces


def hovered(frame: Frame, columns: Sequence[str], layers: Sequence[Layer], sums: Sequence[float]) -> list[Markup]:
    """What the mouse reads over each column: its numbers, from the top down."""
    pieces = []
    top, bottom = frame.scale.end, frame.scale.start
    for n, column in enumerate(columns):
        told = [f"{layer.label} {figure(layer.values[n])}" for layer in reversed(layers) if layer.values[n]]
        title = element("title", "\n".join([f"{column}: {figure(sums[n])}", *told]))
        place = frame.left + n * frame.step
        pieces.append(element("rect", title, class_="catch", x=place, y=top, width=frame.step, height=bottom - top))
    return pieces
