"""What the page of a thing says beside its facts, by the queries of its class in `queries/pages/about/<class>/`.

`sentence` tells what the lead is made of, `map` where its places lie, and each of the others is a group of things that
have something in common with it: what that is stands in a column `?of`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pyoxigraph import Literal, NamedNode

from citygraph import documents, globe, listing, queries
from citygraph.engine import Engine
from citygraph.labels import Labels, Links, Term
from citygraph.views import Group, Place, Surroundings, Value

FOLDER = "pages/about"
TOLD, MAPPED, SHARED = "sentence", "map", "of"

Solution = dict[str, Term]


def around(
    engine: Engine, iri: str, classes: Sequence[str], terms: Labels, links: Links, language: str,
    coloured: Mapping[str, int],
) -> Surroundings:  # fmt: skip
    """What the queries of its class say of a thing; nothing where its class has none."""
    folders = sorted(path.name for path in (queries.FOLDER / FOLDER).iterdir())
    folder = documents.first(classes, folders, "")
    names = queries.names(f"{FOLDER}/{folder}") if folder else []
    asked: dict[str, tuple[str, list[Solution]]] = {}
    for name in names:
        query = queries.load(name)
        given: dict[str, NamedNode | Literal] = {"thing": NamedNode(iri), "lang": Literal(language)}
        text = query.filled({key: term for key, term in given.items() if key in query.parameters})
        asked[name] = (text, listing.in_order(query.text, engine.select(text)))
    look = Look(terms, links, language, coloured)
    told, mapped = f"{FOLDER}/{folder}/{TOLD}", f"{FOLDER}/{folder}/{MAPPED}"
    return Surroundings(
        [look.row(row) for row in asked[told][1]] if told in asked else [],
        [group for name, (text, rows) in asked.items() if name not in (told, mapped) and rows
         for group in look.groups(name, text, rows)],
        look.places(asked[mapped][1]) if mapped in asked else [],
    )  # fmt: skip


class Look:
    """How terms look on one page."""

    def __init__(self, terms: Labels, links: Links, language: str, coloured: Mapping[str, int]) -> None:
        self.terms, self.links, self.language, self.coloured = terms, links, language, coloured

    def cell(self, row: Mapping[str, Term], column: str) -> Value | None:
        """A cell in its hue."""
        value, term = listing.cell(row, column, self.links), row.get(column)
        hue = self.coloured.get(term.value, 0) if isinstance(term, NamedNode) else 0
        return replace(value, hue=hue) if value and hue else value

    def row(self, row: Mapping[str, Term]) -> dict[str, Value]:
        """A row by column; what is unbound is left out."""
        cells = {column: self.cell(row, column) for column in listing.columns(list(row))}
        return {column: value for column, value in cells.items() if value}

    def groups(self, name: str, text: str, rows: list[Solution]) -> list[Group]:
        """One group for each thing that the others have in common with the page's."""
        query = queries.load(name)
        columns = [c for c in listing.columns(listing.projected(query.text)) if c != SHARED]
        columns = [c for c in columns if any(c in row for row in rows)]
        made = []
        for shared in dict.fromkeys(row.get(SHARED) for row in rows):
            of_it = [row for row in rows if row.get(SHARED) == shared]
            cells = [[self.cell(row, column) for column in columns] for row in of_it]
            headings = listing.headings(columns, self.terms, self.language)
            made.append(Group(query.title, self.cell(of_it[0], SHARED), headings, cells, text))
        return made

    def places(self, rows: list[Solution]) -> list[Place]:
        """The points on the map, each in the hue of its field."""
        return [self.place(row, *there) for row in rows if (there := globe.place(row))]

    def place(self, row: Mapping[str, Term], latitude: float, longitude: float) -> Place:
        """One of them."""
        value = self.cell(row, "place") or Value("")
        field = row.get("field")
        hue = self.coloured.get(field.value, 0) if isinstance(field, NamedNode) else 0
        return Place(latitude, longitude, replace(value, hue=hue))
