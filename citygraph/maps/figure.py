"""The map as a figure of a page: both drawings, and what they show in words."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache

from flask import render_template
from markupsafe import Markup

from citygraph import queries
from citygraph.addresses import local
from citygraph.maps import drawing, places
from citygraph.maps.places import Named, Places, Shown, Wanted
from citygraph.site import once, site
from citygraph.wording import gettext, ngettext

LANGUAGES = 8
"""In how many languages the places are kept; a large graph has megabytes of them."""


@once(LANGUAGES)
def found(language: str) -> Places:
    """The places of the graph with labels in a language."""
    return places.find(site.engine, site.index, language)


@once(1)
def offered() -> bool:
    """Whether there is anything to show on a map."""
    return bool(site.engine.select(queries.load("maps/there").text))


def world(language: str, given: Mapping[str, str] | None = None) -> Markup:
    """The map of the world with Europe beside it, for a page: nothing where there are no places. `given` are filters
    as in the address of the map. Its page links `map.css`, and `map.js` for cards."""
    whole = found(language)
    if not whole.found:
        return Markup()
    wanted = places.read(list((given or {}).items()), whole.query, site.index)
    shown = whole.shown(wanted)
    told = sentence(whole, wanted, shown)
    drawn = drawings(whole, shown, told)
    given = dict(wanted.given)
    return Markup(render_template("maps/figure.html", drawn=drawn, told=told, legend=legend(whole, shown), given=given))


def drawings(whole: Places, shown: Sequence[Shown], told: "Sentence") -> dict[str, object]:
    """The drawings as a template takes them: Europe only where there is something to see in it."""
    points, moved = whole.inset
    address = cache(local)
    some = any(one.number in points for one in shown)
    words = gettext("Map of the world: %(what)s.") % {"what": " ".join(part["text"] for part in told)}
    return {
        "world": drawing.world(whole, shown, address, words),
        "europe": drawing.europe(whole, shown, address, gettext("Europe, larger.")) if some else None,
        "moved": drawing.kilometres(moved) if some else 0,
    }


Sentence = list[dict[str, str]]


def sentence(whole: Places, wanted: Wanted, shown: Sequence[Shown]) -> Sentence:
    """How many places there are, in how many countries, on which day: each part with its forms, for a script that
    counts anew. `#` stands for the number or the day."""
    if whole.own:
        parts = [part("places", len(shown), lambda n: ngettext("%(num)s city", "%(num)s cities", n))]
    else:
        parts = [part("places", len(shown), lambda n: ngettext("%(num)s place", "%(num)s places", n))]
    countries = {one.place.country.iri for one in shown if one.place.country}
    if any(place.country for place in whole.found):
        parts.append(
            part("countries", len(countries), lambda n: ngettext("in %(num)s country", "in %(num)s countries", n))
        )
    last = str(site.modified.date()) if site.modified else ""
    if whole.years and (wanted.day or last):
        form = gettext("on %(day)s")
        # Without a day there is also what is over, as in lists.
        over = any(one.held.end and one.held.end <= last for one in whole.shown(Wanted({}, {})))
        lately = ((gettext("until %(day)s") if over else form) % {"day": last}) if last else ""
        text = form % {"day": wanted.day} if wanted.day else lately
        parts.append({"name": "day", "text": text, "many": form % {"day": "#"}, "last": lately})
    return parts


def part(name: str, number: int, words: Callable[[int], str]) -> dict[str, str]:
    """A number in words, and what it would be for one and for many; `words` says the form for a number."""
    return {
        "name": name,
        "text": words(number) % {"num": number},
        "one": words(1) % {"num": "#"},
        "many": words(2) % {"num": "#"},
    }


def legend(whole: Places, shown: Sequence[Shown]) -> list[tuple[Named, int, int]]:
    """The colours: what each means, its hue, and how many places have it."""
    held = [one.held.field.iri for one in shown if one.held.field]
    return [(field, whole.hues.get(field.iri, 0), held.count(field.iri)) for field in whole.fields]
