"""A query of ours that tells less, and asks for less: what only serves columns that nobody wants is left out.

What is left out is `OPTIONAL` and `BIND` in the outermost group, which take no row away; they may double one, so the
narrower query tells each row once.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

WHERE = "WHERE {"
ORDER = re.compile(r"^ORDER BY (.*)", re.MULTILINE)
SELECT = re.compile(r"^SELECT\b.*?\bWHERE \{", re.DOTALL | re.MULTILINE)
VARIABLE = re.compile(r"\?(\w+)")
ASIDE = re.compile(r"(?:^|\s)#.*$|<[^<>\s]*>|\"[^\"\n]*\"", re.MULTILINE)
"""Comments, IRIs and strings, which may hold any sign."""
BOUND = re.compile(r"\s*BIND\((.*) AS \?(\w+)\)\s*", re.DOTALL)


class Part(NamedTuple):
    """A statement of the outermost group: what kind it is, its text, and its variables."""

    kind: str
    text: str
    variables: frozenset[str]


def narrowed(text: str, head: str, wanted: Iterable[str], ordered: bool = False) -> str:
    """The query with another head, and with the parts that the wanted variables need; in its order, or in none."""
    order = ORDER.search(text)
    start, _, rest = text.partition(WHERE)
    end = closing(rest)
    parts = list(parted(rest[:end]))
    needed = {*wanted, *(VARIABLE.findall(order[1]) if order and ordered else ())}
    bound: set[str] = set()
    for part in parts:
        if part.kind == "":
            bound |= part.variables
        if part.kind in ("", "FILTER"):
            needed |= part.variables
    kept: list[str] = []
    for part in reversed(parts):
        own = set(part.variables - bound)
        if part.kind == "BIND":
            found = BOUND.fullmatch(part.text)
            own = {found[2]} if found else own
        if part.kind in ("", "FILTER") or own & needed:
            kept.append(part.text)
            needed |= part.variables
    body = "\n".join(reversed(kept))
    made = SELECT.sub(lambda _: f"SELECT {head}\n{WHERE}", f"{start}{WHERE}", count=1) + "\n" + body + "\n}"
    return f"{made}\n{order[0]}" if order and ordered else made


def closing(text: str) -> int:
    """Where the group ends that was open before a text."""
    depth = 1
    for found in re.finditer(f"{ASIDE.pattern}|[{{}}]", text, re.MULTILINE):
        depth += {"{": 1, "}": -1}.get(found[0], 0)
        if not depth:
            return found.start()
    raise ValueError("a query of ours closes each brace that it opens")


def parted(group: str) -> Iterator[Part]:
    """The statements of a group, of which ours have each on lines of its own."""
    depth, lines = 0, list[str]()
    for line in group.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        lines.append(line)
        plain = ASIDE.sub("", line)
        depth += plain.count("{") - plain.count("}")
        if depth == 0:
            text = "\n".join(lines)
            yield Part(kind(text), text, frozenset(VARIABLE.findall(ASIDE.sub("", text))))
            lines = []


def kind(text: str) -> str:
    """OPTIONAL, BIND or FILTER where a statement is that and nothing else; else it is needed."""
    found = re.match(r"\s*(OPTIONAL|BIND|FILTER)\b", text)
    if found is None:
        return ""
    if found[1] == "OPTIONAL":
        brace = text.index("{") + 1
        return "OPTIONAL" if not text[brace + closing(text[brace:]) + 1 :].strip() else ""
    return found[1] if found[1] == "FILTER" or BOUND.fullmatch(text) else ""
