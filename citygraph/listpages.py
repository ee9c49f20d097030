"""What the pages of lists show: the table with its heads to sort by, how many there are in words, and the filters."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import g, url_for
from pyoxigraph import Literal

from citygraph import filters, globe, listing, lists, ordering, queries
from citygraph.addresses import local
from citygraph.labels import written
from citygraph.lists import Listed, Wanted
from citygraph.names import MOST_CHOICES
from citygraph.queries import Query
from citygraph.site import Site, once, site
from citygraph.views import Table, Value
from citygraph.wording import gettext, message

Link = Callable[[dict[str, Any]], str]


@dataclass(frozen=True)
class Field:
    """A filter in the form: `choices` are its values with their labels, none where anything may be written."""

    name: str
    label: Value
    comment: str
    values: tuple[str, ...]
    kind: str
    choices: Mapping[str, str]
    hint: str = ""


@dataclass(frozen=True)
class Head:
    """The head of a column, with the address of the list sorted by it; `state` says how it is now, as ARIA does."""

    value: Value
    address: str
    state: str
    number: bool


def shown(page: Listed, link: Link) -> dict[str, Any]:
    """What a template shows of a page: `link` makes the addresses of pages like it from what they say."""
    wanted, query = page.wanted, queries.load(f"pages/{page.wanted.name}")
    filled = {name for row in page.rows for name in row}
    columns = [c for c in listing.columns(page.columns) if c in filled and c not in globe.PLACE]
    headings, rows = listing.table(columns, page.rows, site.terms, local, g.language)
    first = (wanted.page - 1) * wanted.per_page + 1
    turned = {name: link(wanted.said(page=(str(number),))) for name, number in page.around.items()}
    return {
        "table": Table(query.title, query.comment, headings, rows, page.total, page.query),
        "heads": heads(page, query, columns, headings, link),
        "beside": page.beside,
        "narrowed": bool(wanted.given.keys() - {"page", "per_page", "lang", "format", "sort"}),
        "count": counted(page.total, whole(wanted.name), gettext(query.title)),
        "place": (first, first + len(page.items) - 1),
        "pages": page.pages,
        "page": wanted.page,
        "turned": turned,
        "here": link({"lang": wanted.says("lang")} if "lang" in wanted.given else {}),
    }


def heads(page: Listed, query: Query, columns: list[str], headings: list[Value], link: Link) -> list[Head]:
    """The heads of the columns: one that it is sorted by already turns it round."""
    wanted, made = page.wanted, []
    usual = ordering.DISTANCE if wanted.near else ordering.own_column(query.text)
    now = wanted.sort or usual
    for column, heading in zip(columns, headings, strict=True):
        turned = f"-{column}" if now == column else column
        state = {column: "ascending", f"-{column}": "descending"}.get(now, "")
        sorted_so = () if turned == usual else (turned,)
        number = any(isinstance(cell := row.get(column), Literal) and listing.is_number(cell) for row in page.rows[:9])
        made.append(Head(heading, link(wanted.said("page", "format", sort=sorted_so)), state, number))
    return made


def counted(total: int | str, every: int, title: str) -> str:
    """How many of a list there are, in words; its title is the plural of what it has."""
    title = title if title[1:2].isupper() else title[:1].lower() + title[1:]
    figures = [figure if isinstance(figure, str) else f"{figure:,}" for figure in (total, every)]
    number, whole = (figure.replace(",", "\u202f") for figure in figures)
    if total == every:
        return gettext("All %(number)s %(things)s") % {"number": whole, "things": title}
    return gettext("%(number)s of %(all)s %(things)s") % {"number": number, "all": whole, "things": title}


@once(64)
def whole(name: str) -> int:
    """How many things a list has without filters."""
    (row,) = site.engine.select(filters.counted(queries.load(f"pages/{name}"), {}))
    return int(written(row["things"]))


TITLES = {"at": message("On the day"), "q": message("Name"), "near": message("Nearest to")}
"""What the filters are called that no term of a vocabulary is called like."""
HINTS = {"near": "58.59,16.18"}


def form(asked: Wanted) -> list[Field]:
    """The filters of a list as fields to fill in; those of a class with few things as choices."""
    takes = [p for p in lists.parameters(asked.name) if p not in (*lists.COMMON, lists.SORT)]
    headings = listing.headings([parameter.name for parameter in takes], site.terms, g.language)
    made = []
    for parameter, heading in zip(takes, headings, strict=True):
        few = lists.takes_things(parameter) and len(site.index.of(parameter.kind).things) <= MOST_CHOICES
        choices = site.index.choices(parameter.kind, g.language) if few else {}
        kind = "date" if parameter.kind == lists.XSD + "date" else "search" if parameter == lists.SEARCH else "text"
        values = asked.given.get(parameter.name, ())
        label = Value(gettext(TITLES[parameter.name])) if parameter.name in TITLES else heading
        made.append(Field(parameter.name, label, gettext(parameter.comment), values, kind, choices,
                          HINTS.get(parameter.name, "")))  # fmt: skip
    return made


def explored(site: Site) -> str | None:
    """The list to explore: the one that can be narrowed in most ways, and that has places; None where there is none."""

    def ways(name: str) -> tuple[bool, int]:
        query = queries.load(f"pages/{name}")
        return lists.placed(query.text), sum(filters.may_open(query, told.name) for told in query.declared)

    return max(site.menu, key=ways, default=None)


def to_explore(asked: Wanted) -> str | None:
    """Where a list is explored with what narrows it now; None for all but one."""
    return url_for("explore.page", **asked.said("page", "format")) if asked.name == explored(site) else None
