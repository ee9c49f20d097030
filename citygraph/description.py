"""The graph's description of itself from one source: VoID, DCAT and the SPARQL 1.1 Service Description as
triples.

Everything in it has an IRI below the dataset's (`dataset#…`), so that it can be pointed at and merged; the
counts are asked of the graph itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import quote

from pyoxigraph import Literal, NamedNode, Triple

from citygraph import formats, queries
from citygraph.dataset import Dataset
from citygraph.engine import Engine, Limits
from citygraph.labels import Term, local_name, written
from citygraph.namespaces import PREFIXES, RDF_TYPE, name

SD = "http://www.w3.org/ns/sparql-service-description#"
MEDIA_TYPES = "https://www.iana.org/assignments/media-types/"
XSD = PREFIXES["xsd"]
LIMITS = {
    "timeout": ("Seconds that a query may take", "SEC"),
    "max_body": ("Bytes of a query's answer", "AD"),
    "memory": ("Bytes of memory for a query", "AD"),
    "queue": ("Queries that may wait", "C62"),
}
"""What the limits are called, and their units by UN/CEFACT's codes, as schema:unitCode wants them."""

Facts = Iterator[Triple]


@dataclass(frozen=True)
class Subject:
    """A node that is being described; calling it with a property and values gives the triples."""

    node: NamedNode

    def __call__(self, curie: str, *values: Term | None) -> Facts:
        predicate = NamedNode(SD + curie[3:]) if curie.startswith("sd:") else name(curie)
        return (Triple(self.node, predicate, value) for value in values if value is not None)

    def a(self, *curies: str) -> Facts:
        """Its classes."""
        for curie in curies:
            yield Triple(self.node, RDF_TYPE, NamedNode(SD + curie[3:]) if curie.startswith("sd:") else name(curie))


def describe(dataset: Dataset, engine: Engine, public_url: str, license: str | None) -> Facts:
    """The whole description; `public_url` is where the site's addresses stand on the web."""
    yield from catalogue(dataset, public_url, NamedNode(license) if license else None)
    yield from statistics(dataset, engine)
    yield from service(dataset, public_url)
    yield from limits(dataset, engine.limits)


def catalogue(dataset: Dataset, public_url: str, license: NamedNode | None) -> Facts:
    """DCAT: the dataset, a distribution for each syntax, and the endpoint as a data service."""
    whole, endpoint = Subject(NamedNode(dataset.iri)), Subject(NamedNode(dataset.iri + "#sparql"))
    yield from whole.a("dcat:Dataset", "void:Dataset")
    yield from whole("void:uriSpace", Literal(dataset.base))
    yield from whole("dcat:version", Literal(dataset.version))
    yield from whole("void:sparqlEndpoint", NamedNode(public_url + "sparql"))
    for format in formats.GRAPH_FORMATS[:4]:
        address = NamedNode(f"{public_url}rdf-graph-store?default&format={format.name}")
        media_type = Subject(NamedNode(MEDIA_TYPES + format.media_type))
        one = Subject(NamedNode(f"{dataset.iri}#{format.name}"))
        yield from whole("dcat:distribution", one.node)
        yield from whole("void:dataDump", address)
        yield from whole("void:feature", NamedNode(format.iri) if format.iri else None)
        yield from one.a("dcat:Distribution")
        yield from one("rdfs:label", Literal(f"The graph as {format.label}", language="en"))
        yield from one("dcterms:title", Literal(f"The graph as {format.label}", language="en"))
        yield from one("dcat:accessURL", address)
        yield from one("dcat:downloadURL", address)
        yield from one("dcat:mediaType", media_type.node)
        yield from one("dcterms:license", license)
        yield from media_type.a("dcterms:MediaType")
        yield from media_type("rdfs:label", Literal(format.media_type))
    yield from endpoint.a("dcat:DataService")
    yield from endpoint("rdfs:label", Literal("SPARQL endpoint", language="en"))
    yield from endpoint("dcterms:title", Literal("SPARQL endpoint", language="en"))
    yield from endpoint("dcat:endpointURL", NamedNode(public_url + "sparql"))
    yield from endpoint("dcat:endpointDescription", NamedNode(public_url + "sparql"))
    yield from endpoint("dcat:servesDataset", whole.node)
    yield from endpoint("dcterms:license", license)


def statistics(dataset: Dataset, engine: Engine) -> Facts:
    """VoID: the size of the default graph, its classes and properties, and its links into other datasets."""
    whole = Subject(NamedNode(dataset.iri))
    for row in engine.select(queries.load("description/totals").text):
        for figure, value in sorted(row.items()):
            yield from whole(f"void:{figure}", value)
    for kind, key, count in (("class", "void:class", "entities"), ("property", "void:property", "triples")):
        for row in engine.select(queries.load(f"description/{kind}-partitions").text):
            part = Subject(NamedNode(f"{dataset.iri}#{kind}-{slug(dataset, row['term'])}"))
            yield from whole(f"void:{kind}Partition", part.node)
            yield from part.a("void:Dataset")
            yield from part(key, row["term"])
            yield from part(f"void:{count}", row["count"])
    for row in engine.select(queries.load("description/linksets").text):
        space = written(row["space"])
        site = quote(space.split("/", 3)[2] + "-" + space.split("/", 3)[3].strip("/#"), safe="").rstrip("-")
        target = Subject(NamedNode(f"{dataset.iri}#target-{site}"))
        links = Subject(NamedNode(f"{dataset.iri}#links-{site}-{local_name(written(row['property']))}"))
        yield from whole("void:subset", links.node)
        yield from links.a("void:Linkset")
        yield from links("void:linkPredicate", row["property"])
        yield from links("void:triples", row["count"])
        yield from links("void:subjectsTarget", whole.node)
        yield from links("void:objectsTarget", target.node)
        yield from target.a("void:Dataset")
        yield from target("void:uriSpace", Literal(space))


def slug(dataset: Dataset, term: Term) -> str:
    """A fragment for a class or property: its prefix and local name."""
    iri = term.value if isinstance(term, NamedNode) else ""
    spaces = [(space, prefix) for prefix, space in dataset.prefixes.items() if iri.startswith(space)]
    space, prefix = max(spaces, key=lambda pair: len(pair[0]), default=("", ""))
    return quote(f"{prefix}-{iri[len(space) :]}" if space else iri, safe="")


def service(dataset: Dataset, public_url: str) -> Facts:
    """The Service Description: language, formats, the default graph and the named graphs with their sizes."""
    endpoint, sets = Subject(NamedNode(dataset.iri + "#sparql")), Subject(NamedNode(dataset.iri + "#graphs"))
    default = Subject(NamedNode(dataset.iri + "#default-graph"))
    yield from endpoint.a("sd:Service")
    yield from endpoint("sd:endpoint", NamedNode(public_url + "sparql"))
    yield from endpoint("sd:supportedLanguage", NamedNode(SD + "SPARQL11Query"))
    yield from endpoint("sd:feature", NamedNode(SD + "EmptyGraphs"))
    for format in (*formats.SOLUTION_FORMATS, *formats.GRAPH_FORMATS):
        yield from endpoint("sd:resultFormat", NamedNode(format.iri) if format.iri else None)
    yield from endpoint("sd:defaultDataset", sets.node)
    yield from sets.a("sd:Dataset")
    yield from sets("sd:defaultGraph", default.node)
    yield from default.a("sd:Graph", "void:Dataset")
    for graph_name, count in sorted(dataset.counts.items()):
        named = Subject(NamedNode(f"{dataset.iri}#graph-{graph_name}"))
        graph = Subject(NamedNode(f"{dataset.iri}#triples-{graph_name}"))
        yield from sets("sd:namedGraph", named.node)
        yield from named.a("sd:NamedGraph")
        yield from named("sd:name", NamedNode(dataset.graph(graph_name)))
        yield from named("sd:graph", graph.node)
        yield from graph.a("sd:Graph", "void:Dataset")
        yield from graph("void:triples", Literal(count))


def limits(dataset: Dataset, given: Limits) -> Facts:
    """What a query may take, each limit with a name, the most and a unit; one that the store decides is left out."""
    # The Service Description and VoID have no words for limits; schema:PropertyValue is what is widely read.
    endpoint = Subject(NamedNode(dataset.iri + "#sparql"))
    for key, (label, unit) in LIMITS.items():
        most = getattr(given, key)
        limit = Subject(NamedNode(f"{dataset.iri}#limit-{key.replace('_', '-')}"))
        if most is None:
            continue
        yield from endpoint("schema:additionalProperty", limit.node)
        yield from limit.a("schema:PropertyValue")
        yield from limit("rdfs:label", Literal(label, language="en"))
        exact = Literal(f"{Decimal(str(most)):f}", datatype=name("xsd:decimal"))
        yield from limit("schema:maxValue", Literal(most) if isinstance(most, int) else exact)
        yield from limit("schema:unitCode", Literal(unit))
