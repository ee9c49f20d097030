"""The facets of a list: each filter that takes things, with how many would be shown with each of its values.

A facet's own choice does not narrow its counts; everything else that was asked for does.
"""

from dataclasses import dataclass

from flask import g

from citygraph import filters, listing, lists, queries
from citygraph.labels import folded, in_words, local_name, written
from citygraph.lists import Wanted
from citygraph.queries import Parameter
from citygraph.site import once, site
from citygraph.views import Value
from citygraph.wording import gettext

FEW = 12
"""Values up to which all are shown at once, in the order of their labels."""
FIRST = 8
"""Values that are shown of a facet that has more, those of most things."""
FACETED = 5_000
"""Things of a class up to which it makes a facet; of more, nobody reads the labels."""


@dataclass(frozen=True)
class Choice:
    """A value of a facet: how an address names it, its label, and how many things it would leave."""

    value: str
    label: str
    count: int
    chosen: bool


@dataclass(frozen=True)
class Facet:
    """A filter with its values: those shown at once, and the rest."""

    name: str
    label: Value
    comment: str
    first: list[Choice]
    rest: list[Choice]


@dataclass(frozen=True)
class Chip:
    """A filter that is set, and the address without it."""

    label: Value
    text: str
    address: str


def faceted(name: str) -> list[Parameter]:
    """The filters of a list that make facets."""
    query = queries.load(f"pages/{name}")
    return [
        told
        for told in query.declared
        if lists.takes_things(told)
        and filters.may_open(query, told.name)
        and len(site.index.of(told.kind).things) <= FACETED
    ]


def facets(wanted: Wanted) -> list[Facet]:
    """The facets of a list under what is asked for."""
    takes = faceted(wanted.name)
    headings = listing.headings([told.name for told in takes], site.terms, g.language)
    return [facet(wanted, told, heading) for told, heading in zip(takes, headings, strict=True)]


def facet(wanted: Wanted, told: Parameter, heading: Value) -> Facet:
    """One facet. What is chosen is always shown, even if it leaves nothing."""
    labels, names = site.index.choices(told.kind, g.language), site.index.of(told.kind)
    chosen = {written(value) for value in wanted.terms.get(told.name, ())}
    counts = dict.fromkeys(sorted(chosen), 0) | counted(wanted, told.name)
    choices = [
        Choice(names.short_of(iri), labels.get(local_name(iri)) or in_words(local_name(iri)), count, iri in chosen)
        for iri, count in counts.items()
    ]
    choices.sort(key=lambda one: (folded(one.label), one.value))
    first = choices
    if len(choices) > FEW:
        most = sorted(choices, key=lambda one: -one.count)[:FIRST]
        first = [one for one in choices if one.chosen or one in most]
    rest = [one for one in choices if one not in first]
    return Facet(told.name, heading, gettext(told.comment), first, rest)


def counted(wanted: Wanted, name: str) -> dict[str, int]:
    """How many things of a list would be shown with each value of a filter, by the IRI of the value."""
    query = queries.load(f"pages/{wanted.name}")
    counts, found = lists.searched(filters.shares(query, wanted.terms, name), wanted, site.index)
    if found is None:
        return dict(asked(counts))
    held = holders(wanted, name).items()
    return {value: some for value, things in held if (some := len(things.intersection(found)))}


@once(512)
def asked(text: str) -> list[tuple[str, int]]:
    """The answer to a query for counts. Of nothing at all, Virtuoso tells a row without a value."""
    rows = site.engine.select(text)
    return [(written(row["value"]), int(written(row["things"]))) for row in rows if "value" in row]


def holders(wanted: Wanted, name: str) -> dict[str, set[str]]:
    """The things of a list that have each value of a filter, whatever was searched for."""
    made: dict[str, set[str]] = {}
    for row in site.engine.select(filters.pairs(queries.load(f"pages/{wanted.name}"), wanted.terms, name)):
        made.setdefault(written(row["value"]), set()).add(written(row["thing"]))
    return made
