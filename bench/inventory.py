"""What a site has to have: the things that its graph describes, by its endpoint or by its dumps."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote, urldefrag

from pyoxigraph import NamedNode, RdfFormat, parse

SUBJECTS = """
SELECT DISTINCT ?thing
WHERE { { ?thing ?property ?value } UNION { GRAPH ?graph { ?thing ?property ?value } } FILTER(ISIRI(?thing)) }
"""


@dataclass(frozen=True)
class Reply:
    """A reply as it came; `links` are the values of its Link headers, header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    links: list[str]
    body: bytes

    @property
    def media_type(self) -> str:
        """The media type without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def linked(self, relation: str) -> list[str]:
        """The targets of a link relation."""
        return [one[1 : one.index(">")] for one in self.links if f'rel="{relation}"' in one]


Get = Callable[[str, Mapping[str, str]], Reply]


def things(get: Get, start: str) -> list[str]:
    """The addresses of all things that the graph describes, by their IRIs below its base."""
    void = get(f"{start}.well-known/void", {"Accept": "application/n-triples"})
    spaces = [
        q.object.value for q in parse(void.body, format=RdfFormat.N_TRIPLES) if q.predicate.value.endswith("uriSpace")
    ]
    query = f"{start}sparql?query={quote(SUBJECTS, safe='')}"
    rows = json.loads(get(query, {"Accept": "application/sparql-results+json"}).body)["results"]["bindings"]
    return below(start, spaces, {row["thing"]["value"] for row in rows})


def by_dump(get: Get, start: str) -> list[str]:
    """The same of a site that has no endpoint, by its graphs."""
    void = get(f"{start}.well-known/void", {})
    told = list(parse(void.body, format=RdfFormat.from_media_type(void.media_type)))
    spaces = [quad.object.value for quad in told if quad.predicate.value.endswith("uriSpace")]
    found: set[str] = set()
    for part in ("data", "ontology", "derived", "shapes"):
        reply = get(f"{start}graph/{part}.nt", {})
        if reply.status == 200:
            subjects = (quad.subject for quad in parse(reply.body, format=RdfFormat.N_TRIPLES))
            found |= {subject.value for subject in subjects if isinstance(subject, NamedNode)}
    # As links to files are written.
    return [quote(unquote(address)) for address in below(start, spaces, found)]


def below(start: str, spaces: list[str], subjects: set[str]) -> list[str]:
    """The addresses of things below the base, which is the space that most of them are in."""
    iris = sorted({urldefrag(iri)[0] for iri in subjects})
    bases = {space: sum(iri.startswith(space) for iri in iris) for space in spaces}
    base = max(bases, key=lambda space: bases[space])
    return [start + iri.removeprefix(base) for iri in iris if iri.startswith(base)]
