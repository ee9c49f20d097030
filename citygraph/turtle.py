"""The Turtle that people read: one fact a line, so that one added fact is one added line.

Subjects and predicates stand in the order of their IRIs, with type and labels first. Each fact ends with ` ;` and each
subject with a ` .` on a line of its own; Turtle allows that, and no line changes when its neighbour comes or goes.
"""

import re
from collections.abc import Iterable, Mapping
from itertools import groupby

from pyoxigraph import (
    BlankNode,
    CanonicalizationAlgorithm,
    Dataset,
    Literal,
    NamedNode,
    Quad,
    Triple,
)

from citygraph.namespaces import PREFIXES, RDF_TYPE, RDFS_LABEL

type_of_term = NamedNode | BlankNode | Literal | Triple

FIRST = {RDF_TYPE.value: 0, RDFS_LABEL.value: 1, PREFIXES["skos"] + "prefLabel": 2}
LOCAL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.\-/#]*[A-Za-z0-9_\-/#])?")
NATIVE = {
    PREFIXES["xsd"] + "integer": re.compile(r"[+-]?[0-9]+"),
    PREFIXES["xsd"] + "decimal": re.compile(r"[+-]?[0-9]*\.[0-9]+"),
    PREFIXES["xsd"] + "boolean": re.compile(r"true|false"),
}
ESCAPES = {code: f"\\u{code:04X}" for code in (*range(32), *range(0x7F, 0xA0), 0x2028, 0x2029)} | {
    ord("\\"): "\\\\", ord('"'): '\\"', ord("\n"): "\\n", ord("\r"): "\\r", ord("\t"): "\\t",
}  # fmt: skip
"""Controls, and what some editors take for the end of a line, are written as escapes."""


def write(triples: Iterable[Triple], prefixes: Mapping[str, str]) -> str:
    """Turtle of `triples`, which may come in any order and twice; only the prefixes that are used are declared.

    Blank nodes get the labels of RDFC-1.0, so that the same graph is the same text.
    """
    names = Names(prefixes)
    blocks = []
    facts = sorted(set(stable(triples)), key=order)
    for subject, group in groupby(facts, key=lambda fact: fact.subject):
        lines = [f"    {names.predicate(p)} {names.term(o)} ;\n" for _, p, o in group]
        blocks.append(f"{names.term(subject)}\n{''.join(lines)}    .\n")
    declared = [f"@prefix {prefix}: <{prefixes[prefix]}> .\n" for prefix in sorted(names.used)]
    return "\n".join(["".join(declared), *blocks] if declared else blocks)


def order(fact: Triple) -> tuple[str, int, str, str, str, str]:
    """Where a fact stands: subject, predicate (type and labels first), object (by language, then value)."""
    predicate, value = fact.predicate.value, fact.object
    language = (value.language or "") if isinstance(value, Literal) else ""
    text = str(value) if isinstance(value, Triple) else value.value
    datatype = value.datatype.value if isinstance(value, Literal) else ""
    return (str(fact.subject).strip("<>"), FIRST.get(predicate, 9), predicate, language, text, datatype)


def stable(triples: Iterable[Triple]) -> list[Triple]:
    """The triples, with canonical labels where there are blank nodes."""
    facts = list(triples)
    if not any(isinstance(term, BlankNode) for fact in facts for term in (fact.subject, fact.object)):
        return facts
    dataset = Dataset(Quad(*fact) for fact in facts)
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return [quad.triple for quad in dataset]


class Names:
    """Shortens IRIs by a table of prefixes, and remembers which of them it used."""

    def __init__(self, prefixes: Mapping[str, str]) -> None:
        self.by_length = sorted(prefixes.items(), key=lambda item: (-len(item[1]), not item[0], item))
        self.used: set[str] = set()
        self.short: dict[str, str] = {}

    def predicate(self, iri: NamedNode) -> str:
        return "a" if iri == RDF_TYPE else self.iri(iri.value)

    def iri(self, iri: str) -> str:
        if iri not in self.short:
            self.short[iri] = self.shorten(iri)
        return self.short[iri]

    def shorten(self, iri: str) -> str:
        for prefix, namespace in self.by_length:
            if iri.startswith(namespace) and LOCAL.fullmatch(local := iri[len(namespace) :]):
                self.used.add(prefix)
                return f"{prefix}:{re.sub('[/#]', lambda found: chr(92) + found[0], local)}"
        return str(NamedNode(iri))

    def term(self, term: type_of_term) -> str:
        if isinstance(term, NamedNode):
            return self.iri(term.value)
        if not isinstance(term, Literal):
            return str(term)
        native = NATIVE.get(term.datatype.value)
        if native and native.fullmatch(term.value):
            return term.value
        quoted = f'"{term.value.translate(ESCAPES)}"'
        if term.language:
            direction = f"--{term.direction}" if getattr(term, "direction", None) else ""
            return f"{quoted}@{term.language}{direction}"
        if term.datatype.value == PREFIXES["xsd"] + "string":
            return quoted
        return f"{quoted}^^{self.iri(term.datatype.value)}"
