"""Maps of the places in the graph: a page, an image to embed, and drawings for other pages."""

from citygraph.maps.figure import offered, world
from citygraph.maps.locator import Point, small
from citygraph.maps.routes import blueprint

__all__ = ["Point", "blueprint", "offered", "small", "world"]
