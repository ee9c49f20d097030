"""What the page of the map shows around its drawings: the filters, the years, and the places as a list."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pyoxigraph import Literal

from citygraph import listing, lists, queries
from citygraph.labels import folded, local_name
from citygraph.maps import drawing, figure
from citygraph.maps.places import DATE, Held, Named, Places, Shown, Wanted
from citygraph.site import Site


@dataclass(frozen=True)
class Field:
    """A filter in the form: `choices` are its values with their labels, none where a day is wanted."""

    name: str
    label: str
    comment: str
    value: str
    choices: Mapping[str, str]


@dataclass
class Group:
    """Places with what they have in common: a region has countries in it, a country places."""

    thing: Named | None
    groups: list["Group"] = field(default_factory=list)
    shown: list[Shown] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many places are in it."""
        return len(self.shown) + sum(group.count for group in self.groups)


@dataclass(frozen=True)
class Year:
    """A year of the map: how many places it has on its last day, for a bar of `height` of a hundred."""

    name: str
    day: str
    count: int
    height: int


def context(site: Site, language: str, whole: Places, wanted: Wanted) -> dict[str, object]:
    """All that the template takes."""
    shown = whole.shown(wanted)
    told = figure.sentence(whole, wanted, shown)
    return {
        "places": whole,
        "given": dict(wanted.given),
        "drawn": figure.drawings(whole, shown, told),
        "told": told,
        "legend": figure.legend(whole, whole.shown(wanted.without("field"))),
        "form": form(site, language, whole, wanted),
        "years": years(whole, wanted),
        "groups": groups(shown),
        "query": query(site, language, whole, wanted),
        "list": listed(site, whole),
        "as_data": as_data,
        "about": drawing.about,
    }


def listed(site: Site, whole: Places) -> str | None:
    """The list of the site that has the same places, under the same filters."""
    if not whole.own:
        return None
    _, kind = lists.item(whole.query.text)
    return site.collections.get(local_name(kind))


def query(site: Site, language: str, whole: Places, wanted: Wanted) -> str:
    """The query that has what is shown as its answer: that of the list, where there is one."""
    name = listed(site, whole)
    one = queries.load(f"pages/{name}") if name else whole.query
    return one.filled({"lang": Literal(language), **wanted.terms})


def form(site: Site, language: str, whole: Places, wanted: Wanted) -> list[Field]:
    """The filters as fields to fill in."""
    takes = whole.query.declared
    headings = listing.headings([parameter.name for parameter in takes], site.terms, language)
    made = []
    for parameter, heading in zip(takes, headings, strict=True):
        choices = {} if parameter.kind == DATE else site.index.choices(parameter.kind, language)
        value = wanted.given.get(parameter.name, "")
        made.append(Field(parameter.name, heading.text, parameter.comment, value, choices))
    return made


def years(whole: Places, wanted: Wanted) -> list[Year]:
    """How many places there were at the end of each year, under the other filters."""
    counts = {year: len(whole.shown(wanted.at_end_of(year))) for year in whole.years}
    most = max(counts.values(), default=0) or 1
    return [Year(year, f"{year}-12-31", count, -(-100 * count // most)) for year, count in counts.items()]


def groups(shown: list[Shown]) -> list[Group]:
    """Places by region and country, in the order of their labels; those without one come last."""
    regions: dict[str, Group] = {}
    countries: dict[tuple[str, str], Group] = {}
    for one in shown:
        region, country = one.place.region, one.place.country
        outer = regions.setdefault(region.iri if region else "", Group(region))
        key = (region.iri if region else "", country.iri if country else "")
        if key not in countries:
            countries[key] = Group(country)
            outer.groups.append(countries[key])
        countries[key].shown.append(one)
    for outer in regions.values():
        outer.groups.sort(key=by_label)
    return sorted(regions.values(), key=by_label)


def by_label(group: Group) -> tuple[bool, str]:
    """Where a group stands among others."""
    return group.thing is None, folded(group.thing.label) if group.thing else ""


def as_data(held: tuple[Held, ...]) -> str:
    """What a place is shown for and when, for the script: field, first day, start, end; several with a bar."""
    return "|".join(";".join((h.field.short if h.field else "", h.since, h.start, h.end)) for h in held)
