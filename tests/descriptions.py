"""What the tests of the self-description share: asking for RDF, checking it against a profile, counting."""

from pathlib import Path

from flask.testing import FlaskClient
from pyshacl import validate
from rdflib import RDF, SH, Graph, URIRef

BASE = "https://w3id.org/creative-cities/"
PROFILES = Path(__file__).with_name("profiles")


def graph(client: FlaskClient, path: str) -> Graph:
    """What an address answers in RDF."""
    reply = client.get(path, headers={"Accept": "text/turtle"}, follow_redirects=True)
    assert reply.status_code == 200
    return Graph().parse(data=reply.get_data(), format="turtle")


def findings(data: Graph, profile: str) -> list[tuple[URIRef, URIRef, URIRef]]:
    """Focus node, path and severity of every result."""
    shapes = Graph().parse(PROFILES / f"{profile}.ttl")
    _, report, _ = validate(data, shacl_graph=shapes, inference="none", advanced=True)
    results = report.subjects(RDF.type, SH.ValidationResult)
    keys = (SH.focusNode, SH.resultPath, SH.resultSeverity)
    return sorted(tuple(report.value(result, key) for key in keys) for result in results)


def counted(client: FlaskClient, query: str) -> int:
    reply = client.get("/sparql", query_string={"query": query})
    return int(reply.get_json(force=True)["results"]["bindings"][0]["n"]["value"])
