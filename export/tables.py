"""Tables of the graph: CSV with its dictionary (CSV on the Web), GeoJSON, and all of them in one SQLite file.

Each table is a query in `citygraph/queries/tables/`, whose first column is what its rows are about. Rows go from the
query into a database on disk, and from there, in order, into the files.
"""

import json
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from pyoxigraph import Literal, QuerySolutions

from citygraph import formats, globe, lists, queries, tabular
from citygraph.browsing import METADATA
from citygraph.dataset import Dataset, solutions
from citygraph.distributions import File
from citygraph.labels import Labels, Term, folded, written
from citygraph.listing import projected
from citygraph.queries import Query
from export.files import packed
from export.files import written as small

LANGUAGE = "en"
SQLITE = "application/vnd.sqlite3"
DATASETTE = "datasette-metadata.json"
ORDER = re.compile(r"^ORDER BY (.+)$", re.MULTILINE)
BY_LABEL = re.compile(r"LCASE\(STR\(\?(\w+)\)\)")


@dataclass(frozen=True)
class About:
    """What tables say of the graph that they are made from. `names` and `definitions` are those of its terms."""

    name: str
    title: str
    license: str | None
    license_name: str
    names: Labels
    definitions: Labels
    facts: Mapping[str, str]


@dataclass
class Table:
    """The rows of a query, in a database; `samples` are rows that have a value of every kind that a column has."""

    name: str
    query: Query
    database: sqlite3.Connection
    count: int = 0
    kinds: dict[str, set[str]] = field(default_factory=dict)
    samples: list[dict[str, Term]] = field(default_factory=list)

    @cached_property
    def columns(self) -> list[str]:
        """The names of its columns, the first that of the key."""
        return projected(self.query.text)

    @property
    def key(self) -> str:
        return self.columns[0]

    def fill(self, found: QuerySolutions) -> None:
        """Take the rows of the query."""
        cells = ", ".join(f'"{column}" TEXT' for column in self.columns)
        self.database.execute(f'CREATE TABLE "{self.name}" ("place of label" TEXT, {cells})')
        marks = ", ".join("?" * (len(self.columns) + 1))
        self.database.executemany(f'INSERT INTO "{self.name}" VALUES ({marks})', self.taken(found))  # noqa: S608
        self.database.execute(f'CREATE INDEX "key of {self.name}" ON "{self.name}" ("{self.key}")')

    def taken(self, found: QuerySolutions) -> Iterator[tuple[object, ...]]:
        """Rows as the database holds them: the label that they are ordered by, folded, and the text of each cell."""
        by = BY_LABEL.search(self.query.text)
        self.kinds = {column: set() for column in self.columns}
        for solution in found:
            row = {column: term for column in self.columns if (term := solution[column]) is not None}
            self.count += 1
            new = False
            for column, term in row.items():
                kind = term.datatype.value if isinstance(term, Literal) else ""
                new |= kind not in self.kinds[column]
                self.kinds[column].add(kind)
            if new:
                self.samples.append(row)
            label = row.get(by[1]) if by else None
            place = folded(written(label)) if label else ""
            yield (place, *(written(row[column]) if column in row else None for column in self.columns))

    def rows(self) -> Iterator[tuple[str | None, ...]]:
        """The rows in the order that the query states, which the database brings them into: it sorts on disk. A label
        has its place in the alphabet of a language without accents, and not of code points."""
        stated = ORDER.search(self.query.text)
        order = []
        for name in re.findall(r"\?(\w+)", stated[1] if stated else ""):
            by_label = stated and f"LCASE(STR(?{name}))" in stated[1]
            cell = f'CAST("{name}" AS {self.affinity(name)})'
            order.append('"place of label"' if by_label else cell)
        cells = [f'"{column}"' for column in self.columns]
        text = f'SELECT {", ".join(cells)} FROM "{self.name}" ORDER BY {", ".join([*order, *cells])}'  # noqa: S608
        yield from self.database.execute(text)

    @cached_property
    def unique(self) -> bool:
        """Whether no two rows are about the same thing."""
        [(different,)] = self.database.execute(f'SELECT COUNT(DISTINCT "{self.key}") FROM "{self.name}"')  # noqa: S608
        return bool(different == self.count)

    def affinity(self, column: str) -> str:
        """What SQLite takes the values of a column for."""
        kinds = {kind.removeprefix(tabular.XSD) for kind in self.kinds[column]}
        if kinds and kinds <= tabular.WHOLE:
            return "INTEGER"
        return "REAL" if kinds and kinds <= tabular.WHOLE | tabular.BROKEN else "TEXT"

    def of_things_in(self, other: "Table", column: str) -> bool:
        """Whether every value of a column is the key of a row of another table."""
        if not other.unique or self.kinds[column] != {""} or (self is other and column == self.key):
            return False
        keys = f'SELECT "{other.key}" FROM "{other.name}"'  # noqa: S608
        missing = f'SELECT 1 FROM "{self.name}" WHERE "{column}" IS NOT NULL AND "{column}" NOT IN ({keys}) LIMIT 1'  # noqa: S608
        return next(self.database.execute(missing), None) is None


def write(loaded: Dataset, about: About, fresh: Path, scratch: Path) -> list[File]:
    """Write every table that has rows, in every form that it has."""
    database = sqlite3.connect(scratch / "tables", isolation_level=None)
    database.execute("PRAGMA journal_mode = OFF")
    database.execute("PRAGMA synchronous = OFF")
    database.execute("BEGIN")
    try:
        tables = []
        for name in queries.names("tables"):
            table = Table(name.removeprefix("tables/"), queries.load(name), database)
            text = ORDER.sub("", table.query.filled({"lang": Literal(LANGUAGE)}))
            table.fill(solutions(loaded.store, text))
            tables += [table] if table.count else []
        files = [file for table in tables for file in of_table(table, about, fresh)]
        return files + (together(tables, about, fresh) if tables else [])
    finally:
        database.close()


def of_table(table: Table, about: About, fresh: Path) -> list[File]:
    """The files of one table."""
    out = fresh / f"{table.name}.csv"
    with out.open("w", encoding="utf-8", newline="") as file:
        tabular.write_csv(file, table.columns, table.rows())
    files = packed(out, f"{table.query.title}, as a table", formats.CSV.media_type)
    dictionary = json.dumps(metadata(table, about), ensure_ascii=False, indent=1) + "\n"
    title = f"{table.query.title}: what each column of the table holds"
    files.append(small(fresh / f"{out.name}-metadata.json", dictionary, title, METADATA))
    if lists.placed(table.query.text):
        out = fresh / f"{table.name}.geojson"
        with out.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(geojson(table))
        files += packed(out, f"{table.query.title} on the map", formats.GEOJSON.media_type)
    return files


def metadata(table: Table, about: About) -> dict[str, object]:
    """What the columns of a table hold, as CSV on the Web says it."""
    variable, _ = lists.item(table.query.text)
    columns = described(table, about)
    return {
        "@context": ["http://www.w3.org/ns/csvw", {"@language": LANGUAGE}],
        "url": f"{table.name}.csv",
        "dc:title": table.query.title,
        "dc:description": table.query.comment,
        "dialect": {"encoding": "utf-8", "header": True},
        "tableSchema": {
            "columns": columns,
            "aboutUrl": f"{{+{variable}}}",
            **({"primaryKey": table.key} if table.unique else {}),
        },
        **({"dc:license": {"@id": about.license}} if about.license else {}),
    }


def described(table: Table, about: About) -> list[dict[str, object]]:
    """The dictionary of a table."""
    variable, kind = lists.item(table.query.text)
    things = [column.removesuffix("Label") for column in table.columns if column.endswith("Label")]
    told = {f"{thing}Label": f"The name of what stands in {thing}, in English." for thing in things}
    told |= table.query.columns
    return tabular.dictionary(
        table.columns, table.samples, {variable: kind}, about.names, about.definitions, told, LANGUAGE
    )


def geojson(table: Table) -> Iterator[str]:
    """A FeatureCollection, one feature a line."""
    affinities = {column: table.affinity(column) for column in table.columns}
    head = json.dumps({"type": "FeatureCollection", "title": table.query.title}, ensure_ascii=False)
    yield f'{head[:-1]}, "features": ['
    before = "\n"
    for cells in table.rows():
        row = {column: value(cell, affinities[column]) for column, cell in zip(table.columns, cells, strict=True)}
        feature: dict[str, object] = {"type": "Feature"}
        if table.unique:
            feature["id"] = row.pop(table.key)
        place = [row.pop(name) for name in reversed(globe.PLACE)]
        feature["geometry"] = {"type": "Point", "coordinates": place} if None not in place else None
        feature["properties"] = row
        yield before + json.dumps(feature, ensure_ascii=False)
        before = ",\n"
    yield "\n]}\n"


def value(cell: str | None, affinity: str) -> str | int | float | None:
    """A cell as a number where its column has numbers."""
    if cell is None or affinity == "TEXT":
        return cell
    return int(cell) if affinity == "INTEGER" else float(cell)


def together(tables: list[Table], about: About, fresh: Path) -> list[File]:
    """All tables as one database, with what Datasette shows of it in a file beside it."""
    out = fresh / f"{about.name}.sqlite"
    database = sqlite3.connect(out, isolation_level=None)
    try:
        for setting in ("page_size = 4096", "journal_mode = OFF", "synchronous = OFF", "encoding = 'UTF-8'"):
            database.execute(f"PRAGMA {setting}")
        database.execute("BEGIN")
        database.execute("CREATE TABLE metadata (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID")
        database.executemany("INSERT INTO metadata VALUES (?, ?)", sorted(about.facts.items()))
        for table in tables:
            fill(database, table, tables)
        database.execute("COMMIT")
        database.execute("VACUUM")
    finally:
        database.close()
    files = packed(out, "All tables, as a database of SQLite", SQLITE)
    told = json.dumps(datasette(tables, about), ensure_ascii=False, indent=1) + "\n"
    return [*files, small(fresh / DATASETTE, told, "What Datasette shows of the database", "application/json")]


def fill(database: sqlite3.Connection, table: Table, tables: Iterable[Table]) -> None:
    """Make a table with its keys and indexes, and put the rows into it."""
    others = list(tables)
    cells, indexed = [], []
    for column in table.columns:
        cell = f'"{column}" {table.affinity(column)}'
        if column == table.key and table.unique:
            cell += " PRIMARY KEY NOT NULL"
        target = next((other for other in others if table.of_things_in(other, column)), None)
        if target:
            cell += f' REFERENCES "{target.name}" ("{target.key}")'
        if target or (column == table.key and not table.unique) or column.endswith("Label"):
            indexed.append(column)
        cells.append(cell)
    database.execute(f'CREATE TABLE "{table.name}" ({", ".join(cells)})')
    marks = ", ".join("?" * len(table.columns))
    database.executemany(f'INSERT INTO "{table.name}" VALUES ({marks})', table.rows())  # noqa: S608
    for column in indexed:
        database.execute(f'CREATE INDEX "{table.name}_{column}" ON "{table.name}" ("{column}")')


def datasette(tables: list[Table], about: About) -> dict[str, Any]:
    """Titles, licence and descriptions as Datasette reads them."""
    shown = {}
    for table in tables:
        said = {
            str(column["name"]): next(
                (
                    text["@value"]
                    for text in column.get("dc:description", [])  # type: ignore[attr-defined]
                    if text["@language"] == LANGUAGE
                ),
                "",
            )
            for column in described(table, about)
        }
        label = f"{table.key}Label"
        shown[table.name] = {
            "title": table.query.title,
            "description": table.query.comment,
            "columns": {name: text for name, text in said.items() if text},
            **({"label_column": label} if label in table.columns else {}),
        }
    licensed = {"license": about.license_name, "license_url": about.license} if about.license else {}
    return {"title": about.title, **licensed, "databases": {about.name: {"tables": shown}}}
