"""What a request asks of a named query: its parameters, checked and typed, and the text to ask."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches

from pyoxigraph import Literal, NamedNode

from citygraph import lists
from citygraph.lists import XSD
from citygraph.named.catalogue import LANGUAGE
from citygraph.names import MOST_CHOICES, Index
from citygraph.protocol import BadRequest
from citygraph.queries import Parameter, Query

MOST_PROPOSED = 2000
"""Values up to which a field proposes them while one writes."""
COMMON = (
    Parameter("lang", XSD + "language", "The language of names: en unless told."),
    Parameter("format", XSD + "token", "The format, before what Accept says."),
)
NUMBER = re.compile(r"[+-]?(\d{1,18}(\.\d{0,24})?|\.\d{1,24})([eE][+-]?\d{1,3})?", re.ASCII)
"""A number as programs write it. xsd:decimal has no exponent, so its nine places stand for it."""
INPUTS = {XSD + "date": "date", XSD + "string": "search"}
"""What an input of a form is for values of a datatype; numbers are text, since browsers write them with a comma."""


@dataclass(frozen=True)
class Asked:
    """A query as it is asked: `given` is what the address says of its parameters, `text` what the engine is asked."""

    query: Query
    given: dict[str, str]
    text: str


@dataclass(frozen=True)
class Field:
    """A parameter in the form: `choices` are its values with their labels; where they are many, `proposed` are."""

    name: str
    comment: str
    value: str
    input: str
    choices: Mapping[str, str]
    proposed: Mapping[str, str]
    optional: bool
    bounds: tuple[float, float] | None


def read(query: Query, given: Sequence[tuple[str, str]], index: Index, language: str) -> Asked:
    """What a request asks. Raises `BadRequest` that names what there is instead; a parameter without a value is one
    that nobody gave, since forms send them."""
    known = {parameter.name: parameter for parameter in (*query.declared, *COMMON)}
    said: dict[str, str] = {}
    for key, value in given:
        if key not in known:
            near = get_close_matches(key, known, len(known), 0.6)
            raise BadRequest(f"This query has no parameter {key[:80]!r}; it takes {', '.join(known)}.",
                             allowed=list(dict.fromkeys([*near, *known])))  # fmt: skip
        if value.strip() and said.setdefault(key, value.strip()) != value.strip():
            raise BadRequest(f"{key} is there twice; give it once.")
    own = {parameter.name: said[parameter.name] for parameter in query.declared if parameter.name in said}
    terms = {name: term(query, known[name], value, index) for name, value in own.items()}
    if LANGUAGE in query.parameters:
        terms[LANGUAGE] = Literal(language)
    return Asked(query, own, query.filled(terms))


def term(query: Query, parameter: Parameter, value: str, index: Index) -> NamedNode | Literal:
    """The term that a value means, within the bounds of its parameter. Raises `BadRequest`."""
    if parameter.kind == XSD + "decimal" and NUMBER.fullmatch(value):
        value = f"{Decimal(value):.9f}"
    found = lists.term(parameter, value, index)
    low, high = query.bounds.get(parameter.name, (float("-inf"), float("inf")))
    if parameter.name in query.bounds and not low <= float(found.value) <= high:
        raise BadRequest(f"{parameter.name} is a number from {low:g} to {high:g}; {value[:80]!r} is not.")
    return found


def default(query: Query, parameter: Parameter, index: Index) -> str:
    """What a parameter is when nobody says, as an address says it; nothing for one that is left out then."""
    found = query.defaults.get(parameter.name)
    if isinstance(found, NamedNode):
        return index.of(parameter.kind).short_of(found.value)
    return found.value if found else ""


def fields(query: Query, given: Mapping[str, str], index: Index, language: str) -> list[Field]:
    """The parameters of a query as a form to fill in; those of a class with few things as choices."""
    made = []
    for parameter in query.declared:
        value = given.get(parameter.name, "").strip() or default(query, parameter, index)
        known: Mapping[str, str] = {}
        if parameter.kind not in lists.LITERALS:
            names = index.of(parameter.kind)
            known = index.choices(parameter.kind, language) if len(names.things) <= MOST_PROPOSED else {}
            value = names.short_of(iri) if (iri := names.find(value)) else value
        optional = parameter.name not in query.defaults
        bounds = query.bounds.get(parameter.name)
        kind = INPUTS.get(parameter.kind, "text")
        lists_ = (known, {}) if len(known) <= MOST_CHOICES else ({}, known)
        made.append(Field(parameter.name, parameter.comment, value, kind, *lists_, optional, bounds))
    return made


def example(query: Query, index: Index) -> dict[str, str]:
    """Parameters to show how one asks: the defaults, as the address says them."""
    return {p.name: value for p in query.declared if (value := default(query, p, index))}
