"""Lists as they go over the wire: the reply to a request for one, in every format, with its pages and filters."""

import json
from dataclasses import replace

from flask import Response, abort, g, render_template, request, url_for
from pyoxigraph import Literal, NamedNode, Triple

from citygraph import documents, formats, listing, listpages, lists, paging, protocol, queries, replies, tabular, tidy
from citygraph.addresses import home
from citygraph.formats import Format
from citygraph.incoming import agreed, wanted
from citygraph.lists import Listed, Wanted
from citygraph.queries import Query
from citygraph.site import site

FORMATS = (formats.HTML, *documents.RDF_FORMATS, formats.JSON, formats.CSV)
CONTEXT = "http://www.w3.org/ns/json-ld#context"
METADATA = "application/csvm+json"


def offered(name: str) -> tuple[Format, ...]:
    """The formats of a list: GeoJSON where its rows have places."""
    placed = lists.placed(queries.load(f"pages/{name}").text)
    return (*FORMATS, formats.GEOJSON) if placed else FORMATS


def reply(name: str, format: Format | None = None) -> Response:
    """A list of the site, in the format of its suffix or in the one that the request wants."""
    if format and format not in offered(name):
        abort(404, f"This list comes as {', '.join(offer.suffix[1:] for offer in offered(name))}.")
    chosen = agreed(format) if format else wanted(offered(name))
    asked = lists.read(name, protocol.parameters(request.query_string), site.index)
    asked = replace(asked, language=g.language)
    pages: list[Listed] = []

    def make() -> bytes | str:
        pages.append(found(asked))
        return encoded(pages[0], chosen)

    response = replies.cached(site, make, chosen.content_type, links(asked, chosen), negotiated=format is None)
    if pages:
        for relation, address in turned(pages[0], chosen if format else None).items():
            response.headers.add("Link", replies.link(address, relation))
    return response


def found(asked: Wanted) -> Listed:
    """The page that was asked for; 404 where there is none of its number."""
    page = paging.page(site.engine, site.index, asked, lasting=not site.changes)
    if asked.page > page.pages:
        abort(404, f"There is no page {asked.page}; the last one is {page.pages}.")
    return page


def address(asked: Wanted, format: Format | None = None, page: int | None = None) -> str:
    """Where a list stands with what narrows it, in a format, at a page."""
    changes = {} if page is None else {"page": (str(page),)}
    return url_for("graph.thing", path=asked.name + (format.suffix if format else ""),
                   **asked.said("" if format is None else "format", **changes))  # fmt: skip


def public(asked: Wanted, page: int | None = None) -> str:
    """The same on the web, of the list itself."""
    here = address(replace(asked, given=asked.said("format")), None, page)
    return site.public_url + here.removeprefix(home())


def turned(page: Listed, format: Format | None) -> dict[str, str]:
    """The addresses of the pages around this one, by relation."""
    return {name: address(page.wanted, format, number) for name, number in page.around.items()}


def downloads(page: Listed) -> dict[str, object]:
    """Where what a page shows is found in the other formats, and where the whole of it is, if one file can hold it."""
    asked, others = page.wanted, [format for format in offered(page.wanted.name) if format is not formats.HTML]
    whole = replace(asked, given=asked.said("page", per_page=(str(lists.MOST_PER_PAGE),)))
    fits = page.total <= lists.MOST_PER_PAGE
    return {
        "downloads": [(address(asked, format), format) for format in others],
        "complete": [(address(whole, format), format) for format in others] if fits else [],
        "most": lists.MOST_PER_PAGE,
    }


def links(asked: Wanted, chosen: Format) -> list[str]:
    """The Link headers of a list: other formats, licence, VoID, and what explains this format."""
    made = [replies.link(address(asked, f), "alternate", f.media_type) for f in offered(asked.name)]
    if site.license:
        made.append(replies.link(site.license, "license"))
    made.append(replies.link(url_for("graph.void"), "describedby"))
    if chosen is formats.CSV:
        made.append(replies.link(of_metadata(asked), "describedby", METADATA))
    if chosen is formats.JSON:
        context = url_for("graph.context", version=site.context.version)
        made.append(replies.link(context, CONTEXT, formats.JSON_LD.media_type))
    return made


def of_metadata(asked: Wanted) -> str:
    """Where the dictionary of a list's CSV stands."""
    return url_for("graph.csv_metadata", path=asked.name, **asked.said("format"))


def encoded(page: Listed, format: Format) -> bytes | str:
    """A page of a list in a format."""
    query = queries.load(f"pages/{page.wanted.name}")
    if format is formats.HTML:
        return html(page)
    if format is formats.CSV:
        return tabular.comma_separated(page.columns, page.rows)
    if format is formats.GEOJSON:
        head = {"title": query.title, "id": public(page.wanted), "numberMatched": page.total}
        return tabular.geojson(page.columns, page.rows, lists.item(query.text)[0], head)
    facts = lists.facts(site.engine, page.wanted, page.items)
    if format is formats.JSON:
        return as_json(page, query, facts)
    return documents.write(facts, format, site.dataset)


def as_json(page: Listed, query: Query, facts: list[Triple]) -> bytes:
    """A page as tidy JSON, with what is counted or measured for this list beside the facts of each thing."""
    taken = {key.name for key in site.context.keys.values()}
    extra = [name for name in (*query.columns, "km") if name in page.columns and name not in taken]
    variable, _ = lists.item(query.text)
    plain = {
        lists.iri(row, variable): {name: tabular.plain(row[name]) for name in extra if name in row}
        for row in page.rows
    }  # fmt: skip
    turned = {name: public(page.wanted, number) for name, number in page.around.items()}
    context = site.public_url + site.context.path
    here = public(page.wanted)
    return tidy.listing(here, facts, page.items, site.context, context, page.total, turned, plain)


def html(page: Listed) -> str:
    """A page as a page: the form, the table, the pages around it, and the downloads of what it shows."""
    name = page.wanted.name
    return render_template(
        "list.html",
        **listpages.shown(page, lambda said: url_for("graph.thing", path=name, **said)),
        form=listpages.form(page.wanted),
        **downloads(page),
        explored=listpages.to_explore(page.wanted),
        kept={key: page.wanted.says(key) for key in ("sort", "per_page", "lang") if key in page.wanted.given},
    )


def metadata(name: str) -> Response:
    """What the columns of a list's CSV hold, as CSV on the Web says it."""
    if name not in site.lists:
        abort(404, "There is no such list.")
    asked = lists.read(name, protocol.parameters(request.query_string), site.index)

    def make() -> str:
        page, query = found(asked), queries.load(f"pages/{name}")
        told = {**query.columns, "km": "The distance from the point that was asked for, over the great circle."}
        variable, kind = lists.item(query.text)
        columns = tabular.dictionary(
            page.columns, page.rows, {variable: kind}, site.terms, site.definitions, told, g.language
        )
        about: dict[str, object] = {
            "@context": ["http://www.w3.org/ns/csvw", {"@language": "en"}],
            "url": address(asked, formats.CSV),
            "dc:title": query.title,
            "dc:description": query.comment,
            "dialect": {"encoding": "utf-8", "header": True},
            "tableSchema": {"columns": columns, "aboutUrl": f"{{+{variable}}}"},
        }
        if site.license:
            about["dc:license"] = {"@id": site.license}
        return json.dumps(about, ensure_ascii=False, indent=1) + "\n"

    return replies.cached(site, make, METADATA)


def of_thing(iri: str, format: Format) -> bytes:
    """A thing as a table, by the query of its class: CSV, or GeoJSON."""
    names = [name.removeprefix("documents/tables/") for name in queries.names("documents/tables")]
    classes = documents.classes(site.engine, site.dataset, iri)
    query = queries.load(f"documents/tables/{documents.first(classes, names, '')}")
    rows = site.engine.select(query.filled({"thing": NamedNode(iri), "lang": Literal(g.language)}))
    rows, columns = listing.in_order(query.text, rows), listing.projected(query.text)
    if format is formats.CSV:
        return tabular.comma_separated(columns, rows)
    return tabular.geojson(columns, rows, columns[0], {"title": query.title, "id": iri})
