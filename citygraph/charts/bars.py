"""A bar for each row, one below the other, with its label and its value."""

from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup

from citygraph.charts.drawing import SIZE, drawing, element, figure, fitted, hued, linked, text_width
from citygraph.charts.scales import Scale, domain
from citygraph.wording import gettext

WIDTH = 360.0
"""As wide as a phone, so that letters have their own size there."""
BESIDE = 175.0
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
    """A bar chart of rows in their order; `unit` is what the values count, said above them. Raises `ValueError`
    for a value that is not finite."""
    given = [Bar(*row) for row in rows]
    low, high = domain([bar.value for bar in given] + [bar.whole for bar in given])
    values = [written(bar) for bar in given]
    longest = max((text_width(bar.label) for bar in given), default=0.0)
    left = longest + 8 if longest <= BESIDE and low == 0 else 0.0
    # A value stands behind its bar; the longest bar and the longest text need not be of one row.
    room = min(max((text_width(value) for value in values), default=0.0) + 6, WIDTH / 3)
    scale = Scale(low, high, left + (room if low < 0 else 0), WIDTH - room)
    above, top = 0.0 if left else SIZE + 5, SIZE + 8 if unit else 0.0
    tall = above + THICK + GAP
    drawn = [element("text", fitted(unit, WIDTH - scale(0)), class_="quiet", x=scale(0), y=SIZE)] if unit else []
    for place, (bar, value) in enumerate(zip(given, values, strict=True)):
        drawn.append(one(bar, value, top + place * tall + above, scale, left))
    height = top + max(len(given), 1) * tall
    return drawing("bars", WIDTH, height, title, description or in_words(given, unit), drawn)


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


def written(bar: Bar) -> str:
    """A value, with what it is a part of where it is not all of it."""
    told = figure(bar.value)
    if bar.whole in (0, bar.value):
        return told
    return gettext("%(part)s of %(whole)s") % {"part": told, "whole": figure(bar.whole)}


def in_words(given: Sequence[Bar], unit: str) -> str:
    """What a bar chart shows, where nobody has said it better."""
    if not given:
        return gettext("No bars.")
    most, least = max(given, key=lambda bar: bar.value), min(given, key=lambda bar: bar.value)
    told = gettext("%(number)s bars (%(unit)s); the longest is %(most)s: %(high)s, the shortest %(least)s: %(low)s.")
    ends = {"most": most.label, "high": written(most), "least": least.label, "low": written(least)}
    return (told % {"number": len(given), "unit": unit, **ends}).replace(" ()", "")
