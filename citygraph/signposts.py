"""FAIR Signposting: from the page of the dataset to its name, licence, author, contents and descriptions.

The same links go out as Link headers and as a linkset (RFC 9264).
"""

import json
from collections import defaultdict
from typing import NamedTuple

from flask import url_for
from pyoxigraph import NamedNode

from citygraph import documents, formats, replies
from citygraph.addresses import home
from citygraph.catalogue import dumps
from citygraph.formats import Format
from citygraph.labels import written
from citygraph.namespaces import name
from citygraph.site import site

TYPES = ("https://schema.org/Dataset", "https://schema.org/AboutPage")
LINKSET = Format("linkset", ".json", "application/linkset+json", "document", "Linkset", charset=None)


class Signpost(NamedTuple):
    """A typed link; `media_type` is empty where the target is no document of ours."""

    relation: str
    target: str
    media_type: str = ""


def signposts(home: str) -> list[Signpost]:
    """The links of the dataset's page; `home` is what the addresses of the site begin with."""
    return [
        Signpost("cite-as", site.dataset.iri),
        *(Signpost("type", kind) for kind in TYPES),
        *(Signpost("author", agent) for agent in stated("dcterms:publisher")),
        *(Signpost("license", terms) for terms in stated("dcterms:license")),
        *(Signpost("item", address, format.media_type) for address, format in dumps(home, site.current)),
        *(
            Signpost("describedby", f"{home}dataset{format.suffix}", format.media_type)
            for format in documents.FORMATS
            if format is not formats.HTML
        ),
    ]


def stated(curie: str) -> list[str]:
    """What the description of the dataset points at by a property."""
    subject, predicate = NamedNode(site.dataset.iri), name(curie)
    return sorted({written(f.object) for f in site.description if f.subject == subject and f.predicate == predicate})


def headers(format: Format) -> list[str]:
    """The Link headers of the dataset's documents beyond those of every document: all of them lead to the linkset."""
    links = [replies.link(url_for("graph.linkset"), "linkset", LINKSET.media_type)]
    if format is formats.HTML:
        found = signposts(home())
        links += [replies.link(s.target, s.relation, s.media_type) for s in found if s.relation != "license"]
    return links


def of_content() -> list[str]:
    """The Link headers of a whole graph: the page that it belongs to, and its licence."""
    page = url_for("graph.thing", path="dataset" + formats.HTML.suffix)
    links = [replies.link(page, "collection", formats.HTML.media_type)] if site.about else []
    return [*links, *([replies.link(site.license, "license")] if site.license else [])]


def written_linkset() -> str:
    """The links of the dataset's page, and the way back from each document, as a linkset."""
    home, page = site.public_url, f"{site.public_url}dataset{formats.HTML.suffix}"
    back = {"item": "collection", "describedby": "describes"}
    anchored: dict[str, list[dict[str, str]]] = defaultdict(list)
    found = signposts(home)
    for link in found:
        anchored[link.relation].append({"href": link.target} | ({"type": link.media_type} if link.media_type else {}))
    contexts: list[dict[str, object]] = [{"anchor": page, **anchored}]
    for link in found:
        if relation := back.get(link.relation):
            contexts.append({"anchor": link.target, relation: [{"href": page, "type": formats.HTML.media_type}]})
    return json.dumps({"linkset": contexts}, ensure_ascii=False, indent=1)
