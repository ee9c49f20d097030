"""From numbers to places: the ends and the ticks of an axis, and labels that keep clear of one another."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """A straight line from the numbers `low` to `high` to the places `start` to `end`."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, number: float) -> float:
        """The place of a number."""
        return self.start + (number - self.low) / (self.high - self.low) * (self.end - self.start)


def domain(numbers: Iterable[float]) -> tuple[float, float]:
    """The least and the greatest of some numbers and zero; 0 to 1 where they are all zero. Raises `ValueError` for a
    number that has no place on an axis."""
    found = list(numbers)
    if not all(map(math.isfinite, found)):
        raise ValueError("a chart shows finite numbers only")
    low, high = min(found, default=0), max(found, default=0)
    return (min(low, 0), max(high, 0)) if low < 0 or high > 0 else (0, 1)


def ticks(low: float, high: float, about: int = 5, whole: bool = False) -> list[float]:
    """Round numbers, evenly apart, from `low` or just below it to `high` or just above it: about so many steps of 1, 2
    or 5 times a power of ten, `whole` ones where nothing between makes sense."""
    rough = (high - low) / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)
    if whole:
        step = max(1, round(step))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    digits = max(0, -math.floor(math.log10(step)))
    return [round(place * step, digits) for place in range(first, last + 1)]


def spread(places: Sequence[float], apart: float, low: float, high: float) -> list[float]:
    """Places moved as little as it takes to stand `apart`, between `low` and `high`, in the order that they had. Where
    there is no room for all, those at the end stand closer."""
    order = sorted(range(len(places)), key=lambda n: (places[n], n))
    if len(order) > 1:
        apart = min(apart, (high - low) / (len(order) - 1))
    moved = [0.0] * len(places)
    least = low
    for n in order:
        moved[n] = least = max(places[n], least)
        least += apart
    most = high
    for n in reversed(order):
        moved[n] = most = min(moved[n], most)
        most -= apart
    return moved
