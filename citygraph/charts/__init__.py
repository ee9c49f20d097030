"""Charts, drawn on the server as SVG: rows of numbers in, one `<svg>` with a title and a description out.

Colours, letters and the choice between the layouts for wide and narrow screens stand in `static/charts.css`. Links in a
chart are for the mouse: who uses the keyboard finds the same ones in the table that belongs beside it.
"""

from citygraph.charts.bars import Bar, bars
from citygraph.charts.drawing import FAINT, figure
from citygraph.charts.multiples import multiples
from citygraph.charts.stacked import Layer, stacked

__all__ = ["FAINT", "Bar", "Layer", "bars", "figure", "multiples", "stacked"]
