"""How replies go out: headers of every reply, documents that can be cached, errors as problem documents."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence

from flask import Response, g, render_template, request, url_for
from werkzeug.datastructures import Headers
from werkzeug.urls import iri_to_uri

from citygraph import formats, wording
from citygraph.errors import NotAcceptable
from citygraph.formats import Format
from citygraph.negotiation import negotiate
from citygraph.site import Site
from citygraph.site import site as current

PROBLEM = Format("problem", ".json", "application/problem+json", "document", "Problem", charset=None,
                 aliases=("application/json", "application/*+json"))  # fmt: skip
PROBLEMS = (PROBLEM, formats.JSON, formats.HTML, formats.TEXT)
CACHED = "public, max-age=300, stale-while-revalidate=86400"
IMMUTABLE = "public, max-age=31536000, immutable"
REDIRECTED = "public, max-age=60"
EXPOSED = "Link, ETag, Location, Retry-After, Server-Timing"
POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
)
EVERYWHERE = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": EXPOSED,
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
}


def finished(response: Response) -> Response:
    """A reply with the headers that every reply carries."""
    for key, value in EVERYWHERE.items():
        response.headers.setdefault(key, value)
    if "carried" in g and response.mimetype == formats.HTML.media_type:
        response.headers.setdefault("Content-Language", wording.spoken())
    return response


def of_answer(body: bytes, content_type: str, lasting: bool, seconds: float) -> list[tuple[str, str]]:
    """The headers of an answer to a query. Its ETag is made from the bytes: a store behind the engine may change, and
    two processes may order the same solutions in two ways."""
    return [
        *((name.lower(), value) for name, value in EVERYWHERE.items()),
        ("content-type", content_type),
        ("content-length", str(len(body))),
        ("server-timing", f"query;dur={seconds * 1000:.1f}"),
        ("cache-control", CACHED if lasting else "no-store"),
        ("vary", "Accept"),
        ("etag", f'"{hashlib.blake2b(body, digest_size=16).hexdigest()}"'),
    ]


def cached(
    site: Site,
    make: Callable[[], bytes | str],
    content_type: str,
    links: Sequence[str] = (),
    negotiated: bool = False,
) -> Response:
    """A reply with a strong ETag; `make` is not called where the client is known to have it already."""
    response = Response(content_type=content_type)
    response.headers.extend(Headers([("Link", link) for link in links]))
    response.headers["Cache-Control"] = CACHED
    if negotiated:
        response.vary.add("Accept")
    if content_type == formats.HTML.content_type:
        spoken(formats.HTML)
        response.vary.add("Accept-Language")
    if site.changes:
        # Neither our edition nor the day of the release says what a store holds by now: only the bytes do.
        response.set_data(make())
        response.add_etag()
        response.make_conditional(request)
        return response
    variant = " ".join((site.edition, request.full_path, request.script_root, content_type, g.language))
    response.set_etag(hashlib.sha256(variant.encode("utf-8", "replace")).hexdigest()[:32])
    response.last_modified = site.modified
    response.make_conditional(request)
    if response.status_code != 304:
        response.set_data(make())
    return response


def spoken(format: Format) -> Format:
    """The format of a reply. A page speaks the language that its address or the browser asks for, and its links go on
    in the one of its address; data have labels in one language only where the address says which."""
    if format is formats.HTML:
        # There are none where they could not be read.
        g.carried = g.get("parameters", {}).get("lang")
        g.language = g.carried or wording.accepted(request.headers.get("Accept-Language"))
    return format


def gone(body: bytes | str, content_type: str, links: Sequence[str]) -> Response:
    """The document of a thing that was withdrawn: what is still said of it, with the status for that."""
    response = Response(body, 410, content_type=content_type)
    response.headers.extend(Headers([("Link", link) for link in links]))
    response.headers["Cache-Control"] = "no-store"
    response.vary.add("Accept")
    return response


def redirected(location: str, status: int, negotiated: bool = False) -> Response:
    """A redirect to a path of ours, which is never made from the Host header."""
    response = Response(f"See {location}\n", status, content_type="text/plain; charset=utf-8")
    response.location = iri_to_uri(location)
    response.headers["Cache-Control"] = REDIRECTED
    if negotiated:
        response.vary.add("Accept")
    return response


def link(target: str, relation: str, media_type: str = "") -> str:
    """One value of a Link header."""
    kind = f'; type="{media_type}"' if media_type else ""
    return f'<{iri_to_uri(target)}>; rel="{relation}"{kind}'


def described(site: Site, iri: str, alternates: Sequence[tuple[str, Format]], collection: str | None) -> list[str]:
    """The Link headers of a document: its thing, other formats, licence, list, and the VoID."""
    links = [link(iri, "describes")]
    links += [link(address, "alternate", format.media_type) for address, format in alternates]
    if site.license:
        links.append(link(site.license, "license"))
    if collection:
        links.append(link(collection, "collection"))
    return [*links, link(url_for("graph.void"), "describedby")]


def allowed(methods: Iterable[str]) -> Response:
    """The answer to OPTIONS, which is also the answer to a browser's preflight."""
    names = ", ".join(sorted({*methods, "OPTIONS"}))
    headers = {
        "Allow": names,
        "Access-Control-Allow-Methods": names,
        "Access-Control-Allow-Headers": "Accept, Content-Type, If-None-Match, If-Modified-Since",
        "Access-Control-Max-Age": "86400",
    }
    response = Response(status=204, headers=headers)
    del response.headers["Content-Type"]
    return response


def problem(
    status: int, title: str, detail: str, extra: Mapping[str, object] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:  # fmt: skip
    """An error as the client reads it: problem+json (RFC 9457), a page, or text for RDF-only clients."""
    document = {"type": "about:blank", "title": title, "status": status, "detail": detail, **(extra or {})}
    format = problem_format(request.headers.get("Accept"))
    if format is PROBLEM:
        body = json.dumps(document, ensure_ascii=False)
    elif spoken(format) is formats.HTML:
        # The same error in another language is only there to be had again for what can be asked for again, of a server.
        asked_again = "parameters" in g and request.method == "GET" and not current.static
        again = {} if asked_again else {"turned_to": ()}
        body = render_template("problem.html", problem=document, title=title, refused=True, **again)
    else:
        told = [f"{status} {title}", detail, *(f"{key}: {value}" for key, value in (extra or {}).items())]
        body = "\n".join(told) + "\n"
    response = Response(body, status, content_type=format.content_type)
    response.headers.update(headers or {})
    response.headers["Cache-Control"] = "no-store"
    response.vary.update(("Accept", "Accept-Language"))
    return response


def problem_format(accept: str | None) -> Format:
    """The form of an error: what Accept wants most of the three, text where it wants none."""
    try:
        found = negotiate(accept, PROBLEMS)
        return PROBLEM if found is formats.JSON else found
    except NotAcceptable:
        return formats.TEXT
