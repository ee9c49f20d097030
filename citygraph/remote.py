"""The engine over a store elsewhere: any endpoint of the SPARQL 1.1 Protocol, named by CITYGRAPH_ENDPOINT.

The store is asked for JSON or N-Triples and its answer is read to the end before anything goes out; pyoxigraph then
writes it in the format that was asked for. So an answer that a store cut, or filled with an error, is never passed on.
"""

import os
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple, Protocol
from urllib.parse import urlencode

from pyoxigraph import (
    QueryBoolean,
    QueryResultsFormat,
    QuerySolutions,
    RdfFormat,
    Triple,
    parse,
    parse_query_results,
    serialize,
)

from citygraph import formats, sparql
from citygraph.credentials import Credentials, from_environment
from citygraph.endpoint import WAITING, Endpoint, Reply, StoreFailed
from citygraph.engine import SHORT, Answer, Kind, Limits, Term, check, graphs_of, target_of
from citygraph.errors import Busy, EngineError, QueryError, Refused, ResultTooLarge, TimedOut
from citygraph.evaluation import Body, readable_xml
from citygraph.explanation import explain
from citygraph.formats import Format

KINDS: dict[str, Kind] = {"select": "solutions", "ask": "boolean", "construct": "graph", "describe": "graph"}
ASKED_FOR = {
    "solutions": "application/sparql-results+json, application/sparql-results+xml;q=0.5",
    "boolean": "application/sparql-results+json, application/sparql-results+xml;q=0.5",
    "graph": "application/n-triples, text/turtle;q=0.5, application/rdf+xml;q=0.2",
}
OWN = 2
"""Requests kept free for pages and documents while strangers' queries take all the others."""
NOTHING = "urn:citygraph:nothing"
"""A graph that no store has. Where no graph is named, Virtuoso takes all of them; it is given this one instead."""

_INTERNAL = re.compile(r"<(?:bif|sql|virtrdf|define)\b", re.IGNORECASE)
# Virtuoso's blank nodes in JSON have IRIs for labels. Quotes inside a text are escaped, so this is never inside one.
_VIRTUOSOS_BLANK = re.compile(rb'("type"\s*:\s*"bnode"\s*,\s*"value"\s*:\s*")nodeID://')
_LINE = re.compile(r"\bline (\d+)")
_OUT_OF_TIME = re.compile(r"Virtuoso S1T\w\w Error")
# What stores say with a status of 500 although the query is at fault: SQL's classes for wrong data and wrong queries.
_OF_THE_QUERY = re.compile(r"Virtuoso (?:22|37|42)\w{3} Error|custom function", re.IGNORECASE)


class Described(Protocol):
    """What a remote engine needs of a dataset: what the store was loaded from, not the triples."""

    @property
    def prefixes(self) -> dict[str, str]: ...
    @property
    def base(self) -> str: ...
    @property
    def graphs(self) -> frozenset[str]: ...


class Asked(NamedTuple):
    """A query as it is sent: its text without FROM, and the graphs of its dataset. `added` lines stand before it."""

    text: str
    added: int
    default: list[str]
    named: list[str]


class Remote:
    """A store at a SPARQL endpoint, which holds each part of the dataset in the named graph of that part.

    `timeout` in seconds is for the whole of a query, `max_body` in bytes for what the store sends and for what we
    send; at most `connections` requests at once in each process. Raises ValueError for an address that is none.
    """

    def __init__(
        self,
        dataset: Described,
        url: str,
        credentials: Credentials | None = None,
        *,
        timeout: float = 10.0,
        max_body: int = 64 << 20,
        connections: int = 8,
    ) -> None:
        self.dataset = dataset
        self.endpoint = Endpoint(url, credentials, connections=connections)
        self.limits = Limits(timeout, max_body)
        self._strangers = threading.BoundedSemaphore(max(1, connections - OWN))

    def query(
        self,
        text: str,
        accept: str | None = None,
        *,
        format: Format | None = None,
        default_graphs: Sequence[str] | None = None,
        named_graphs: Sequence[str] | None = None,
        timeout: float | None = None,
    ) -> Answer:
        """See Engine. Besides what Engine names it raises StoreFailed (502) and StoreUnreachable (503)."""
        check(text, timeout)
        refuse(text, self.dataset)
        target = target_of(text, accept, format)
        given = graphs_of(default_graphs or (), named_graphs or ())
        kind = kind_of(text, self.dataset)
        declared(text, self.dataset)
        limit = self.limits.timeout if timeout is None else min(timeout, self.limits.timeout)
        if not self._strangers.acquire(timeout=min(WAITING, limit)):
            raise Busy("The store has as many queries as it may.", headers={"Retry-After": "2"})
        try:
            reply = self._reply(prepared(text, self.dataset, given), kind, limit)
        finally:
            self._strangers.release()
        return Answer(target.media_type, written(reply, kind, target, text, self), kind, target)

    def select(self, text: str) -> list[dict[str, Term]]:
        """See Engine."""
        solutions = results(self._own(text, "solutions"))
        if not isinstance(solutions, QuerySolutions):
            raise StoreFailed("The store answered a SELECT with a truth value.")
        names = [variable.value for variable in solutions.variables]
        with reading():
            return [
                {name: term for name, term in zip(names, solution, strict=True) if term is not None}
                for solution in solutions
            ]

    def construct(self, text: str) -> list[Triple]:
        """See Engine."""
        with reading():
            return list(triples(self._own(text, "graph")))

    def ask(self, text: str) -> bool:
        """See Engine."""
        answer = results(self._own(text, "boolean"))
        if not isinstance(answer, QueryBoolean):
            raise StoreFailed("The store answered an ASK with solutions.")
        return bool(answer)

    def _own(self, text: str, kind: Kind) -> Reply:
        if KINDS.get(sparql.form(text) or "") != kind:
            raise TypeError(f"the query's answer is no {kind}")
        return self._reply(prepared(text, self.dataset, None), kind, self.limits.timeout)

    def _reply(self, asked: Asked, kind: Kind, seconds: float) -> Reply:
        form = [("query", asked.text)]
        form += [("default-graph-uri", graph) for graph in asked.default or [NOTHING]]
        form += [("named-graph-uri", graph) for graph in asked.named or [NOTHING]]
        headers = {"Accept": ASKED_FOR[kind], "Content-Type": "application/x-www-form-urlencoded"}
        reply = self.endpoint.request(
            "POST", headers, urlencode(form).encode(), seconds=seconds, max_body=self.limits.max_body
        )
        if reply.status != 200:
            raise complaint(reply, asked, self.dataset)
        whole(reply, kind)
        return reply

    def close(self) -> None:
        """Close the connections."""
        self.endpoint.close()


def connect(dataset: Described, timeout: float = 10.0) -> Remote | None:
    """The engine that CITYGRAPH_ENDPOINT names; None where it names none. `timeout` in seconds.

    Raises ValueError for an address or credentials that cannot be used."""
    url = os.environ.get("CITYGRAPH_ENDPOINT")
    return Remote(dataset, url, from_environment(), timeout=timeout) if url else None


def refuse(text: str, dataset: Described) -> None:
    """Raise Refused for what would change the store, make it call others, or reach into it past SPARQL."""
    if len(text) > SHORT and "service" in text.lower():
        raise Refused(f"A query of more than {SHORT:,} characters may not speak of SERVICE.")
    sparql.refuse(text, dataset.graphs, dataset.base)
    if any(token.kind == "iri" and _INTERNAL.match(token.text) for token in sparql.tokens(text)):
        raise Refused("Functions that only one store knows are not allowed here.")


def kind_of(text: str, dataset: Described) -> Kind:
    """What the query asks for. Raises QueryError where the text is no query: a store may take it for something else."""
    form = sparql.form(text)
    if form is None:
        raise explain(SyntaxError("it begins with none of SELECT, ASK, CONSTRUCT and DESCRIBE"), text, dataset.prefixes)
    return KINDS[form]


def declared(text: str, dataset: Described) -> None:
    """Raise QueryError for a prefix that is not declared: stores know some of their own, and not the same ones."""
    known, start = sparql.prologue(text)[1], sparql.body(text)
    names = (token.text for token in sparql.tokens(text) if token.kind == "name" and token.start >= start)
    if any(name.partition(":")[0] not in known for name in names):
        raise explain(SyntaxError("a prefix is not declared"), text, dataset.prefixes)


def prepared(text: str, dataset: Described, given: tuple[list[str], list[str]] | None) -> Asked:
    """The query for a store that may know neither our base nor our default graph.

    FROM is taken out of the text, space for space, and sent as parameters: the protocol lets parameters go before
    FROM, and Virtuoso adds the two. Graphs are those of the parameters, else of FROM, else our own.
    """
    words = list(sparql.tokens(text))
    relative = any(token.kind == "iri" and not re.match(r"<[A-Za-z][A-Za-z0-9+.\-]*:", token.text) for token in words)
    base, prefixes = sparql.prologue(text, dataset.base)
    default: list[str] = []
    named: list[str] = []
    for index, token in enumerate(words):
        if token.kind != "word" or token.text.upper() not in ("FROM", "FROMNAMED"):
            continue
        is_named = "NAMED" in (token.text.upper()[4:], *(word.text.upper() for word in words[index + 1 : index + 2]))
        of = next((word for word in words[index + 1 : index + 3] if word.text.upper() != "NAMED"), token)
        graph = sparql.resolve(of.text, base, prefixes) if of.kind in ("iri", "name") else None
        if graph is not None:
            (named if is_named else default).append(graph)
            end = of.start + len(of.text)
            text = text[: token.start] + re.sub(r"[^\r\n]", " ", text[token.start : end]) + text[end:]
    if given is None and (default or named):
        given = default, named
    if given is None:
        shapes = f"{dataset.base}graph/shapes"
        given = sorted(dataset.graphs - {shapes}), sorted(dataset.graphs)
    return Asked(f"BASE <{dataset.base}>\n{text}" if relative else text, int(relative), *given)


def complaint(reply: Reply, asked: Asked, dataset: Described) -> EngineError:
    """The error that a store's status means to the one who asked. Only of a wrong query are the store's words told."""
    if reply.status in (401, 403):
        return StoreFailed("The store that holds the graph refuses us; its name and password have to be set right.")
    if 300 <= reply.status < 400:
        return StoreFailed("The store sends us to another address, where queries are never sent on to.")
    if reply.status in (408, 429, 503, 504):
        return Busy("The store has no time for the query now.", headers={"Retry-After": "5"})
    words = said(reply)
    if _OUT_OF_TIME.search(words):
        return TimedOut("The store stopped the query at a time limit of its own.")
    if reply.status != 400 and not _OF_THE_QUERY.search(words):
        return StoreFailed(f"The store answered with the status {reply.status}.")
    found = explain(SyntaxError(words), asked.text, dataset.prefixes)
    line = found.extra.get("line") or next((int(number) for number in _LINE.findall(words)), None)
    detail = found.detail if "line" in found.extra else f"The store cannot answer this query: {words or 'no reason'}"
    return QueryError(
        detail,
        line=max(1, line - asked.added) if isinstance(line, int) else None,
        column=found.extra.get("column"),
        hint=found.extra.get("hint"),
    )


def said(reply: Reply) -> str:
    """The first words of a store's error, without markup and without the query, which some stores say again."""
    text = re.sub(r"<[/!]?[A-Za-z]\w*(?:\s[^>]*)?/?>", " ", reply.body[:4000].decode("utf-8", "replace"))
    return " ".join(text.partition("SPARQL query:")[0].split())[:300]


def whole(reply: Reply, kind: Kind) -> None:
    """Raise StoreFailed for a reply that is not in a format we asked for, or that the store says is not all."""
    if any(name.lower() in ("x-sql-state", "x-sql-message") for name in reply.headers):
        raise StoreFailed("The store ended the query before it was done.")
    if any(name.lower() == "x-sparql-maxrows" for name in reply.headers):
        raise ResultTooLarge(
            "The result has more rows than the store sends.", hint="Ask for less at a time, with LIMIT and OFFSET."
        )
    if reply.media_type not in ASKED_FOR[kind].replace(";", ",").replace(" ", "").split(","):
        raise StoreFailed(f"The store answered with {reply.media_type[:80] or 'nothing that says what it is'}.")
    if kind == "graph" and not reply.ended:
        # Half of a file of N-Triples is a file of N-Triples.
        raise StoreFailed("The store's answer has no marked end, so it may be cut.")


@contextmanager
def reading() -> Iterator[None]:
    """Where an answer is parsed: what is no answer to a query is the store's failure."""
    try:
        yield
    except (SyntaxError, ValueError):
        raise StoreFailed("The store's answer is broken or not complete.") from None


def results(reply: Reply) -> QuerySolutions | QueryBoolean:
    """Solutions, read as they are used, or the answer to an ASK."""
    with reading():
        format = QueryResultsFormat.from_media_type(reply.media_type)
        return parse_query_results(_VIRTUOSOS_BLANK.sub(rb"\1", reply.body), format=format or QueryResultsFormat.JSON)


def triples(reply: Reply) -> Iterator[Triple]:
    """Triples, read as they are used. Raises what pyoxigraph's parser raises."""
    format = RdfFormat.from_media_type(reply.media_type)
    for quad in parse(reply.body, format=format or RdfFormat.N_TRIPLES):
        yield quad.triple


def written(reply: Reply, kind: Kind, target: Format, text: str, engine: Remote) -> bytes:
    """The store's answer in the format asked for."""
    output = Body(engine.limits.max_body)
    with reading():
        if isinstance(target.serializer, QueryResultsFormat):
            answer = results(reply)
            if isinstance(answer, QueryBoolean) is not (kind == "boolean"):
                raise StoreFailed("The store answered another kind of query.")
            answer.serialize(output, format=target.serializer)
        elif isinstance(target.serializer, RdfFormat):
            named = target in (formats.TURTLE, formats.TRIG)
            prefixes = sparql.prologue(text, engine.dataset.base)[1] if named else None
            serialize(triples(reply), output, format=target.serializer, prefixes=prefixes)
    body = output.getvalue()
    return readable_xml(body, target) if target in (formats.RESULTS_XML, formats.RDF_XML) else body
