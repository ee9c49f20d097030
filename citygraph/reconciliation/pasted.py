"""A pasted column of names, reconciled for people: a table on a page, or the same as CSV."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from citygraph.protocol import BadRequest
from citygraph.reconciliation.answers import Reconciliation
from citygraph.reconciliation.candidates import Query

MOST = 2_000
"""Names of one table."""
CLOSE = 15.0
"""Points up to which another candidate is shown beside one that is in doubt."""
COLUMNS = ("wikidata", "geonames", "coordinates")
"""Short names of properties that a table shows of each thing, where the graph has them."""


@dataclass(frozen=True)
class Line:
    """One name with the best candidate; without one, all after `beside` is empty. `others` are the IRI, name and
    description of those that might be meant instead."""

    name: str
    beside: str
    iri: str = ""
    label: str = ""
    description: str = ""
    score: float = 0.0
    doubt: str = ""
    values: tuple[str, ...] = ()
    others: tuple[tuple[str, str, str], ...] = ()

    @property
    def match(self) -> bool:
        """Whether something was found without doubt."""
        return bool(self.iri) and not self.doubt


def pairs(names: str, besides: str) -> list[tuple[str, str]]:
    """The names, one a line, each with what stands beside it: after a tab, or on the same line of a second column."""
    lines = names.splitlines()
    second = besides.splitlines()
    found = []
    for place, line in enumerate(lines):
        name, _, beside = line.partition("\t")
        beside = beside.partition("\t")[0] or (second[place] if place < len(second) else "")
        if name.strip():
            found.append((name.strip(), beside.strip()))
    if len(found) > MOST:
        raise BadRequest(f"There are {len(found):,} names; paste {MOST:,} at most at a time.")
    return found


def columns(reconciliation: Reconciliation) -> list[tuple[str, str]]:
    """The properties that a table shows: ids and names."""
    return [
        (name, reconciliation.properties.named[name]) for name in COLUMNS if name in reconciliation.properties.named
    ]


def lines(reconciliation: Reconciliation, given: Sequence[tuple[str, str]], type: str, property: str) -> list[Line]:
    """A line for each name; what stands beside it is taken for that property."""
    shown = [name for name, _ in columns(reconciliation)]
    types = (type,) if type else ()
    return [
        line(reconciliation, Query(name, types, 5, ((property, (beside,)),) if beside else ()), beside, shown)
        for name, beside in given
    ]


def line(reconciliation: Reconciliation, query: Query, beside: str, shown: Sequence[str]) -> Line:
    found = reconciliation.candidates(query)
    if not found:
        return Line(query.text, beside)
    best, entity = found[0], reconciliation.entity(found[0].thing)
    held = [reconciliation.properties.column(name).values.get(best.thing, ()) for name in shown]
    values = tuple(" ".join(str(getattr(value, "value", value)) for value in some) for some in held)
    instead = [reconciliation.entity(c.thing) for c in found[1:] if best.doubt and c.score > best.score - CLOSE]
    others = tuple((str(one["id"]), str(one["name"]), str(one["description"])) for one in instead)
    return Line(
        query.text, beside, str(entity["id"]), str(entity["name"]), str(entity["description"]),
        best.score, best.doubt, values, others,
    )  # fmt: skip


def table(heads: Sequence[str], found: Sequence[Line]) -> str:
    """The table as CSV, line by line as the names were given."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(["name", "beside", "match", "doubt", "score", "iri", "label", "description", *heads])
    for line in found:
        match = "yes" if line.match else "no" if line.iri else ""
        score = f"{line.score:g}" if line.iri else ""
        given = [harmless(line.name), harmless(line.beside)]
        writer.writerow([*given, match, line.doubt, score, line.iri, line.label, line.description, *line.values])
    return out.getvalue()


def harmless(text: str) -> str:
    """A text that a spreadsheet does not take for a formula."""
    return "'" + text if text[:1] in ("=", "+", "-", "@") else text
