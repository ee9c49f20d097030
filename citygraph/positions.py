"""At which line of a Turtle file each fact stands, so that a problem can be shown to the one who mends it.

The file has been parsed before and is known to be Turtle; here only lines are wanted. Terms come as N-Triples writes
them (`<iri>`, `"text"@en`), as their form in the file says: nothing is normalised but escapes and prefixes.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from citygraph import dataset

TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n]+|\#[^\n]*)
    |(?P<iri><[^<>"{}|^`\x00-\x20]*>)
    |(?P<string>\"{3}(?:(?:\"{1,2})?(?:[^"\\]|\\.))*\"{3}|'{3}(?:(?:'{1,2})?(?:[^'\\]|\\.))*'{3}
        |"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
    |(?P<keyword>@prefix\b|@base\b|(?i:prefix|base)(?=\s+[^\s:]*:?\s*<))
    |(?P<tail>@[A-Za-z]+(?:-[A-Za-z0-9]+)*|\^\^)
    |(?P<number>[+-]?(?:[0-9]+\.[0-9]+|\.[0-9]+|[0-9]+)(?:[eE][+-]?[0-9]+)?(?![\w:]))
    |(?P<name>_:[\w.\-]*[\w\-]|[A-Za-z]+(?![\w.\-]*:)
        |(?:[^\W\d_](?:[\w.\-]*[\w\-])?)?:(?:\\.|%[0-9A-Fa-f]{2}|[\w:\-]|\.(?=[\w:\-.%\\]))*)
    |(?P<mark>[\[\](),;.])
    |(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
CONTROL = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f"}
WORD = re.compile(rb"[A-Za-z0-9]{2,}")
TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"


@dataclass(frozen=True)
class Fact:
    """One triple of a file. Objects that are blank nodes or collections are empty strings."""

    subject: str
    predicate: str
    value: str
    line: int
    subject_line: int


def facts(text: str) -> Iterator[Fact]:
    """The facts of a Turtle document in their order; what is nested in brackets belongs to no named subject."""
    prefixes: dict[str, str] = {}
    subject = predicate = ""
    subject_line = depth = 0
    tokens = significant(text)
    for kind, token, line in tokens:
        if kind == "keyword":
            label = next(tokens)[1] if "prefix" in token.lower() else ""
            prefixes[label.rstrip(":")] = next(tokens)[1][1:-1]
        elif kind == "mark":
            depth += {"[": 1, "(": 1, "]": -1, ")": -1}.get(token, 0)
            if depth == 0 and token == ".":
                subject = predicate = ""
            elif depth == 0 and token == ";":
                predicate = ""
            elif depth == 1 and token in "[(" and predicate:
                yield Fact(subject, predicate, "", line, subject_line)
            elif depth == 1 and token in "[(" and not subject:
                subject, subject_line = f"_:line{line}", line
        elif depth == 0 and kind != "tail":
            term = resolve(kind, token, prefixes)
            if not subject:
                subject, subject_line = term, line
            elif not predicate:
                predicate = f"<{TYPE}>" if token == "a" else term
            else:
                yield Fact(subject, predicate, term, line, subject_line)


class Places:
    """Finds the lines that facts stand at, among all files of a root, which are read once, when first asked.

    `wanted` are the terms that will be asked for, as subjects or values: only what is said of them is kept.
    """

    def __init__(self, root: Path, wanted: set[str]) -> None:
        self.root = root
        self.wanted = wanted

    @cached_property
    def facts(self) -> dict[str, list[tuple[str, Fact]]]:
        """The facts that name a wanted term, by subject, data first."""
        found: dict[str, list[tuple[str, Fact]]] = {}
        words = [WORD.findall(term.encode()) for term in self.wanted]
        for part in ("data", "ontology", "shapes"):
            for path in dataset.files(self.root, part):
                content = path.read_bytes()
                # A name may be written with a prefix or with escapes, but its words stand there as they are.
                if b"\\u" not in content.lower() and not any(all(word in content for word in one) for one in words):
                    continue
                for fact in facts(content.decode("utf-8")):
                    if fact.subject in self.wanted or fact.value in self.wanted:
                        found.setdefault(fact.subject, []).append((str(path.relative_to(self.root)), fact))
        return found

    def of(self, subject: str, predicate: str, value: str) -> tuple[str, int]:
        """File and line of the fact, else of the predicate, else of the subject, else of what names it."""
        about = self.facts.get(subject, [])
        for wanted in ((predicate, value), (predicate, None)):
            for file, fact in about:
                if predicate and fact.predicate == wanted[0] and wanted[1] in (None, fact.value):
                    return file, fact.line
        if about:
            return about[0][0], about[0][1].subject_line
        mentions = [
            (f, x.line) for facts in self.facts.values() for f, x in facts if x.value in (subject, value) and x.value
        ]
        return mentions[-1] if mentions else ("data", 1)


def comments(text: str) -> list[int]:
    """The lines that a comment stands at."""
    found, line = [], 1
    for token in TOKEN.finditer(text):
        if token.lastgroup == "space" and token[0].startswith("#"):
            found.append(line)
        line += token[0].count("\n")
    return found


def significant(text: str) -> Iterator[tuple[str, str, int]]:
    """Tokens without white space and comments, each with its line; a literal comes whole, with language or datatype."""
    line, pending = 1, None
    for found in TOKEN.finditer(text):
        kind, token = str(found.lastgroup), found[0]
        if kind == "space":
            line += token.count("\n")
            continue
        if (pending and kind == "tail") or (pending and pending[1].endswith("^^")):
            pending = (pending[0], pending[1] + token, pending[2])
        else:
            if pending:
                yield pending
            pending = None
            if kind == "string":
                pending = (kind, token, line)
            elif token:
                yield kind, token, line
        line += token.count("\n")
    if pending:
        yield pending


def resolve(kind: str, token: str, prefixes: dict[str, str]) -> str:
    """A term as N-Triples writes it."""
    if kind == "iri":
        return f"<{unescape(token[1:-1])}>"
    if kind == "name" and not token.startswith("_:") and ":" in token:
        prefix, local = token.split(":", 1)
        return f"<{prefixes.get(prefix, prefix + ':')}{unescape(local)}>"
    if kind == "string":
        quote = token[:3] if token[:3] in ('"""', "'''") else token[0]
        end = token.rindex(quote)
        body, tail = unescape(token[len(quote) : end]), token[end + len(quote) :]
        if tail.startswith("^^") and not tail.startswith("^^<"):
            tail = "^^" + resolve("name", tail[2:], prefixes)
        return f'"{body}"{tail}'
    return token


def unescape(text: str) -> str:
    """String and local-name escapes taken away."""
    return ESCAPE.sub(lambda m: chr(int(m[1] or m[2], 16)) if m[1] or m[2] else CONTROL.get(m[3], m[3]), text)
