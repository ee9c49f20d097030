"""The seam to what answers queries: the SPARQL Protocol. Query text and Accept in; media type and bytes
out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from typing import Literal as OneOf

from pyoxigraph import (
    BlankNode,
    DefaultGraph,
    Literal,
    NamedNode,
    QueryBoolean,
    QueryResultsFormat,
    QuerySolutions,
    QueryTriples,
    Store,
    Triple,
    parse_query_results,
)

from citygraph import sparql
from citygraph.errors import NotAcceptable, QueryError, TooLarge
from citygraph.evaluation import evaluate
from citygraph.formats import BOOLEAN_FORMATS, GRAPH_FORMATS, SOLUTION_FORMATS, Format
from citygraph.negotiation import negotiate
from citygraph.workers import Pool

Term = NamedNode | BlankNode | Literal | Triple
Kind = OneOf["boolean", "solutions", "graph"]

OFFERS: dict[str | None, tuple[Format, ...]] = {
    "select": SOLUTION_FORMATS,
    "ask": BOOLEAN_FORMATS,
    "construct": GRAPH_FORMATS,
    "describe": GRAPH_FORMATS,
    # A text that is no query: a worker's parser says what is wrong with it.
    None: SOLUTION_FORMATS,
}
LONGEST = 1 << 20
"""Characters of a query."""
SHORT = 1 << 16
"""Characters up to which a query is searched for what is not allowed before it goes to a worker; longer ones
are searched in the worker, at their own expense."""


@dataclass(frozen=True)
class Answer:
    """A complete result as it goes over the wire."""

    media_type: str
    body: bytes
    kind: Kind
    format: Format


@dataclass(frozen=True)
class Limits:
    """What a stranger's query may take: seconds by the clock, bytes of its answer, bytes of memory beside the store,
    and how many may wait. None where the store decides."""

    timeout: float
    max_body: int
    memory: int | None = None
    queue: int | None = None


class Engine(Protocol):
    """What the rest of the project knows of a store, wherever it runs."""

    @property
    def limits(self) -> Limits:
        """What a query may take."""
        ...

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
        """Answer a stranger's query. `format` goes before Accept; graphs are IRIs; `timeout`, in seconds, may
        only shorten the limit. Raises EngineError."""
        ...

    def select(self, text: str) -> list[dict[str, Term]]:
        """The solutions of a query of ours; unbound variables are absent."""
        ...

    def construct(self, text: str) -> list[Triple]:
        """The triples of a query of ours."""
        ...

    def ask(self, text: str) -> bool:
        """The answer to a query of ours."""
        ...

    def close(self) -> None:
        """Give up processes and connections."""
        ...


class Loaded(Protocol):
    """What an embedded engine needs of a dataset."""

    @property
    def store(self) -> Store: ...
    @property
    def prefixes(self) -> dict[str, str]: ...
    @property
    def base(self) -> str: ...
    @property
    def graphs(self) -> frozenset[str]: ...


class Embedded:
    """pyoxigraph: strangers' queries in worker processes, our own ones in this process.

    `timeout` in seconds; `memory` and `max_body` in bytes; `queue` is how many queries may wait. Make it
    before the process starts threads, and before it forks: the copies share the workers.
    """

    def __init__(
        self,
        dataset: Loaded,
        *,
        workers: int = 4,
        timeout: float = 10.0,
        memory: int = 1 << 30,
        max_body: int = 64 << 20,
        queue: int = 32,
    ) -> None:
        self.dataset = dataset
        self.limits = Limits(timeout, max_body, memory, queue)
        self.answering = Answering(dataset, max_body)
        self.pool = Pool(self.answering, size=workers, timeout=timeout, memory=memory, queue=queue)
        self.pool.start()

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
        """See Engine."""
        request, target = self.request(text, accept, format, default_graphs, named_graphs, timeout)
        head, body = self.pool.run(request, timeout)
        return Answer(target.media_type, body, head["kind"], target)

    def request(
        self,
        text: str,
        accept: str | None,
        format: Format | None,
        default_graphs: Sequence[str] | None,
        named_graphs: Sequence[str] | None,
        timeout: float | None,
    ) -> tuple[dict[str, Any], Format]:
        """What a worker is sent for a query, and the format of its answer; parameters and errors as for `query`."""
        check(text, timeout)
        short = len(text) <= SHORT
        if short:
            sparql.refuse(text, self.dataset.graphs, self.dataset.base)
        target = target_of(text, accept, format)
        graphs = graphs_of(default_graphs or (), named_graphs or ())
        return {"query": text, "format": target.name, "examine": not short, "graphs": graphs}, target

    def select(self, text: str) -> list[dict[str, Term]]:
        """See Engine."""
        known = getattr(self.dataset, "answers", {}).get(text)
        results = parse_query_results(known, format=QueryResultsFormat.JSON) if known else self._own(text)
        if not isinstance(results, QuerySolutions):
            raise TypeError("the query is no SELECT")
        names = [variable.value for variable in results.variables]
        return [
            {name: term for name, term in zip(names, solution, strict=True) if term is not None} for solution in results
        ]

    def construct(self, text: str) -> list[Triple]:
        """See Engine."""
        results = self._own(text)
        if not isinstance(results, QueryTriples):
            raise TypeError("the query is no CONSTRUCT")
        return list(results)

    def ask(self, text: str) -> bool:
        """See Engine."""
        results = self._own(text)
        if not isinstance(results, QueryBoolean):
            raise TypeError("the query is no ASK")
        return bool(results)

    def _own(self, text: str) -> QuerySolutions | QueryBoolean | QueryTriples:
        return self.answering.store(text).query(text, base_iri=self.dataset.base)

    def close(self) -> None:
        """End the workers; our own queries still run."""
        self.pool.close()


class Answering:
    """What a worker does with one query. `files` is how many descriptors it needs beside those of its connections."""

    def __init__(self, dataset: Loaded, max_body: int) -> None:
        self.dataset = dataset
        self.max_body = max_body
        self.files = getattr(dataset, "files", 0)
        self.plain = None if self.files else default_graph(dataset.store)

    def store(self, text: str) -> Store:
        """Where a query is asked. One that names no graph has a store with nothing but the default graph: in memory a
        pattern passes by the quads of all graphs, and most triples are in two. On disk these are kept apart."""
        if self.plain is None or sparql.may_name_graphs(text):
            # Asked for here, since each process opens a store on disk for itself.
            return self.dataset.store
        return self.plain

    def __call__(self, request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        """See evaluate."""
        dataset = self.dataset
        store = self.store(request["query"]) if request["graphs"] is None else dataset.store
        return evaluate(store, dataset.prefixes, dataset.base, frozenset(dataset.graphs), self.max_body, request)


def default_graph(store: Store) -> Store:
    """A store with the default graph of another, its quads in the same order."""
    for _ in range(2):  # A copy has them in the opposite order.
        copy = Store()
        copy.bulk_extend(store.quads_for_pattern(None, None, None, DefaultGraph()))
        store = copy
    return store


def check(text: str, timeout: float | None) -> None:
    """Raise TooLarge or QueryError for what no engine takes."""
    if len(text) > LONGEST:
        raise TooLarge(f"The query is longer than {LONGEST:,} characters.", limit_characters=LONGEST)
    if timeout is not None and not timeout > 0:
        raise QueryError("timeout is a number of seconds above 0.")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise QueryError("The query is not UTF-8: it holds half of a surrogate pair.") from None


def target_of(text: str, accept: str | None, format: Format | None) -> Format:
    """The format to answer a query in. Raises NotAcceptable."""
    form = sparql.form(text)
    offers = OFFERS[form]
    if form is None:
        return offers[0]
    if format is None:
        return negotiate(accept, offers)
    if format not in offers:
        types = [offer.media_type for offer in offers]
        raise NotAcceptable(
            f"{format.label} cannot carry the answer to {form.upper()}. There are: {', '.join(types)}.",
            offers=types,
        )
    return format


def graphs_of(default: Sequence[str], named: Sequence[str]) -> tuple[list[str], list[str]] | None:
    """The dataset that the protocol's parameters make, of those graphs and no other; None when there are
    none.

    Raises QueryError for one that is no absolute IRI."""
    for graph in (*default, *named):
        try:
            NamedNode(graph)
        except ValueError:
            raise QueryError(f"{graph[:200]!r} is no absolute IRI of a graph.") from None
    return (list(default), list(named)) if default or named else None
