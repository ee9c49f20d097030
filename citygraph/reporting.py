"""The validation report for everybody: what is wrong thing by thing, and what is known to be missing.

Validation takes seconds, so an export makes the report, and pages show that of the files that lie ready. What is known
to be missing is asked of the graph itself, by `citygraph/queries/missing/`.
"""

import json
import re
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any, NamedTuple

from flask import Blueprint, Response, g, render_template, url_for
from jinja2 import Environment, FileSystemLoader, select_autoescape
from pyoxigraph import BlankNode, Literal, NamedNode
from werkzeug.exceptions import NotFound

from citygraph import distributions, formats, listing, queries, replies, sending, turtle, wording
from citygraph.addresses import local
from citygraph.archive import Export
from citygraph.distributions import File
from citygraph.findings import SEVERITIES, Finding, Report
from citygraph.formats import Format
from citygraph.incoming import wanted
from citygraph.labels import Links, Term, folded, in_words, local_name, pick
from citygraph.namespaces import name
from citygraph.site import CODE, Site, site
from citygraph.statements import Facts, Subject
from citygraph.views import Table

blueprint = Blueprint("validation", __name__)

NAME = "validation"
TITLES = {
    "ttl": "What the shapes say of the graph, as a report of SHACL",
    "json": "What is wrong with the graph, and where in its files",
    "html": "What is wrong with the graph and what is missing, to read",
}
WRITTEN = (formats.TURTLE, formats.JSON, formats.HTML)
SHOWN = 1000
"""Things whose findings a page shows; the other formats have them all."""
LITERAL = re.compile(r'"(.*)"(?:@([A-Za-z0-9-]+)|\^\^<([^>]*)>)?', re.DOTALL)


class Group(NamedTuple):
    """What is wrong with one thing, worst first; `iri` is empty for what is wrong with no thing but with files."""

    iri: str
    name: str
    href: str | None
    findings: list[dict[str, Any]]


def write(site: Site, report: Report, folder: Path) -> list[File]:
    """The report of a dataset as three files in a folder: Turtle, JSON and HTML."""
    said = document(site, report)
    texts = {
        formats.TURTLE: turtle.write(facts(site.dataset.iri, report), site.dataset.prefixes),
        formats.JSON: json.dumps(said, ensure_ascii=False, indent=1, sort_keys=True) + "\n",
        formats.HTML: to_read(site, said),
    }
    return [filed(folder, format, text) for format, text in texts.items()]


def filed(folder: Path, format: Format, text: str) -> File:
    """A form of the report, written."""
    path = folder / f"{NAME}{format.suffix}"
    path.write_text(text, "utf-8")
    checksum = distributions.checksum_of(path)
    return File(path.name, TITLES[format.name], format.media_type, path.stat().st_size, checksum)


def document(site: Site, report: Report) -> dict[str, Any]:
    """The report as JSON: of which state of the dataset, the counts, every finding, and what things are called."""
    counted = Counter(finding.severity for finding in report.findings)
    things = dict.fromkeys(found.subject.partition("#")[0] for found in report.findings if found.subject)
    return {
        "dataset": site.dataset.iri,
        "version": site.dataset.version,
        "modified": site.modified.date().isoformat() if site.modified else None,
        "hash": site.dataset.digest,
        **report.document(),
        "counts": {severity: counted.get(severity, 0) for severity in SEVERITIES},
        "labels": {iri: labels for iri in list(things)[:SHOWN] if (labels := labels_of(site, iri))},
    }


def labels_of(site: Site, iri: str) -> dict[str, str]:
    """What a thing is called, by language."""
    rows = site.engine.select(queries.load("description/label").filled({"thing": NamedNode(iri)}))
    found = [row["label"] for row in rows]
    return {label.language or "": label.value for label in found if isinstance(label, Literal)}


def facts(dataset: str, report: Report) -> Facts:
    """What the shapes found as a `sh:ValidationReport`. What is wrong with the form of files is no result of SHACL, and
    is left to the other formats."""
    whole = Subject(NamedNode(f"{dataset}#{NAME}"))
    yield from whole.a("sh:ValidationReport")
    yield from whole("dcterms:subject", NamedNode(dataset))
    found = [finding for finding in report.findings if finding.component and finding.subject]
    worst = any(finding.severity == "Violation" for finding in report.findings)
    yield from whole("sh:conforms", Literal(not worst and not found))
    for number, finding in enumerate(found, 1):
        one = Subject(NamedNode(f"{dataset}#{NAME}-{number}"))
        yield from whole("sh:result", one.node)
        yield from result(one, finding)


def result(one: Subject, finding: Finding) -> Facts:
    """One result of the shapes, with the file and the line that it speaks of."""
    yield from one.a("sh:ValidationResult")
    yield from one("sh:resultSeverity", name(f"sh:{finding.severity}"))
    yield from one("sh:focusNode", NamedNode(finding.subject))
    yield from one("sh:sourceConstraintComponent", NamedNode(finding.component))
    yield from one("sh:sourceShape", NamedNode(finding.shape) if finding.shape else None)
    yield from one("sh:resultMessage", Literal(finding.message, language="en"))
    yield from one("sh:value", term(finding.value))
    if finding.path and finding.inverse:
        path = Subject(BlankNode())
        yield from one("sh:resultPath", path.node)
        yield from path("sh:inversePath", NamedNode(finding.path))
    elif finding.path:
        yield from one("sh:resultPath", NamedNode(finding.path))
    yield from one("schema:url", Literal(finding.file))
    yield from one("schema:position", Literal(finding.line))


def term(text: str) -> Term | None:
    """The term that a finding speaks of; numbers and booleans stand there as Turtle writes them."""
    if text.startswith("<"):
        return NamedNode(text[1:-1])
    if found := LITERAL.fullmatch(text):
        value, language, datatype = found.groups()
        return Literal(value, language=language) if language else (
            Literal(value, datatype=NamedNode(datatype)) if datatype else Literal(value)
        )  # fmt: skip
    return queries.term(text) if text else None


def groups(said: dict[str, Any], terms: dict[str, Any], links: Links, language: str) -> list[Group]:
    """The findings of a report by thing, the things with the worst first, then by name."""
    by_thing: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for finding in said["results"]:
        property = finding["path"] and pick(terms.get(finding["path"], []), language)
        named = property.value if property else in_words(local_name(finding["path"])) if finding["path"] else ""
        by_thing[finding["subject"].partition("#")[0]].append({**finding, "property": named})
    made = []
    for iri, found in by_thing.items():
        labels = [Literal(text, language=tag or None) for tag, text in said["labels"].get(iri, {}).items()]
        label = pick(labels, language)
        called = label.value if label else in_words(local_name(iri)) if iri else ""
        made.append(Group(iri, called, (links(iri) or iri) if iri else None, sorted(found, key=rank)))
    return sorted(made, key=lambda group: (rank(group.findings[0])[0], not group.iri, folded(group.name), group.iri))


def rank(finding: dict[str, Any]) -> tuple[int, str, int]:
    """Where a finding stands among others."""
    return (SEVERITIES.index(finding["severity"]), finding["file"], finding["line"])


def missing(site: Site, links: Links, language: str) -> list[Table]:
    """What is known to be missing, as far as the graph says anything of it."""
    tables = (listing.of_list(site.engine, each, site.terms, links, language) for each in queries.names("missing"))
    return [table for table in tables if table.rows]


def to_read(site: Site, said: dict[str, Any]) -> str:
    """The report as a page of its own, which needs no site around it."""
    environment = Environment(
        loader=FileSystemLoader(CODE / "citygraph" / "templates"), autoescape=select_autoescape(["html"]),
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    wording.install(environment)
    language = wording.WRITTEN
    shown = groups(said, dict(site.terms), lambda iri: None, language)
    return environment.get_template("validation/file.html").render(
        site=site, said=said, groups=shown[:SHOWN], more=len(shown) - SHOWN, severities=SEVERITIES, language=language,
        missing=missing(site, lambda iri: iri if iri.startswith(site.dataset.base) else None, language),
    ) + "\n"  # fmt: skip


@blueprint.get("/validation")
def page() -> Response:
    """What is wrong with the graph and what is known to be missing; as Turtle or JSON for those who ask for that."""
    format = wanted((formats.HTML, formats.TURTLE, formats.JSON))
    if format is not formats.HTML:
        return replies.redirected(url_for("validation.written", suffix=format.name), 303, negotiated=True)
    return replies.cached(site, report_page, formats.HTML.content_type, negotiated=True)


@blueprint.get("/validation.<suffix>")
def written(suffix: str) -> Response:
    """The report as the export wrote it; the page is that of the site."""
    if suffix == formats.HTML.name:
        return replies.cached(site, report_page, formats.HTML.content_type)
    found = site.current
    file = found.file(f"{NAME}.{suffix}") if found else None
    if found and file:
        return sending.reply(found, file, replies.CACHED, "download" in g.parameters)
    if suffix not in TITLES:
        raise NotFound(f"The report comes as {', '.join(TITLES)}.")
    raise NotFound(
        "Nobody has exported this state of the graph, so there is no report of it. It is made by python -m export."
    )


def report_page() -> str:
    """The page of the report."""
    said = read(site.current)
    shown = groups(said, dict(site.terms), local, g.language) if said else []
    return render_template(
        "validation.html", said=said, groups=shown[:SHOWN], more=len(shown) - SHOWN, severities=SEVERITIES,
        missing=missing(site, local, g.language), suffixes=TITLES,
    )  # fmt: skip


def read(found: Export | None) -> dict[str, Any] | None:
    """The report of an export, where it has one that can be read."""
    try:
        said = json.loads((found.folder / f"{NAME}.json").read_text("utf-8")) if found else None
    except (OSError, ValueError):
        return None
    return said if isinstance(said, dict) and {"results", "counts", "labels", "checked"} <= said.keys() else None
