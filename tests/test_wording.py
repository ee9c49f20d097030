"""Everything that pages say can be said in Swedish, once, and nothing is translated that no page says."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages import Message
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po
from flask import Flask
from jinja2 import Environment
from werkzeug.exceptions import (
    BadRequest,
    InternalServerError,
    MethodNotAllowed,
    NotFound,
    RequestEntityTooLarge,
    RequestURITooLarge,
    UnsupportedMediaType,
)

from citygraph import errors, listing, lists, protocol, queries
from citygraph.labels import in_words, local_name, written
from citygraph.queries import Query
from citygraph.site import site

CODE = Path(queries.__file__).parent
TEMPLATES = sorted((CODE / "templates").rglob("*.html"))
FILES = sorted((CODE / "translations" / "sv").glob("*.po"))
KEYWORDS = {"_": None, "gettext": None, "message": None, "ngettext": (1, 2)}
ALIKE = {"trimmed": "true", "newstyle_gettext": "true", "encoding": "utf-8"}
TITLED = ("*", "missing/*", "statistics/*", "pages/*", "pages/links/*", "pages/about/*/[0-9]*")
"""Queries whose titles, and columns, pages show."""
PROPERTIES = "reconciliation/properties/*"
COMMENTED = ("*", "missing/*", "statistics/*", "pages/*", "pages/links/*")
UNSEEN = {"gaps", "latest-countries", "latest-round", "fields"}
"""Queries of statistics that pages take numbers from, without their titles."""
REFUSALS = (BadRequest, NotFound, MethodNotAllowed, RequestEntityTooLarge, RequestURITooLarge, UnsupportedMediaType,
            InternalServerError)  # fmt: skip
PROPER = {
    "API", "BibTeX", "CSV", "GeoJSON", "JSON", "OpenAPI", "RDF", "SHA", "SHACL", "SPARQL", "Turtle", "SVG", "GeoNames",
    "Wikidata", "PREFIX", "gzip", "kB", "MB", "GB", "version",
}  # fmt: skip
"""Words that are the same in both languages, or that nobody translates."""


def extracted(paths: list[Path], method: str) -> Iterator[str]:
    """The messages that templates or modules mark."""
    for path in paths:
        for _, found, _, _ in extract_from_file(method, path, keywords=KEYWORDS, options=dict(ALIKE)):
            yield found if isinstance(found, str) else found[0]


def marked() -> set[str]:
    """The messages of all templates and modules."""
    return {*extracted(TEMPLATES, "jinja2"), *extracted(sorted(CODE.rglob("*.py")), "python")} - {""}


def asked(*patterns: str) -> Iterator[Query]:
    for pattern in patterns:
        for path in sorted(queries.FOLDER.glob(f"{pattern}.rq")):
            if path.parent.name != "statistics" or path.stem not in UNSEEN:
                yield queries.load(path.relative_to(queries.FOLDER).with_suffix("").as_posix())


def of_queries() -> set[str]:
    """What pages show of queries: titles, comments, topics, what parameters and columns are, words in their answers."""
    said = {query.title for query in asked(*TITLED, PROPERTIES)} | {query.comment for query in asked(*COMMENTED)}
    for query in asked("*"):
        said |= {query.topic, *query.columns.values()}
    for query in asked("*", "pages/*"):
        said |= {parameter.comment for parameter in query.declared}
    said |= {one.comment for name in ("cities", "rounds") for one in lists.parameters(name) if one not in lists.COMMON}
    said |= set(re.findall(r'"([^"]+)"@en', queries.load("pages/home/figures").text))
    return said - {""}


def of_errors() -> set[str]:
    """The titles of what goes wrong."""
    ours = {*errors.KINDS.values(), protocol.BadRequest, protocol.UnsupportedMediaType}
    return {kind.title for kind in ours} | {kind().name for kind in REFUSALS} | {"Several things"}


def columns() -> set[str]:
    """The columns and parameters that pages have, by name."""
    found = {column for query in asked(*TITLED) for column in listing.columns(listing.projected(query.text))}
    return found - {"of"} | {one.name for query in asked("*", "pages/*") for one in query.declared}


@pytest.fixture(scope="module")
def called(app: Flask) -> Iterator[tuple[set[str], set[str]]]:
    """The names of terms that have a label, in small letters, and of those that the graph and its description use."""
    with app.test_request_context("/"):
        text = "SELECT DISTINCT ?term { { GRAPH ?g { ?s ?term ?o } } UNION { GRAPH ?g { ?s a ?term } } }"
        terms = {written(row["term"]) for row in site.engine.select(text)}
        for _, predicate, value in site.description:
            terms |= {predicate.value, *([written(value)] if predicate.value.endswith("#type") else [])}
        yield {local_name(term).casefold() for term in site.terms}, {local_name(term) for term in terms}


def translated() -> Iterator[tuple[str, Message]]:
    for path in FILES:
        with path.open("rb") as file:
            found = [one for one in read_po(file, locale="sv", abort_invalid=True) if one.id]
        yield from ((path.name, one) for one in found)


def key(one: Message) -> str:
    return one.id if isinstance(one.id, str) else one.id[0]


def known() -> set[str]:
    return {key(one) for _, one in translated()}


def test_what_templates_and_code_say_has_a_swedish_text() -> None:
    assert not sorted(marked() - known())


def test_the_titles_and_comments_of_the_queries_that_pages_show_have_a_swedish_text() -> None:
    assert not sorted(of_queries() - known())


def test_every_error_has_a_swedish_title() -> None:
    assert not sorted(of_errors() - known())


def test_every_column_has_a_swedish_heading(called: tuple[set[str], set[str]]) -> None:
    labelled, _ = called
    assert not sorted({in_words(column) for column in columns() if column.casefold() not in labelled} - known())


def test_nothing_is_translated_that_no_page_says(called: tuple[set[str], set[str]]) -> None:
    _, names = called
    words = {in_words(name) for name in columns() | names} | names
    assert not sorted(known() - marked() - of_queries() - of_errors() - words)


def test_a_message_stands_in_one_file() -> None:
    assert not [said for said, times in Counter(key(one) for _, one in translated()).items() if times > 1]


def test_every_message_is_translated_with_the_same_placeholders_and_elements() -> None:
    pieces = re.compile(r"%\(\w+\)[a-z]|\{\w*\}|<[^>]+>|^\s|\s$")
    for path, one in translated():
        ours = one.string if isinstance(one.string, tuple) else (one.string,)
        theirs = one.id if isinstance(one.id, tuple) else (one.id,)
        assert all(ours), (path, one.id)
        for said, meant in zip(ours, theirs, strict=True):
            assert sorted(pieces.findall(said)) == sorted(pieces.findall(meant)), (path, meant)


def untranslated(source: str) -> list[str]:
    """The words that a template says without marking them; not those inside code."""
    text, inside = [], False
    tokens = list(Environment(extensions=["jinja2.ext.i18n"]).lex(source))
    for place, (_, kind, value) in enumerate(tokens):
        if kind == "block_begin":
            opened = next(word for _, what, word in tokens[place + 1 :] if what == "name")
            inside = opened == "trans" or (inside and opened != "endtrans")
        if not inside:
            text.append(value if kind == "data" else " ")
    plain = re.sub(r"<(code|pre|style|script)\b.*?</\1>", " ", "".join(text), flags=re.DOTALL)
    attributes = re.findall(r'\b(?:aria-label|title|alt|placeholder)="([^"]*)"', plain)
    said = " ".join([*attributes, re.sub(r"<[^>]*>", " ", plain)])
    return [word for word in re.findall(r"[A-Za-z]{2,}", said) if word not in PROPER]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.relative_to(CODE / "templates").as_posix())
def test_a_template_has_no_words_of_its_own(path: Path) -> None:
    assert not untranslated(path.read_text("utf-8"))


def test_words_that_nobody_marked_are_found() -> None:
    assert untranslated(
        '<p>{% trans %}Told{% endtrans %} Lost <code>x = find</code></p><a title="Mislaid">{{ _("Kept") }}</a>'
    ) == ["Mislaid", "Lost"]
