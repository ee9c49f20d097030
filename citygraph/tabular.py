"""Rows as files: CSV with the dictionary of its columns (CSV on the Web), and GeoJSON."""

import csv
import io
import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TextIO

from pyoxigraph import Literal, NamedNode

from citygraph import globe
from citygraph.labels import Labels, Term, local_name, written
from citygraph.namespaces import PREFIXES

XSD = PREFIXES["xsd"]
WHOLE = {"integer", "int", "long", "short", "nonNegativeInteger", "positiveInteger"}
BROKEN = {"decimal", "double", "float"}
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,4})?", re.ASCII)

Row = Mapping[str, Term]


def comma_separated(columns: Sequence[str], rows: Sequence[Row]) -> bytes:
    """CSV (RFC 4180, UTF-8): a header with the names of the columns, IRIs in full, an empty cell for no value."""
    text = io.StringIO()
    write_csv(text, columns, ([written(row[name]) if name in row else "" for name in columns] for row in rows))
    return text.getvalue().encode()


def write_csv(file: TextIO, columns: Sequence[str], rows: Iterable[Sequence[str | None]]) -> None:
    """The same, row by row into a file."""
    writer = csv.writer(file)
    writer.writerow(columns)
    writer.writerows(rows)


def geojson(columns: Sequence[str], rows: Sequence[Row], item: str, head: Mapping[str, object]) -> bytes:
    """A FeatureCollection (RFC 7946), one feature for each row, without geometry where it has no place; `head` are
    members of the collection besides."""
    shown = [name for name in columns if name not in (item, *globe.PLACE)]
    several = Counter(row[item] for row in rows)
    features = []
    for row in rows:
        thing, once = written(row[item]), several[row[item]] == 1
        feature: dict[str, object] = {"type": "Feature", **({"id": thing} if once else {}), "geometry": geometry(row)}
        # A thing in several rows is several features, whose id cannot be one: their properties say what it is.
        about = {} if once else {item: thing}
        feature["properties"] = about | {name: plain(row[name]) if name in row else None for name in shown}
        features.append(feature)
    collection = {"type": "FeatureCollection", **head, "features": features}
    return (json.dumps(collection, ensure_ascii=False, indent=1) + "\n").encode()


def geometry(row: Row) -> dict[str, object] | None:
    """The point of a row, longitude first."""
    there = globe.place(row)
    return {"type": "Point", "coordinates": [there[1], there[0]]} if there else None


def plain(term: Term) -> str | int | float | bool:
    """A term as a value of JSON."""
    text = written(term)
    kind = term.datatype.value.removeprefix(XSD) if isinstance(term, Literal) else ""
    if kind in WHOLE and re.fullmatch(r"[+-]?\d{1,15}", text, re.ASCII):
        return int(text)
    if kind in BROKEN and NUMBER.fullmatch(text) and math.isfinite(float(text)):
        return float(text)
    # What is no value of its datatype stays the text that it is.
    return text == "true" if kind == "boolean" and text in ("true", "false") else text


def dictionary(
    columns: Sequence[str], rows: Sequence[Row], kinds: Mapping[str, str], names: Labels, definitions: Labels,
    told: Mapping[str, str], language: str,
) -> list[dict[str, object]]:  # fmt: skip
    """What each column of a CSV file holds, as CSV on the Web says it: name, titles, description, datatype.

    `names` and `definitions` have the labels and definitions of terms by IRI. A column holds things of the class that
    `kinds` has for it, else what the term says that it is named after; `told` has descriptions of others by column.
    """
    made = []
    for column in columns:
        thing = column.removesuffix("Label")
        named = (iri for iri in sorted(names) if local_name(iri).casefold() == column.casefold())
        term = kinds.get(column) or next(named, "")
        titles: dict[str, list[str]] = {"en": [column]}
        for label in names.get(term, []):
            if label.value not in titles.setdefault(label.language or "en", []):
                titles[label.language or "en"].append(label.value)
        said = {label.language or "en": label.value for label in definitions.get(term, [])}
        if column.endswith("Label") and thing in columns:
            said = {"en": f"The name of what stands in {thing}, in the language asked for."}
        if column in told:
            said = {"en": told[column]}
        described = [{"@value": said[tag], "@language": tag} for tag in sorted(said)]
        entry: dict[str, object] = {"name": column, "titles": titles}
        if described:
            entry["dc:description"] = described
        made.append({**entry, **datatype([row[column] for row in rows if column in row], language)})
    return made


def datatype(values: Sequence[Term], language: str) -> dict[str, object]:
    """The datatype of a column, which is text where its values are of several."""
    if values and all(isinstance(value, NamedNode) for value in values):
        return {"datatype": "anyURI"}
    kinds = {value.datatype.value if isinstance(value, Literal) else "" for value in values}
    only = kinds.pop() if len(kinds) == 1 else ""
    if only == PREFIXES["rdf"] + "langString":
        return {"datatype": "string", "lang": language}
    return {"datatype": only.removeprefix(XSD) if only.startswith(XSD) else "string"}
