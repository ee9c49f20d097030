"""Whether two servers give the same answer: solutions and triples as multisets, whatever their order and spelling."""

import json
from collections import Counter
from decimal import Decimal, InvalidOperation
from urllib.parse import unquote

from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Triple, parse

from citygraph.namespaces import PREFIXES

XSD = PREFIXES["xsd"]
NUMBERS = {XSD + name for name in ("integer", "decimal", "double", "float", "int", "long", "nonNegativeInteger")}
Answer = Counter[tuple[str, ...]]
"""Rows, or triples, with how often each came."""


class Unreadable(ValueError):
    """A body that is not what its media type says."""


def read(media_type: str, body: bytes) -> Answer:
    """The solutions or triples of a reply."""
    kind = media_type.partition(";")[0].strip().lower()
    try:
        if "json" in kind:
            return solutions(json.loads(body))
        found = RdfFormat.from_media_type(kind) or (RdfFormat.N_TRIPLES if kind == "text/plain" else None)
        if found is None:
            raise Unreadable(f"the answer is {media_type}")
        return Counter(row(quad.triple) for quad in parse(body, format=found))
    except (ValueError, KeyError, SyntaxError) as error:
        raise Unreadable(str(error)) from error


def solutions(document: dict[str, dict[str, list[dict[str, dict[str, str]]]]]) -> Answer:
    """The rows of SPARQL JSON results; what is not bound is left out."""
    return Counter(
        tuple(f"{name}={value(binding)}" for name, binding in sorted(row.items()))
        for row in document["results"]["bindings"]
    )


def value(binding: dict[str, str]) -> str:
    """A term of JSON results in one spelling; blank nodes are all alike, since their labels mean nothing."""
    if binding["type"] == "uri":
        return f"<{unquote(binding['value'])}>"
    if binding["type"] == "bnode":
        return "_:"
    language = binding.get("xml:lang", "").lower()
    return literal(binding["value"], language, binding.get("datatype", XSD + "string"))


def literal(text: str, language: str, datatype: str) -> str:
    """A literal in one spelling: numbers by their value."""
    if language:
        return f'"{text}"@{language}'
    if datatype in NUMBERS:
        try:
            return f"number {Decimal(text).normalize():f}"
        except InvalidOperation:
            return f'"{text}"^^{datatype}'
    return f'"{text}"^^{datatype}'


def row(triple: Triple) -> tuple[str, ...]:
    """A triple in one spelling."""
    return tuple(spelt(term) for term in triple)


def spelt(term: NamedNode | BlankNode | Literal | Triple) -> str:
    if isinstance(term, NamedNode):
        return f"<{unquote(term.value)}>"
    if isinstance(term, Literal):
        return literal(term.value, (term.language or "").lower(), term.datatype.value)
    return "_:"


def difference(wanted: Answer, given: Answer, *, partial: bool = False) -> str:
    """What is wrong with an answer, in words; nothing if it is right."""
    if partial:
        return "" if wanted.total() == given.total() else f"{given.total()} rows, not {wanted.total()}"
    if wanted == given:
        return ""
    missing, extra = wanted - given, given - wanted
    shown = next(iter(extra or missing))
    return f"{missing.total()} missing, {extra.total()} too many, such as {' '.join(shown)[:160]}"


def agreed(found: dict[str, Answer], *, partial: bool = False) -> tuple[Answer, dict[str, str]]:
    """The answer that most peers give (the first of them, when as many give another), and what the others have wrong.

    Peers that share an engine count once: they would agree on its faults.
    """
    engines = {"ours": "oxigraph"}
    groups: list[tuple[Answer, set[str]]] = []
    for peer, answer in found.items():
        for same, voices in groups:
            if not difference(same, answer, partial=partial):
                voices.add(engines.get(peer, peer))
                break
        else:
            groups.append((answer, {engines.get(peer, peer)}))
    wanted = max(groups, key=lambda group: len(group[1]))[0]
    wrong = {peer: difference(wanted, answer, partial=partial) for peer, answer in found.items()}
    return wanted, {peer: told for peer, told in wrong.items() if told}
