"""The graph's description of itself from one source: VoID, DCAT and the SPARQL 1.1 Service Description as
triples.

Everything in it has an IRI below the dataset's (`dataset#…`), so that it can be pointed at and merged; the
counts are asked of the graph itself.
"""

from decimal import Decimal
from urllib.parse import quote

from pyoxigraph import Literal, NamedNode

from citygraph import formats, queries
from citygraph.archive import Export
from citygraph.catalogue import catalogue
from citygraph.dataset import Dataset
from citygraph.engine import Engine, Limits
from citygraph.labels import Term, local_name, written
from citygraph.namespaces import PREFIXES, name
from citygraph.statements import Facts, Subject

SD = PREFIXES["sd"]
LIMITS = {
    "timeout": ("Seconds that a query may take", "SEC"),
    "max_body": ("Bytes of a query's answer", "AD"),
    "memory": ("Bytes of memory for a query", "AD"),
    "queue": ("Queries that may wait", "C62"),
}
"""What the limits are called, and their units by UN/CEFACT's codes, as schema:unitCode wants them."""


def describe(dataset: Dataset, engine: Engine, public_url: str, files: Export | None = None) -> Facts:
    """The whole description; `public_url` is where the site's addresses stand on the web, `files` are those of the
    graph, where there are any."""
    yield from catalogue(dataset, engine, public_url, files)
    yield from statistics(dataset, engine)
    yield from service(dataset, public_url)
    yield from limits(dataset, engine.limits)
    yield from prefixes(dataset)


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
            yield from whole("void:vocabulary", vocabulary(dataset, row["term"]))
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
    space, prefix = namespace(dataset, iri)
    return quote(f"{prefix}-{iri[len(space) :]}" if space else iri, safe="")


def vocabulary(dataset: Dataset, term: Term) -> NamedNode | None:
    """The namespace of a class or property, where a prefix is declared for it."""
    space, _ = namespace(dataset, written(term))
    return NamedNode(space) if space else None


def curie(dataset: Dataset, iri: str) -> str:
    """A class or property as queries write it: by its prefix, else in brackets."""
    space, prefix = namespace(dataset, iri)
    return f"{prefix}:{iri[len(space) :]}" if space else f"<{iri}>"


def namespace(dataset: Dataset, iri: str) -> tuple[str, str]:
    """The longest namespace that an IRI begins with and its prefix; two empty texts where there is none."""
    spaces = [(space, prefix) for prefix, space in dataset.prefixes.items() if iri.startswith(space)]
    return max(spaces, key=lambda pair: (len(pair[0]), pair[1]), default=("", ""))


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


def prefixes(dataset: Dataset) -> Facts:
    """The prefixes of the graph, for queries: `sh:prefixes` of an example points at the node that declares them."""
    all_of_them = Subject(NamedNode(f"{dataset.iri}#prefixes"))
    yield from all_of_them.a("owl:Ontology")
    for prefix, space in sorted(dataset.prefixes.items()):
        one = Subject(NamedNode(f"{dataset.iri}#prefix-{quote(prefix, safe='')}"))
        yield from all_of_them("sh:declare", one.node)
        yield from one.a("sh:PrefixDeclaration")
        yield from one("sh:prefix", Literal(prefix))
        yield from one("sh:namespace", Literal(space, datatype=name("xsd:anyURI")))
