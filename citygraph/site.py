"""What one running site knows: its dataset and engine, and what is computed from them once."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, lru_cache, wraps
from pathlib import Path
from typing import TypeVar, TypeVarTuple, cast
from unicodedata import normalize

from flask import current_app
from pyoxigraph import Literal, NamedNode, Triple
from werkzeug.local import LocalProxy

from citygraph import archive, assets, description, documents, examples, hues, pages, queries, schema_org
from citygraph.archive import Archive, Export
from citygraph.context import Context, contexts, published
from citygraph.dataset import Dataset
from citygraph.engine import Embedded, Engine
from citygraph.labels import Labels, Term, local_name, pick, shortened, written
from citygraph.named import catalogue
from citygraph.names import Index
from citygraph.namespaces import name
from citygraph.queries import Query
from citygraph.sparql import bind

CODE = Path(__file__).parents[1]
EDITED = (
    "server.py",
    "citygraph/**/*.py",
    "citygraph/maps/*.json",
    "citygraph/queries/**/*.rq",
    "citygraph/templates/**/*.*",
    "citygraph/translations/**/*.po",
    "citygraph/static/*",
)


@dataclass
class Site:
    """A dataset as it is published. `public_url` is where it stands on the web, with a slash at the end; a `static` one
    is being written as files, and `live` is then a server that answers queries, if there is one."""

    dataset: Dataset
    engine: Engine
    public_url: str
    static: bool = False
    live: str = ""
    descriptions: dict[str, list[Triple]] = field(default_factory=dict, repr=False)

    @property
    def changes(self) -> bool:
        """Whether the graph may change while we run, as it may in a store elsewhere."""
        return not isinstance(self.engine, Embedded)

    @property
    def edition(self) -> str:
        """Changes when any page or document may: with what we started with, and the files that lie ready."""
        return hashlib.sha256(f"{self.beginning} {self.archive.mark}".encode()).hexdigest()[:32]

    @cached_property
    def beginning(self) -> str:
        """What edition the data, the limits and the code that shows them are of."""
        data = f"{self.dataset.version} {self.dataset.digest}"
        seen = hashlib.sha256(f"{data} {self.public_url} {self.engine.limits} {assets.installed()}".encode())
        for pattern in EDITED:
            for path in sorted(CODE.glob(pattern)):
                seen.update(path.read_bytes())
        for path in sorted((self.dataset.root / catalogue.FOLDER).glob("*.rq")):
            seen.update(path.read_bytes())
        for context in published(self.dataset.root).values():
            seen.update(context)
        return seen.hexdigest()[:32]

    @cached_property
    def archive(self) -> Archive:
        """The releases and the last export, as they lie in their folders."""
        root = self.dataset.root
        return Archive(archive.releases_of(root), archive.dist_of(root), self.dataset.digest)

    @property
    def current(self) -> Export | None:
        """The files of the very graph that is served. Of a store elsewhere nobody can tell by a hash; there, each graph
        has to have as many triples as in the files."""
        found = self.archive.current
        if found is None or not self.changes:
            return found
        rows = self.engine.select(queries.load("description/graph-sizes").text)
        sizes = {written(row["graph"]): int(written(row["triples"])) for row in rows}
        graphs = found.manifest.graphs.values()
        return found if all(sizes.get(str(graph["iri"]), 0) == graph["triples"] for graph in graphs) else None

    @cached_property
    def about(self) -> dict[str, list[Term]]:
        """What the graph says of its own dataset: values by property."""
        found: dict[str, list[Term]] = {}
        text = bind(queries.load("description/dataset").text, {"dataset": NamedNode(self.dataset.iri)})
        for row in self.engine.select(text):
            found.setdefault(written(row["property"]), []).append(row["value"])
        return found

    def said(self, curie: str, language: str = "en") -> str | None:
        """What the dataset states of itself by a property (a prefixed name), in the best language."""
        values = self.about.get(name(curie).value, [])
        literal = pick([value for value in values if isinstance(value, Literal)], language)
        return literal.value if literal else next((v.value for v in values if isinstance(v, NamedNode)), None)

    @property
    def title(self) -> str:
        """What the site is called: as its dataset is, else by its base."""
        return self.said("rdfs:label") or self.said("dcterms:title") or shortened(self.dataset.base)

    def called(self, language: str) -> str:
        """The title in a language, where the dataset has one in it."""
        return self.said("rdfs:label", language) or self.said("dcterms:title", language) or self.title

    @cached_property
    def modified(self) -> datetime | None:
        """The day of the release, as the dataset states it."""
        return archive.day(self.said("dcterms:modified") or "")

    @cached_property
    def license(self) -> str | None:
        """The IRI of the licence, where the dataset states one."""
        return self.said("dcterms:license")

    @property
    def license_name(self) -> str:
        """The licence as people call it."""
        license = self.license or ""
        found = re.search(r"creativecommons\.org/licenses/([a-z-]+)/([\d.]+)", license)
        return f"CC {found[1].upper()} {found[2]}" if found else shortened(license)

    @cached_property
    def terms(self) -> Labels:
        """The labels of properties and classes."""
        return pages.term_labels(self.engine)

    @property
    def description(self) -> list[Triple]:
        """The graph's description of itself: VoID, DCAT and the Service Description, with the files there are now."""
        mark = self.archive.mark
        found = self.descriptions.get(mark)
        if found is None:
            found = list(description.describe(self.dataset, self.engine, self.public_url, self.current))
            self.descriptions = {mark: found}
        return found

    @cached_property
    def example_queries(self) -> list[Triple]:
        """The queries to start from, as data."""
        return list(examples.examples(self.dataset, self.named.values(), self.public_url))

    @property
    def for_search_engines(self) -> dict[str, object]:
        """The dataset in the words of schema.org."""
        return schema_org.dataset(self.description, self.dataset.iri)

    @cached_property
    def contexts(self) -> dict[str, Context]:
        """The JSON-LD contexts of tidy JSON by version, the newest last."""
        return contexts(self.dataset, self.engine)

    @property
    def context(self) -> Context:
        """The context that documents name."""
        return list(self.contexts.values())[-1]

    @cached_property
    def definitions(self) -> Labels:
        """The definitions of properties and classes."""
        found: dict[str, list[Literal]] = {}
        for row in self.engine.select(queries.load("lists/definitions").text):
            if isinstance(term := row["term"], NamedNode) and isinstance(text := row["definition"], Literal):
                found.setdefault(term.value, []).append(text)
        return found

    @cached_property
    def hues(self) -> dict[str, int]:
        """The hue of each thing that has one."""
        return hues.found(self.engine)

    @cached_property
    def index(self) -> Index:
        """What the things of each class are called."""
        return Index(self.engine)

    @cached_property
    def lists(self) -> dict[str, str]:
        """The lists of the site by path, each with its title."""
        return {path.removeprefix("pages/"): queries.load(path).title for path in queries.names("pages")}

    @cached_property
    def collections(self) -> dict[str, str]:
        """The list of each class, by the local name of the first class in the query of the list."""
        found = {path: re.search(r"\?\w+\s+a\s+\w*:(\w+)", queries.load(f"pages/{path}").text) for path in self.lists}
        return {match[1]: path for path, match in found.items() if match}

    @cached_property
    def menu(self) -> dict[str, str]:
        """The lists that have something in them, with their titles."""
        text = bind(queries.load("pages/home/classes").text, {"lang": Literal("en")})
        classes = {local_name(c.value) for row in self.engine.select(text) if isinstance(c := row["class"], NamedNode)}
        return {path: self.lists[path] for kind, path in self.collections.items() if kind in classes}

    @cached_property
    def own_queries(self) -> dict[str, Query]:
        """The queries that the root brings along. Raises `ParseErrors`."""
        return catalogue.own(self.dataset.root)

    @cached_property
    def named(self) -> dict[str, Query]:
        """The queries that have an address, by name: ours where they have something to ask about, and the root's."""
        return catalogue.offered(bool(self.menu), self.own_queries)

    @cached_property
    def topics(self) -> dict[str, list[Query]]:
        """The same by topic; those without one are the last."""
        return catalogue.by_topic(self.named.values())

    @cached_property
    def examples(self) -> list[tuple[str, str, str]]:
        """Queries to start from: title, comment, text. They ask about what the lists show."""
        made = []
        for query in self.named.values():
            made.append((query.title, query.comment, query.filled({})))
        return made

    def known(self, path: str) -> str | None:
        """The IRI of ours that a path means, if the graph knows it. A vocabulary and shapes are known by their graphs,
        whatever namespace their terms have."""
        if path in ("ontology", "shapes") and self.dataset.counts.get(path):
            return self.dataset.base + path
        return documents.find(path, self.dataset.base, lambda iri: documents.known(self.engine, iri))

    def right_path(self, path: str) -> str | None:
        """The address that was meant by one with a slash too many, in capitals, or with its accents apart."""
        whole = normalize("NFC", path).rstrip("/")
        for candidate in (whole, whole.lower()):
            stem, format = documents.split(candidate)
            listed = candidate in self.lists or (format and stem in self.lists)
            here = listed or self.known(candidate) or (format and self.known(stem))
            if candidate != path and here:
                return candidate
        return None


site = cast(Site, LocalProxy(lambda: current_app.extensions["site"]))
"""The site that the application at work serves."""

Given = TypeVarTuple("Given")
Found = TypeVar("Found")


def once(most: int) -> Callable[[Callable[[*Given], Found]], Callable[[*Given], Found]]:
    """Have a function of the graph called once for each edition of the site at work, and its answers for `most`
    arguments kept; called each time where the graph may change while we run."""

    def of(function: Callable[[*Given], Found]) -> Callable[[*Given], Found]:
        @lru_cache(most)
        def kept(edition: str, *given: *Given) -> Found:
            return function(*given)

        @wraps(function)
        def found(*given: *Given) -> Found:
            return function(*given) if site.changes else kept(site.edition, *given)

        return found

    return of
