"""What charts are drawn with: elements of SVG, numbers as they are written, and how wide a text will be."""

import hashlib
import re
from collections.abc import Iterable

from markupsafe import Markup, escape

FAINT = -1
"""The hue of what stands back."""
SIZE = 12.5
"""Of letters, in units of a drawing; `static/charts.css` says the same."""
NARROW, WIDE = "fijlrtI.,:;'’|()[]! -", "mwMWQO@%&—→"


def number(value: float) -> str:
    """A number in an attribute: to a tenth of a unit."""
    return (
        f"{value:.1f}".removesuffix(".0").replace("-0", "0") if abs(value) < 0.05 else f"{value:.1f}".removesuffix(".0")
    )


def figure(value: float) -> str:
    """A number as it is read: to four digits, from 10 000 on grouped by thin spaces."""
    if abs(value) >= 1e15:
        return f"{value:.3g}"
    if abs(value) >= 1000 or value == round(value):
        text = f"{round(value):,}"
        return text.replace(",", "\u202f" if abs(value) >= 10000 else "").replace("-", "−")
    return f"{value:.4g}".replace("-", "−")


def element(tag: str, *content: str, **attributes: str | float | None) -> Markup:
    """An element: `class_` is the attribute class, `text_anchor` is text-anchor; those that are None are left out."""
    told = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(value) if isinstance(value, str) else number(value)}"'
        for name, value in attributes.items()
        if value is not None
    )
    inside = "".join(escape(piece) for piece in content)
    if not content:
        return Markup(f"<{tag}{told}/>")
    # A text browser would run the words of one into those of the next.
    return Markup(f"{' ' if tag == 'text' else ''}<{tag}{told}>{inside}</{tag}>")


def drawing(kind: str, width: float, height: float, title: str, description: str, pieces: Iterable[str]) -> Markup:
    """A whole drawing: an image, or a group where there are links in it. Its title and description have ids that no
    other drawing on the page has, unless it is the same."""
    body = Markup("").join(pieces)
    seen = hashlib.blake2b(f"{kind} {width} {title} {description} {body}".encode(), digest_size=4).hexdigest()
    named, told = f"c{seen}", f"d{seen}"
    return element(
        "svg", element("title", title, id=named), element("desc", description, id=told), body,
        class_=f"chart {kind}", viewBox=f"0 0 {number(width)} {number(height)}",
        width=width, height=height, role="group" if "<a " in body else "img",
        aria_labelledby=named, aria_describedby=told,
    )  # fmt: skip


def linked(href: str, content: Markup) -> Markup:
    """Something that leads somewhere, where it does."""
    return element("a", content, href=href, tabindex="-1") if href else content


def hued(name: str, hue: int) -> str:
    """The classes of something that may have a hue, from 1, or be `FAINT`."""
    return f"{name} faint" if hue == FAINT else f"{name} hue-{hue}" if hue else name


def text_width(text: str) -> float:
    """How wide a text is at most, in units of a drawing, in the letters of any system."""
    units = 0.0
    for letter in text:
        if letter in NARROW:
            units += 0.42
        elif letter in WIDE or ord(letter) > 0x1100:
            units += 1.0
        else:
            units += 0.74 if letter.isupper() else 0.63
    return units * SIZE


def fitted(text: str, width: float) -> str:
    """A text cut so that it fits."""
    if text_width(text) <= width:
        return text
    text = re.sub(r"\s+", " ", text)
    while text and text_width(text + "…") > width:
        text = text[:-1]
    return text.rstrip() + "…"
