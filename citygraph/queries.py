"""Queries as files: `citygraph/queries/<name>.rq`, each with a title and a comment at its head.

A parameter is written `$name`, an ordinary variable `?name`; a parameter is never projected. A file therefore parses
and runs alone, and `citygraph.sparql.bind` puts terms in the place of the parameters. A line `# $name = term` in the
head gives a parameter the term that it has when nobody says another. A line `# topic: Words` says under which heading
the query stands on the query page.

A line `# $name a class-or-datatype: what it does` declares a parameter that may be left out. Then every line of the
query that mentions it is left out too; a line that ends in `# unless $name` is left out where it is given. One that is
declared and has a default is never left out. A line `# $name from -90 to 90` bounds a number. A line
`# ?name: what it is` explains a column that is not named after a term of the vocabulary.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import NamedTuple

from pyoxigraph import Literal, NamedNode, RdfFormat, parse

from citygraph import sparql
from citygraph.namespaces import PREFIXES

FOLDER = Path(__file__).with_name("queries")
DEFAULT = re.compile(r"\$(\w+) = (.+)")
DECLARED = re.compile(r"\$(\w+) a (\S+): (.+)")
BOUNDS = re.compile(r"\$(\w+) from (-?[\d.]+) to (-?[\d.]+)")
COLUMN = re.compile(r"\?(\w+): (.+)")
TOPIC = re.compile(r"topic: (.+)")
NOT_SAID = (DEFAULT, DECLARED, BOUNDS, COLUMN, TOPIC)
PARAMETER = re.compile(r"\$([A-Za-z_]\w*)")
UNLESS = re.compile(r"\s*# unless \$(\w+)$")


class Parameter(NamedTuple):
    """A parameter that a query or a list takes: `kind` is the IRI of a class, whose things it takes, or of a
    datatype."""

    name: str
    kind: str
    comment: str


@dataclass(frozen=True)
class Query:
    """One file: the first line of its head is the title, the rest of the head the comment, the defaults and what
    is declared."""

    name: str
    title: str
    comment: str
    text: str
    parameters: frozenset[str]
    defaults: dict[str, NamedNode | Literal] = field(default_factory=dict)
    declared: tuple[Parameter, ...] = ()
    columns: dict[str, str] = field(default_factory=dict)
    topic: str = ""
    bounds: dict[str, tuple[float, float]] = field(default_factory=dict)

    def filled(self, terms: Mapping[str, NamedNode | Literal]) -> str:
        """The text to ask, with its defaults and these terms put in, and without the lines that a declared parameter
        leaves out. Raises `KeyError` for a term too many or too few."""
        bound = {**self.defaults, **terms}
        absent = {parameter.name for parameter in self.declared} - bound.keys()
        kept = []
        for line in self.text.splitlines():
            if line.startswith("#") and any(form.fullmatch(line[1:].strip()) for form in NOT_SAID):
                continue
            unless = UNLESS.search(line)
            if unless[1] in bound if unless else absent.intersection(PARAMETER.findall(line)):
                continue
            kept.append(line[: unless.start()] if unless else line)
        return sparql.bind("\n".join(kept), bound)


@cache
def load(name: str) -> Query:
    """The query of that name, which is its path below the folder without `.rq`. Raises `KeyError` if there is none."""
    path = (FOLDER / f"{name}.rq").resolve()
    if FOLDER.resolve() not in path.parents or not path.is_file():
        raise KeyError(f"no query is called {name!r}")
    return parse_query(name, path.read_text("utf-8"))


def parse_query(name: str, text: str) -> Query:
    """A query from its text: head, parameters and defaults."""
    head: list[str] = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        head.append(line.lstrip("#").strip())
    body = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    defaults = {found[1]: term(found[2]) for line in head if (found := DEFAULT.fullmatch(line))}
    _, prefixes = sparql.prologue(text)
    declared = []
    for line in head:
        if found := DECLARED.fullmatch(line):
            kind = sparql.resolve(found[2], "", PREFIXES | prefixes)
            if kind is None:
                raise SyntaxError(f"{name}: the prefix of {found[2]} is not declared")
            declared.append(Parameter(found[1], kind, found[3]))
    columns = {found[1]: found[2] for line in head if (found := COLUMN.fullmatch(line))}
    comment = " ".join(line for line in head[1:] if not any(form.fullmatch(line) for form in NOT_SAID))
    title, parameters = head[0] if head else name, frozenset(PARAMETER.findall(body))
    topic = next((found[1] for line in head if (found := TOPIC.fullmatch(line))), "")
    bounds = {found[1]: (float(found[2]), float(found[3])) for line in head if (found := BOUNDS.fullmatch(line))}
    return Query(name, title, comment, text, parameters, defaults, tuple(declared), columns, topic, bounds)


def term(text: str) -> NamedNode | Literal:
    """A term as Turtle writes it, with the well-known prefixes. Raises `SyntaxError` for anything else."""
    prefixes = "".join(f"@prefix {prefix}: <{iri}> .\n" for prefix, iri in PREFIXES.items())
    quads = list(parse(f"{prefixes}<s:s> <p:p> {text} .".encode(), format=RdfFormat.TURTLE))
    if len(quads) != 1 or not isinstance(quads[0].object, NamedNode | Literal):
        raise SyntaxError(f"not one IRI or one literal: {text}")
    return quads[0].object


def names(folder: str = "") -> list[str]:
    """The names of the queries directly in a folder below `citygraph/queries/`, in order."""
    return sorted(path.relative_to(FOLDER).with_suffix("").as_posix() for path in (FOLDER / folder).glob("*.rq"))
