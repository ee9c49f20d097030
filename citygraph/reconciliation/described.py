"""The operations of the reconciliation service, for `citygraph.openapi`."""

from collections.abc import Iterator, Sequence

from citygraph import formats, protocol
from citygraph.operations import BODY, NAME, Operation, get, operation, parameter
from citygraph.reconciliation.reading import BATCH, CALLBACK, COLUMNS
from citygraph.schemas import Schema

ANSWER: dict[str, Schema] = {formats.JSON.media_type: {"type": "object"}, "text/javascript": BODY}
PAGE: dict[str, Schema] = {formats.HTML.media_type: BODY}
TABLE: dict[str, Schema] = {**PAGE, formats.CSV.media_type: BODY}
REFUSALS = ("400", "406", "413", "414", "415", "503")
TEXT: Schema = {"type": "string"}
QUERY: Schema = {
    "type": "object",
    "required": ["query"],
    "properties": {"query": TEXT, "type": TEXT, "limit": {"type": "integer", "minimum": 1}},
}
COLUMN: Schema = {"type": "object", "required": ["id"], "properties": {"id": TEXT}}
BATCHED: Schema = {"type": "object", "additionalProperties": QUERY, "maxProperties": BATCH}
WANTED: Schema = {
    "type": "object",
    "required": ["ids", "properties"],
    "properties": {
        "ids": {"type": "array", "items": TEXT, "maxItems": BATCH},
        "properties": {"type": "array", "items": COLUMN, "maxItems": COLUMNS},
    },
}
JSON: Schema = {"type": "string", "contentMediaType": formats.JSON.media_type}
QUERIES: Schema = {**JSON, "contentSchema": BATCHED, "examples": ['{"q0": {"query": "Lyon"}}']}
EXTEND: Schema = {**JSON, "contentSchema": WANTED, "examples": ['{"ids": [], "properties": [{"id": "country"}]}']}
NAMES = f"Names, one a line, {BATCH:,} at most."


def described() -> Iterator[tuple[str, dict[str, Operation]]]:
    """The paths of the service."""
    callback = parameter("callback", {"type": "string", "pattern": f"^{CALLBACK.pattern}$"}, "For JSONP.")
    prefix, cursor = (
        parameter("prefix", NAME, "The beginning of a name."),
        parameter("cursor", {"type": "integer", "minimum": 0}, "Suggestions to leave out."),
    )
    kind = parameter("type", {"type": "string"}, "The IRI of a class.")
    limit = parameter("limit", {"type": "integer", "minimum": 0, "maximum": 1000}, "How many at most.")
    queries = parameter("queries", QUERIES, "A batch of queries.")
    extend = parameter("extend", EXTEND, "Things and the properties wanted of them.")
    about = "Reconciliation Service API 0.2: the manifest, or the answer to a batch"
    yield (
        "/reconcile",
        {
            "get": operation(
                "reconcile", about, [queries, extend, callback], ANSWER, redirects=True, refusals=REFUSALS
            ),
            "post": posted("reconcile-post", "The answer to a batch", {"queries": QUERIES}, ANSWER, ["queries"]),
        },
    )
    which = parameter("kind", {"type": "string", "enum": ["entity", "type", "property"]}, "Of what.", place="path")
    yield "/reconcile/suggest/{kind}", get("suggest", "Suggestions", [which, prefix, cursor, kind, callback], ANSWER)
    yield "/reconcile/properties", get("properties", "Properties of a type", [kind, limit, callback], ANSWER)
    thing = parameter("id", {"type": "string", "format": "iri"}, "The IRI of a thing.", required=True)
    yield "/reconcile/preview", get("preview", "A thing on a card", [thing], PAGE)
    names: Schema = {"type": "string"}
    wanted: Schema = {"type": "string", "enum": ["html", "csv"]}
    fields: dict[str, Schema] = {"names": names, "beside": names, "property": names, "type": names, "format": wanted}
    asked = [
        parameter(name, schema, NAMES if name == "names" else "As on the page.") for name, schema in fields.items()
    ]
    yield (
        "/reconcile/table",
        {
            "get": operation("table", "The page to paste names on", asked, TABLE, refusals=REFUSALS),
            "post": posted("table-post", "A table of pasted names", fields, TABLE),
        },
    )


def posted(
    name: str, summary: str, fields: dict[str, Schema], bodies: dict[str, Schema], needed: Sequence[str] = ()
) -> Operation:
    """The same by a form."""
    form = {"schema": {"type": "object", "properties": fields, "required": list(needed)}}
    body = {"required": True, "content": {protocol.FORM: form}}
    return {**operation(name, summary, [], bodies, refusals=REFUSALS), "requestBody": body}
