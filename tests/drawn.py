"""Maps as they come over the wire: what is drawn, what is listed, and what is said."""

import re
from xml.etree import ElementTree

from flask.testing import FlaskClient

SVG = "{http://www.w3.org/2000/svg}"


def drawing(text: str, name: str) -> str:
    found = re.search(rf'<svg class="{name}".*?</svg>', text, re.DOTALL)
    return found[0] if found else ""


def dots(text: str, name: str = "world") -> list[str]:
    """Where the dots of a drawing lead."""
    return re.findall(r'<a href="([^"]+)" class="hue-\d" tabindex="-1"><title>', drawing(text, name))


def listed(text: str) -> list[str]:
    return re.findall(r'data-held="[^"]*"><a href="([^"]+)"', text)


def told(text: str) -> str:
    found = re.search(r'id="counted"[^>]*>(.*?)</p>', text, re.DOTALL)
    return re.sub(r"<[^>]+>", "", found[1]) if found else ""


def image(client: FlaskClient, address: str) -> ElementTree.Element:
    reply = client.get(address)
    assert reply.status_code == 200
    assert reply.content_type == "image/svg+xml; charset=utf-8"
    return ElementTree.fromstring(reply.text)  # noqa: S314 our own
