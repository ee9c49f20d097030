"""The dataset in the words of schema.org, as search engines for data read it; made from the DCAT description."""

from collections import defaultdict
from collections.abc import Iterable

from pyoxigraph import Literal, NamedNode, Triple

from citygraph.labels import Term, pick, written
from citygraph.namespaces import name

Node = dict[str, object]
ENGLISH = "en"


class Description:
    """The triples of the description, by subject and property."""

    def __init__(self, facts: Iterable[Triple]) -> None:
        self.values: dict[tuple[Term, NamedNode], list[Term]] = defaultdict(list)
        for subject, predicate, value in dict.fromkeys(facts):
            self.values[subject, predicate].append(value)

    def all(self, node: Term, curie: str) -> list[Term]:
        """The values of a property, in a stable order."""
        return sorted(self.values.get((node, name(curie)), []), key=str)

    def text(self, node: Term, *curies: str) -> str | None:
        """The first of several properties that a node has, in English where it can be."""
        for curie in curies:
            values = self.all(node, curie)
            literal = pick([value for value in values if isinstance(value, Literal)], ENGLISH)
            if values:
                return literal.value if literal else written(values[0])
        return None


def dataset(facts: Iterable[Triple], iri: str) -> Node:
    """A schema.org/Dataset as JSON-LD; what the description does not say is left out."""
    said, node = Description(facts), NamedNode(iri)
    keywords = [v.value for v in said.all(node, "dcat:keyword") if isinstance(v, Literal) and v.language == ENGLISH]
    publisher = next(iter(said.all(node, "dcterms:publisher")), None)
    organisation = publisher and named_node("Organization", publisher, said.text(publisher, "foaf:name"))
    found: Node = {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "@id": iri,
        "name": said.text(node, "dcterms:title"),
        "description": said.text(node, "dcterms:description"),
        "url": said.text(node, "dcat:landingPage"),
        "identifier": iri,
        "version": said.text(node, "dcat:version"),
        "license": said.text(node, "dcterms:license"),
        "isAccessibleForFree": True,
        "keywords": keywords,
        "datePublished": said.text(node, "dcterms:issued"),
        "dateModified": said.text(node, "dcterms:modified"),
        "creator": organisation,
        "publisher": organisation,
        "inLanguage": [said.text(one, "skos:prefLabel") for one in said.all(node, "dcterms:language")],
        "temporalCoverage": covered(said, node),
        "spatialCoverage": box(said, node),
        "isBasedOn": [written(source) for source in said.all(node, "prov:wasDerivedFrom")],
        "distribution": [download(said, one) for one in said.all(node, "dcat:distribution")],
    }
    return {key: value for key, value in found.items() if value not in (None, [], {})}


def named_node(kind: str, node: Term, title: str | None) -> Node:
    """A node with its name."""
    return {"@type": kind, "@id": written(node), "name": title}


def covered(said: Description, node: Term) -> str | None:
    """The period as an ISO 8601 interval, open where no end is said."""
    for period in said.all(node, "dcterms:temporal"):
        if first := said.text(period, "dcat:startDate"):
            return f"{first}/{said.text(period, 'dcat:endDate') or '..'}"
    return None


def box(said: Description, node: Term) -> Node | None:
    """The extent as schema.org writes a box: south west north east, latitude first."""
    for place in said.all(node, "dcterms:spatial"):
        if corners := said.text(place, "dcat:bbox"):
            pairs = [pair.split() for pair in corners.removeprefix("POLYGON((").removesuffix("))").split(", ")]
            (west, south), (east, north) = pairs[0], pairs[2]
            return {"@type": "Place", "geo": {"@type": "GeoShape", "box": f"{south} {west} {north} {east}"}}
    return None


def download(said: Description, one: Term) -> Node:
    """A distribution; that by query has no file."""
    address = said.text(one, "dcat:downloadURL")
    media_type = next(iter(said.all(one, "dcat:mediaType")), None)
    found = named_node("DataDownload", one, said.text(one, "dcterms:title"))
    found["contentUrl" if address else "url"] = address or said.text(one, "dcat:accessURL")
    return found | ({"encodingFormat": said.text(media_type, "rdfs:label")} if media_type else {})
