"""From the folders into a store elsewhere: graph by graph, by the Graph Store Protocol, and counted afterwards."""

from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import quote

from pyoxigraph import Literal, NamedNode, RdfFormat, serialize

from citygraph.dataset import PARTS, Dataset
from citygraph.endpoint import Endpoint, Reply
from citygraph.errors import EngineError
from citygraph.remote import Remote, said
from citygraph.sparql import bind

SENDING = 600.0
"""Seconds that a store may take for one graph."""
REPLY = 1 << 16
"""Bytes of a store's reply to a graph: words, no data."""
COUNT = "SELECT (COUNT(*) AS ?triples) WHERE { GRAPH $graph { ?subject ?property ?value } }"


class PushFailed(Exception):
    """A graph did not get into the store as it is here."""


@dataclass
class Pushed:
    """How far a push has come: the names of the graphs that are new in the store, and why it stopped, if it did."""

    new: list[str] = field(default_factory=list)
    failed: str = ""
    reason: str = ""

    def lines(self) -> list[str]:
        """What somebody has to know about a push that stopped."""
        old = [part for part in (*PARTS, "derived") if part not in (*self.new, self.failed)]
        told = {"new": self.new, "in doubt": [self.failed], "as before": old}
        states = [f"{state}: {', '.join(parts)}" for state, parts in told.items() if parts]
        return [f"graph/{self.failed}: {self.reason}", "; ".join(states) + "; push again when it is mended"]


def address(template: str, graph: str) -> str:
    """Where one graph lies in the store: the template with the graph's IRI, escaped, for `{graph}`.

    A template without `{graph}` is the address of a graph store as the protocol has it, `?graph=` being added."""
    template = template if "{graph}" in template else f"{template}{'&' if '?' in template else '?'}graph={{graph}}"
    return template.replace("{graph}", quote(graph, safe=""))


def push(loaded: Dataset, store: Endpoint, template: str, engine: Remote, say: Callable[[str], None]) -> Pushed:
    """Replace each graph in the store by ours, with PUT. `store` and `template` are the graph store, `engine` is what
    counts. Stops at the first graph that fails; `say` is told of each that is there."""
    done = Pushed()
    for part in (*PARTS, "derived"):
        try:
            put(loaded, part, store, template)
            found = count(engine, loaded.graph(part))
            if found != loaded.counts[part]:
                raise PushFailed(f"the store counts {found:,} triples there, and {loaded.counts[part]:,} were sent")
        except (EngineError, PushFailed) as error:
            done.failed, done.reason = part, error.detail if isinstance(error, EngineError) else str(error)
            return done
        done.new.append(part)
        say(f"graph/{part}: {found:,} triples, counted in the store")
    return done


def put(loaded: Dataset, part: str, store: Endpoint, template: str) -> None:
    """Send one graph. Raises PushFailed with the store's words, or EngineError where there is no reply."""
    body = written(loaded, part)
    # N-Triples are Turtle too, and Turtle is what the protocol has every store know.
    headers = {"Content-Type": RdfFormat.TURTLE.media_type + "; charset=utf-8"}
    url = address(template, loaded.graph(part))
    reply = store.request("PUT", headers, body, seconds=SENDING, max_body=REPLY, url=url)
    if reply.status not in (200, 201, 204):
        raise PushFailed(reason(reply))


def written(loaded: Dataset, part: str) -> bytes:
    """One graph as N-Triples."""
    triples = loaded.store.quads_for_pattern(None, None, None, NamedNode(loaded.graph(part)))
    return serialize((quad.triple for quad in triples), format=RdfFormat.N_TRIPLES) or b""


def reason(reply: Reply) -> str:
    """Why the store did not take a graph."""
    if reply.status in (401, 403):
        return "the store refuses us; set CITYGRAPH_ENDPOINT_USER and CITYGRAPH_ENDPOINT_PASSWORD, or _TOKEN"
    if reply.status in (404, 405):
        return f"no graph store is there (status {reply.status}); name the right address with --graph-store"
    return f"the store answered {reply.status}: {said(reply)}"


def count(engine: Remote, graph: str) -> int:
    """The triples that the store has in a graph."""
    [row] = engine.select(bind(COUNT, {"graph": NamedNode(graph)}))
    number = row.get("triples")
    return int(number.value) if isinstance(number, Literal) else 0
