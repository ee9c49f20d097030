"""A small chart for each of several layers, all on one scale."""

from collections.abc import Sequence

from markupsafe import Markup

from citygraph.charts.drawing import drawing, element, figure, hued, number
from citygraph.charts.scales import Scale, domain
from citygraph.charts.stacked import Layer

WIDTH, HEIGHT, TOP, BOTTOM = 160.0, 84.0, 16.0, 16.0


def multiples(columns: Sequence[str], layers: Sequence[Layer], unit: str = "") -> list[Markup]:
    """A small chart of columns for each layer, to stand beside its name: the title is the layer's. Raises `ValueError`
    as `stacked` does."""
    if any(len(layer.values) != len(columns) for layer in layers):
        raise ValueError("a layer has one number for each column")
    low, high = domain([value for layer in layers for value in layer.values])
    if low < 0:
        raise ValueError("what is stacked is not negative")
    scale = Scale(low, high, HEIGHT - BOTTOM, TOP)
    return [small(columns, layer, scale, unit) for layer in layers]


def small(columns: Sequence[str], layer: Layer, scale: Scale, unit: str) -> Markup:
    """The chart of one layer: its columns, the first and the last of their names, and the last number."""
    step = WIDTH / max(1, len(columns))
    steps = [
        f"M{number(n * step)} {number(scale(0))}V{number(scale(value))}h{number(step * 0.82)}V{number(scale(0))}z"
        for n, value in enumerate(layer.values)
        if value
    ]
    pieces = [
        element("path", class_="line", d=f"M0 {number(scale(0))}H{number(WIDTH)}"),
        element("path", class_=hued("layer", layer.hue), d="".join(steps)),
    ]
    told = layer.label
    if columns:
        last = figure(layer.values[-1])
        pieces += [
            element("text", columns[0], class_="quiet", x=0, y=HEIGHT - 3),
            element("text", columns[-1], class_="quiet", x=WIDTH, y=HEIGHT - 3, text_anchor="end"),
            element("text", last, class_="value", x=WIDTH, y=scale(layer.values[-1]) - 4, text_anchor="end"),
        ]
        told = "; ".join(
            f"{column}: {figure(value)}"
            for n, (column, value) in enumerate(zip(columns, layer.values, strict=True))
            if n == 0 or value != layer.values[n - 1]
        )
    return drawing("small", WIDTH, HEIGHT, layer.label, f"{told} {unit}".rstrip(), pieces)
