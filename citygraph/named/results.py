"""The rows of an answer, with the names of the things in them: what the page and tidy JSON show.

A column `?x` with a companion `?xLabel` is one column of things with their names, as in lists. Names are those that the
query gives, where they are in the language asked for, else those that the graph has.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pyoxigraph import BlankNode, Literal, NamedNode

from citygraph import listing, queries, sparql, tabular
from citygraph.engine import Engine
from citygraph.labels import NAMING, Term, pick, written
from citygraph.results import Row, solutions

AT_ONCE = 500
"""Things whose names one query asks for."""


@dataclass(frozen=True)
class Rows:
    """An answer: `columns` without the companions, and the rows, in which `xLabel` holds the name of what stands in
    `x`, for the columns in `paired` by the query itself. `truth` is the answer to an ASK."""

    columns: list[str]
    rows: list[Row]
    paired: frozenset[str] = frozenset()
    truth: bool | None = None

    def first(self, most: int) -> "Rows":
        """The first of the rows."""
        return Rows(self.columns, self.rows[:most], self.paired, self.truth)


def read(body: bytes) -> Rows:
    """The rows of an answer in SPARQL JSON."""
    found = solutions(body)
    columns = listing.columns(found.variables)
    paired = frozenset(name for name in columns if f"{name}Label" in found.variables)
    return Rows(columns, found.rows, paired, found.truth)


def named(found: Rows, engine: Engine, language: str) -> Rows:
    """The same with the names of all things in it, in a language."""
    unnamed = {
        term.value
        for row in found.rows
        for column in found.columns
        if isinstance(term := row.get(column), NamedNode) and not fits(row.get(f"{column}Label"), language)
    }
    names = names_of(sorted(unnamed), engine, language)
    made = []
    for row in found.rows:
        labels = {
            f"{column}Label": names[term.value]
            for column in found.columns
            if isinstance(term := row.get(column), NamedNode) and term.value in names
        }
        made.append(row | labels)
    return Rows(found.columns, made, found.paired, found.truth)


def fits(label: Term | None, language: str) -> bool:
    """Whether a query's own name for a thing will do: it is in the language, or in none."""
    return isinstance(label, Literal) and (label.language or language) == language


def names_of(iris: Sequence[str], engine: Engine, language: str) -> dict[str, Literal]:
    """The name of each thing that has one, by IRI."""
    head, where, body = queries.load("named/names").text.partition("WHERE {")
    told: dict[str, dict[str, list[Literal]]] = defaultdict(lambda: defaultdict(list))
    for start in range(0, len(iris), AT_ONCE):
        values = " ".join(sparql.serialise(NamedNode(iri)) for iri in iris[start : start + AT_ONCE])
        for row in engine.select(f"{head}{where} VALUES ?thing {{ {values} }}{body}"):
            if isinstance(name := row["name"], Literal):
                told[written(row["thing"])][written(row["naming"])].append(name)
    best = {iri: next((names[naming] for naming in NAMING if naming in names), []) for iri, names in told.items()}
    return {iri: label for iri, labels in best.items() if (label := pick(labels, language))}


def as_json(found: Rows) -> bytes:
    """Tidy JSON: an array with an object for each row, whose keys are the columns; an ASK is true or false.

    A thing is an object with `id`, its IRI, and `name`; what has no value has no key. A column is of things wherever
    its query names them (`?x ?xLabel`), so that it holds objects in every row."""
    if found.truth is not None:
        return b"true\n" if found.truth else b"false\n"
    lines = [dict(values(found, row)) for row in found.rows]
    return (json.dumps(lines, ensure_ascii=False, indent=1) + "\n").encode()


def values(found: Rows, row: Mapping[str, Term]) -> Iterator[tuple[str, object]]:
    """The keys of a row with their values."""
    for column in found.columns:
        term, label = row.get(column), row.get(f"{column}Label")
        name = {"name": written(label)} if isinstance(label, Literal) else {}
        if isinstance(term, NamedNode | BlankNode):
            yield column, {"id": str(term) if isinstance(term, BlankNode) else term.value, **name}
        elif column in found.paired and (told := label or term) is not None:
            yield column, {"name": written(told)}
        elif term is not None:
            yield column, tabular.plain(term)


def shown(found: Rows) -> list[Row]:
    """The rows as a table shows them: a name stands where there is no thing that it is the name of."""
    made = []
    for row in found.rows:
        alone = {c: row[f"{c}Label"] for c in found.paired if c not in row and f"{c}Label" in row}
        made.append(row | alone)
    return made
