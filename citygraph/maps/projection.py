"""From places on the earth to points of a drawing: Equal Earth for the world, Lambert's equal-area one for a region.

Both show areas as large as they are. Planes are in radii of the earth, x to the east and y to the north; drawings have
y downwards.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

A = (1.340264, -0.081106, 0.000893, 0.003796)
"""The coefficients of Equal Earth (Šavrič, Patterson and Jenny, 2018)."""
TILT = math.sqrt(3) / 2
MERIDIAN = 11.0
"""The middle of the map of the world, which therefore ends in the Bering Strait, where it cuts no land."""

XY = tuple[float, float]
Forward = Callable[[float, float], XY]


def equal_earth(latitude: float, longitude: float) -> XY:
    """The plane of Equal Earth; degrees in."""
    turned = (longitude - MERIDIAN + 180) % 360 - 180
    theta = math.asin(TILT * math.sin(math.radians(latitude)))
    square = theta * theta
    sixth = square**3
    y = theta * (A[0] + A[1] * square + sixth * (A[2] + A[3] * square))
    slope = A[0] + 3 * A[1] * square + sixth * (7 * A[2] + 9 * A[3] * square)
    return math.radians(turned) * math.cos(theta) / (TILT * slope), y


def from_equal_earth(x: float, y: float) -> XY:
    """Latitude and longitude of a point of that plane, by Newton's method."""
    theta = y
    for _ in range(12):
        square = theta * theta
        sixth = square**3
        over = theta * (A[0] + A[1] * square + sixth * (A[2] + A[3] * square)) - y
        slope = A[0] + 3 * A[1] * square + sixth * (7 * A[2] + 9 * A[3] * square)
        theta -= over / slope
        if abs(over) < 1e-12:
            break
    latitude = math.degrees(math.asin(max(-1.0, min(1.0, math.sin(theta) / TILT))))
    longitude = MERIDIAN + math.degrees(x * TILT * slope / math.cos(theta))
    return latitude, (longitude + 180) % 360 - 180


def lambert(middle_latitude: float, middle_longitude: float) -> Forward:
    """The azimuthal equal-area plane around a middle. What is opposite to it comes out at a distance of 2."""
    sin0, cos0 = math.sin(math.radians(middle_latitude)), math.cos(math.radians(middle_latitude))

    def project(latitude: float, longitude: float) -> XY:
        phi, turned = math.radians(latitude), math.radians(longitude - middle_longitude)
        sin, cos = math.sin(phi), math.cos(phi)
        k = math.sqrt(2 / max(1e-9, 1 + sin0 * sin + cos0 * cos * math.cos(turned)))
        return k * cos * math.sin(turned), k * (cos0 * sin - sin0 * cos * math.cos(turned))

    return project


def from_lambert(middle_latitude: float, middle_longitude: float, x: float, y: float) -> XY:
    """Latitude and longitude of a point of that plane."""
    sin0, cos0 = math.sin(math.radians(middle_latitude)), math.cos(math.radians(middle_latitude))
    rho = math.hypot(x, y)
    if rho == 0:
        return middle_latitude, middle_longitude
    c = 2 * math.asin(min(1.0, rho / 2))
    latitude = math.degrees(math.asin(max(-1.0, min(1.0, math.cos(c) * sin0 + y * math.sin(c) * cos0 / rho))))
    turned = math.atan2(x * math.sin(c), rho * cos0 * math.cos(c) - y * sin0 * math.sin(c))
    return latitude, middle_longitude + math.degrees(turned)


@dataclass(frozen=True)
class Frame:
    """A drawing of `width` × `height` units; `left` and `top` are the plane's coordinates of its corner, `scale` the
    units of the drawing in one of the plane."""

    width: float
    height: float
    left: float
    top: float
    scale: float
    forward: Forward

    def at(self, latitude: float, longitude: float) -> XY:
        """Where a place stands in the drawing."""
        x, y = self.forward(latitude, longitude)
        return (x - self.left) * self.scale, (self.top - y) * self.scale

    def plane(self, x: float, y: float) -> XY:
        """The point of the plane under a point of the drawing."""
        return x / self.scale + self.left, self.top - y / self.scale

    def holds(self, x: float, y: float, margin: float = 0) -> bool:
        """Whether a point of the drawing is within its edges, by a margin."""
        return margin <= x <= self.width - margin and margin <= y <= self.height - margin


def framed(forward: Forward, width: float, left: float, right: float, bottom: float, top: float) -> Frame:
    """A frame as wide as asked for around a part of the plane."""
    scale = width / (right - left)
    return Frame(width, math.ceil((top - bottom) * scale), left, top, scale, forward)


EDGE = -equal_earth(0, MERIDIAN - 180)[0]
NORTH, SOUTH = 84.2, -57.5
WORLD = framed(equal_earth, 1000, -EDGE, EDGE, equal_earth(SOUTH, MERIDIAN)[1], equal_earth(NORTH, MERIDIAN)[1])
"""The world without the Antarctic."""
MIDDLE = (52.0, 11.0)
EUROPE = framed(lambert(*MIDDLE), 480, -0.335, 0.375, -0.305, 0.335)
"""The part of the world that is drawn larger, since dots would cover each other there."""
