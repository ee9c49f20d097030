"""What a worker does with one query: parse, evaluate, serialise, and say what went wrong."""

import io
import re
from collections.abc import Mapping
from typing import Any

from pyoxigraph import (
    NamedNode,
    QueryBoolean,
    QueryResultsFormat,
    QuerySolutions,
    QueryTriples,
    RdfFormat,
    Store,
    serialize,
)

from citygraph import formats, sparql
from citygraph.errors import EngineError, NotAcceptable, QueryError, Refused, ResultTooLarge
from citygraph.explanation import PADDING, UNBOUND, explain

# What XML 1.0 cannot hold in any way. A carriage return it can, as a reference.
_NO_XML = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]")
STORE_FAILED = re.compile("IO error|Corruption|Resource temporarily unavailable")
"""What RocksDB says of its files."""
_NAMED = {each.name: each for each in (*formats.GRAPH_FORMATS, *formats.SOLUTION_FORMATS)}


class Body(io.BytesIO):
    """The bytes of an answer, up to a limit. Raises ResultTooLarge in the write that goes over it."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.limit = limit

    def write(self, data: Any, /) -> int:
        """Take what the serialiser wrote."""
        if self.tell() + len(data) > self.limit:
            raise ResultTooLarge(
                f"The result is longer than {self.limit:,} bytes.",
                hint="Ask for less at a time, with LIMIT and OFFSET, or take a dump.",
                limit_bytes=self.limit,
            )
        return super().write(data)


def evaluate(
    store: Store,
    prefixes: Mapping[str, str],
    base: str,
    graphs: frozenset[str],
    max_body: int,
    request: dict[str, Any],
) -> tuple[dict[str, Any], bytes]:
    """Answer a request: query (text), format (a name of ours), graphs (None, or the IRIs of the default
    and of the named graphs of the query's dataset), and examine, whether the text has still to be searched
    for what is not allowed.

    Returns the kind of the answer and its body. Raises EngineError.
    """
    text = request["query"]
    if request["examine"]:
        sparql.refuse(text, graphs, base)
    target = _NAMED[request["format"]]
    given = request["graphs"]
    output = Body(max_body)
    try:
        results = store.query(
            text,
            base_iri=base,
            default_graph=None if given is None else [*map(NamedNode, given[0])],
            named_graphs=None if given is None else [*map(NamedNode, given[1])],
        )
        kind = _write(results, target, output, text, base)
    except SyntaxError as error:
        raise explain(_again(store, text, error), text, prefixes) from None
    except OSError as error:
        if STORE_FAILED.search(str(error)):
            raise EngineError("The store on disk cannot be read; see the server's log.") from error
        # What else was opened was a connection, which a worker cannot make.
        raise Refused("This endpoint calls no other server.") from None
    except (RuntimeError, ValueError) as error:
        raise QueryError(f"The query cannot be evaluated: {str(error)[:200]}") from None
    body = output.getvalue()
    return {"kind": kind}, readable_xml(body, target) if target in (formats.RESULTS_XML, formats.RDF_XML) else body


def _write(
    results: QuerySolutions | QueryBoolean | QueryTriples,
    target: formats.Format,
    output: Body,
    text: str,
    base: str,
) -> str:
    serializer = target.serializer
    if isinstance(results, QueryTriples) and isinstance(serializer, RdfFormat):
        # The prefixes that the query declares come back in what it constructs.
        if target in (formats.TURTLE, formats.TRIG) and (prefixes := sparql.prologue(text, base)[1]):
            serialize(results, output, format=serializer, prefixes=prefixes)
        else:
            results.serialize(output, format=serializer)
        return "graph"
    if not isinstance(results, QueryTriples) and isinstance(serializer, QueryResultsFormat):
        results.serialize(output, format=serializer)
        return "boolean" if isinstance(results, QueryBoolean) else "solutions"
    raise QueryError("The query is none of SELECT, ASK, CONSTRUCT and DESCRIBE.")


def _again(store: Store, text: str, error: SyntaxError) -> SyntaxError:
    if UNBOUND in str(error):
        return error
    try:
        store.query(text + PADDING)
    except SyntaxError as padded:
        return padded
    return error


def readable_xml(body: bytes, target: formats.Format) -> bytes:
    """A body that every XML parser reads as it was meant. Raises NotAcceptable where XML cannot say it."""
    family = formats.SOLUTION_FORMATS if target in formats.SOLUTION_FORMATS else formats.GRAPH_FORMATS
    others = [each.media_type for each in family if each is not target]
    if _NO_XML.search(body):
        what = "a character that XML cannot carry"
    elif target is formats.RDF_XML and b"<oxprefix: " in body:
        what = "a predicate that is no XML name"
    else:
        # The serialiser leaves a bare carriage return, which a parser would read as a line feed.
        return body.replace(b"\r", b"&#xD;")
    raise NotAcceptable(f"The result holds {what}. Ask for {' or '.join(others)}.", offers=others)
