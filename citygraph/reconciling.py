"""Requests to the reconciliation service and its replies over HTTP: JSON, a preview, and a page for people."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import BoundedSemaphore

from flask import Flask, Response, abort, current_app, g, render_template, request, url_for
from werkzeug.datastructures import MultiDict

from citygraph import formats, protocol, replies
from citygraph.errors import Busy
from citygraph.labels import pick
from citygraph.protocol import BadRequest, UnsupportedMediaType
from citygraph.reconciliation import pasted, reading
from citygraph.reconciliation.answers import Reconciliation
from citygraph.reconciliation.candidates import Query
from citygraph.reconciliation.register import Register
from citygraph.site import Site, site

FRAMED = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors *"
)  # fmt: skip
"""A preview stands in a frame of any site and can do nothing there."""
LOCAL = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?")
KINDS = ("entity", "type", "property")
BESIDE = "country"
"""The property that the second column of the page is taken for, if nothing else is chosen."""
TURNS = BoundedSemaphore(4)
"""Batches that a process works on at a time, fewer than it has threads for pages."""
PATIENCE = 10.0
"""Seconds that a batch waits for its turn."""
JAVASCRIPT = "text/javascript; charset=utf-8"


def install(app: Flask, site: Site) -> None:
    """Give an application its service; nothing is read yet."""
    app.extensions["reconciliation"] = Reconciliation(site.engine, site.dataset.base, site.public_url)


def reconciliation() -> Reconciliation:
    found = current_app.extensions["reconciliation"]
    assert isinstance(found, Reconciliation)
    return found


@contextmanager
def turn() -> Iterator[None]:
    """One of few places for long work, so that pages are answered meanwhile. Raises `Busy` when none gets free."""
    if not TURNS.acquire(timeout=PATIENCE):
        raise Busy("Too many names are being reconciled; try again in a few seconds.", headers={"Retry-After": "5"})
    try:
        yield
    finally:
        TURNS.release()


def given(body: bytes) -> dict[str, str]:
    """The parameters of a request, of its address and of its form; the first of each name counts."""
    found = protocol.parameters(request.query_string)
    if request.method == "POST":
        if body and request.mimetype != protocol.FORM:
            raise UnsupportedMediaType(f"Send a form as {protocol.FORM}.", headers={"Accept-Post": protocol.FORM})
        found = protocol.parameters(body) + found
    return MultiDict(found).to_dict()


def reply(site: Site, asked: Mapping[str, str]) -> Response:
    """The endpoint: the answer to a batch, columns for things, or the manifest."""
    function = reading.callback(asked.get("callback")) if request.method != "POST" else None
    if "queries" in asked:
        with turn():
            return written(reconciliation().answered(reading.batch(asked["queries"])), function)
    if "extend" in asked:
        with turn():
            return written(reconciliation().extended(reading.extension(asked["extend"])), function)
    if asked.get("query"):
        return written({"result": reconciliation().result(single(asked))}, function)
    if request.method == "POST":
        raise BadRequest("Send queries= or extend= in the form.")
    response = written(reconciliation().manifest(site.title, address(site), site.dataset.version, view(site)), function)
    response.vary.add("Accept")
    return response


def single(asked: Mapping[str, str]) -> Query:
    """One query as version 0.1 has it in the address: a text, or the JSON of a query."""
    text = asked["query"]
    if text.lstrip().startswith("{"):
        return reading.query("query", reading.parsed(text, "query"))
    limit = reading.number(asked.get("limit"), "limit", reading.LIMIT, reading.MOST) or reading.LIMIT
    return Query(text, (asked["type"],) if asked.get("type") else (), limit)


def written(answer: Mapping[str, object], function: str | None = None, control: str = "no-store") -> Response:
    """An answer as JSON, or as a call of a client's function."""
    text = json.dumps(answer, ensure_ascii=False)
    if function:
        # U+2028 and U+2029 end a line in old JavaScript.
        text = f"/**/{function}({text});".replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    response = Response(text, content_type=JAVASCRIPT if function else formats.JSON.content_type)
    response.headers["Cache-Control"] = control
    return response


def origin(site: Site) -> str:
    """Where clients reach this server: its public address, or, where none was given, this machine when they ask on it.
    No other Host header is believed, and a proxy may send one of this machine."""
    unstated = site.public_url == site.dataset.base
    if unstated and LOCAL.fullmatch(request.host):
        return f"{request.scheme}://{request.host}{url_for('graph.home')}"
    return site.public_url


def address(site: Site) -> str:
    return origin(site) + "reconcile"


def view(site: Site) -> str:
    return origin(site) + "resource?iri={{id}}"


def suggested(kind: str, asked: Mapping[str, str]) -> Response:
    """Things, types or properties that begin with what was typed."""
    if kind not in KINDS:
        abort(404, f"There is nothing suggested of that kind; there is {', '.join(KINDS)}.")
    cursor = reading.number(asked.get("cursor"), "cursor", 0, 10_000)
    types = [asked["type"]] if asked.get("type") else []
    answer = reconciliation().suggested(kind, asked.get("prefix", "")[:200], cursor, types)
    return written(answer, reading.callback(asked.get("callback")), replies.CACHED)


def proposed(asked: Mapping[str, str]) -> Response:
    """Columns that may be asked for things of a type."""
    limit = reading.number(asked.get("limit"), "limit", 0, 1_000)
    answer = reconciliation().proposed(asked.get("type"), limit)
    return written(answer, reading.callback(asked.get("callback")), replies.CACHED)


def preview(asked: Mapping[str, str]) -> Response:
    """A thing on a card, to be shown in a frame."""
    found = [thing for thing, same in reconciliation().register.identified(asked.get("id", "")) if same]
    if not found:
        abort(404, "There is no such thing here; id is the IRI of one.")
    properties, shown = reconciliation().properties, []
    for name, title in properties.named.items():
        values = [reconciliation().cell(value) for value in properties.column(name).values.get(found[0], ())[:6]]
        cells = [str(next(iter(reversed(value.values())))) for value in values]
        shown.append((title, ", ".join(dict.fromkeys(cells))))
    entity = reconciliation().entity(found[0])
    page = render_template("preview.html", entity=entity, facts=[(t, v) for t, v in shown if v])
    response = Response(page, content_type=formats.HTML.content_type)
    response.headers["Content-Security-Policy"] = FRAMED
    response.headers["Cache-Control"] = replies.CACHED
    return response


def table(asked: Mapping[str, str]) -> Response:
    """The page to paste names on, with their table below; or the table as CSV."""
    made, names = reconciliation(), asked.get("names", "")
    if asked.get("format", "html") not in ("html", "csv"):
        raise BadRequest("There is no such format here. format is html or csv.")
    properties = list(made.properties.named.items())
    beside = asked.get("property") or (BESIDE if BESIDE in made.properties.named else "")
    pairs = pasted.pairs(names, asked.get("beside", ""))
    with turn():
        lines = pasted.lines(made, pairs, asked.get("type", ""), beside)
    if asked.get("format") == "csv":
        csv = pasted.table([name for name, _ in pasted.columns(made)], lines)
        response = Response(csv, content_type=formats.CSV.content_type)
        response.headers["Content-Disposition"] = 'attachment; filename="reconciled.csv"'
    else:
        register = made.register
        replies.spoken(formats.HTML)
        page = render_template(
            "reconcile.html", asked=asked, beside=beside, lines=lines, columns=pasted.columns(made), most=pasted.MOST,
            types=types(register), properties=properties, batch=reading.BATCH,
        )  # fmt: skip
        response = Response(page, content_type=formats.HTML.content_type)
        response.vary.add("Accept-Language")
    response.headers["Cache-Control"] = "no-store" if names else replies.CACHED
    if not names and request.method == "GET":
        response.add_etag()
        response.make_conditional(request)
    return response


def types(register: Register) -> list[tuple[str, str]]:
    """The classes that names may be of, called as the page's language has it."""
    own = {kind: pick(site.terms.get(kind, []), g.language) for kind in register.types}
    return [(kind, found.value if (found := own[kind]) else label)
            for kind, label in zip(register.types, register.labels, strict=True)]  # fmt: skip
