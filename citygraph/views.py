"""What templates are given to show."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Value:
    """A term as it is shown: `href` is None for what has no page, `language` for text in that of the page, `hue` is 0
    for what has no hue of its own."""

    text: str
    href: str | None = None
    language: str | None = None
    outside: bool = False
    kind: str = "text"
    hue: int = 0


@dataclass(frozen=True)
class Proof:
    """What bears a fact out: how sure it is, when that was checked, how, and the address of the evidence."""

    status: Value | None
    checked: str
    words: list[Value]
    href: str | None


@dataclass(frozen=True)
class Fact:
    """A value of a property: its sources by number, its languages, whether it is derived, its own facts, and the
    evidence for it."""

    value: Value
    notes: tuple[int, ...] = ()
    languages: tuple[str, ...] = ()
    derived: bool = False
    part: "Part | None" = None
    proofs: tuple[Proof, ...] = ()


@dataclass(frozen=True)
class Doubt:
    """What is missing or uncertain: of which kind, about which part of the thing, in which figure, and in words."""

    kind: Value | None
    about: Value | None
    measure: Value | None
    text: Value | None
    notes: tuple[int, ...]
    anchor: str | None


@dataclass(frozen=True)
class Group:
    """Others that have something in common with a thing: `of` is what that is."""

    title: str
    of: Value | None
    columns: list[Value]
    rows: list[list[Value | None]]
    query: str


@dataclass(frozen=True)
class Place:
    """A point on a map, in degrees."""

    latitude: float
    longitude: float
    value: Value


@dataclass(frozen=True)
class Surroundings:
    """What a page says beside the facts: `told` are the rows that its sentences are made of."""

    told: list[dict[str, Value]]
    groups: list[Group]
    places: list[Place]


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
    its parts, what points at it, what is in doubt, and the sources by number."""

    iri: str
    title: Value
    types: list[Value]
    leads: list[Value]
    rows: list[Row]
    common: tuple[int, ...]
    elsewhere: list[Row]
    parts: list[Row]
    incoming: list[Row]
    doubts: list[Doubt]
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


Phrase = list[Value]
"""The pieces of a sentence."""


@dataclass(frozen=True)
class Rule:
    """What a shape asks of the values of one path: `subjects` says of what, `classes` are the IRIs of the classes
    it is asked of, `properties` those in the path, `why` the comment of the shape. `anchor` is the fragment of the
    property shape, where it is told for the first time."""

    anchor: str | None
    path: Phrase
    words: Phrase
    subjects: Phrase
    messages: list[Value]
    why: Value | None
    warning: bool
    classes: frozenset[str]
    properties: frozenset[str]


@dataclass(frozen=True)
class Form:
    """A node shape: its name and reason, what it is about, what it asks of the thing itself and of its properties,
    and its queries, each with its fragment."""

    iri: str
    title: Value
    why: Value | None
    subjects: Phrase
    words: Phrase
    messages: list[Value]
    rules: list[Rule]
    queries: list[tuple[str | None, str]]


@dataclass(frozen=True)
class Entry:
    """A term: `names` are its labels in other languages, `texts` definitions, `unit` is what `uses` counts, `members`
    are the properties or individuals of a class or the concepts of a scheme. `anchor` is None for a term that has
    a page of its own."""

    iri: str
    anchor: str | None
    name: str
    title: Value
    names: list[Value]
    kind: str
    texts: list[Value]
    notes: list[Value]
    rows: list[Row]
    uses: int
    unit: str
    examples: list[Phrase]
    rules: list[Rule]
    members: list["Entry"]


@dataclass(frozen=True)
class Glossary:
    """A vocabulary: its own facts, its classes with what belongs to each, terms that belong to none, schemes with
    their concepts, terms of others, and what is nothing of these. Of a set of shapes, `forms` are the shapes."""

    iri: str
    title: Value
    types: list[Value]
    leads: list[Value]
    rows: list[Row]
    classes: list[Entry]
    others: list[Entry]
    schemes: list[Entry]
    outside: list[Entry]
    rest: list[Row]
    forms: list[Form]
