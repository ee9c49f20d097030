"""The query of a list with its filters put in, and what is asked to count what each filter would leave.

A filter with several values lets through what has any of them. A filter that is opened lets everything through and says
which of its values each thing has, so that the counts beside choices come from the query that makes the list.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from pyoxigraph import Literal, NamedNode

from citygraph import sparql
from citygraph.narrowing import narrowed
from citygraph.queries import PARAMETER, UNLESS, Query

Term = NamedNode | Literal
Terms = Mapping[str, Sequence[Term]]

EXISTS = re.compile(r"\s*FILTER EXISTS \{")


def item(query: str) -> tuple[str, str]:
    """The variable of what a query lists, and its class."""
    found = re.search(r"\?(\w+)\s+a\s+([\w-]*:\w+)", query)
    kind = found and sparql.resolve(found[2], "", sparql.prologue(query)[1])
    if not found or not kind:
        raise ValueError("a list's query says of its items what class they are: ?item a prefix:Class")
    return found[1], kind


def filled(query: Query, terms: Terms, language: str) -> str:
    """The text that finds what has one of the values of every filter."""
    for name, values in terms.items():
        if len(values) > 1:
            query = rewritten(query, name, lambda line, name=name, values=values: any_of(line, name, values))  # type: ignore[misc]
    single = {name: values[0] for name, values in terms.items() if len(values) == 1}
    return query.filled(single | ({"lang": Literal(language)} if "lang" in query.parameters else {}))


def counted(query: Query, terms: Terms) -> str:
    """The text that counts the things of a list: ?things."""
    variable, _ = item(query.text)
    return narrowed(filled(query, terms, "en"), f"(COUNT(DISTINCT ?{variable}) AS ?things)", [variable])


def shares(query: Query, terms: Terms, name: str) -> str:
    """The text that counts, for each ?value of a filter, the ?things that have it and pass all other filters."""
    variable, _ = item(query.text)
    text = filled(rewritten(query, name, opened), others(terms, name), "en")
    head = f"(?{name}Given AS ?value) (COUNT(DISTINCT ?{variable}) AS ?things)"
    return f"{narrowed(text, head, [variable, f'{name}Given'])}\nGROUP BY ?{name}Given"


def pairs(query: Query, terms: Terms, name: str) -> str:
    """The text that finds which ?thing that passes all other filters has which ?value of one."""
    variable, _ = item(query.text)
    text = filled(rewritten(query, name, opened), others(terms, name), "en")
    head = f"DISTINCT (?{variable} AS ?thing) (?{name}Given AS ?value)"
    return narrowed(text, head, [variable, f"{name}Given"])


def may_open(query: Query, name: str) -> bool:
    """Whether the lines of a filter stand in the outermost group, from where their values can be told."""
    depth, seen = 0, False
    for line in query.text.splitlines():
        code = "" if line.startswith("#") else line.partition(" # ")[0]
        if name in PARAMETER.findall(code):
            if depth != 1:
                return False
            seen = True
        depth += code.count("{") - code.count("}")
    return seen


def others(terms: Terms, name: str) -> Terms:
    """What is asked for besides one filter."""
    return {other: values for other, values in terms.items() if other != name}


def any_of(line: str, name: str, values: Sequence[Term]) -> str:
    """How a line reads that lets several values through: a test, which never doubles a row."""
    inner = EXISTS.sub("", line).strip().removesuffix("}") if EXISTS.match(line) else line.strip()
    among = f"FILTER(?{name}Given IN ({', '.join(map(sparql.serialise, values))}))"
    return f"{line[: len(line) - len(line.lstrip())]}FILTER EXISTS {{ {inner.strip()} {among} }}"


def opened(line: str) -> str:
    """How a line reads that tells which values there are."""
    return EXISTS.sub("  {", line)


def rewritten(query: Query, name: str, change: Callable[[str], str]) -> Query:
    """A query in which a parameter is a variable of its own, with each line that has it changed."""
    lines = []
    for line in query.text.splitlines():
        code, hash, comment = ("", "", line) if line.startswith("#") else line.partition(" # ")
        if (unless := UNLESS.search(line)) and unless[1] == name:
            continue
        if name in PARAMETER.findall(code):
            code = change(re.sub(rf"\${name}\b", f"?{name}Given", code))
        lines.append(code + hash + comment)
    declared = tuple(parameter for parameter in query.declared if parameter.name != name)
    return replace(query, text="\n".join(lines), declared=declared, parameters=query.parameters - {name})
