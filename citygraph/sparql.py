"""The words of a SPARQL query: what it asks for, what it may not ask for, and the terms put in place of
parameters.

Only as much of SPARQL as that takes. Whether a query is well formed is pyoxigraph's to say, in a worker.
"""

import re
from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urljoin

from pyoxigraph import Literal, NamedNode

from citygraph.errors import Refused

_LETTER = r"A-Za-z\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u02FF\u0370-\u037D\u037F-\u1FFF\u200C-\u200D\u2070-\u218F"
_LETTER += r"\u2C00-\u2FEF\u3001-\uD7FF\uF900-\uFDCF\uFDF0-\uFFFD\U00010000-\U000EFFFF"
_NAME = rf"{_LETTER}_0-9\u00B7\u0300-\u036F\u203F-\u2040\-"
_HEX = r"\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8}"
_ESCAPE = rf"\\[tbnrf\"'\\]|{_HEX}"
_IRI = rf'<(?:[^<>"{{}}|^`\\\x00-\x20]|{_HEX})*+>'
# Sixteen dots are enough for a prefix; without a bound a.a.a.a… would be read to its end from every letter.
_PREFIX = rf"(?:[{_LETTER}][{_NAME}]*+(?:\.++[{_NAME}]++){{0,16}}+)?:"
_LOCAL = rf"(?:(?:[{_NAME}:]|%[0-9A-Fa-f]{{2}}|\\[_~.\-!$&'()*+,;=/?#@%])|\.++(?=[{_NAME}:%\\]))*+"
_SPACE = r"(?:[ \t\r\n]++|\#[^\r\n]*+)*+"

# Every loop is possessive: a token is found in one pass over its characters, however hostile they are.
_TOKEN = re.compile(
    rf"""(?P<space>(?:[ \t\r\n]++|\#[^\r\n]*+)++)
    |(?P<iri>{_IRI})
    |(?P<variable>[?$][{_LETTER}_0-9\u00B7\u0300-\u036F\u203F-\u2040]++)
    |(?P<string>\"\"\"(?:[^"\\]|{_ESCAPE}|"(?!""))*+\"\"\"|'''(?:[^'\\]|{_ESCAPE}|'(?!''))*+'''
        |"(?:[^"\\\r\n]|{_ESCAPE})*+"|'(?:[^'\\\r\n]|{_ESCAPE})*+')
    |(?P<blank>_:[{_LETTER}_0-9](?:\.*+[{_NAME}])*+)
    |(?P<name>{_PREFIX}{_LOCAL})
    |(?P<word>[{_LETTER}_]++[{_LETTER}_0-9]*+)
    |(?P<number>(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)(?:[eE][+-]?[0-9]++)?)
    |(?P<language>@[A-Za-z]++(?:-{{1,2}}[A-Za-z0-9]++)*+)
    |(?P<mark>\^\^|&&|\|\||<=|>=|!=|<<|>>|.)""",
    re.VERBOSE | re.DOTALL,
)
_PROLOGUE = re.compile(
    rf"{_SPACE}(?i:(?:BASE{_SPACE}{_IRI}|PREFIX{_SPACE}{_PREFIX}{_SPACE}{_IRI}|VERSION{_SPACE}[\"'][^\"'\r\n]*+[\"']){_SPACE})*+"
)
_DECLARATION = re.compile(rf"(?i:BASE{_SPACE}|PREFIX{_SPACE}(?P<prefix>{_PREFIX}){_SPACE})<(?P<iri>[^>]*+)>|{_SPACE}")
_BLANK = re.compile(r"[ \t\r\n]++")
_FORM = re.compile(r"(?i:SELECT|ASK|CONSTRUCT|DESCRIBE)")
_GRAPHS = re.compile(r"(?i:GRAPH|FROM|\\u)")
# Wherever it stands: what a lexer takes for an IRI (`?x<RAND()&&?y>0`) can be a call to the engine's parser.
_VOLATILE = re.compile(r"(?i:NOW|RAND|UUID)[ \t\r\n]*+[(#]")
_UPDATE = re.compile(r"(?i:INSERT|DELETE|LOAD|CLEAR|CREATE|DROP|COPY|MOVE|ADD|WITH)\b")
_OPERANDS = frozenset({"iri", "variable", "string", "blank", "name", "word", "number", "language"})


class Token(NamedTuple):
    """A token of a query. `kind` is space, iri, variable, string, blank, name, word, number, language or
    mark."""

    kind: str
    text: str
    start: int


def tokens(text: str) -> Iterator[Token]:
    """The tokens of a query without white space and comments; joined with those they are the text again."""
    for found in _TOKEN.finditer(text):
        if found.lastgroup != "space":
            yield Token(str(found.lastgroup), found[0], found.start())


def form(text: str) -> str | None:
    """The query form, "select", "ask", "construct" or "describe"; None when the text is no query."""
    found = _FORM.match(text, body(text))
    return found[0].lower() if found else None


def prologue(text: str, base: str = "") -> tuple[str, dict[str, str]]:
    """The base (that given, if the query has none) and the prefixes that a query declares, resolved."""
    prefixes: dict[str, str] = {}
    for found in _DECLARATION.finditer(text, 0, body(text)):
        if found["iri"] is None:
            continue
        iri = _join(base, _unescape(found["iri"]))
        if found["prefix"] is None:
            base = iri
        else:
            prefixes[found["prefix"][:-1]] = iri
    return base, prefixes


def _join(base: str, reference: str) -> str:
    if not base:
        return reference
    joined = urljoin(base, reference)
    # urljoin drops an empty fragment, and <#> is what many a prefix is.
    return f"{joined}#" if reference.endswith("#") and not joined.endswith("#") else joined


@lru_cache(maxsize=16)
def body(text: str) -> int:
    """Where the query itself begins, after BASE and PREFIX."""
    found = _PROLOGUE.match(text)
    return found.end() if found else 0


def refuse(text: str, known_graphs: Collection[str], base: str = "") -> None:
    """Raise Refused for what no query may do here: update, call another server, read a graph that is not
    ours.

    FROM of a graph that is not in `known_graphs` (IRIs) is refused and not just empty, since who writes it
    expects the address to be fetched: an empty answer would be a wrong one.
    """
    if update := _UPDATE.match(text, body(text)):
        raise Refused(
            f"{update[0].upper()} is an update, and this endpoint is read-only.",
            hint="Ask with SELECT, ASK, CONSTRUCT or DESCRIBE. To change data, load a dump into your own store.",
        )
    if re.search("service", text, re.IGNORECASE) and _calls_service(text):
        raise Refused(
            "SERVICE is not allowed: this endpoint calls no other server.",
            hint="Query the other endpoint yourself, and give its values to this one with VALUES.",
        )
    if re.search("from", text, re.IGNORECASE):
        _refuse_graphs(text, known_graphs, base)


def _refuse_graphs(text: str, known_graphs: Collection[str], base: str) -> None:
    base, prefixes = prologue(text, base)
    words = list(tokens(text))
    for index, token in enumerate(words):
        if token.kind != "word" or token.text.upper() not in ("FROM", "FROMNAMED"):
            continue
        following = [word for word in words[index + 1 : index + 3] if word.text.upper() != "NAMED"]
        if following and following[0].kind in ("iri", "name"):
            graph = resolve(following[0].text, base, prefixes)
            if graph is not None and graph not in known_graphs:
                raise Refused(
                    f"<{graph}> is no graph of this dataset, and graphs of the web are never fetched.",
                    hint="Leave FROM out, or name one of the graphs there are.",
                    graphs=sorted(known_graphs),
                )


def resolve(written: str, base: str, prefixes: Mapping[str, str]) -> str | None:
    """The IRI that `<…>` or `prefix:local` stands for; None when the prefix is not declared."""
    if written.startswith("<"):
        return _join(base, _unescape(written[1:-1]))
    prefix, _, local = written.partition(":")
    return None if prefix not in prefixes else prefixes[prefix] + re.sub(r"\\(.)", r"\1", local)


def _unescape(text: str) -> str:
    return re.sub(_HEX, lambda found: chr(min(int(found[0][2:], 16), 0x10FFFF)), text)


def _calls_service(text: str) -> bool:
    """Whether any way of reading the text finds SERVICE, an endpoint and an opening brace.

    pyoxigraph's parser goes by context where a lexer cannot: `<` opens an IRI or compares, three quotes open
    a long string or are an empty one and the start of another, and keywords need no space after them
    (`SERVICEex:a{`). A lexer that settles on one reading can be led to take the call for part of a string. So
    both readings are followed, each position once, and one that shows a call is enough.
    """
    line_ends = [found.start() for found in re.finditer(r"[\r\n]", text)] + [len(text)]
    seen: set[tuple[int, bool, int]] = set()
    # BASE and PREFIX can be read in one way only, and an IRI there may well hold the word.
    open_ends = [(body(text), False, _NOTHING)]
    while open_ends:
        position, operand, spelt = state = open_ends.pop()
        if position >= len(text) or state in seen:
            continue
        seen.add(state)
        if text[position] == "#":
            open_ends.append((line_ends[bisect_left(line_ends, position)], operand, spelt))
        elif blank := _BLANK.match(text, position):
            open_ends.append((blank.end(), operand, spelt))
        else:
            for kind, token in _readings(text, position, operand, spelt):
                if (step := _spell(kind, token, spelt)) == _CALL:
                    return True
                open_ends.append((position + len(token), kind in _OPERANDS or token in (")", "]"), step))
    return False


def _readings(text: str, position: int, operand: bool, spelt: int) -> Iterator[tuple[str, str]]:
    """What may begin at a position: what the lexer says, and what pyoxigraph's parser might make of it
    instead."""
    found = _TOKEN.match(text, position)
    if found is None:
        return
    kind, token = str(found.lastgroup), found[0]
    yield kind, token
    if token[0] == "<" and operand and token != "<":
        yield "mark", "<"
    elif token.startswith(('"""', "'''")) and "\\u" in token.lower():
        # An escape of no character: then the three quotes are an empty string and the start of the next.
        yield "string", token[0] * 2
    elif kind == "name" and spelt != _GRAPH and "service" in (word := token.partition(":")[0]).lower():
        yield "word", word


_NOTHING, _GRAPH, _SERVICE, _ENDPOINT, _CALL = range(5)


def _spell(kind: str, token: str, spelt: int) -> int:
    """How far a call has been spelt after one more token; every part may run into the next without a
    space."""
    if spelt == _ENDPOINT and token == "{":
        return _CALL
    if kind == "word" and "service" in token.lower():
        return _SERVICE
    if spelt == _SERVICE:
        if kind in ("iri", "variable", "name"):
            return _ENDPOINT
        return _SERVICE if kind in ("word", "number") or token in (".", "-") else _NOTHING
    return _GRAPH if kind == "word" and token.lower().endswith("graph") else _NOTHING


def may_name_graphs(text: str) -> bool:
    """Whether the query might ask for named graphs; a word in a string or a comment is taken for it, too."""
    return _GRAPHS.search(text) is not None


def volatile(text: str) -> bool:
    """Whether the query may be answered otherwise each time it is asked of the same graph."""
    return _VOLATILE.search(text) is not None


def bind(text: str, terms: Mapping[str, NamedNode | Literal]) -> str:
    """The query with every `$name` token replaced by its term; strings, comments and IRIs are left alone.

    Raises KeyError for a term whose name the query does not have and for a parameter that stays unbound,
    ValueError for an IRI that cannot be written.
    """
    pieces: list[str] = []
    used: set[str] = set()
    for kind, piece in _pieces(text):
        if kind == "variable" and piece.startswith("$"):
            used.add(piece[1:])
            if piece[1:] not in terms:
                raise KeyError(f"the query's parameter {piece} is not bound")
            pieces.append(serialise(terms[piece[1:]]))
        else:
            pieces.append(piece)
    if unknown := sorted(set(terms) - used):
        raise KeyError(f"the query has no parameter ${unknown[0]}")
    return "".join(pieces)


@lru_cache(maxsize=256)
def _pieces(text: str) -> tuple[tuple[str, str], ...]:
    """Text cut at its parameters; the rest stays in long pieces. Our own queries are few and come again
    and again."""
    pieces: list[tuple[str, str]] = []
    rest = 0
    for token in tokens(text):
        if token.kind == "variable" and token.text.startswith("$"):
            pieces += (("text", text[rest : token.start]), ("variable", token.text))
            rest = token.start + len(token.text)
    return (*pieces, ("text", text[rest:]))


def serialise(term: NamedNode | Literal) -> str:
    """A term as SPARQL writes it, safe in any place of a query where a term may stand."""
    if isinstance(term, NamedNode):
        return _iri(term.value)
    value = "".join(_ESCAPES.get(character, character) for character in term.value)
    if term.language is not None:
        # pyoxigraph takes any language tag unchecked; one that is none would end the literal.
        if not re.fullmatch(r"[A-Za-z]+(-[A-Za-z0-9]+)*", term.language):
            raise ValueError(f"{term.language!r} is no language tag")
        return f'"{value}"@{term.language}'
    if term.datatype.value == "http://www.w3.org/2001/XMLSchema#string":
        return f'"{value}"'
    return f'"{value}"^^{_iri(term.datatype.value)}'


_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}


def _iri(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9+.\-]*+:[^<>\"{}|^`\\\x00-\x20\ud800-\udfff]*+", value):
        raise ValueError(f"{value!r} cannot be written as an IRI")
    return f"<{value}>"
