"""Short links over HTTP: a query is kept by POST, and asked by GET of its link. A POST never asks anything.

Who may keep a query: anybody, since there is nobody to be mistaken for: no account, no cookie, and a kept query gives
nothing but a link to it. What a page of another site could do is to have the browsers of its many readers fill the
file. So a browser that says it comes from another site is refused, while programs, which say nothing, are not; anybody
may read links from anywhere.
"""

import json
import re
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Response, current_app, g, render_template, request, url_for

from citygraph import answering, formats, incoming, protocol, replies
from citygraph.addresses import home
from citygraph.engine import OFFERS
from citygraph.errors import EngineError, Refused, TooLarge
from citygraph.formats import Format
from citygraph.permalinks.kept import LONGEST, Kept
from citygraph.protocol import BadRequest, Operation
from citygraph.replies import link
from citygraph.site import site
from citygraph.sparql import form

blueprint = Blueprint("permalinks", __name__)
TEXT = Format("rq", ".rq", protocol.QUERY, "document", "SPARQL")
ID = re.compile(r"[a-z2-7]{10,52}")
OF_FORM = ("lang", "timeout", "view", "column")
"""Fields that the form of the query page has besides, and that change no answer. Graphs do: who means others than all
of them writes FROM into the query."""
TAKES = ("format", "lang", "view", "column")
OWN = ("same-origin", "same-site", "none")


class NoSuchLink(EngineError):
    """Nothing is kept under an id."""

    status = 404
    title = "Not Found"


def install(app: Flask, kept: Kept) -> None:
    """Give an application the place where it keeps queries; nothing is written yet."""
    app.extensions["permalinks"] = kept
    app.jinja_env.globals["links_are_kept"] = kept.writable


def kept() -> Kept:
    """The queries that the application at work keeps."""
    found = current_app.extensions["permalinks"]
    assert isinstance(found, Kept)
    return found


@blueprint.route("/q/", methods=["GET", "POST"])
def create() -> Response:
    """Keep a query that is posted: a browser is sent to its link, a program is told it. By GET, about short links."""
    if request.method == "POST":
        return made()
    if not request.path.endswith("/"):
        return replies.redirected(incoming.carried(url_for("permalinks.create")), 308)
    return about()


def about() -> Response:
    """What short links are, how many there are and may be, and a form to make one."""
    incoming.wanted((formats.HTML,))
    response = Response(
        render_template("permalinks/about.html", count=kept().count(), limits=kept().limits, longest=LONGEST),
        content_type=formats.HTML.content_type,
    )
    response.headers["Cache-Control"] = "no-store"
    response.vary.update(("Accept", "Accept-Language"))
    return response


def made() -> Response:
    """The reply to a query that is to be kept, which is not asked."""
    refuse_other_sites()
    text = posted()
    page = protocol.prefers_page(request.headers.get("Accept"))
    id, new = kept().keep(text)
    here = url_for("permalinks.query", name=id)
    if page:
        response = replies.redirected(incoming.carried(here), 303)
    else:
        told = {"id": id, "link": public(here), "text": public(here + TEXT.suffix), "query": text}
        body = json.dumps(told, ensure_ascii=False, indent=1) + "\n"
        response = Response(body, 201 if new else 200, content_type=formats.JSON.content_type)
        response.location = here
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/q/<name>")
def query(name: str) -> Response:
    """The answer to a kept query, as the endpoint and its page give it; with .rq its text."""
    id, dot, suffix = name.partition(".")
    asked_well = ID.fullmatch(id) and dot + suffix in ("", TEXT.suffix) and not request.path.endswith("/")
    text = kept().text(id) if asked_well else None
    if text is None:
        return elsewhere(name)
    if unknown := sorted(g.parameters.keys() - {*TAKES}):
        raise BadRequest(f"A short link takes {', '.join(TAKES)}, and no {unknown[0][:80]!r}.", allowed=[*TAKES])
    if dot:
        return written(text)
    g.permalink = id
    format = incoming.wanted((*OFFERS[form(text)], formats.HTML))
    asked = Operation(text, None, None, None, None if format is formats.HTML else format)
    response = answering.on_page(asked) if format is formats.HTML else answering.answered(asked)
    source = url_for("permalinks.query", name=id + TEXT.suffix)
    response.headers.add("Link", link(source, "alternate", protocol.QUERY))
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def elsewhere(name: str) -> Response:
    """Where a name leads under which nothing is kept: to its right spelling, to a thing of the graph, or nowhere."""
    right = name.rstrip("/").lower()
    if (right != name or request.path.endswith("/")) and ID.fullmatch(right) and kept().text(right):
        return replies.redirected(incoming.carried(url_for("permalinks.query", name=right)), 308)
    if site.known(f"q/{name}") or site.known(f"q/{name.rpartition('.')[0]}"):
        found = current_app.view_functions["graph.thing"](path=f"q/{name}")
        assert isinstance(found, Response)
        return found
    raise NoSuchLink("No query is kept under this link; look whether all of it was copied.")


def written(text: str) -> Response:
    """The text of a query, which never changes under its link."""
    response = Response(text, content_type=TEXT.content_type)
    response.headers["Cache-Control"] = replies.IMMUTABLE
    response.add_etag()
    response.make_conditional(request)
    return response


def public(here: str) -> str:
    """An address of ours on the web."""
    return site.public_url + here.removeprefix(home())


def refuse_other_sites() -> None:
    """Raise `Refused` for a browser that was sent here by another site. Over plain HTTP it says only `Origin`."""
    said = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    hosts = {request.host, urlsplit(site.public_url).netloc}
    own = said in OWN if said else origin is None or urlsplit(origin).netloc in hosts
    if not own:
        raise Refused("Short links are made on this site or by programs, not from pages of other sites.")


def posted() -> str:
    """The query in the body, with lines that end in one way, whoever sent it. Raises `BadRequest`, `TooLarge`,
    `Refused` or `UnsupportedMediaType`."""
    given = protocol.posted(request.headers.get("Content-Type", ""), incoming.body())
    if unknown := sorted({key for key, _ in given} - {"query", *OF_FORM}):
        raise BadRequest(f"A short link holds a query alone, and no {unknown[0][:80]!r}.", allowed=["query"])
    queries = [value for key, value in given if key == "query"]
    if len(queries) != 1:
        raise BadRequest(f"Send one query, as query=… ({protocol.FORM}) or as the body itself ({protocol.QUERY}).")
    text = re.sub(r"\r\n?", "\n", queries[0]).strip("\n \t")
    if not text:
        raise BadRequest("The query is empty.")
    if len(text.encode()) > LONGEST:
        raise TooLarge(f"A query with a short link has at most {LONGEST:,} bytes.", limit_bytes=LONGEST)
    if form(text) is None or "\0" in text:
        raise BadRequest("This is no query: write a SELECT, ASK, CONSTRUCT or DESCRIBE.")
    return text
