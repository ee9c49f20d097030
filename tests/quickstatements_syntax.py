"""The syntax of QuickStatements commands, version 1: what the tool reads of a line that adds a statement."""

import re
from dataclasses import dataclass

VALUES = {
    "item": re.compile(r"Q[1-9][0-9]*"),
    "time": re.compile(r"[+-]\d{4,16}-\d\d-\d\dT\d\d:\d\d:\d\dZ/(?:9|1[01])"),
    "text": re.compile(r'"([^\t\n|]*)"'),
    "monolingual": re.compile(r'([a-z]{2,3}(?:-[a-z0-9]+)*):"([^\t\n|]+)"', re.IGNORECASE),
    "quantity": re.compile(r"[+-]?\d+(?:\.\d+)?"),
    "place": re.compile(r"@-?\d+(?:\.\d+)?/-?\d+(?:\.\d+)?"),
}


@dataclass(frozen=True)
class Command:
    """One statement; snaks are (property, kind of value, value)."""

    item: str
    main: tuple[str, str, str]
    qualifiers: list[tuple[str, str, str]]
    references: list[list[tuple[str, str, str]]]


def read(line: str) -> Command:
    """A line as a command. Raises ValueError for what the tool would not read, or would read as something else."""
    if re.search(r"/\*|\*/|\|", line):
        raise ValueError("holds a comment or a bar")
    item, *cells = line.split("\t")
    if not VALUES["item"].fullmatch(item) or len(cells) < 2 or len(cells) % 2:
        raise ValueError(f"no item, or a property without a value: {line}")
    pairs = list(zip(cells[::2], cells[1::2], strict=True))
    main, rest = pairs[0], pairs[1:]
    if not re.fullmatch(r"P[1-9]\d*", main[0]):
        raise ValueError(f"{main[0]} is no property")
    command = Command(item, typed(*main), [], [])
    for property, text in rest:
        if re.fullmatch(r"P[1-9]\d*", property) and not command.references:
            command.qualifiers.append(typed(property, text))
        elif found := re.fullmatch(r"(!?)S([1-9]\d*)", property):
            if found[1] and not command.references:
                raise ValueError("the first reference begins with an exclamation mark")
            if found[1] or not command.references:
                command.references.append([])
            command.references[-1].append(typed("P" + found[2], text))
        else:
            raise ValueError(f"{property} is in no place for it")
    return command


def typed(property: str, text: str) -> tuple[str, str, str]:
    for kind, pattern in VALUES.items():
        if pattern.fullmatch(text):
            return property, kind, text
    raise ValueError(f"{text} is no value")
