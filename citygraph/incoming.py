"""The request that is being answered: its parameters, read strictly, its body, and the format that it wants."""

import re
from collections.abc import Sequence

from flask import Response, abort, g, request, url_for
from werkzeug.exceptions import RequestEntityTooLarge

from citygraph import formats, protocol, replies, wording
from citygraph.formats import Format
from citygraph.negotiation import negotiate
from citygraph.protocol import BadRequest

MAX_BODY = 1 << 20
MAX_URL = 1 << 16
LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")


def read() -> Response | None:
    """Read the parameters into `g`; OPTIONS is answered here for every address."""
    if len(request.query_string) + len(request.path) > MAX_URL:
        abort(414, f"The address is longer than {MAX_URL} characters; send a long query by POST.")
    try:
        request.environ["PATH_INFO"].encode("latin-1").decode("utf-8")
    except UnicodeError:
        raise BadRequest("The address is not UTF-8.") from None
    g.parameters = dict(reversed(protocol.parameters(request.query_string)))
    g.language = g.parameters.get("lang") or wording.WRITTEN
    if not LANGUAGE.fullmatch(g.language):
        # The page that says so goes on in a language that there is.
        del g.parameters["lang"]
        raise BadRequest("lang is a language tag such as en, sv, fr or es.")
    if request.method == "OPTIONS":
        return replies.allowed((request.url_rule and request.url_rule.methods) or {"GET", "HEAD"})
    return without_slash()


def without_slash() -> Response | None:
    """The way to a page of ours that was asked for with a slash too many; what also takes a POST is for programs, which
    may not go where they are sent."""
    rule = request.url_rule
    if (
        rule is None
        or not request.path.endswith("/")
        or rule.rule.endswith(("/", ">"))
        or "POST" in (rule.methods or ())
    ):
        return None
    return replies.redirected(carried(url_for(rule.endpoint, **(request.view_args or {}))), 308)


def body() -> bytes:
    """The whole body: a chunked one is cut at the limit without a word, and half a query is another query."""
    read = request.get_data()
    if len(read) > MAX_BODY:
        raise RequestEntityTooLarge
    return read


def agreed(format: Format) -> Format:
    """The format of a suffix. Raises `BadRequest` where `?format=` says another one."""
    named = g.parameters.get("format")
    if named is not None and formats.lookup(named, (format,)) is None:
        raise BadRequest(f"The address ends in {format.suffix}, so leave format={named} out, or the suffix.")
    return replies.spoken(format)


def carried(address: str) -> str:
    """An address of ours with the parameters of this request, for a redirect that keeps them."""
    asked = request.query_string.decode("latin-1")
    path, hash, fragment = address.partition("#")
    return path + ("&" if "?" in path else "?") + asked + hash + fragment if asked else address


def wanted(offers: Sequence[Format]) -> Format:
    """The format to answer in: `?format=` if it is there, else what Accept wants most."""
    named = g.parameters.get("format")
    if named is None:
        return replies.spoken(negotiate(request.headers.get("Accept"), offers))
    found = formats.lookup(named, offers)
    if found is None:
        names = [offer.name for offer in offers]
        raise BadRequest(f"There is no such format here. format is one of {', '.join(names)}.", offers=names)
    return replies.spoken(found)
