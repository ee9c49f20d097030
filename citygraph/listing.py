"""Tables on pages: the lists of the site, each one query.

In a list's query a variable ?x with a companion ?xLabel is one column of links; any other variable is a
plain column. A heading is the label of the property or class that the variable is named after.
"""

import re
from collections.abc import Mapping, Sequence

from pyoxigraph import Literal, NamedNode

from citygraph import queries
from citygraph.engine import Engine
from citygraph.labels import Labels, Links, Term, folded, in_words, local_name, pick, shortened, shown, tag, written
from citygraph.views import Table, Value
from citygraph.wording import gettext


def of_list(engine: Engine, name: str, terms: Labels, links: Links, language: str) -> Table:
    """The table that a query of ours makes; `$lang` in it is the language of the labels."""
    query = queries.load(name)
    text = query.filled({"lang": Literal(language)} if "lang" in query.parameters else {})
    rows = in_order(query.text, engine.select(text))
    shown = table(columns(projected(query.text)), rows, terms, links, language)
    return Table(query.title, query.comment, *shown, len(rows), text)


def columns(variables: list[str]) -> list[str]:
    """The columns that variables make: the label of a thing stands in the column of the thing."""
    return [v for v in variables if not (v.endswith("Label") and v.removesuffix("Label") in variables)]


def in_order(query: str, rows: list[dict[str, Term]]) -> list[dict[str, Term]]:
    """Rows in the order that their query says, where it orders by a label: SPARQL orders by code point, which puts Ö
    behind Z."""
    by = by_label(query)
    if by is None:
        return rows

    def place(row: Mapping[str, Term]) -> tuple[str, str]:
        label, thing = row.get(by[1]), row.get(by[2])
        return (folded(written(label)) if label else "", written(thing) if thing else "")

    return sorted(rows, key=place)


def by_label(query: str) -> re.Match[str] | None:
    """The label that a query orders its rows by, and the thing that has it."""
    return re.search(r"ORDER BY LCASE\(STR\(\?((\w+)Label)\)\)", query)


def table(
    columns: list[str], rows: Sequence[Mapping[str, Term]], terms: Labels, links: Links, language: str
) -> tuple[list[Value], list[list[Value | None]]]:
    """Headings and cells."""
    return headings(columns, terms, language), [[cell(row, column, links) for column in columns] for row in rows]


def projected(text: str) -> list[str]:
    """The variables that a SELECT names, in their order."""
    clause = re.search(r"^SELECT\s+(?:DISTINCT\s+|REDUCED\s+)?(.*?)\s*(?:\bWHERE\b|\{)", text, re.DOTALL | re.MULTILINE)
    found = re.findall(r"\(.*?\bAS\s+\?(\w+)\s*\)|\?(\w+)", clause[1] if clause else "", re.DOTALL)
    return [one or other for one, other in found]


def headings(columns: list[str], terms: Labels, language: str) -> list[Value]:
    """The heading of each column: the label of the term that it is named after, else its own name in
    words of the interface."""
    named = {local_name(iri).casefold(): labels for iri, labels in sorted(terms.items(), reverse=True)}
    made = []
    for column in columns:
        label = pick(named.get(column.casefold(), []), language)
        made.append(Value(label.value, None, tag(label)) if label else Value(gettext(in_words(column))))
    return made


def cell(row: Mapping[str, Term], column: str, links: Links) -> Value | None:
    """One cell of a list: a link with its label, a literal, or nothing."""
    term, label = row.get(column), row.get(f"{column}Label")
    if isinstance(term, Literal):
        return shown(term)
    if not isinstance(term, NamedNode):
        return None
    href, outside = address(term.value, links), links(term.value) is None
    if isinstance(label, Literal):
        return Value(label.value, href, tag(label), outside, "link")
    return Value(shortened(term.value) if outside else in_words(local_name(term.value)), href, None, outside, "link")


def is_number(term: Literal) -> bool:
    """Whether a literal is set in a column of numbers."""
    return shown(term).kind == "number"


def address(iri: str, links: Links) -> str | None:
    """Where a link to an IRI goes: to this site, else out to the web, else nowhere."""
    return links(iri) or (iri if iri.startswith(("http://", "https://")) else None)
