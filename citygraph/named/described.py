"""Named queries, and short links to queries, in the terms of OpenAPI."""

from collections.abc import Callable, Iterator

from citygraph import formats, listing, operations
from citygraph.constraints import INTEGER, XSD
from citygraph.named import asked, routes
from citygraph.operations import Operation, get, parameter
from citygraph.queries import Parameter, Query
from citygraph.schemas import Schema
from citygraph.site import Site

THING: Schema = {
    "type": "object",
    "description": "A thing: its IRI, and its name in the language asked for.",
    "minProperties": 1,
    "properties": {"id": {"type": "string"}, "name": {"type": "string"}},
    "additionalProperties": False,
}
VALUE: Schema = {"anyOf": [THING, {"type": ["string", "number", "boolean"]}]}
SchemaOf = Callable[[str], Schema]


def described(site: Site, schema_of: SchemaOf) -> Iterator[tuple[str, dict[str, Operation]]]:
    """The routes of the named queries; `schema_of` has the schema of a parameter by the IRI of its kind."""
    listed: Schema = {"type": "array", "items": {"type": "object", "required": ["name", "id", "title", "parameters"]}}
    bodies: dict[str, Schema] = {formats.JSON.media_type: listed, formats.HTML.media_type: operations.BODY}
    yield "/queries/", get("queries", "Named queries", [operations.one_of(routes.INDEX), language()], bodies)
    for name, query in site.named.items():
        yield from of_query(site, name, query, schema_of)


def language() -> dict[str, object]:
    """The parameter that says in which language things are named."""
    return parameter("lang", operations.LANGUAGE, "The language of names, and of a page.")


def of_query(site: Site, name: str, query: Query, schema_of: SchemaOf) -> Iterator[tuple[str, dict[str, Operation]]]:
    """The routes of one query: negotiated, and by suffix."""
    offers = routes.offered(query)
    takes = [*(of_parameter(site, query, each, schema_of(each.kind)) for each in query.declared), language()]
    refusals = (*operations.REFUSALS, "413")
    bodies = {**operations.media_types(offers), **rows(query)}
    yield (
        f"/queries/{name}",
        get(f"query {name}", query.title, [*takes, operations.one_of(offers)], bodies, query.comment, False, refusals),
    )
    suffix: Schema = {"type": "string", "enum": [offer.suffix.removeprefix(".") for offer in offers]}
    placed = [parameter("suffix", suffix, "The format.", place="path"), *takes]
    told = get(f"query {name} in a format", query.title, placed, bodies, query.comment, False, refusals)
    yield f"/queries/{name}.{{suffix}}", told


def rows(query: Query) -> dict[str, Schema]:
    """The schema of the tidy JSON of a query, by its media type; a graph has none."""
    if routes.is_graph(query):
        return {}
    names = listing.columns(listing.projected(query.text))
    if not names:
        return {formats.JSON.media_type: {"type": ["boolean", "array"]}}
    columns = {
        column: VALUE | ({"description": query.columns[column]} if column in query.columns else {}) for column in names
    }
    row: Schema = {"type": "object", "properties": columns, "additionalProperties": False}
    return {formats.JSON.media_type: {"type": "array", "items": row}}


def of_parameter(site: Site, query: Query, told: Parameter, schema: Schema) -> dict[str, object]:
    """A parameter of a query, with its bounds and its default."""
    if told.name in query.bounds:
        low, high = query.bounds[told.name]
        schema = {**schema, "minimum": low, "maximum": high}
    value: object = asked.default(query, told, site.index)
    if value and told.kind in (INTEGER, XSD + "decimal"):
        value = float(str(value))
    return parameter(told.name, {**schema, **({"default": value} if value else {})}, told.comment)
