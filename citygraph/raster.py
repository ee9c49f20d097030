"""Plain drawings as PNG, with the standard library alone: areas and discs with smooth edges."""

import math
import struct
import zlib
from collections.abc import Sequence

Colour = tuple[int, int, int]
XY = tuple[float, float]
SUBLINES = 3
"""Lines that an area is measured on within one line of pixels."""


class Canvas:
    """Pixels in rows, the origin at the top left."""

    def __init__(self, width: int, height: int, ground: Colour) -> None:
        self.width, self.height = width, height
        self.rows = [bytearray(bytes(ground) * width) for _ in range(height)]

    def rectangle(self, left: int, top: int, right: int, bottom: int, colour: Colour) -> None:
        """Whole pixels."""
        for row in self.rows[top:bottom]:
            row[left * 3 : right * 3] = bytes(colour) * (right - left)

    def blend(self, x: int, y: int, colour: Colour, share: float) -> None:
        """One pixel, as far as it is covered; outside of the canvas nothing."""
        if not (0 <= x < self.width and 0 <= y < self.height):
            return
        row, place = self.rows[y], x * 3
        for part in range(3):
            row[place + part] += round((colour[part] - row[place + part]) * min(1.0, share))

    def disc(self, x: float, y: float, radius: float, colour: Colour, opacity: float = 1.0) -> None:
        """A disc; the pixels of its rim are covered in part."""
        for line in range(math.floor(y - radius), math.ceil(y + radius) + 1):
            for column in range(math.floor(x - radius), math.ceil(x + radius) + 1):
                share = radius + 0.5 - math.hypot(column + 0.5 - x, line + 0.5 - y)
                if share > 0:
                    self.blend(column, line, colour, min(1.0, share) * opacity)

    def line(self, start: XY, end: XY, width: float, colour: Colour) -> None:
        """A straight line with round ends."""
        length = math.dist(start, end) or 1.0
        for line in range(math.floor(min(start[1], end[1]) - width), math.ceil(max(start[1], end[1]) + width)):
            for column in range(math.floor(min(start[0], end[0]) - width), math.ceil(max(start[0], end[0]) + width)):
                x, y = column + 0.5 - start[0], line + 0.5 - start[1]
                dx, dy = (end[0] - start[0]) / length, (end[1] - start[1]) / length
                along = min(length, max(0.0, x * dx + y * dy))
                share = width / 2 + 0.5 - math.hypot(x - along * dx, y - along * dy)
                if share > 0:
                    self.blend(column, line, colour, share)

    def area(self, rings: Sequence[Sequence[XY]], colour: Colour) -> None:
        """What is within an odd number of rings."""
        crossings: dict[int, list[float]] = {}
        for ring in rings:
            for (x, y), (ex, ey) in zip(ring, [*ring[1:], ring[0]], strict=True):
                if y == ey:
                    continue
                low, high = sorted((y, ey))
                for line in range(math.ceil(low * SUBLINES - 0.5), math.ceil(high * SUBLINES - 0.5)):
                    at = ((line + 0.5) / SUBLINES - y) / (ey - y)
                    crossings.setdefault(line, []).append(x + at * (ex - x))
        covered: dict[tuple[int, int], float] = {}
        for line, found in crossings.items():
            found.sort()
            for left, right in zip(found[::2], found[1::2], strict=False):
                for column in range(max(0, math.floor(left)), min(self.width, math.ceil(right))):
                    share = min(right, column + 1) - max(left, column)
                    place = (column, line // SUBLINES)
                    covered[place] = covered.get(place, 0.0) + share / SUBLINES
        for (column, line), share in covered.items():
            self.blend(column, line, colour, share)

    def png(self) -> bytes:
        """The file."""
        header = struct.pack(">IIBBBBB", self.width, self.height, 8, 2, 0, 0, 0)
        pixels = zlib.compress(b"".join(b"\0" + row for row in self.rows), 9)
        return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def chunk(kind: bytes, data: bytes) -> bytes:
    """A piece of a PNG file, with its length and checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
