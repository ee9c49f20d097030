"""Short links to queries in the terms of OpenAPI."""

from collections.abc import Iterator

from citygraph import formats, operations, protocol
from citygraph.operations import Operation, get, operation, parameter
from citygraph.permalinks.kept import LONGEST
from citygraph.schemas import Schema

TEXT: Schema = {
    "type": "string",
    "minLength": 1,
    "description": f"SELECT, ASK, CONSTRUCT or DESCRIBE, of at most {LONGEST:,} bytes.",
}
LINK: Schema = {
    "type": "object",
    "required": ["id", "link", "text", "query"],
    "properties": {
        "id": {"type": "string"},
        "link": {"type": "string", "description": "The link: what the query is answered with now."},
        "text": {"type": "string", "description": "The address of the text of the query."},
        "query": {"type": "string"},
    },
}
REFUSALS = ("400", "403", "406", "413", "415", "429", "503", "507")


def described() -> Iterator[tuple[str, dict[str, Operation]]]:
    """The routes of short links."""
    language = parameter("lang", operations.LANGUAGE, "The language of a page.")
    page = get("permalinks", "What short links are", [language], operations.media_types([formats.HTML]))
    yield "/q/", {**page, "post": posted()}
    name = parameter("name", {"type": "string", "pattern": "^[a-z2-7]{10,52}$"}, "Its id.", place="path")
    offers = [*protocol.ANSWERS, formats.HTML]
    refusals = (*operations.REFUSALS, "403", "413")
    named = [offer.name for offer in (*formats.SOLUTION_FORMATS, *formats.GRAPH_FORMATS, formats.HTML)]
    format = parameter("format", {"type": "string", "enum": named}, "The format, of those that the answer has.")
    yield "/q/{name}", get("permalink", "The answer to a query with a short link", [name, format, language],
                           operations.media_types(offers), redirects=True, refusals=refusals)  # fmt: skip
    yield "/q/{name}.rq", get("permalink-text", "The text of a query with a short link", [name],
                              {protocol.QUERY: {"type": "string"}})  # fmt: skip


def posted() -> Operation:
    """Making a link."""
    said = operation("make-permalink", "Make a short permanent link to a query, which is not asked", [],
                     {formats.JSON.media_type: LINK}, redirects=True, refusals=REFUSALS)  # fmt: skip
    form: Schema = {
        "type": "object",
        "required": ["query"],
        "properties": {"query": TEXT},
        "additionalProperties": False,
    }
    responses = said["responses"]
    assert isinstance(responses, dict)
    made = {
        "description": "It is new.",
        "headers": operations.MOVED,
        "content": {formats.JSON.media_type: {"schema": LINK}},
    }
    responses = dict(sorted({**responses, "200": {**made, "description": "It is there already."}, "201": made}.items()))
    content = {protocol.FORM: {"schema": form}, protocol.QUERY: {"schema": TEXT}}
    return {**said, "responses": responses, "requestBody": {"required": True, "content": content}}
