"""The colours of the style sheet can be read and told apart, in light and in dark."""

import itertools
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

SHEET = (Path(__file__).parents[1] / "citygraph" / "static" / "style.css").read_text("utf-8")
HUES = [f"hue-{n}" for n in range(1, 9)]
SEEN_AS = {
    "all cones": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    "no red cones": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "no green cones": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.01182, 0.04294, 0.968881)),
}
"""Linear RGB as people see it who lack a kind of cone (Machado, Oliveira and Fernandes 2009)."""

Colour = Sequence[float]


def colours(scheme: str) -> dict[str, str]:
    """The custom properties that are colours; those for dark go before the others there."""
    light, dark = SHEET.split("@media (prefers-color-scheme: dark)", 1)
    text = light if scheme == "light" else light + dark.split("\n}\n", 1)[0]
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6})\b", text))


def linear(colour: str) -> list[float]:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * c for c in colour[1:])
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    return [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]


def contrast(one: str, other: str) -> float:
    """As WCAG 2 defines it."""
    lights = [sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear(c), strict=True)) for c in (one, other)]
    return (max(lights) + 0.05) / (min(lights) + 0.05)


def oklab(colour: Colour) -> list[float]:
    """Linear RGB where distances are about as large as they look (Ottosson 2020)."""
    r, g, b = (min(1.0, max(0.0, part)) for part in colour)
    cones = (
        0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b,
        0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b,
        0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b,
    )
    long, middle, short = (max(0.0, cone) ** (1 / 3) for cone in cones)
    return [
        0.2104542553 * long + 0.793617785 * middle - 0.0040720468 * short,
        1.9779984951 * long - 2.428592205 * middle + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * middle - 0.808675766 * short,
    ]


def apart(one: str, other: str, eyes: str) -> float:
    seen = [oklab([sum(m * p for m, p in zip(row, linear(c), strict=True)) for row in SEEN_AS[eyes]])
            for c in (one, other)]  # fmt: skip
    return float(sum((a - b) ** 2 for a, b in zip(*seen, strict=True)) ** 0.5)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("ground", ["paper", "tint"])
def test_every_colour_of_text_can_be_read_on_every_ground(scheme: str, ground: str) -> None:
    found = colours(scheme)
    for text in ("ink", "quiet", "link", "mark", "wrong", *HUES):
        assert contrast(found[text], found[ground]) >= 4.5, text


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("eyes", SEEN_AS)
def test_no_two_hues_look_alike(scheme: str, eyes: str) -> None:
    found = colours(scheme)
    for one, other in itertools.combinations(HUES, 2):
        assert apart(found[one], found[other], eyes) > 0.05, (one, other)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_hues_that_stand_side_by_side_are_far_apart(scheme: str) -> None:
    found = colours(scheme)
    for one, other in itertools.pairwise(HUES):
        assert apart(found[one], found[other], "all cones") > 0.1, (one, other)
