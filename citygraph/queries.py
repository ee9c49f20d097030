"""Queries as files: `citygraph/queries/<name>.rq`, each with a title and a comment at its head.

A parameter is written `$name`, an ordinary variable `?name`; a parameter is never projected. A file therefore parses
and runs alone, and `citygraph.sparql.bind` puts terms in the place of the parameters. A line `# $name = term` in the
head gives a parameter the term that it has when nobody says another.
"""

import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from pyoxigraph import Literal, NamedNode, RdfFormat, parse

from citygraph.namespaces import PREFIXES

FOLDER = Path(__file__).with_name("queries")
DEFAULT = re.compile(r"\$(\w+) = (.+)")
PARAMETER = re.compile(r"\$([A-Za-z_]\w*)")


@dataclass(frozen=True)
class Query:
    """One file: the first line of its head is the title, the rest of the head the comment and the defaults."""

    name: str
    title: str
    comment: str
    text: str
    parameters: frozenset[str]
    defaults: dict[str, NamedNode | Literal] = field(default_factory=dict)


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
    comment = " ".join(line for line in head[1:] if not DEFAULT.fullmatch(line))
    return Query(name, head[0] if head else name, comment, text, frozenset(PARAMETER.findall(body)), defaults)


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
