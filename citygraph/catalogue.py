"""DCAT 3 as DCAT-AP 3 profiles it: the catalogue, the dataset, its distributions and its data services.

What the graph states of its dataset stands as it is; the code adds what it knows by itself: addresses, formats, the
extent in space and time, and the classes of everything that is pointed at.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from citygraph import distributions as files_of
from citygraph import formats, queries
from citygraph.archive import Export
from citygraph.dataset import Dataset
from citygraph.distributions import FILE_TYPES, MEDIA_TYPES, checksum
from citygraph.engine import Engine
from citygraph.formats import Format
from citygraph.labels import Term, shortened, written
from citygraph.namespaces import name
from citygraph.sparql import bind
from citygraph.statements import Facts, Subject

FILE_TYPE = {"ttl": "RDF_TURTLE", "nt": "RDF_N_TRIPLES", "jsonld": "JSON_LD", "rdf": "RDF_XML"}
"""What the European table of file types calls a format of ours."""
DUMPED = formats.GRAPH_FORMATS[:4]
RANGES = {
    "dcat:contactPoint": "vcard:Kind",
    "dcat:landingPage": "foaf:Document",
    "dcat:mediaType": "dcterms:MediaType",
    "dcat:theme": "skos:Concept",
    "dcat:themeTaxonomy": "skos:ConceptScheme",
    "dcterms:accrualPeriodicity": "dcterms:Frequency",
    "dcterms:conformsTo": "dcterms:Standard",
    "dcterms:creator": "foaf:Agent",
    "dcterms:format": "dcterms:MediaTypeOrExtent",
    "dcterms:language": "dcterms:LinguisticSystem",
    "dcterms:license": "dcterms:LicenseDocument",
    "dcterms:publisher": "foaf:Agent",
    "dcterms:spatial": "dcterms:Location",
    "dcterms:temporal": "dcterms:PeriodOfTime",
    "dcterms:type": "skos:Concept",
    "foaf:homepage": "foaf:Document",
    "prov:wasDerivedFrom": "prov:Entity",
    "skos:inScheme": "skos:ConceptScheme",
}
"""The class of whatever a property points at: a catalogue that is harvested has to say it for everything."""
INHERITED = ("dcterms:issued", "dcterms:language", "dcterms:license", "dcterms:modified", "dcterms:publisher")
"""What the catalogue and, but for the last, distributions share with the dataset."""


@dataclass(frozen=True)
class Entry:
    """A dataset on its way into the catalogue: what is known of it so far."""

    dataset: Dataset
    engine: Engine
    public_url: str
    facts: list[Triple]
    files: Export | None = None

    def values(self, curie: str, of: Term | None = None) -> list[Term]:
        """The values of a property of the dataset, or of another node."""
        subject, predicate = of or NamedNode(self.dataset.iri), name(curie)
        return [fact.object for fact in self.facts if fact.subject == subject and fact.predicate == predicate]

    def part(self, fragment: str) -> Subject:
        """A node of the description."""
        return Subject(NamedNode(f"{self.dataset.iri}#{fragment}"))

    def address(self, path: str) -> NamedNode:
        """Where something stands on the web."""
        return NamedNode(self.public_url + path)

    def shared(self, subject: Subject, *curies: str) -> Facts:
        """Statements of the dataset that hold for another node too."""
        for curie in curies:
            yield from subject(curie, *self.values(curie))


def catalogue(dataset: Dataset, engine: Engine, public_url: str, files: Export | None = None) -> list[Triple]:
    """The whole catalogue: one dataset with its distributions and services. `files` are those of the graph as it is
    served; without them, its documents are what can be downloaded."""
    stated = bind(queries.load("description/stated").text, {"dataset": NamedNode(dataset.iri)})
    entry = Entry(dataset, engine, public_url, engine.construct(stated), files)
    for add in (identity, publisher, extent, period, distributions, services, record):
        entry.facts.extend(list(add(entry)))
    return list(dict.fromkeys([*entry.facts, *typed(entry.facts)]))


def identity(entry: Entry) -> Facts:
    """The dataset's name, identifier, version and page, where the graph does not state them."""
    whole, dataset = Subject(NamedNode(entry.dataset.iri)), entry.dataset
    yield from whole.a("dcat:Dataset", "void:Dataset")
    if not entry.values("dcterms:title"):
        names = entry.values("rdfs:label") or [Literal(shortened(dataset.base), language="en")]
        yield from whole("dcterms:title", *names)
    if not entry.values("dcterms:identifier"):
        yield from whole("dcterms:identifier", Literal(dataset.iri))
    yield from whole("dcat:version", Literal(dataset.version))
    yield from checksum(whole, dataset.digest)
    yield from whole("void:uriSpace", Literal(dataset.base))
    yield from whole("void:sparqlEndpoint", entry.address("sparql"))
    if entry.facts:
        yield from whole("dcat:landingPage", entry.address("dataset.html"))
    description = Subject(entry.address(".well-known/void"))
    yield from description.a("void:DatasetDescription")
    yield from description("foaf:primaryTopic", whole.node)


def publisher(entry: Entry) -> Facts:
    """The agent that publishes the dataset, made from its name (dc:publisher) where it is no node; whom to ask."""
    whole, agent, contact = Subject(NamedNode(entry.dataset.iri)), entry.part("publisher"), entry.part("contact")
    nodes = entry.values("dcterms:publisher")
    names = entry.values("dc:publisher") if not nodes else entry.values("foaf:name", nodes[0])
    if not names:
        return
    if not nodes:
        yield from whole("dcterms:publisher", agent.node)
        yield from agent.a("foaf:Organization")
        yield from agent("foaf:name", *names)
    yield from whole("dcat:contactPoint", contact.node)
    yield from contact.a("vcard:Organization")
    yield from contact("vcard:fn", *names)
    yield from contact("vcard:hasURL", entry.address("dataset.html"))


def extent(entry: Entry) -> Facts:
    """The box that the places of the graph lie in."""
    where = entry.part("extent")
    for row in entry.engine.select(queries.load("description/extent").text):
        if entry.values("dcterms:spatial") or len(row) < 4:
            return
        west, south, east, north = (written(row[side]) for side in ("west", "south", "east", "north"))
        corners = f"{west} {south}, {east} {south}, {east} {north}, {west} {north}, {west} {south}"
        yield from Subject(NamedNode(entry.dataset.iri))("dcterms:spatial", where.node)
        yield from where("dcat:bbox", Literal(f"POLYGON(({corners}))", datatype=name("geo:wktLiteral")))


def period(entry: Entry) -> Facts:
    """From the first day that the data speaks of to the day of its last change."""
    when = entry.part("period")
    for row in entry.engine.select(queries.load("description/beginning").text):
        if entry.values("dcterms:temporal") or "first" not in row:
            return
        yield from Subject(NamedNode(entry.dataset.iri))("dcterms:temporal", when.node)
        yield from when("dcat:startDate", row["first"])
        yield from when("dcat:endDate", *entry.values("dcterms:modified")[:1])


def distributions(entry: Entry) -> Facts:
    """The files of the graph with their sizes and checksums, else the default graph once for each syntax."""
    whole = Subject(NamedNode(entry.dataset.iri))
    if entry.files:
        below = entry.public_url + entry.files.path
        shared = entry.shared(whole, *INHERITED[:-1])
        yield from files_of.distributions(
            entry.files.manifest.files, NamedNode(entry.dataset.iri), below.__add__, shared
        )
        for suffix, iri in ((format.name, format.iri) for format in formats.GRAPH_FORMATS):
            if file := entry.files.main(suffix):
                yield from whole("void:dataDump", NamedNode(below + file.path))
                yield from whole("void:feature", NamedNode(iri) if iri else None)
        return
    for format in DUMPED:
        one, address = entry.part(format.name), dump(entry.public_url, format)
        title = Literal(f"The graph as {format.label}", language="en")
        content = "The ontology, the facts and what is derived from them, in one file, as they are served now."
        media_type = Subject(NamedNode(MEDIA_TYPES + format.media_type))
        kind = Subject(NamedNode(FILE_TYPES + FILE_TYPE[format.name]))
        yield from whole("dcat:distribution", one.node)
        yield from whole("void:dataDump", NamedNode(address))
        yield from whole("void:feature", NamedNode(format.iri) if format.iri else None)
        yield from one.a("dcat:Distribution")
        yield from one("rdfs:label", title)
        yield from one("dcterms:title", title)
        yield from one("dcterms:description", Literal(content, language="en"))
        yield from one("dcat:accessURL", NamedNode(address))
        yield from one("dcat:downloadURL", NamedNode(address))
        yield from one("dcat:mediaType", media_type.node)
        yield from one("dcterms:format", kind.node)
        yield from entry.shared(one, *INHERITED[:-1])
        yield from media_type("rdfs:label", Literal(format.media_type))
        yield from kind("rdfs:label", Literal(format.label))


def dumps(home: str, files: Export | None) -> list[tuple[str, Format]]:
    """Where the whole graph can be downloaded: its files, else its documents; `home` is what addresses begin with."""
    if files:
        found = [(files.main(format.name), format) for format in formats.GRAPH_FORMATS]
        return [(home + files.path + file.path, format) for file, format in found if file]
    return [(dump(home, format), format) for format in DUMPED]


def dump(public_url: str, format: Format) -> str:
    """The address of the whole graph in one syntax."""
    return f"{public_url}rdf-graph-store?default&format={format.name}"


def services(entry: Entry) -> Facts:
    """The endpoint, and the addresses of things and lists, as data services; the endpoint is a way to the data too."""
    content = "Any query of SPARQL 1.1 over the default graph and the named graphs; read-only, without a key."
    endpoint = entry.part("sparql")
    yield from serving(entry, endpoint, "SPARQL endpoint", content)
    yield from endpoint("dcat:endpointURL", entry.address("sparql"))
    yield from endpoint("dcat:endpointDescription", entry.address("sparql"))
    yield from standard(endpoint, "https://www.w3.org/TR/sparql11-protocol/", "SPARQL 1.1 Protocol")
    through, title = entry.part("through-sparql"), Literal("The graph by query", language="en")
    yield from Subject(NamedNode(entry.dataset.iri))("dcat:distribution", through.node)
    yield from through.a("dcat:Distribution")
    yield from through("rdfs:label", title)
    yield from through("dcterms:title", title)
    yield from through("dcterms:description", Literal(content, language="en"))
    yield from through("dcat:accessURL", entry.address("sparql"))
    yield from through("dcat:accessService", endpoint.node)
    yield from entry.shared(through, *INHERITED[:-1])
    documents = entry.part("api")
    yield from serving(
        entry, documents, "Things and lists", "Every thing and every list by its address, in many formats."
    )
    yield from documents("dcat:endpointURL", entry.address(""))
    yield from documents("dcat:endpointDescription", entry.address("api/openapi.json"))
    yield from standard(documents, "https://spec.openapis.org/oas/v3.1.0", "OpenAPI 3.1")


def serving(entry: Entry, service: Subject, title: str, content: str) -> Facts:
    """What holds for any data service of the dataset."""
    yield from service.a("dcat:DataService")
    yield from service("rdfs:label", Literal(title, language="en"))
    yield from service("dcterms:title", Literal(title, language="en"))
    yield from service("dcterms:description", Literal(content, language="en"))
    yield from service("dcat:servesDataset", NamedNode(entry.dataset.iri))
    yield from entry.shared(service, "dcterms:license", "dcterms:publisher", "dcat:contactPoint")


def standard(subject: Subject, iri: str, title: str) -> Facts:
    """A standard that something conforms to, with its name."""
    yield from subject("dcterms:conformsTo", NamedNode(iri))
    yield from Subject(NamedNode(iri))("rdfs:label", Literal(title, language="en"))


def record(entry: Entry) -> Facts:
    """The catalogue itself, which has this one dataset and its services."""
    whole, one = Subject(NamedNode(entry.dataset.iri)), entry.part("catalogue")
    yield from one.a("dcat:Catalog")
    yield from entry.shared(one, "dcterms:title", "dcterms:description", "dcterms:spatial", *INHERITED)
    yield from one("foaf:homepage", entry.address(""))
    yield from one("dcat:dataset", whole.node)
    yield from one("dcat:service", entry.part("sparql").node, entry.part("api").node)
    schemes = (scheme for theme in entry.values("dcat:theme") for scheme in entry.values("skos:inScheme", theme))
    yield from one("dcat:themeTaxonomy", *schemes)


def typed(facts: Iterable[Triple]) -> Iterator[Triple]:
    """The class of everything that the facts point at."""
    classes = {name(curie): range for curie, range in RANGES.items()}
    for fact in facts:
        if fact.predicate in classes and isinstance(fact.object, NamedNode | BlankNode):
            yield from Subject(fact.object).a(classes[fact.predicate])
