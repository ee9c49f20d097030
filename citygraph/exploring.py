"""The page to explore a list on: facets with counts beside what they leave, a search, and all that a list can do."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, abort, g, render_template, request, url_for

from citygraph import browsing, facets, formats, globe, listpages, lists, protocol, queries, reconciling, replies
from citygraph.facets import Chip
from citygraph.incoming import wanted as agreed
from citygraph.labels import written
from citygraph.lists import Listed, Wanted
from citygraph.reconciliation.candidates import Query
from citygraph.site import site
from citygraph.wording import gettext

blueprint = Blueprint("explore", __name__)

SUGGESTED = 5


@blueprint.get("/explore")
def page() -> Response:
    """The list with most filters, to be narrowed step by step."""
    name = listpages.explored(site) or abort(404, "This graph has no lists to explore; ask it a query instead.")
    agreed((formats.HTML,))
    asked = lists.read(name, protocol.parameters(request.query_string), site.index)
    asked = replace(asked, language=g.language)
    links = [replies.link(browsing.address(asked, f), "alternate", f.media_type) for f in browsing.offered(name)[1:]]
    return replies.cached(site, lambda: html(asked), formats.HTML.content_type, links, negotiated=True)


def html(asked: Wanted) -> str:
    """The page itself."""
    found = browsing.found(asked)
    item, kind = lists.item(queries.load(f"pages/{asked.name}").text)
    return render_template(
        "explore.html",
        **listpages.shown(found, address),
        **browsing.downloads(found),
        form={field.name: field for field in listpages.form(asked)},
        facets=facets.facets(asked),
        chips=chips(asked),
        kept={key: asked.says(key) for key in ("sort", "per_page", "lang") if key in asked.given},
        listed_at=browsing.address(replace(asked, given=asked.said("page", "format"))),
        attributes=attributes(found) if site.static else (),
        static=site.static,
        kind=kind,
        item=item,
        some=listpages.counted("{number}", found.total, gettext(site.lists[asked.name])),
        around=around(found),
        **(meant(asked) if not found.items else {}),
    )


def address(said: Mapping[str, Any]) -> str:
    """The page with what is said."""
    return url_for("explore.page", **said)


def chips(asked: Wanted) -> list[Chip]:
    """What narrows the list now, each with the way to be without it."""
    made = []
    for field in listpages.form(asked):
        for value in field.values:
            rest = tuple(other for other in field.values if other != value)
            without = address(asked.said("page", "format", **{field.name: rest}))
            made.append(Chip(field.label, field.choices.get(value, value), without))
    return made


def around(found: Listed) -> tuple[str, str] | None:
    """Where a search has found one thing that has a place: its name, and the others by their distance from it."""
    row = found.rows[0] if len(found.items) == 1 else {}
    there = globe.place(row)
    if found.wanted.near or there is None:
        return None
    label = row.get(f"{lists.item(found.query)[0]}Label")
    spot = ",".join(f"{degrees:.4f}" for degrees in there)
    language = {key: found.wanted.given[key] for key in ("lang",) if key in found.wanted.given}
    return (written(label), address({lists.NEAR.name: spot, **language})) if label else None


def meant(asked: Wanted) -> dict[str, object]:
    """What to do where nothing was found: names like the one searched for, or the search without the filters."""
    words = asked.says(lists.SEARCH.name)
    if not words:
        return {}
    kind = lists.item(queries.load(f"pages/{asked.name}").text)[1]
    alone = {key: asked.given[key] for key in (lists.SEARCH.name, "lang") if key in asked.given}
    if there := len(site.index.of(kind).matching(words)):
        return {"elsewhere": (there, address(alone))}
    service = reconciling.reconciliation()
    near = service.candidates(Query(words[:200], (kind,), SUGGESTED))
    called = dict.fromkeys(service.register.names[candidate.thing] for candidate in near)
    return {"meant": [(name, address({**alone, lists.SEARCH.name: name})) for name in called]}


def attributes(found: Listed) -> list[dict[str, str]]:
    """What a page without a server has to know of each of its rows: the names of the thing, and its values of each
    facet."""
    query = queries.load(f"pages/{found.wanted.name}")
    variable, kind = lists.item(query.text)
    names = dict(zip(site.index.of(kind).things, site.index.of(kind).lines, strict=True))
    made: dict[str, dict[str, str]] = {
        iri: {"data-thing": iri, "data-names": names.get(iri, "").replace("\n", " | ")} for iri in found.items
    }
    for told in facets.faceted(found.wanted.name):
        values = site.index.of(told.kind)
        for value, things in sorted(facets.holders(replace(found.wanted, terms={}), told.name).items()):
            for iri in made.keys() & things:
                said = made[iri].get(f"data-{told.name}", "")
                made[iri][f"data-{told.name}"] = f"{said} {values.short_of(value)}".strip()
    places = [{f"data-{name}": written(row[name]) for name in globe.PLACE if name in row} for row in found.rows]
    return [made[lists.iri(row, variable)] | place for row, place in zip(found.rows, places, strict=True)]
