"""The operations that every site has, for `citygraph.openapi`: what they take, and what they answer."""

from collections.abc import Iterator, Mapping, Sequence

from citygraph import assets, documents, formats, incoming, lookups, protocol, queries, replies, results
from citygraph.distributions import MANIFEST, SUMS
from citygraph.schemas import Schema, reference
from citygraph.signposts import LINKSET
from citygraph.site import Site

Operation = dict[str, object]

BODY: Schema = {"type": "string"}
LANGUAGE: Schema = {"type": "string", "pattern": f"^{incoming.LANGUAGE.pattern}$", "default": "en"}
IRI: Schema = {"type": "string", "format": "iri"}
NAME: Schema = {"type": "string", "minLength": 1, "maxLength": 200}
MEANINGS = {
    "300": "Several things are meant; the problem names them.",
    "301": "It has another name now.",
    "303": "The document, or the thing, that is meant.",
    "304": "The client has it already.",
    "307": "Where it stands now.",
    "308": "The right spelling of the address.",
    "400": "A parameter is missing, doubled, unknown or wrong.",
    "403": "Understood and not allowed here: updates, SERVICE, graphs of the web.",
    "404": "There is no such thing here.",
    "406": "None of the formats that Accept asks for.",
    "410": "Withdrawn; its document says what is left of it.",
    "413": "The query, the body or the result is too large.",
    "412": "The file is not, or no longer, the one that If-Match names.",
    "414": "The address is too long.",
    "415": "The body is of a type that the protocol does not have.",
    "416": "The range begins after the end of the file.",
    "429": "Too many of them were made lately; Retry-After says when to come back.",
    "503": "Too busy, or stopped at the time limit; Retry-After says when to come back.",
    "507": "There is room for no more.",
}
REFUSALS = ("400", "404", "406", "414", "503")
PROBLEM = {
    replies.PROBLEM.media_type: {"schema": reference("Problem")},
    formats.HTML.media_type: {"schema": BODY},
    formats.TEXT.media_type: {"schema": BODY},
}
"""An error: problem+json (RFC 9457), for a browser a page, for a client of RDF plain text."""
MOVED = {"Location": {"schema": {"type": "string", "format": "iri-reference"}}}
RESPONSES: dict[str, object] = {
    "304": {"description": MEANINGS["304"]},
    **{
        status: {
            "description": MEANINGS[status],
            "headers": MOVED,
            "content": {formats.TEXT.media_type: {"schema": BODY}},
        }
        for status in ("301", "303", "307", "308")
    },
    **{
        status: {"description": MEANINGS[status], "content": PROBLEM}
        for status in ("300", *REFUSALS, "403", "412", "413", "415", "416", "429", "507")
    },
}
"""What operations have in common."""


def parameter(
    name: str, schema: Schema, description: str, place: str = "query", required: bool = False
) -> dict[str, object]:
    """A parameter of an address; its examples are those of its schema."""
    examples = {str(value): {"value": value} for value in schema.get("examples", [])}  # type: ignore[attr-defined]
    plain = {key: value for key, value in schema.items() if key != "examples"}
    made: dict[str, object] = {"name": name, "in": place, "description": description, "schema": plain}
    if required or place == "path":
        made["required"] = True
    return {**made, **({"examples": examples} if examples else {})}


def get(
    name: str, summary: str, asked: Sequence[Mapping[str, object]], bodies: Mapping[str, Schema],
    description: str = "", redirects: bool = False, refusals: Sequence[str] = REFUSALS, led: bool = False,
) -> dict[str, Operation]:  # fmt: skip
    """The path of an address that is read: `bodies` has the schema of each media type; with `redirects` it may lead
    to another address, and where it is `led` that is another one from time to time."""
    said = operation(name, summary, asked, bodies, description, redirects, refusals)
    if led:
        said["responses"] = {**said["responses"], "307": response("307")}  # type: ignore[dict-item]
    return {"get": said}


def operation(
    name: str, summary: str, asked: Sequence[Mapping[str, object]], bodies: Mapping[str, Schema],
    description: str = "", redirects: bool = False, refusals: Sequence[str] = REFUSALS,
) -> Operation:  # fmt: skip
    """One operation, with all that it may answer."""
    told: dict[str, object] = {}
    if bodies:
        content = {media_type: {"schema": schema} for media_type, schema in bodies.items()}
        told["200"] = {"description": summary, "content": content}
        told["304"] = response("304")
        told["410"] = {"description": MEANINGS["410"], "content": content}
    for status in ("301", "303", "308") if redirects else ("308",):
        told[status] = response(status)
    for status in refusals:
        told[status] = response(status)
    return {
        "operationId": name,
        "summary": summary,
        **({"description": description} if description else {}),
        "parameters": list(asked),
        "responses": dict(sorted(told.items())),
    }


def response(status: str) -> dict[str, object]:
    """A response that many operations have."""
    return {"$ref": f"#/components/responses/{status}"}


def media_types(offers: Sequence[formats.Format]) -> dict[str, Schema]:
    """The bodies of some formats: text, or what only the format says."""
    return {format.media_type: BODY if format.media_type.startswith("text/") else {} for format in offers}


def one_of(offers: Sequence[formats.Format]) -> dict[str, object]:
    """The parameter that goes before Accept."""
    return parameter("format", {"type": "string", "enum": [f.name for f in offers]}, "The format, before Accept.")


def fixed(site: Site) -> Iterator[tuple[str, dict[str, Operation]]]:
    """The routes that are the same for every graph, but for the values they take."""
    language = parameter("lang", LANGUAGE, "The language of a page.")
    rdf = documents.RDF_FORMATS
    pages = (formats.HTML, *rdf)
    yield "/", get("home", "The first page", [one_of(pages), language],
                   media_types([formats.HTML]), redirects=True)  # fmt: skip
    yield "/sparql", {"get": asked_of_sparql(site, "query"), "post": posted_to_sparql()}
    yield "/sparql/terms.json", get("terms", "Prefixes, classes and properties, for editors of queries", [language],
                                    media_types([formats.JSON]))  # fmt: skip
    version = parameter("version", {"type": "string", "enum": [assets.pinned()[0]]}, "Its version.", place="path")
    name = parameter("name", {"type": "string", "enum": list(assets.FILES)}, "Its name.", place="path")
    yield "/assets/{version}/{name}", get("editor", "A file of the query page's editor, where it is installed",
                                          [version, name], {"text/javascript": BODY, "text/css": BODY})  # fmt: skip
    for path, summary in (("void", "VoID, DCAT and service description"), ("sparql-examples", "Example queries")):
        address = f"/.well-known/{path}"
        yield address, get(path, summary, [one_of(pages)], media_types(rdf), redirects=True)
    yield "/dataset.linkset.json", get("linkset", "Typed links of the dataset", [], media_types([LINKSET]))
    yield "/sitemap.xml", get("sitemap", "Every page, for crawlers", [], {"application/xml": {}})
    part = parameter("part", {"type": "integer", "minimum": 1}, "Its number.", place="path")
    yield "/sitemap-{part}.xml", get("sitemap-part", "A part of a long sitemap", [part], {"application/xml": {}})
    for path, summary in (("robots", "What crawlers may read"), ("llms", "What a language model has to know")):
        yield f"/{path}.txt", get(path, summary, [], media_types([formats.TEXT]))
    for address, summary in (("/card.png", "The card for links to the site"), ("/favicon.ico", "The icon of the site")):
        yield address, get(address[1:].partition(".")[0], summary, [], {"image/png": {}})
    yield from of_graphs(site)
    yield "/api/openapi.json", get("openapi", "This document", [], {formats.JSON.media_type: {"type": "object"}})
    iri = parameter("iri", IRI, "The IRI of a thing.", required=True)
    yield "/resource", get("resource", "What the graph says of any IRI", [iri, one_of(documents.FORMATS), language],
                           media_types(documents.FORMATS), redirects=True)  # fmt: skip
    yield "/links", get("links", "Links with other datasets, and what is unlinked or in doubt", [language],
                        media_types([formats.HTML]))  # fmt: skip
    yield "/statistics", get("statistics", "What can be counted of the graph, as charts and tables", [language],
                             media_types([formats.HTML]))  # fmt: skip
    yield from of_files(site)
    yield from looked_up()


def of_graphs(site: Site) -> Iterator[tuple[str, dict[str, Operation]]]:
    """The routes of whole graphs, and of the contexts of tidy JSON."""
    graphs = formats.GRAPH_FORMATS
    yield "/rdf-graph-store", get("graph-store", "A graph, the default one or a named one (Graph Store Protocol)", [
        parameter("default", {"type": "string"}, "The default graph: either this or `graph`."),
        parameter("graph", {"type": "string", "enum": sorted(site.dataset.graphs)}, "A named graph by its IRI."),
        one_of(graphs),
    ], media_types(graphs))  # fmt: skip
    names = sorted(iri.removeprefix(site.dataset.graph("")) for iri in site.dataset.graphs)
    graph = parameter("name", {"type": "string", "enum": names}, "Its name.", place="path")
    yield "/graph/{name}", get("graph", "A named graph", [graph, one_of(graphs)], media_types(graphs))
    version = parameter("version", {"type": "string", "enum": list(site.contexts)}, "Its version.", place="path")
    context: Schema = {"type": "object", "required": ["@context"]}
    yield "/context/{version}.jsonld", get("context", "The JSON-LD context of tidy JSON", [version], {
        formats.JSON_LD.media_type: context})  # fmt: skip


def of_files(site: Site) -> Iterator[tuple[str, dict[str, Operation]]]:
    """The routes of files, releases and what they changed. What there is changes while the site runs, so examples are
    of what there is now."""
    language = parameter("lang", LANGUAGE, "The language of a page.")
    page = media_types([formats.HTML])
    versions = [each.version for each in (*site.archive.releases, *filter(None, [site.archive.export]))]
    name: Schema = {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$"}
    version = parameter("version", {**name, "examples": versions[:3]}, "The version of the graph.", place="path")
    path = parameter("path", {**name, "examples": [MANIFEST, SUMS]}, "The name of a file.", place="path")
    save = parameter("download", {"type": "string"}, "Have a browser save the file and not show it.")
    part = parameter("Range", {"type": "string", "pattern": "^bytes=[0-9]+-$"}, "A part of the file.", place="header")
    yield "/downloads", get("downloads", "The files of the graph, and its releases", [language], page)
    suffix = parameter("suffix", {**name, "examples": ["ttl", "nq"]}, "The syntax, as a file's suffix.", place="path")
    yield "/dump/latest.{suffix}", get("latest", "The whole graph as it is served now", [suffix, save], {}, led=True)
    yield "/releases", get("releases", "To the list of the releases", [], {}, led=True)
    yield "/releases/{version}", get("release", "What a release changed, and its files", [version, language], page)
    files = {"/dump": "A file of the last export", "/releases": "A file of a release; it never changes"}
    for below, summary in files.items():
        one = get(f"file-in{below.replace('/', '-')}", summary, [version, path, save, part], {"*/*": {}},
                  refusals=(*REFUSALS, "412", "416"), led=below == "/dump")  # fmt: skip
        one["get"]["responses"]["206"] = {"description": "The part that was asked for.", "content": {"*/*": {}}}  # type: ignore[index]
        yield f"{below}/{{version}}/{{path}}", one
    report = (formats.HTML, formats.TURTLE, formats.JSON)
    yield "/validation", get("validation", "What is wrong with the graph, and what is known to be missing",
                             [one_of(report), language], page, redirects=True)  # fmt: skip
    forms: Schema = {"type": "string", "enum": [format.name for format in report]}
    form = parameter("suffix", forms, "The form of the report.", place="path")
    yield "/validation.{suffix}", get("validation-in", "The validation report", [form, save], media_types(report))
    yield "/changes.atom", get("feed", "The releases as a feed", [], {"application/atom+xml": {}})


def looked_up() -> Iterator[tuple[str, dict[str, Operation]]]:
    """The routes that find things by the identifiers of others."""
    for scheme in lookups.SCHEMES:
        query = queries.load(f"lookups/{scheme}")
        form = lookups.FORM.search(query.text)
        schema: Schema = {"type": "string", "pattern": f"^({form[1]})$"} if form else NAME
        found = get(scheme, query.title, [parameter("id", schema, "The identifier.", place="path")], {},
                    query.comment, redirects=True, refusals=("300", *REFUSALS))  # fmt: skip
        yield f"/{scheme}/{{id}}", found


def asked_of_sparql(site: Site, name: str) -> Operation:
    """The SPARQL Protocol by GET; without a query, the description of the endpoint."""
    examples = [text for _, _, text in site.examples[:5]]
    asked = [
        parameter("query", {"type": "string", "examples": examples}, "The query, in SPARQL 1.1."),
        *(
            parameter(f"{kind}-graph-uri", {"type": "array", "items": IRI}, f"The {kind} graph, by its IRI.")
            for kind in ("default", "named")
        ),
        parameter("timeout", {"type": "number", "exclusiveMinimum": 0}, "Seconds; it can only be shortened."),
        parameter("view", {"type": "string", "enum": [*results.VIEWS]}, "How a page shows the answer."),
        parameter("column", {"type": "string"}, "The column of numbers that a chart on a page shows."),
        one_of([*protocol.ANSWERS]),
    ]
    return operation(name, "Ask in SPARQL", asked, answers(), refusals=(*REFUSALS, "403", "413"), redirects=True)


def posted_to_sparql() -> Operation:
    """The SPARQL Protocol by POST."""
    said = operation("query-by-post", "Ask in SPARQL", [], answers(), refusals=(*REFUSALS, "403", "413", "415"))
    form: Schema = {
        "type": "object",
        "required": ["query"],
        "properties": {"query": {"type": "string"}, "timeout": {"type": "number", "exclusiveMinimum": 0}},
    }
    content = {protocol.FORM: {"schema": form}, protocol.QUERY: {"schema": {"type": "string"}}}
    return {**said, "requestBody": {"required": True, "content": content}}


def answers() -> dict[str, Schema]:
    """What the endpoint answers with, and its page."""
    return media_types((*protocol.ANSWERS, formats.HTML))
