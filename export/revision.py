"""What makes an export a release: its own files in the manifest, in the checksums and in the catalogue, and what it
follows."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, parse

from citygraph import distributions, queries, turtle
from citygraph.catalogue import INHERITED
from citygraph.changes import Changes
from citygraph.dataset import Dataset, solutions
from citygraph.distributions import MANIFEST, SUMS, File, Manifest
from citygraph.labels import Term, pick, shortened, written
from citygraph.namespaces import name
from citygraph.sparql import bind
from citygraph.statements import Facts, Subject
from citygraph.telling import About

OWN = {
    "added.nt": ("What came since the release before", "application/n-triples"),
    "removed.nt": ("What went since the release before", "application/n-triples"),
    "changes.json": ("What changed, thing by thing", "application/json"),
    "changes.md": ("What changed, in words", "text/markdown"),
}
DCAT, VOID = "dcat.ttl", "void.ttl"


def complete(loaded: Dataset, folder: Path, said: Changes, public_url: str) -> None:
    """Put the files of a release into the manifest and the checksums of an export, and say in its catalogues where
    they are and what it is a revision of."""
    found = distributions.read(folder)
    own = [described(folder, path, *OWN[path]) for path in OWN if (folder / path).is_file()]
    facts = list(revised(loaded, said, found))
    more = {DCAT: [*facts, *listed(loaded, own, f"{public_url}releases/{found.version}/")], VOID: facts}
    files = {file.path: file for file in (*found.files, *own)}
    for path in more:
        if path in files:
            rewrite(folder / path, loaded, more[path], moves(found.version, public_url))
            files[path] = described(folder, path, files[path].title, files[path].media_type)
    (folder / MANIFEST).write_text(replace(found, files=tuple(files.values())).text(), "utf-8")
    sums = [
        f"{distributions.checksum_of(path)}  {path.name}\n" for path in sorted(folder.iterdir()) if path.name != SUMS
    ]
    (folder / SUMS).write_text("".join(sums), "utf-8")


def described(folder: Path, path: str, title: str, media_type: str) -> File:
    """A file as the manifest lists it."""
    return File(path, title, media_type, (folder / path).stat().st_size, distributions.checksum_of(folder / path))


def revised(loaded: Dataset, said: Changes, found: Manifest) -> Facts:
    """The release as a version of the dataset, and the one that it is a revision of."""
    whole = Subject(NamedNode(loaded.iri))
    this = Subject(NamedNode(f"{loaded.base}releases/{said.version}"))
    yield from whole("dcat:hasVersion", this.node)
    yield from whole("dcat:hasCurrentVersion", this.node)
    yield from version(loaded, this, said.version)
    yield from this("dcterms:modified", Literal((found.modified or "")[:10], datatype=name("xsd:date")))
    yield from distributions.checksum(this, found.hash)
    if said.previous:
        before = Subject(NamedNode(f"{loaded.base}releases/{said.previous}"))
        for one in (whole, this):
            yield from one("prov:wasRevisionOf", before.node)
            yield from one("dcat:previousVersion", before.node)
        yield from version(loaded, before, said.previous)


def version(loaded: Dataset, one: Subject, number: str) -> Facts:
    """What holds for every version of a dataset."""
    yield from one.a("dcat:Dataset", "prov:Entity")
    yield from one("dcat:isVersionOf", NamedNode(loaded.iri))
    yield from one("dcat:version", Literal(number))
    for language, text in titles(loaded):
        yield from one("dcterms:title", Literal(f"{text} {number}", language=language or None))
    for curie in ("dcterms:description", "dcterms:license", "dcterms:publisher"):
        yield from one(curie, *stated(loaded, curie))


def listed(loaded: Dataset, own: Iterable[File], below: str) -> Facts:
    """The own files of a release as distributions; `below` is what their addresses begin with."""
    inherited = [(name(curie), value) for curie in INHERITED[:-1] for value in stated(loaded, curie)]
    shared = [Triple(NamedNode(loaded.iri), *each) for each in inherited]
    yield from distributions.distributions(own, NamedNode(loaded.iri), below.__add__, shared)


def moves(version: str, public_url: str) -> tuple[str, str]:
    """What the addresses of an export begin with, and what those of its release begin with."""
    return f"{public_url}dump/{version}/", f"{public_url}releases/{version}/"


def rewrite(path: Path, loaded: Dataset, more: Iterable[Triple], moved: tuple[str, str]) -> None:
    """A catalogue with further facts, and with the addresses that the files now have."""
    old, new = moved

    def at_home(term: Term) -> Term:
        if isinstance(term, NamedNode) and term.value.startswith(old):
            return NamedNode(new + term.value.removeprefix(old))
        return term

    facts = [Triple(s, p, at_home(o)) for s, p, o, _ in parse(path=path, format=RdfFormat.TURTLE)]
    lines = path.read_text("utf-8").splitlines(keepends=True)
    head = "".join(line for line in lines if line.startswith("#"))
    path.write_text(f"{head}\n{turtle.write([*facts, *more], loaded.prefixes)}", "utf-8")


def stated(loaded: Dataset, *curies: str) -> list[Term]:
    """What a dataset says of itself by the first of several properties that it has."""
    rows = solutions(loaded.store, bind(queries.load("description/dataset").text, {"dataset": NamedNode(loaded.iri)}))
    found = [(row["property"], row["value"]) for row in rows]
    values = ([value for property, value in found if property == name(curie)] for curie in curies)
    return next(filter(None, values), [])


def titles(loaded: Dataset) -> list[tuple[str, str]]:
    """What a dataset is called in each language."""
    found = [one for one in stated(loaded, "rdfs:label", "dcterms:title") if isinstance(one, Literal)]
    return [(one.language or "", one.value) for one in found] or [("", shortened(loaded.base))]


def text(loaded: Dataset, *curies: str) -> str:
    """What a dataset says of itself, in English where it can be; empty where it says nothing."""
    values = stated(loaded, *curies)
    literal = pick([value for value in values if isinstance(value, Literal)], "en")
    return literal.value if literal else next(map(written, values), "")


def contents(loaded: Dataset) -> list[str]:
    """What there is in a dataset: so many things of each class that it defines."""
    query = queries.load("pages/home/classes").filled({"lang": Literal("en")})
    rows = [row for row in solutions(loaded.store, query) if row["classLabel"] is not None]
    return [f"{row['classLabel'].value}: {int(row['things'].value):,}" for row in rows]


def about(loaded: Dataset) -> About:
    """What a feed needs to know of a dataset."""
    title = text(loaded, "rdfs:label", "dcterms:title") or shortened(loaded.base)
    said = text(loaded, "dcterms:description", "rdfs:comment")
    return About(title, said, text(loaded, "dc:publisher", "foaf:name"), text(loaded, "dcterms:license"))
