"""What can go wrong between a query and its answer, each with the HTTP status that says so."""

from __future__ import annotations


class EngineError(Exception):
    """A query that gets no answer.

    `detail` is one sentence for the person who asked; `extra` holds members for a problem+json document
    (hint, line, column, limit_seconds, offers …), `headers` what the reply must carry besides.
    """

    status = 500
    title = "The engine failed"

    def __init__(self, detail: str, *, headers: dict[str, str] | None = None, **extra: object) -> None:
        super().__init__(detail)
        self.detail = detail
        self.headers: dict[str, str] = dict(headers or {})
        self.extra: dict[str, object] = {key: value for key, value in extra.items() if value is not None}


class QueryError(EngineError):
    """The query, or a parameter of it, is not SPARQL. extra: line and column (from 1), hint."""

    status = 400
    title = "Malformed query"


class Refused(EngineError):
    """The query is understood and not allowed here: an update, SERVICE, a graph of the web. extra: hint,
    graphs."""

    status = 403
    title = "Not allowed here"


class NotAcceptable(EngineError):
    """No format that Accept asks for can carry the answer. extra: offers, the media types that can."""

    status = 406
    title = "Not acceptable"


class TooLarge(EngineError):
    """The query itself is longer than the endpoint reads. extra: limit_characters."""

    status = 413
    title = "Query too large"


class ResultTooLarge(EngineError):
    """The answer is longer than the endpoint sends. extra: limit_bytes."""

    status = 413
    title = "Result too large"


class TimedOut(EngineError):
    """The query ran into its time limit and was stopped. extra: limit_seconds."""

    status = 503
    title = "Query stopped at its time limit"


class Busy(EngineError):
    """Every worker is busy and the queue is full or too slow; headers say when to come back."""

    status = 503
    title = "Too many queries at once"


class WorkerLost(EngineError):
    """The process that answered the query ended; that query alone is lost."""

    status = 503
    title = "The query was lost"


KINDS: dict[str, type[EngineError]] = {
    kind.__name__: kind
    for kind in (
        EngineError,
        QueryError,
        Refused,
        NotAcceptable,
        TooLarge,
        ResultTooLarge,
        TimedOut,
        Busy,
        WorkerLost,
    )
}
"""By name, for the frame in which a worker sends an error."""
