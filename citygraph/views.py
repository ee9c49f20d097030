"""What templates are given to show."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Value:
    """A term as it is shown: `href` is None for what has no page, `language` for text in that of the page."""

    text: str
    href: str | None = None
    language: str | None = None
    outside: bool = False
    kind: str = "text"


@dataclass(frozen=True)
class Fact:
    """A value of a property: its sources by number, its languages, whether it is derived, its own facts."""

    value: Value
    notes: tuple[int, ...] = ()
    languages: tuple[str, ...] = ()
    derived: bool = False
    part: "Part | None" = None


@dataclass(frozen=True)
class Row:
    """A property and its values; where these have facts of their own, `columns` are what makes a table."""

    heading: Value
    facts: list[Fact]
    columns: list[tuple[str, Value]] = field(default_factory=list)
    count: int = 0
    property: str = ""
    query: str = ""


@dataclass(frozen=True)
class Part:
    """A node shown inside the page of another: its anchor (None where it has a page of its own), facts."""

    anchor: str | None
    title: Value
    kind: str
    leads: list[Value]
    rows: list[Row]
    notes: tuple[int, ...]

    def cell(self, predicate: str) -> list[Fact]:
        """The values of one property, for a table of such parts."""
        return [fact for row in self.rows if row.property == predicate for fact in row.facts]


@dataclass(frozen=True)
class Source:
    """A source as it is cited below a page."""

    value: Value
    publisher: str
    date: str
    url: Value | None


@dataclass(frozen=True)
class Page:
    """A thing: who it is, its facts (and the sources that all of them have in common), its links elsewhere,
    its parts, what points at it, and the sources by number."""

    iri: str
    title: Value
    types: list[Value]
    leads: list[Value]
    rows: list[Row]
    common: tuple[int, ...]
    elsewhere: list[Row]
    parts: list[Row]
    incoming: list[Row]
    sources: list[Source]


@dataclass(frozen=True)
class Table:
    """A table as it is shown: `rows` may be fewer than `total`; an empty cell is None."""

    title: str
    comment: str
    columns: list[Value]
    rows: list[list[Value | None]]
    total: int
    query: str = ""
