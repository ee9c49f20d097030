"""Pages and lists as clients read them."""

import csv
import io
import json
import re
from typing import Any

from flask.testing import FlaskClient
from pyoxigraph import RdfFormat

BASE = "https://w3id.org/creative-cities/"
LISTS = ("cities", "countries", "fields", "regions", "rounds", "conferences", "sources")
GRAPHS = {"ttl": RdfFormat.TURTLE, "nt": RdfFormat.N_TRIPLES, "rdf": RdfFormat.RDF_XML, "jsonld": RdfFormat.JSON_LD}
HTML = {"Accept": "text/html"}


def page(client: FlaskClient, address: str, **headers: str) -> str:
    """A page as a browser reads it."""
    reply = client.get(address, headers={**HTML, **headers})
    assert reply.status_code == 200, reply.get_data(as_text=True)[:500]
    return reply.get_data(as_text=True)


def rows(client: FlaskClient, address: str) -> list[dict[str, str]]:
    """The rows of a list's CSV; `address` is that of the list with its filters."""
    path, _, question = address.partition("?")
    reply = client.get(f"{path}.csv?{question}")
    assert reply.status_code == 200, reply.get_data(as_text=True)
    return list(csv.DictReader(io.StringIO(reply.get_data(as_text=True), newline="")))


def as_json(client: FlaskClient, address: str) -> Any:
    path, _, question = address.partition("?")
    reply = client.get(f"{path}.json?{question}")
    assert reply.status_code == 200, reply.get_data(as_text=True)
    return json.loads(reply.data)


def total(client: FlaskClient, address: str) -> int:
    return int(as_json(client, address)["total"])


def ids(client: FlaskClient, address: str) -> list[str]:
    return [thing["id"] for thing in as_json(client, address)["items"]]


def links(reply: Any) -> dict[str, list[str]]:
    """The addresses in Link headers by relation."""
    found: dict[str, list[str]] = {}
    for value in reply.headers.getlist("Link"):
        target, relation = re.fullmatch(r'<([^>]*)>; rel="([^"]*)".*', value).groups()  # type: ignore[union-attr]
        found.setdefault(relation, []).append(target)
    return found
