"""What a request asks by the SPARQL 1.1 Protocol and the Graph Store Protocol, read strictly."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl

from pyoxigraph import NamedNode

from citygraph import formats
from citygraph.errors import EngineError, NotAcceptable, QueryError, Refused
from citygraph.formats import Format
from citygraph.negotiation import negotiate

FORM, QUERY = "application/x-www-form-urlencoded", "application/sparql-query"
UPDATE = "application/sparql-update"
ANSWERS = (*formats.SOLUTION_FORMATS, *formats.GRAPH_FORMATS)

Parameters = list[tuple[str, str]]


class BadRequest(EngineError):
    """A parameter is missing, doubled, or cannot be read."""

    status = 400
    title = "Bad request"


class UnsupportedMediaType(EngineError):
    """A body of a type that the protocol does not have. headers: Accept-Post."""

    status = 415
    title = "Unsupported media type"


@dataclass(frozen=True)
class Operation:
    """A query as it was asked; None stands for what the request does not say."""

    query: str | None
    default_graphs: list[str] | None
    named_graphs: list[str] | None
    timeout: float | None
    format: Format | None


def prefers_page(accept: str | None) -> bool:
    """Whether a client of the endpoint is a browser: one that wants HTML rather than results."""
    try:
        return negotiate(accept, (*ANSWERS, formats.HTML)) is formats.HTML
    except NotAcceptable:
        return False


def parameters(encoded: bytes) -> Parameters:
    """The parameters of a query string or a form, in order. Raises `BadRequest` where they are not UTF-8."""
    try:
        return parse_qsl(
            encoded.decode("utf-8"),
            keep_blank_values=True,
            encoding="utf-8",
            errors="strict",
            max_num_fields=200,
        )
    except UnicodeDecodeError:
        raise BadRequest("The parameters are not UTF-8; encode them as UTF-8 before percent-encoding.") from None
    except ValueError:
        raise BadRequest("There are more than 200 parameters.") from None


def operation(method: str, content_type: str, query_string: bytes, body: bytes) -> Operation:
    """What a request to the endpoint asks. Raises `BadRequest`, `Refused` (an update) or
    `UnsupportedMediaType`."""
    given = parameters(query_string)
    if method == "POST":
        given = posted(content_type, body) + given
    if any(key == "update" for key, _ in given):
        raise Refused("This endpoint is read-only; it takes no updates.")
    queries = [value for key, value in given if key == "query"]
    if len(queries) > 1:
        raise BadRequest("There is more than one query in the request; send exactly one.")
    if method == "POST" and not queries:
        raise BadRequest(f"There is no query in the request; send query=… as {FORM}, or the query itself as {QUERY}.")
    if any("\0" in query for query in queries):
        raise QueryError("The query contains a NUL character.")
    return Operation(
        queries[0] if queries else None,
        graphs(given, "default-graph-uri"),
        graphs(given, "named-graph-uri"),
        seconds([value for key, value in given if key == "timeout"]),
        wished([value for key, value in given if key in ("format", "output")]),
    )


def posted(content_type: str, body: bytes) -> Parameters:
    """The parameters that a POST's body holds, by its type."""
    media_type, _, rest = content_type.partition(";")
    media_type = media_type.strip().lower()
    charset = next(
        (p.split("=", 1)[1].strip(' "').lower() for p in rest.split(";") if p.strip().lower().startswith("charset=")),
        "utf-8",
    )
    if media_type == UPDATE:
        raise Refused("This endpoint is read-only; it takes no updates.")
    if media_type == "" and not body:
        return []
    if media_type not in (FORM, QUERY) or charset not in ("utf-8", "utf8", "us-ascii"):
        raise UnsupportedMediaType(
            f"Send the query as {FORM} (query=…) or as {QUERY} (the query itself), in UTF-8.",
            headers={"Accept-Post": f"{FORM}, {QUERY}"},
            offers=[FORM, QUERY],
        )
    if media_type == FORM:
        return parameters(body)
    try:
        return [("query", body.decode("utf-8"))]
    except UnicodeDecodeError:
        raise BadRequest("The query is not UTF-8.") from None


def graphs(given: Parameters, key: str) -> list[str] | None:
    """The graphs that a parameter names, each an absolute IRI; None where it is absent."""
    found = [value for name, value in given if name == key]
    for value in found:
        absolute(value, key)
    return found or None


def absolute(value: str, key: str) -> str:
    """The value itself, if it is an absolute IRI; else raises `BadRequest` naming the parameter."""
    try:
        return NamedNode(value).value
    except ValueError:
        raise BadRequest(f"{key} is not an absolute IRI.") from None


def seconds(values: Sequence[str]) -> float | None:
    """The time limit that was asked for."""
    if not values:
        return None
    try:
        wanted = float(values[-1])
    except ValueError:
        wanted = 0
    if not 0 < wanted < float("inf"):
        raise BadRequest("timeout is a number of seconds above 0, such as 2.5.")
    return wanted


def wished(values: Sequence[str]) -> Format | None:
    """The format that format= or output= names; clients add names of their own, which are ignored."""
    return next((found for value in values if (found := formats.lookup(value, ANSWERS))), None)
