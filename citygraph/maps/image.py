"""The map as one SVG that stands alone: it has its own style, in light and in dark, and links to the public site."""

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from flask import g
from markupsafe import Markup

from citygraph import wording
from citygraph.addresses import home, local
from citygraph.maps import drawing, figure
from citygraph.maps.places import Named, Places, Wanted
from citygraph.maps.projection import EUROPE, WORLD
from citygraph.site import Site
from citygraph.wording import gettext

CONTENT_TYPE = "image/svg+xml; charset=utf-8"
FRAMED = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors *"
"""The image may stand in a frame of any site, where its dots can be pointed at; it can do nothing there."""
SHEET = Path(__file__).parents[1] / "static" / "style.css"
TAKEN = re.compile(r"--(?:hue-\d|paper|ink|quiet|line|tint): [^;}]+;")
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
EDGE, GAP, TOP = 24, 28, 92
COLUMNS, ROW = 4, 26
STYLE = """
text { font-family: system-ui, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif; font-size: 17px; fill: var(--ink); }
.title { font-size: 30px; font-weight: 700; } .quiet { fill: var(--quiet); font-size: 14px; }
.paper { fill: var(--paper); } .sea, .globe { fill: var(--tint); } .land { fill: var(--line); }
.border { fill: none; stroke: var(--quiet); stroke-width: 6; stroke-opacity: .45; }
circle { fill: var(--hue, var(--quiet)); fill-opacity: .78; stroke: var(--paper); stroke-width: .6; }
a:hover circle { fill-opacity: 1; stroke: var(--ink); }
"""


@cache
def style() -> str:
    """The colours of the site, as its style sheet has them, and what is drawn in them."""
    sheet = blocks(COMMENT.sub("", SHEET.read_text("utf-8")))
    light = taken(sheet)
    dark = "".join(taken(blocks(body)) for head, body in sheet if "prefers-color-scheme: dark" in head)
    hues = "".join(f".hue-{n} {{ --hue: var(--hue-{n}); }}" for n in sorted(set(re.findall(r"--hue-(\d)", light))))
    return f":root {{ {light} }}\n@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}\n{hues}{STYLE}"


def blocks(text: str) -> list[tuple[str, str]]:
    """The outer blocks of a style sheet: what stands before the brace, and within."""
    found, depth, start = [], 0, 0
    for place, sign in enumerate(text):
        if sign == "{":
            depth += 1
            if depth == 1:
                head, start = text[start:place].strip(), place + 1
        elif sign == "}":
            depth -= 1
            if depth == 0:
                found.append((head, text[start:place]))
                start = place + 1
    return found


def taken(sheet: Sequence[tuple[str, str]]) -> str:
    """The colours that the root of a style sheet sets."""
    return " ".join(colour for head, body in sheet if head == ":root" for colour in TAKEN.findall(body))


def written(site: Site, whole: Places, wanted: Wanted) -> str:
    """The image: the world, Europe beside it, the legend below."""
    shown = whole.shown(wanted)
    told = " ".join(part["text"] for part in figure.sentence(whole, wanted, shown))
    colours = [colour for colour in figure.legend(whole, shown) if colour[2] or not wanted.terms]
    rows = -(-len(colours) // COLUMNS)
    width = EDGE + WORLD.width + GAP + EUROPE.width + EDGE
    height = TOP + max(EUROPE.height, WORLD.height) + 34 + rows * ROW + 48

    def public(iri: str) -> str | None:
        here = local(iri)
        return site.public_url + here.removeprefix(home()) if here else None

    def placed(drawn: Markup, x: float, y: float, of: tuple[float, float]) -> Markup:
        where = Markup('<svg x="{:g}" y="{:g}" width="{:g}" height="{:g}" ').format(x, y, *of)
        # Our pages refuse to stand in a frame of another site, so a click leaves it.
        return where + Markup(str(drawn).removeprefix("<svg ").replace("<a ", '<a target="_top" '))

    europe = EDGE + WORLD.width + GAP
    titled = Markup('<text class="title" x="{0}" y="50">{1}</text><text x="{0}" y="78">{2}</text>')
    frame = '<rect class="sea" x="{:g}" y="{:g}" width="{:g}" height="{:g}" rx="4"/>'
    parts = [
        Markup('<rect class="paper" width="100%" height="100%"/>'),
        titled.format(EDGE, site.title, subtitle(told, whole, wanted)),
        placed(drawing.world(whole, shown, public, ""), EDGE, TOP, (WORLD.width, WORLD.height)),
        Markup(frame).format(europe, TOP, EUROPE.width, EUROPE.height),
        placed(drawing.europe(whole, shown, public, ""), europe, TOP, (EUROPE.width, EUROPE.height)),
        keys(colours, TOP + WORLD.height + 34),
        Markup('<text class="quiet" x="{}" y="{:g}">{}</text>').format(EDGE, height - 18, credit(site, whole)),
    ]
    head = Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" xml:lang="{}" viewBox="0 0 {:g} {:g}" role="img" '
        'aria-labelledby="title desc"><title id="title">{}</title><desc id="desc">{}</desc><style>{}</style>'
    ).format(wording.interface(g.language), width, height, site.title, told, Markup(style()))
    return head + Markup("\n").join(parts) + Markup("</svg>\n")


def subtitle(told: str, whole: Places, wanted: Wanted) -> str:
    """What is shown, and by which filters."""
    names = {thing.iri: thing.label for place in whole.found for thing in (place.country, place.region) if thing}
    names |= {field.iri: field.label for field in whole.fields}
    return " · ".join([told, *(names[term.value] for term in wanted.terms.values() if term.value in names)])


def keys(colours: Sequence[tuple[Named, int, int]], top: float) -> Markup:
    """The legend, in rows."""
    made, wide = Markup(), (WORLD.width + GAP + EUROPE.width) / COLUMNS
    key = Markup('<g class="hue-{}"><circle cx="{:g}" cy="{:g}" r="7"/><text x="{:g}" y="{:g}">{}</text></g>')
    for place, (field, hue, count) in enumerate(colours):
        x, y = EDGE + place % COLUMNS * wide, top + place // COLUMNS * ROW
        made += key.format(hue, x + 8, y, x + 24, y + 6, f"{field.label} {count}")
    return made


def credit(site: Site, whole: Places) -> str:
    """Where the image comes from, and what it does not say."""
    moved = drawing.kilometres(whole.inset[1])
    said = [f"{site.public_url}map", *([site.license_name] if site.license else [])]
    if moved:
        said.append(gettext("in Europe, dots are moved apart by %(km)s km at most") % {"km": moved})
    return " · ".join([*said, gettext("land: Natural Earth, no borders drawn")])
