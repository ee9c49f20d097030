"""A bar for each row, one below the other, with its label and its value."""

from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup

from citygraph.charts.drawing import SIZE, drawing, element, figure, fitted, hued, linked, text_width
from citygraph.charts.scales import Scale, domain
from citygraph.wording import gettext

WIDTH = 360.0
"""As wide as a phone, so that letters have their own size there."""
BESIDE = 132.0
"""The longest labels that stand beside their bars; where one is longer, all stand above them."""
THICK, GAP = 17.0, 8.0


class Bar(NamedTuple):
    """A row: `href` is where it leads, `hue` a colour from 1, `whole` what the value is a part of."""

    label: str
    value: float
    href: str = ""
    hue: int = 0
    whole: float = 0


def bars(rows: Sequence[tuple[str, float] | Bar], title: str, unit: str = "", description: str = "") -> Markup:
    """A bar chart of rows in their order; `unit` is what the values count, said at the first bar. Raises `ValueError`
    for a value that is not finite."""
    given = [Bar(*row) for row in rows]
    low, high = domain([bar.value for bar in given] + [bar.whole for bar in given])
    values = [written(bar, "" if place else unit) for place, bar in enumerate(given)]
    longest = max((text_width(bar.label) for bar in given), default=0.0)
    left = longest + 8 if longest <= BESIDE and low == 0 else 0.0
    # A value stands behind its bar; the longest bar and the longest text need not be of one row.
    room = min(max((text_width(value) for value in values), default=0.0) + 6, WIDTH / 3)
    scale = Scale(low, high, left + (room if low < 0 else 0), WIDTH - room)
    above = 0.0 if left else SIZE + 5
    tall = above + THICK + GAP
    drawn = [
        one(bar, value, place * tall + above, scale, left)
        for place, (bar, value) in enumerate(zip(given, values, strict=True))
    ]
    return drawing("bars", WIDTH, max(len(given), 1) * tall, title, description or in_words(given, unit), drawn)


def one(bar: Bar, value: str, top: float, scale: Scale, left: float) -> Markup:
    """A bar with what is written at it: the label beside it where `left` leaves room, else above it."""
    (start, end), base = sorted((scale(0), scale(bar.value))), top + THICK - 4
    whole = max(end, scale(bar.whole))
    pieces = [element("title", f"{bar.label}: {value}")]
    if left:
        pieces.append(element("text", bar.label, x=left - 8, y=base, text_anchor="end"))
    else:
        pieces.append(element("text", fitted(bar.label, WIDTH), x=0, y=top - 5))
    if bar.whole:
        pieces.append(element("rect", class_="track", x=scale(0), y=top, width=whole - scale(0), height=THICK))
    pieces.append(element("rect", class_=hued("bar", bar.hue), x=start, y=top, width=end - start, height=THICK))
    before = bar.value < 0
    place, anchor = (start - 5, "end") if before else (whole + 5, None)
    pieces.append(element("text", value, class_="value", x=place, y=base, text_anchor=anchor))
    return linked(bar.href, element("g", *pieces))


def written(bar: Bar, unit: str) -> str:
    """A value with what it is a part of and what it counts."""
    text = figure(bar.value)
    if bar.whole:
        text = gettext("%(part)s of %(whole)s") % {"part": text, "whole": figure(bar.whole)}
    return f"{text} {unit}".rstrip()


def in_words(given: Sequence[Bar], unit: str) -> str:
    """What a bar chart shows, where nobody has said it better."""
    if not given:
        return gettext("No bars.")
    most, least = max(given, key=lambda bar: bar.value), min(given, key=lambda bar: bar.value)
    told = gettext("%(number)s bars; the longest is %(most)s with %(high)s, the shortest %(least)s with %(low)s.")
    ends = {"high": written(most, unit), "low": written(least, unit)}
    return told % {"number": len(given), "most": most.label, "least": least.label, **ends}
