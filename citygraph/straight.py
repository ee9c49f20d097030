"""The straight way from a query to its answer: no web framework, no thread, a line to a worker that stays open.

It takes what programs send to the endpoint of an embedded engine. Pages, queries too long to be read in the event loop,
and whatever fails go the usual way through the application, which is told of the failure.
"""

from collections.abc import Awaitable, Callable
from time import perf_counter

from citygraph import protocol, replies, sparql
from citygraph.cache import Reply
from citygraph.engine import Embedded
from citygraph.errors import EngineError
from citygraph.lines import Lines

FAILED = "citygraph.failed"
"""The key of a WSGI environment under which the application finds the error to tell of."""
LONGEST = 1 << 13
"""Bytes of a request that are read in the event loop, where all others wait meanwhile."""

METHODS = ("GET", "POST")


async def answer(
    engine: Embedded,
    lines: Lines,
    method: str,
    headers: dict[str, str],
    query_string: str,
    body: bytes,
    gone: Callable[[], Awaitable[object]],
) -> Reply | EngineError | None:
    """The reply, the error that the application has to tell of, or None for what is all the application's.

    Raises `lines.Left` when the client hung up.
    """
    if method not in METHODS or len(query_string) + len(body) > LONGEST or "lang=" in query_string:
        return None
    accept = headers.get("accept")
    try:
        asked = protocol.operation(method, headers.get("content-type", ""), query_string.encode(), body)
        if asked.query is None or (asked.format is None and protocol.prefers_page(accept)):
            return None
        request, target = engine.request(
            asked.query, accept, asked.format, asked.default_graphs, asked.named_graphs, asked.timeout
        )
        started = perf_counter()
        _, found = await lines.run(request, asked.timeout, gone)
    except EngineError as error:
        return error
    lasting, seconds = not sparql.volatile(asked.query), perf_counter() - started
    return Reply(200, replies.of_answer(found, target.content_type, lasting, seconds), found)
