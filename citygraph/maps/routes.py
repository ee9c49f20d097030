"""The page of the map, and the map as an image."""

from flask import Blueprint, Response, g, render_template, request

from citygraph import formats, incoming, protocol, replies
from citygraph.maps import figure, places
from citygraph.maps import image as picture
from citygraph.maps import page as around
from citygraph.maps.places import Places, Wanted
from citygraph.site import site

blueprint = Blueprint("maps", __name__)


@blueprint.app_context_processor
def known() -> dict[str, object]:
    """What templates ask before they link to the map."""
    return {"has_map": figure.offered}


def asked(language: str) -> tuple[Places, Wanted]:
    """The places in a language, and what the request wants of them. Raises `BadRequest`."""
    whole = figure.found(language)
    return whole, places.read(protocol.parameters(request.query_string), whole.query, site.index)


@blueprint.get("/map")
def page() -> Response:
    """The map with its filters, and the same places as a list."""
    incoming.wanted((formats.HTML,))
    whole, wanted = asked(g.language)

    def made() -> str:
        return render_template("map.html", **around.context(site, g.language, whole, wanted))

    return replies.cached(site, made, formats.HTML.content_type, negotiated=True)


@blueprint.get("/map.svg")
def image() -> Response:
    """The map as an image to embed, with the same filters."""
    whole, wanted = asked(g.language)
    response = replies.cached(site, lambda: picture.written(site, whole, wanted), picture.CONTENT_TYPE)
    response.headers["Content-Security-Policy"] = picture.FRAMED
    return response
