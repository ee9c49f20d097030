"""What a program can ask of a site, as OpenAPI 3.1: every route, with the classes, filters and formats of its graph.

Where the things of a class stand is read from their IRIs, what their JSON looks like from ontology and shapes, what a
list takes from its query. What a route answers stands in `citygraph.operations`.
"""

import json
from collections.abc import Iterator, Sequence
from functools import partial
from os.path import commonprefix
from urllib.parse import unquote

from pyoxigraph import Literal, NamedNode

from citygraph import browsing, documents, formats, listpages, lists, operations, queries, schemas
from citygraph.constraints import INTEGER, XSD, Vocabulary, vocabulary
from citygraph.formats import Format
from citygraph.labels import local_name, written
from citygraph.maps.figure import found
from citygraph.named import described as named
from citygraph.operations import Operation, get, parameter
from citygraph.permalinks import described as permalinks
from citygraph.queries import Parameter
from citygraph.reconciliation.described import described
from citygraph.schemas import Schema, reference
from citygraph.site import Site
from citygraph.sparql import bind

FEW = 50
"""Values up to which a parameter names them all."""
DEGREES = r"(\.[0-9]{1,15})?"
KINDS: dict[str, Schema] = {
    XSD + "date": {"type": "string", "format": "date"},
    XSD + "gYear": {"type": "string", "pattern": "^[0-9]{4}$"},
    INTEGER: {"type": "integer"},
    XSD + "decimal": {"type": "number"},
    XSD + "positiveInteger": {"type": "integer", "minimum": 1, "maximum": 10**9},
    XSD + "language": operations.LANGUAGE,
    XSD + "string": {"type": "string", "minLength": 1},
    lists.POINT: {"type": "string", "pattern": f"^-?[0-8]?[0-9]{DEGREES},-?(1[0-7][0-9]|[0-9]?[0-9]){DEGREES}$"},
}
"""How the values of a list's parameters are written, by datatype."""


def document(site: Site, home: str = "/") -> bytes:
    """The OpenAPI document of a site, which on this server stands at `home`."""
    said = vocabulary(site.dataset, site.engine)
    paths = {
        **dict(operations.fixed(site)),
        **dict(described()),
        **dict(permalinks.described()),
        **dict(named.described(site, partial(schema_of, site))),
        **dict(of_lists(site, said)),
        **dict(of_map(site)),
        **dict(of_exploring(site)),
        **dict(of_things(site, said)),
    }
    content = {
        "openapi": "3.1.0",
        "info": information(site),
        "servers": [{"url": url.rstrip("/") or "/"} for url in (home, site.public_url)],
        "paths": dict(sorted(paths.items())),
        "components": {"schemas": schemas.schemas(said, site.context), "responses": operations.RESPONSES},
    }
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()


def information(site: Site) -> dict[str, object]:
    """What the interface is called, its version (the dataset's), and its licence."""
    described = site.said("dcterms:description") or site.said("rdfs:comment")
    return {
        "title": site.title,
        "version": site.dataset.version,
        **({"description": described} if described else {}),
        **({"license": {"name": site.license_name, "url": site.license}} if site.license else {}),
    }


def of_lists(site: Site, said: Vocabulary) -> Iterator[tuple[str, dict[str, Operation]]]:
    """The routes of the lists."""
    named = schemas.names(said, site.context)
    for path, title in site.lists.items():
        query = queries.load(f"pages/{path}")
        _, kind = lists.item(query.text)
        offers = browsing.offered(path)
        asked = parameters(site, path, offers)
        bodies: dict[str, Schema] = {
            formats.JSON.media_type: schemas.collection(reference(named.get(kind, "Thing"))),
            **operations.media_types([format for format in offers if format is not formats.JSON]),
        }
        yield f"/{path}", get(path, title, asked, bodies, query.comment)
        alone = {formats.JSON.media_type: bodies[formats.JSON.media_type]}
        yield f"/{path}.json", get(f"{path}-json", f"{title}: tidy JSON", without_format(asked), alone)
        told = without_format(asked)
        dictionary: dict[str, Schema] = {browsing.METADATA: {"type": "object", "required": ["tableSchema"]}}
        yield f"/{path}.csv-metadata.json", get(f"{path}-columns", f"{title}: the columns of the CSV", told, dictionary)
        others = {name: body for name, body in bodies.items() if name != formats.JSON.media_type}
        suffixed = [suffix([f for f in offers if f is not formats.JSON]), *told]
        yield f"/{path}.{{suffix}}", get(f"{path}-document", f"{title}: a document", suffixed, others)


def of_map(site: Site) -> Iterator[tuple[str, dict[str, Operation]]]:
    """The routes of the map, which takes filters as lists do."""
    query = found("en").query
    language = Parameter("lang", lists.XSD + "language", "The language of labels: en unless told.")
    asked = [parameter(told.name, schema_of(site, told.kind), told.comment) for told in (*query.declared, language)]
    yield "/map", get("map", query.title, asked, operations.media_types([formats.HTML]), query.comment)
    yield "/map.svg", get("map-image", f"{query.title}: an image", asked, {"image/svg+xml": operations.BODY})


def without_format(asked: Sequence[dict[str, object]]) -> list[dict[str, object]]:
    """Parameters of an address that has a format in it already."""
    return [told for told in asked if told["name"] != "format"]


def of_exploring(site: Site) -> Iterator[tuple[str, dict[str, Operation]]]:
    """The page to explore a list on, which takes what that list takes; the route is there without one too."""
    name = listpages.explored(site)
    asked = parameters(site, name, [formats.HTML]) if name else []
    bodies = operations.media_types([formats.HTML])
    yield "/explore", get("explore", "A list with counts beside the values of its filters", asked, bodies)


def parameters(site: Site, path: str, offers: Sequence[Format]) -> list[dict[str, object]]:
    """What a list takes."""
    columns = [sort for column in lists.sortable(path) for sort in (column, f"-{column}")]
    sort = parameter(lists.SORT.name, {"type": "string", "enum": columns}, lists.SORT.comment)
    return [sort if told == lists.SORT else of_parameter(site, told, offers) for told in lists.parameters(path)]


def of_parameter(site: Site, told: Parameter, offers: Sequence[Format]) -> dict[str, object]:
    """A parameter of a list; one that takes things of a class names them where they are few."""
    if told.name == "format":
        return parameter("format", {"type": "string", "enum": [f.name for f in offers]}, told.comment)
    if told.name == "per_page":
        most = {"type": "integer", "minimum": 1, "maximum": lists.MOST_PER_PAGE, "default": lists.PER_PAGE}
        return parameter(told.name, most, told.comment)
    if told == lists.SEARCH:
        return parameter(told.name, {**KINDS[told.kind], "maxLength": lists.LONGEST_SEARCH}, told.comment)
    if told.kind in KINDS:
        return parameter(told.name, KINDS[told.kind], told.comment)
    known = values(site, told.kind)
    one = {key: value for key, value in choice(known).items() if key != "examples"}
    several: Schema = {"type": "array", "items": one, "examples": [[value] for value in known[:2]] + [known[:3]]}
    told_more = f"{told.comment} Given several times, it lets through what has any of the values."
    return parameter(told.name, several, told_more)


def schema_of(site: Site, kind: str) -> Schema:
    """What the values of a parameter look like: of a datatype, or one of the things of a class."""
    return KINDS.get(kind) or choice(values(site, kind))


def values(site: Site, kind: str) -> list[str]:
    """What the things of a class are called in an address."""
    names = site.index.of(kind)
    return sorted(names.short_of(iri) for iri in names.things)


def choice(values: Sequence[str]) -> Schema:
    """One of some values: all of them where they are few, else what they look like."""
    if 0 < len(values) <= FEW:
        return {"type": "string", "enum": list(values)}
    return {"type": "string", "pattern": "^[^/?#]+$", "maxLength": 200, "examples": list(values[:3])}


def things(site: Site, kind: str) -> list[str]:
    """The IRIs of the things of a class."""
    rows = site.engine.select(bind(queries.load("context/things").text, {"class": NamedNode(kind)}))
    return [written(row["thing"]) for row in rows]


def suffix(offers: Sequence[Format]) -> dict[str, object]:
    """The parameter that is the last part of a document's address."""
    names = [format.suffix.removeprefix(".") for format in offers]
    return parameter("suffix", {"type": "string", "enum": names}, "The format.", place="path")


def of_things(site: Site, said: Vocabulary) -> Iterator[tuple[str, dict[str, Operation]]]:
    """The routes of things and their documents, class by class: those of the classes that have a schema win."""
    named, seen = schemas.names(said, site.context), set()
    rows = site.engine.select(bind(queries.load("context/addresses").text, {"base": Literal(site.dataset.base)}))
    for row in sorted(rows, key=lambda row: (written(row["class"]) not in named, written(row["class"]))):
        kind, first, last = (written(row[name]) for name in ("class", "first", "last"))
        folder = commonprefix([first, last])
        alone = first == last
        stem = first if alone else folder[: folder.rfind("/") + 1]
        path = unquote(stem.removeprefix(site.dataset.base))
        if path in seen or (not alone and not path):
            continue
        seen.add(path)
        many = [] if alone else [parameter("name", choice(names_below(site, kind, stem)), "Its name.", place="path")]
        address = f"/{path}" if alone else f"/{path}{{name}}"
        yield from of_class(site, said, kind, address, many)


def names_below(site: Site, kind: str, stem: str) -> list[str]:
    """What the addresses of a class's things end with."""
    return [unquote(iri.removeprefix(stem)) for iri in things(site, kind) if "/" not in iri.removeprefix(stem)]


def of_class(
    site: Site, said: Vocabulary, kind: str, address: str, named: list[dict[str, object]]
) -> Iterator[tuple[str, dict[str, Operation]]]:
    """The routes of the things of one class: the redirect, the JSON, and the other documents."""
    schema = schemas.names(said, site.context).get(kind, "Thing")
    name = f"{schema} at {address}" if schema == "Thing" else schema
    own = kind.startswith(site.dataset.base + "ontology#")
    offers = documents.offered([local_name(kind)] if own else [])
    comment = said.comments.get(kind, "")
    asked = [*named, parameter("format", {"type": "string", "enum": [f.name for f in offers]}, "Before Accept.")]
    language = parameter("lang", operations.LANGUAGE, "The language of an HTML document.")
    yield address, get(name, f"{schema}: to its document", [*asked, language], {}, comment, redirects=True)
    full: Schema = {
        "allOf": [reference(schema), {"type": "object", "required": schemas.required_of(kind, said, site.context)}]
    }
    yield f"{address}.json", get(f"{name} as JSON", f"{schema}: tidy JSON", named, {formats.JSON.media_type: full})
    others = [format for format in offers if format is not formats.JSON]
    bodies = operations.media_types(others)
    yield f"{address}.{{suffix}}", get(f"{name} in a format", f"{schema}: its document",
                                       [*named, suffix(others), language], bodies)  # fmt: skip
