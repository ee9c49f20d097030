"""Tidy JSON: documents and lists as plain JSON that is JSON-LD too.

A thing is an object with `id`, `type` and a key for each property; its own values that are things stand in it in full,
and what these refer to by id, type and name. Whatever else a document says stands in `included`. Which values are
arrays, texts by language, numbers or dates is the context's to say (`citygraph.context`), and never depends on how many
there happen to be.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from citygraph import turtle
from citygraph.context import Context, Key, shortened
from citygraph.errors import NotAcceptable
from citygraph.labels import NAMING, Term, written
from citygraph.namespaces import PREFIXES, RDF_TYPE

NAMES = {RDF_TYPE.value, *NAMING}
RDF, XSD = PREFIXES["rdf"], PREFIXES["xsd"]
INTEGER, BOOLEAN, STRING = XSD + "integer", XSD + "boolean", XSD + "string"
FIRST, REST, NIL = NamedNode(RDF + "first"), NamedNode(RDF + "rest"), NamedNode(RDF + "nil")
WHOLE = re.compile(r"0|-?[1-9][0-9]{0,15}")
EXACT = 1 << 53
"""Whole numbers up to here are the same number to every reader of JSON."""

Node = NamedNode | BlankNode
Object = dict[str, object]


def document(iri: str, facts: Iterable[Triple], context: Context, context_url: str) -> bytes:
    """The tidy JSON of a thing's document. Raises `NotAcceptable` where it says something of a statement."""
    writer = Writer(facts, context, {iri})
    thing = writer.full(NamedNode(iri), values_in_full=True)
    return dumped({"@context": context_url, **(thing or {"id": iri}), **writer.rest()})


def items(facts: Iterable[Triple], iris: Sequence[str], context: Context) -> list[Object]:
    """Things as objects, in the order of their IRIs as given; what they refer to has id, type and name."""
    writer = Writer(facts, context)
    return [writer.full(NamedNode(iri)) or {"id": iri} for iri in iris]


def listing(
    address: str, facts: Iterable[Triple], iris: Sequence[str], context: Context, context_url: str,
    total: int, pages: Mapping[str, str], plain: Mapping[str, Mapping[str, object]] | None = None,
) -> bytes:  # fmt: skip
    """The tidy JSON of a page of a list that stands at an address.

    `pages` has the addresses of the pages first, prev, next and last, as far as there are; `plain` has by the IRI of an
    item what JSON alone says of it, such as a distance, under keys that are no terms of the context.
    """
    writer, plain = Writer(facts, context), plain or {}
    found = [{**(writer.full(NamedNode(iri), True) or {"id": iri}), **plain.get(iri, {})} for iri in iris]
    turned = {name: pages[name] for name in ("first", "prev", "next", "last") if name in pages}
    head = {"@context": context_url, "id": address, "type": ["Collection"], "total": total, **turned}
    return dumped({**head, "items": found, **writer.rest()})


def dumped(content: Object) -> bytes:
    """The bytes of a JSON document, in the order in which it was made."""
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()


class Writer:
    """Writes the facts of one document, and knows which it has not written yet.

    `names` are the facts by which a thing is recognised where it is referred to, its classes and texts that name it;
    `facts` are the others.
    """

    def __init__(self, facts: Iterable[Triple], context: Context, shown: Iterable[str] = ()) -> None:
        self.context = context
        self.shown = set(shown)
        self.names: dict[Node, dict[str, list[Term]]] = defaultdict(lambda: defaultdict(list))
        self.facts: dict[Node, dict[str, list[Term]]] = defaultdict(lambda: defaultdict(list))
        self.referred: dict[Term, int] = defaultdict(int)
        self.open: set[Node] = set()
        self.apart: set[Node] = set()
        for subject, predicate, value in sorted(set(turtle.stable(facts)), key=turtle.order):
            if isinstance(subject, Triple) or isinstance(value, Triple):
                raise NotAcceptable("This document says something of a statement, which JSON-LD cannot carry.")
            chosen = self.names if names(predicate, value) else self.facts
            chosen[subject][predicate.value].append(value)
            self.referred[value] += 1
        self.unnamed = set(self.names)
        self.left: dict[Node, set[str]] = defaultdict(set, {node: set(told) for node, told in self.facts.items()})

    def full(self, node: Node, values_in_full: bool = False) -> Object | None:
        """A thing with all its facts; None for one of which nothing is said.

        A document holds of the many values of a thing that it mentions only the thing that it is about. So that nobody
        takes them for all there are, they stand in `included`.
        """
        if node not in self.facts and node not in self.names:
            return None
        aside = set()
        if isinstance(node, NamedNode) and node.value not in self.shown:
            for iri, values in self.facts.get(node, {}).items():
                if not self.context.key(iri).single and self.shown.intersection(map(written, values)):
                    aside.add(iri)
        made = self.said(node, self.facts.get(node, {}).keys() - aside, values_in_full)
        self.left[node].intersection_update(aside)
        return made

    def said(self, node: Node, properties: Iterable[str], values_in_full: bool = False) -> Object:
        """What names a thing, and what some properties say of it, by their keys in order."""
        made = self.head(node)
        self.open.add(node)
        # What names nothing may stand beside names under the same property.
        told = [(Key(iri, "", False) if iri in NAMES else self.context.key(iri), iri) for iri in properties]
        for key, iri in sorted(told, key=lambda pair: (pair[0].name.casefold(), pair[0].name)):
            self.put(made, key, iri, self.facts[node][iri], values_in_full)
        self.open.discard(node)
        return made

    def head(self, node: Node) -> Object:
        """What a thing is recognised by: its IRI (blank nodes have one where others refer to them), classes, names."""
        names, made = self.names.get(node, {}), Object()
        self.unnamed.discard(node)
        if isinstance(node, NamedNode):
            made["id"] = node.value
        elif self.referred[node] and not self.nested(node):
            made["id"] = str(node)
        if types := names.get(RDF_TYPE.value):
            iris = map(written, types)
            made["type"] = [self.context.classes.get(c) or shortened(c, self.context.prefixes) for c in iris]
        for naming in NAMING:
            if naming in names:
                self.put(made, self.context.key(naming), naming, names[naming], False)
        return made

    def put(self, made: Object, key: Key, iri: str, values: Sequence[Term], in_full: bool) -> None:
        """Put the values of a property under its key; those that its form cannot carry under its IRI."""
        if key.form != "@language":
            written = [self.value(term, key, in_full) for term in values]
            made[key.name] = written[0] if key.single and len(written) == 1 else written
            return
        texts: dict[str, list[str]] = defaultdict(list)
        for term in values:
            if isinstance(term, Literal) and plain(term):
                texts[term.language or "@none"].append(term.value)
        if texts:
            alone = key.single
            made[key.name] = {tag: said[0] if alone and len(said) == 1 else said for tag, said in texts.items()}
        if others := [term for term in values if not plain(term)]:
            made[iri] = [self.value(term, Key(iri, "", False), in_full) for term in others]

    def value(self, term: Term, key: Key, in_full: bool) -> object:
        """One value, in the form of its key where it is of that form."""
        if isinstance(term, Literal):
            return literal(term, key.form, self.context.prefixes)
        if isinstance(term, NamedNode) and key.form == "@id":
            return term.value
        assert not isinstance(term, Triple)
        return self.reference(term, key, in_full)

    def reference(self, node: Node, key: Key, in_full: bool) -> object:
        """A thing as a value: in full, or by what names it; one that is shown already, or being written, by its IRI."""
        if isinstance(node, BlankNode):
            members = self.members(node)
            if members is not None:
                return {"@list": [self.value(member, key, False) for member in members]}
            return (self.full(node) or {}) if self.nested(node) else {"id": str(node)}
        if node in self.open or node.value in self.shown:
            return {"id": node.value}
        # Written twice, blank nodes would be twice as many.
        facts = self.facts.get(node, {})
        again = self.left.get(node, set()) != facts.keys() and any(
            isinstance(value, BlankNode) for values in facts.values() for value in values
        )
        return (None if again or not in_full else self.full(node)) or self.head(node)

    def nested(self, node: BlankNode) -> bool:
        """Whether a blank node stands where it is referred to, so that it needs no label."""
        return self.referred[node] == 1 and node not in self.open and node not in self.apart

    def members(self, node: BlankNode) -> list[Term] | None:
        """The members of the RDF list that a blank node begins; None where it begins none or others refer into it."""
        found: list[Term] = []
        cells: list[Node] = []
        cell: Term = node
        while cell != NIL:
            facts = self.facts.get(cell, {}) if isinstance(cell, BlankNode) else {}
            first, rest = facts.get(FIRST.value, []), facts.get(REST.value, [])
            whole = len(facts) == 2 and len(first) == len(rest) == 1 and cell not in self.names
            if not isinstance(cell, BlankNode) or not whole or not self.nested(cell) or cell in cells:
                return None
            cells.append(cell)
            found.append(first[0])
            cell = rest[0]
        for done in cells:
            self.left.pop(done, None)
        return found

    def rest(self) -> Object:
        """What a document says besides, as `included`: things with what is not said of them yet."""
        nodes = {*self.facts, *self.names}
        order = sorted(nodes, key=lambda node: (isinstance(node, BlankNode), node.value))
        made = []
        # Blank nodes come to stand where they are referred to; what is left of them refers to itself.
        for node in sorted(order, key=lambda node: isinstance(node, BlankNode) and self.referred[node] == 1):
            if (left := self.left.pop(node, None)) or node in self.unnamed:
                self.apart.add(node)
                made.append(self.said(node, left or ()))
        return {"included": made} if made else {}


def names(predicate: NamedNode, value: Term) -> bool:
    """Whether a fact is one that its subject is recognised by."""
    return isinstance(value, NamedNode) if predicate == RDF_TYPE else predicate.value in NAMING and plain(value)


def plain(term: Term) -> bool:
    """Whether a value is text with a language, or text and nothing else."""
    return isinstance(term, Literal) and not direction(term) and bool(term.language or term.datatype.value == STRING)


def direction(term: Literal) -> str | None:
    found = getattr(term, "direction", None)
    return None if found is None else str(found)


def literal(term: Literal, form: str, prefixes: Mapping[str, str]) -> object:
    """A literal under a key of some form: as a number, a truth value or text where that says all, else with its
    datatype or language."""
    datatype = term.datatype.value
    if term.language:
        said: Object = {"value": term.value, "@language": term.language}
        return {**said, "@direction": direction(term)} if direction(term) else said
    if form in ("", datatype):
        if datatype == INTEGER and WHOLE.fullmatch(term.value) and abs(int(term.value)) < EXACT:
            return int(term.value)
        if datatype == BOOLEAN and term.value in ("true", "false"):
            return term.value == "true"
    if datatype == (form or STRING):
        return term.value
    return {"value": term.value} if datatype == STRING else {"value": term.value, "type": shortened(datatype, prefixes)}
