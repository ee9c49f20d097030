"""A local server that answers as Wikidata's interfaces do: API (search, entities), query service, reconciliation.

The shapes are those of real answers; the items are made up for the test. `faults` are played in order, one a request:
each is a function of the request handler that answers instead.
"""

import json
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Fault = Callable[["Answering"], None]


def snak(property: str, value: object, type_: str) -> dict[str, Any]:
    return {"snaktype": "value", "property": property, "datavalue": {"value": value, "type": type_}}


def entity_id(id_: str) -> dict[str, Any]:
    return {"entity-type": "item", "numeric-id": int(id_[1:]), "id": id_}


def claim(property: str, value: object, rank: str = "normal", **qualifiers: object) -> dict[str, Any]:
    """A statement as the API writes it: an item's id, a (latitude, longitude), a +date, or a text."""
    return {
        "mainsnak": typed(property, value),
        "type": "statement",
        "rank": rank,
        **({"qualifiers": {p: [typed(p, v)] for p, v in qualifiers.items()}} if qualifiers else {}),
    }


def typed(property: str, value: object) -> dict[str, Any]:
    if value is None:
        return {"snaktype": "somevalue", "property": property}
    if isinstance(value, tuple):
        place = {"latitude": value[0], "longitude": value[1], "altitude": None, "precision": 0.0001}
        return snak(property, place | {"globe": "http://www.wikidata.org/entity/Q2"}, "globecoordinate")
    text = str(value)
    if re.fullmatch(r"Q\d+", text):
        return snak(property, entity_id(text), "wikibase-entityid")
    if found := re.fullmatch(r"(\+\d{4}-\d\d-\d\dT00:00:00Z)/(\d+)", text):
        time_ = {"time": found[1], "timezone": 0, "before": 0, "after": 0, "precision": int(found[2])}
        return snak(property, time_ | {"calendarmodel": "http://www.wikidata.org/entity/Q1985727"}, "time")
    return snak(property, text, "string")


@dataclass
class World:
    """What the server knows: entities in the API's form, redirects, and the items that are of a class."""

    entities: dict[str, dict[str, Any]] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    never: set[str] = field(default_factory=set)
    of_class: dict[str, set[str]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)

    def add(
        self, id_: str, labels: dict[str, str], *claims: dict[str, Any],
        aliases: dict[str, list[str]] | None = None, types: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        """An item. What is empty is `[]`, as PHP writes it."""
        by_property: dict[str, list[Any]] = {}
        for one in claims:
            by_property.setdefault(one["mainsnak"]["property"], []).append(one)
        texts = {language: {"language": language, "value": text} for language, text in labels.items()}
        others = {la: [{"language": la, "value": text} for text in found] for la, found in (aliases or {}).items()}
        self.entities[id_] = {
            "type": "item", "id": id_, "labels": texts or [], "descriptions": [],
            "aliases": others or [], "claims": by_property or [],
        }  # fmt: skip
        for type_ in types:
            self.of_class.setdefault(type_, set()).add(id_)


class Answering(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    server: "Server"

    def do_GET(self) -> None:
        self.answer(parse_qs(urlsplit(self.path).query, keep_blank_values=True))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.answer(parse_qs(body, keep_blank_values=True))

    def answer(self, parameters: dict[str, list[str]]) -> None:
        world, path = self.server.world, urlsplit(self.path).path
        given = {name: values[0] for name, values in parameters.items()}
        world.requests.append(
            {"path": path, "method": self.command, "at": time.monotonic(), "agent": self.headers["User-Agent"], **given}
        )
        if world.faults:
            world.faults.pop(0)(self)
            return
        if path == "/sparql":
            self.reply(200, select(world, given["query"]), "application/sparql-results+json")
        elif path.endswith("/reconcile"):
            self.reply(200, reconcile(world, json.loads(given["queries"])))
        elif given.get("action") == "wbsearchentities":
            self.reply(200, search(world, given["search"], given["language"], int(given["limit"])))
        else:
            assert given["action"] == "wbgetentities"
            self.reply(200, entities(world, given["ids"].split("|"), given["languages"].split("|")))

    def reply(self, status: int, document: object, type_: str = "application/json", **headers: str) -> None:
        body = document if isinstance(document, bytes) else json.dumps(document, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{type_}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Silent: the tests look at `World.requests`."""


def entities(world: World, ids: list[str], languages: list[str]) -> dict[str, Any]:
    """wbgetentities: an id that never was is an error, a deleted one is missing, a redirect is under the old id."""
    if wrong := [id_ for id_ in ids if id_ in world.never]:
        info = f'Could not find an entity with the ID "{wrong[0]}".'
        return {"error": {"code": "no-such-entity", "info": info, "id": wrong[0], "*": "See the help"}}
    found: dict[str, Any] = {}
    for id_ in ids:
        target = world.redirects.get(id_, id_)
        if target not in world.entities:
            found[id_] = {"id": id_, "missing": ""}
            continue
        said = dict(world.entities[target])
        for part in ("labels", "aliases"):
            said[part] = {la: t for la, t in dict(said[part]).items() if la in languages} if said[part] else []
        found[id_] = said | ({"redirects": {"from": id_, "to": target}} if target != id_ else {})
    return {"entities": found, "success": 1}


def search(world: World, text: str, language: str, limit: int) -> dict[str, Any]:
    """wbsearchentities: labels and aliases that begin with the text."""
    hits = []
    for id_, said in world.entities.items():
        names = [t["value"] for t in (said["labels"] or {}).values()]
        names += [t["value"] for texts in (said["aliases"] or {}).values() for t in texts]
        if any(name.casefold().startswith(text.casefold()) for name in names):
            match = {"type": "label", "language": language, "text": names[0]}
            hits.append(
                {"id": id_, "title": id_, "concepturi": f"http://www.wikidata.org/entity/{id_}", "match": match}
            )
    return {"searchinfo": {"search": text}, "search": hits[:limit], "success": 1}


def select(world: World, query: str) -> dict[str, Any]:
    """The query service, for the two queries that are sent to it."""
    uri = "http://www.wikidata.org/entity/"
    if found := re.search(r"wdt:P31/wdt:P279\* wd:(Q\d+)", query):
        asked = set(re.findall(r"wd:(Q\d+)", query.partition("}")[0]))
        rows = [
            {"item": {"type": "uri", "value": uri + id_}} for id_ in sorted(asked & world.of_class.get(found[1], set()))
        ]
        return {"head": {"vars": ["item"]}, "results": {"bindings": rows}}
    [property] = re.findall(r"wdt:(P\d+) \?value", query)
    values = set(json.loads(f"[{','.join(re.findall(chr(34) + r'[^ ]*' + chr(34), query))}]"))
    rows = []
    for id_, said in world.entities.items():
        for one in (said["claims"] or {}).get(property, []):
            if (value := one["mainsnak"]["datavalue"]["value"]) in values:
                rows.append({"item": {"type": "uri", "value": uri + id_}, "value": {"type": "literal", "value": value}})
    return {"head": {"vars": ["item", "value"]}, "results": {"bindings": rows}}


def reconcile(world: World, queries: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The reconciliation service: what the search finds, with scores."""
    answer = {}
    for key, query in queries.items():
        hits = search(world, query["query"], "en", query.get("limit", 5))["search"]
        result = [{"id": h["id"], "name": h["match"]["text"], "score": 80, "match": False, "type": []} for h in hits]
        answer[key] = {"result": result}
    return answer


# Faults


def too_many(retry_after: str) -> Fault:
    """429 as the query service sends it."""
    return lambda handler: handler.reply(429, b"Too Many Requests", "text/plain", Retry_After=retry_after)


def too_many_until(seconds: float) -> Fault:
    """429 with a date."""
    return lambda handler: too_many(formatdate(time.time() + seconds, usegmt=True))(handler)


def lagging(handler: Answering) -> None:
    """maxlag: status 200, and an error inside."""
    info = "Waiting for 10.64.48.171: 5.3 seconds lagged."
    error = {"code": "maxlag", "info": info, "host": "10.64.48.171", "lag": 5.3, "type": "db"}
    handler.reply(200, {"error": error}, Retry_After="1")


def broken(handler: Answering) -> None:
    """Half a document: the query service ran into its own limit after it had begun."""
    handler.reply(
        200, b'{"head":{"vars":["item"]},"results":{"bindings":[{"item":{"type":"uri"\njava.util.concurrent.Timeout'
    )


def interrupting(handler: Answering) -> None:
    """Somebody presses Ctrl-C while the answer is awaited."""
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
    slow(0.2)(handler)


def slow(seconds: float) -> Fault:
    """No answer for a while."""

    def fault(handler: Answering) -> None:
        time.sleep(seconds)
        handler.close_connection = True

    return fault


def hang_up(handler: Answering) -> None:
    """The connection ends without an answer."""
    handler.close_connection = True


def status(code: int, body: bytes = b"<html>Service Unavailable</html>") -> Fault:
    return lambda handler: handler.reply(code, body, "text/html")


def moved(handler: Answering) -> None:
    """A redirect to the same place."""
    handler.reply(307, b"", Location=handler.path)


def wrong(code: str) -> Fault:
    """An error of the API that trying again does not mend."""
    return lambda handler: handler.reply(200, {"error": {"code": code, "info": "Something is wrong."}})


class Server(ThreadingHTTPServer):
    """Has a world."""

    daemon_threads = True

    def __init__(self, world: World) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.world = world


@contextmanager
def serving(world: World) -> Iterator[list[str]]:
    """The options that lead the command line to a running server."""
    server = Server(world)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}"
    try:
        reconciliation = ["--reconciliation", f"{url}/{{language}}/reconcile"]
        manners = ["--pause", "0", "--backoff", "0.01", "--timeout", "2"]
        yield ["--api", f"{url}/w/api.php", "--sparql", f"{url}/sparql", *reconciliation, *manners]
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
