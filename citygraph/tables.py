"""Answers of the command line: a query from a file, a name or its text, and its result as columns."""

import re
from collections.abc import Mapping
from pathlib import Path

from pyoxigraph import (
    Literal,
    NamedNode,
    QueryBoolean,
    QueryResultsFormat,
    QuerySolutions,
    QueryTriples,
    RdfFormat,
    Store,
)

from citygraph import queries, turtle


def read_query(given: str, terms: Mapping[str, str]) -> str:
    """The text of a query: of a `.rq` file, of a named query with its parameters bound, or as given.

    `terms` gives parameters their terms, as Turtle writes them. Raises `ValueError` that says what to do.
    """
    path = Path(given)
    if given.endswith(".rq"):
        if not path.is_file():
            raise ValueError(
                f"{given}: there is no such file; a query by name needs no .rq: {', '.join(queries.names())}"
            )
        found = queries.parse_query(path.stem, path.read_text("utf-8"))
    elif re.fullmatch(r"[\w/-]+", given):
        try:
            found = queries.load(given)
        except KeyError as error:
            raise ValueError(f"{error.args[0]}; there are: {', '.join(queries.names())}") from None
    elif terms:
        raise ValueError("--with is for a .rq file or a named query; write the term into the text")
    else:
        return given
    bound: dict[str, NamedNode | Literal] = {}
    for name, text in terms.items():
        if name not in found.parameters:
            known = ", ".join(sorted(found.parameters)) or "none"
            raise ValueError(f"{found.name} has no parameter {name}; its parameters: {known}")
        try:
            bound[name] = queries.term(text)
        except SyntaxError:
            raise ValueError(
                f'--with {name}={text}: no term; write it as Turtle does, as in "2017-12-31"^^xsd:date'
            ) from None
    optional = {parameter.name for parameter in found.declared}
    missing = sorted(found.parameters - bound.keys() - found.defaults.keys() - optional)
    if missing:
        raise ValueError(f"{found.name} needs --with {missing[0]}=TERM")
    return found.filled(bound)


def answer(store: Store, text: str, form: str, prefixes: Mapping[str, str]) -> str | list[list[str]]:
    """The result as text (csv, json, or Turtle for a graph), or for "table" as rows with the header first."""
    result = store.query(text)
    if isinstance(result, QueryTriples):
        if form == "csv":
            raise ValueError(
                "this query makes a graph, which is no table; ask for --format table (Turtle) or json (JSON-LD)"
            )
        if form == "json":
            return (result.serialize(format=RdfFormat.JSON_LD) or b"").decode()
        return turtle.write(result, prefixes)
    if form != "table":
        kind = QueryResultsFormat.CSV if form == "csv" else QueryResultsFormat.JSON
        return (result.serialize(format=kind) or b"").decode()
    if isinstance(result, QueryBoolean):
        return [["result"], [str(bool(result)).lower()]]
    assert isinstance(result, QuerySolutions)
    names = turtle.Names(prefixes)
    header = [variable.value for variable in result.variables]
    return [header, *([cell(row[name], names) for name in header] for row in result)]


def cell(term: object, names: turtle.Names) -> str:
    """A term as people read it: a short name, or the text of a literal."""
    if term is None:
        return ""
    if isinstance(term, NamedNode):
        return names.iri(term.value).replace("\\", "")
    return str(getattr(term, "value", term))
