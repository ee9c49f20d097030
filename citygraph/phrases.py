"""Shapes in words: what SHACL asks, as pieces of sentences that link to what they name.

Core constraints become phrases, read from the shapes themselves; a constraint in SPARQL is told by the label
and the comment of its shape.
"""

import re
from collections.abc import Callable, Iterator
from textwrap import dedent

from pyoxigraph import Literal, NamedNode

from citygraph.labels import Reader, Term, in_words, local_name, pick, shown, tag, written
from citygraph.namespaces import PREFIXES, RDF_TYPE, name
from citygraph.turtle import Names
from citygraph.views import Form, Phrase, Rule, Value
from citygraph.wording import gettext as _
from citygraph.wording import message

SH, RDF, XSD, COMMENT = PREFIXES["sh"], PREFIXES["rdf"], PREFIXES["xsd"], name("rdfs:comment").value
CLASSES = {name("owl:Class"), name("rdfs:Class")}
DATATYPES = {
    RDF + "langString": message("text in a stated language"),
    XSD + "string": message("text"),
    XSD + "boolean": message("true or false"),
    XSD + "integer": message("whole number"),
    XSD + "decimal": message("decimal number"),
    XSD + "double": message("number"),
    XSD + "date": message("date"),
    XSD + "dateTime": message("date and time"),
    XSD + "gYear": message("year"),
    XSD + "gYearMonth": message("month of a year"),
    XSD + "anyURI": message("web address"),
}
KINDS = {
    "IRI": message("an IRI"),
    "Literal": message("a literal"),
    "BlankNode": message("a node without a name"),
    "BlankNodeOrIRI": message("an IRI or a node without a name"),
    "IRIOrLiteral": message("an IRI or a literal"),
    "BlankNodeOrLiteral": message("a literal or a node without a name"),
}
BOUNDS = {
    "minInclusive": message("at least {}"),
    "minExclusive": message("more than {}"),
    "maxInclusive": message("at most {}"),
    "maxExclusive": message("less than {}"),
    "minLength": message("{} characters or more"),
    "maxLength": message("{} characters or fewer"),
}
PAIRS = {
    "equals": message("the same values as "),
    "disjoint": message("no value of "),
    "lessThan": message("less than each "),
    "lessThanOrEquals": message("no more than any "),
}
TARGETS = {
    "targetClass": message("every "),
    "targetSubjectsOf": message("whatever has "),
    "targetObjectsOf": message("every value of "),
    "targetNode": "",
}
PATHS = {
    "zeroOrMorePath": message("any number of steps of "),
    "oneOrMorePath": message("one or more steps of "),
    "zeroOrOnePath": message("perhaps "),
}
SHOWN = 8
"""Values of a closed choice that are spelt out; of more, the first ones and how many there are."""


def joined(phrases: list[Phrase], between: str, last: str | None = None) -> Phrase:
    """Phrases one after another."""
    made: Phrase = []
    for index, phrase in enumerate(phrases):
        if index:
            made.append(Value(last if last and index == len(phrases) - 1 else between))
        made += phrase
    return made


def by_path(rule: Rule) -> tuple[str, bool]:
    """Where a rule stands among others: by its path, what can be said in words before what a query asks."""
    return ("".join(piece.text for piece in rule.path).casefold(), rule.why is not None)


class Shapes:
    """The shapes of a graph, read through a reader of their triples; `names` shortens IRIs."""

    def __init__(self, reader: Reader, names: Names) -> None:
        self.reader, self.names = reader, names
        self.told: set[str] = set()
        self.inside: list[Term] = []

    def values(self, shape: Term, parameter: str) -> list[Term]:
        """The values of one parameter of SHACL, in a stable order."""
        return sorted(self.reader.facts.get(shape, {}).get(SH + parameter, []), key=str)

    def one(self, shape: Term, parameter: str) -> Term | None:
        """The value of a parameter that a shape has once."""
        return next(iter(self.values(shape, parameter)), None)

    def types(self, shape: Term) -> set[Term]:
        """The classes of a node."""
        return set(self.reader.facts.get(shape, {}).get(RDF_TYPE.value, []))

    def text(self, shape: Term, predicate: str) -> Value | None:
        """A text of a shape in the best language."""
        best = pick(self.reader.literals(shape, predicate), self.reader.language)
        return Value(best.value, None, tag(best)) if best else None

    def forms(self) -> list[Form]:
        """The node shapes, in the order of their IRIs."""
        found = [s for s in self.reader.facts if isinstance(s, NamedNode) and self.is_node_shape(s)]
        return [self.form(shape) for shape in sorted(found, key=lambda shape: shape.value)]

    def is_node_shape(self, shape: Term) -> bool:
        """Whether it says so, or targets something."""
        return name("sh:NodeShape") in self.types(shape) or any(self.values(shape, target) for target in TARGETS)

    def form(self, shape: NamedNode) -> Form:
        """One node shape."""
        parts = self.values(shape, "property") or ([shape] if self.one(shape, "path") else [])
        sparql = [query for one in (shape, *parts) for query in self.values(one, "sparql")]
        selects = [(query, self.one(query, "select")) for query in (*self.values(shape, "target"), *sparql)]
        return Form(
            iri=shape.value,
            title=self.title(shape),
            why=self.text(shape, COMMENT),
            subjects=self.subjects(shape),
            words=self.words(shape),
            messages=[m for source in (shape, *self.values(shape, "sparql")) if (m := self.message(source))],
            rules=sorted((self.rule(shape, part) for part in parts), key=by_path),
            queries=[
                (self.anchor(query), dedent(written(text)).strip()) for query, text in selects if text is not None
            ],
        )

    def anchor(self, node: Term) -> str | None:
        """The fragment of a node, the first time that it is told; shapes are shared."""
        iri = written(node)
        if iri in self.told or not isinstance(node, NamedNode):
            return None
        self.told.add(iri)
        return iri.partition("#")[2] or None

    def title(self, shape: NamedNode) -> Value:
        """The label of a shape, else its name in words."""
        label = self.reader.label(shape)
        return Value(label.value, None, tag(label)) if label else Value(in_words(local_name(shape.value)))

    def subjects(self, shape: NamedNode) -> Phrase:
        """What a shape is about: its targets in words."""
        phrases: list[Phrase] = []
        for target, words in TARGETS.items():
            if found := self.values(shape, target):
                phrases.append([Value(_(words)), *joined([[self.named(t)] for t in found], ", ", _(" or "))])
        if CLASSES & self.types(shape):
            phrases.append([Value(_("every ")), self.named(shape)])
        if self.values(shape, "target"):
            phrases.append([Value(_("what a query finds"))])
        return joined(phrases, ", ", _(" and "))

    def classes(self, shape: NamedNode) -> Iterator[str]:
        """The classes whose members a shape is about."""
        yield from map(written, self.values(shape, "targetClass"))
        if CLASSES & self.types(shape):
            yield shape.value

    def rule(self, shape: NamedNode, part: Term) -> Rule:
        """What one property shape of a node shape asks."""
        path, queries = self.one(part, "path"), self.values(part, "sparql")
        messages = [message for source in (part, *queries) if (message := self.message(source))]
        return Rule(
            anchor=self.anchor(part) if part != shape else None,
            path=self.path(path) if path is not None else [],
            words=self.words(part) or ([self.title(shape)] if queries else [Value(_("any number of values"))]),
            subjects=self.subjects(shape),
            messages=messages,
            why=self.text(shape, COMMENT) if queries else None,
            warning=name("sh:Warning") in (self.values(part, "severity") or self.values(shape, "severity")),
            classes=frozenset(self.classes(shape)),
            properties=frozenset(self.properties(path)),
        )

    def message(self, shape: Term) -> Value | None:
        """What a shape tells whoever breaks it; the values that it would name are left out."""
        found = self.text(shape, SH + "message")
        if found is None:
            return None
        return Value(re.sub(r"\{[?$]\w+\}", "…", found.text).replace(" (…)", ""), None, found.language)

    def named(self, term: Term) -> Value:
        """A term by its label, else by its prefix, linked."""
        value = shown(term) if isinstance(term, Literal) else self.reader.value(term)
        if isinstance(term, NamedNode) and self.reader.label(term) is None:
            return Value(self.names.term(term).replace("\\", ""), value.href, None, value.outside, "link")
        return value

    def path(self, path: Term) -> Phrase:
        """A property path as it is said."""
        if isinstance(path, NamedNode):
            return [self.named(path)]
        return self.once(path, self.steps) or [Value(_("a path"))]

    def once(self, node: Term, say: Callable[[Term], Phrase]) -> Phrase:
        """What is said of a node; nothing where it is being said already, since shapes may hold each other."""
        if node in self.inside:
            return []
        self.inside.append(node)
        said = say(node)
        self.inside.pop()
        return said

    def steps(self, path: Term) -> Phrase:
        """A path that is more than a property."""
        if inner := self.one(path, "inversePath"):
            return [*self.path(inner), Value(_(" (read backwards)"))]
        if inner := self.one(path, "alternativePath"):
            return joined([self.path(p) for p in self.reader.members(inner)], ", ", _(" or "))
        for parameter, words in PATHS.items():
            if inner := self.one(path, parameter):
                return [Value(_(words)), *self.path(inner)]
        members = self.reader.members(path)
        return joined([self.path(p) for p in members], _(", then ")) if members != [path] else []

    def properties(self, path: Term | None, seen: frozenset[Term] = frozenset()) -> Iterator[str]:
        """The properties in a path."""
        if isinstance(path, NamedNode):
            yield path.value
        elif path is not None and path not in seen:
            inner = [self.one(path, parameter) for parameter in ("inversePath", "alternativePath", *PATHS)]
            for part in [one for one in inner if one is not None] or [path]:
                for member in self.reader.members(part):
                    yield from self.properties(member, seen | {path})

    def words(self, shape: Term) -> Phrase:
        """The constraints of a shape; how many values a property has is said first, where anything is said."""
        members = self.reader.members
        phrases = [say(value) for parameter, say in self.sayings.items() for value in self.values(shape, parameter)]
        for value in self.values(shape, "pattern"):
            flags = "".join(_(" (flags %(flags)s)") % {"flags": written(flag)} for flag in self.values(shape, "flags"))
            phrases.append([Value(_("that matches ")), Value(written(value), kind="code"), Value(flags)])
        if qualified := self.values(shape, "qualifiedValueShape"):
            count = self.count(shape, "qualifiedMinCount", "qualifiedMaxCount") or _("any number")
            many = Value(count + _(" that is "))
            phrases += [[many, *self.shape(one)] for one in qualified]
        if Literal(True) in self.values(shape, "closed"):
            others = [[self.named(m)] for node in self.values(shape, "ignoredProperties") for m in members(node)]
            besides = [Value(_(" and ")), *joined(others, ", ", _(" and "))] if others else []
            phrases.append([Value(_("no properties but those below")), *besides])
        said = [phrase for phrase in phrases if phrase]
        count = self.count(shape, "minCount", "maxCount")
        if not count and said and self.one(shape, "path") and not qualified:
            count = _("any number")
        return joined([[Value(count)], *said] if count else said, ", ")

    def count(self, shape: Term, least: str, most: str) -> str:
        """How many values there are, nothing where any number will do."""
        stated = [written(found) if (found := self.one(shape, one)) else "" for one in (least, most)]
        low, high = (int(text) if re.fullmatch(r"[0-9]{1,9}", text) else None for text in stated)
        if high == 0:
            return _("none")
        if low and high and low != high:
            return _("%(low)s to %(high)s") % {"low": low, "high": high}
        number = low or high
        if not number:
            return ""
        form = message("exactly {}") if low and high else message("at least {}") if low else message("at most {}")
        return _(form).format(_("one") if number == 1 else number)

    @property
    def sayings(self) -> dict[str, Callable[[Term], Phrase]]:
        """How each constraint is said, in the order in which they are."""
        true, members = Literal(True), self.reader.members
        return {
            "class": self.instance,
            "datatype": self.datatype,
            "nodeKind": lambda kind: [Value(_(KINDS.get(local_name(written(kind)), written(kind))))],
            "node": lambda node: [Value(_("that fits ")), *self.shape(node)],
            "or": lambda node: joined([self.shape(m) for m in members(node)], ", ", _(" or ")),
            "xone": lambda node: [Value(_("just one of: ")), *joined([self.shape(m) for m in members(node)], ", ")],
            "and": lambda node: joined([self.shape(m) for m in members(node)], ", ", _(" and ")),
            "not": lambda node: [Value(_("not ")), *self.shape(node)],
            "in": self.choice,
            "hasValue": lambda value: [Value(_("among them ")), self.named(value)],
            "languageIn": lambda node: [Value(_("in the language ") + _(" or ").join(map(written, members(node))))],
            "uniqueLang": lambda value: [Value(_("one in each language"))] if value == true else [],
            **{parameter: self.bound(text) for parameter, text in BOUNDS.items()},
            **{parameter: self.pair(text) for parameter, text in PAIRS.items()},
        }  # fmt: skip

    def bound(self, text: str) -> Callable[[Term], Phrase]:
        """A bound of a value or of its length."""
        return lambda value: [Value(_(text).format(self.named(value).text))]

    def pair(self, text: str) -> Callable[[Term], Phrase]:
        """A comparison with the values of another property."""
        return lambda value: [Value(_(text)), self.named(value)]

    def instance(self, kind: Term) -> Phrase:
        """That a value belongs to a class."""
        value = self.named(kind)
        return [Value(_("an ") if value.text[:1].lower() in tuple("aeio") else _("a ")), value]

    def datatype(self, kind: Term) -> Phrase:
        """That a value has a datatype."""
        code, known = Value(self.names.term(kind).replace("\\", ""), kind="code"), DATATYPES.get(written(kind))
        return [Value(f"{_(known)} "), code] if known else [code]

    def choice(self, node: Term) -> Phrase:
        """That a value is one of a few."""
        members = self.reader.members(node)
        listed = joined([[self.named(m)] for m in members[:SHOWN]], ", ", None if members[SHOWN:] else _(" or "))
        rest = [Value(_(" and %(number)s more") % {"number": len(members) - SHOWN})] if members[SHOWN:] else []
        return [Value(_("one of ")), *listed, *rest]

    def shape(self, node: Term) -> Phrase:
        """A shape inside another: in its own words, or by its name where it has none."""
        return self.once(node, self.words) or [self.named(node)]
