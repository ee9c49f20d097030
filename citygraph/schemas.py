"""JSON Schemas of tidy JSON: one for each class, from what ontology and shapes say of its properties."""

import re
from collections.abc import Iterable

from pyoxigraph import Literal

from citygraph.constraints import INTEGER, LANG_STRING, STRING, XSD, Said, Vocabulary
from citygraph.context import Context, Key, shortened

Schema = dict[str, object]

DATE = r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"
FORMS = {
    XSD + "decimal": ("A decimal number as text, exactly as it is recorded.", r"^[+-]?\d*\.?\d+$"),
    XSD + "date": ("A day.", f"^-?{DATE}$"),
    XSD + "gYear": ("A year.", r"^-?\d{4}$"),
    XSD + "gYearMonth": ("A month.", r"^-?\d{4}-(0[1-9]|1[0-2])$"),
}
"""How datatypes that JSON does not have are written."""
IRI: Schema = {"type": "string", "format": "iri", "description": "The IRI of the thing, which names it everywhere."}
LANGUAGE = "^([A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*|@none)$"
COMMON: dict[str, Schema] = {
    "Thing": {
        "type": "object",
        "description": "Whatever has an IRI; where it is only referred to, with its types and names alone.",
        "required": ["id"],
        "properties": {"id": IRI, "type": {"type": "array", "items": {"type": "string"}, "minItems": 1}},
    },
    "Text": {
        "type": "object",
        "description": "One text in each language, by language tag.",
        "propertyNames": {"pattern": LANGUAGE},
        "additionalProperties": {"type": "string"},
    },
    "Texts": {
        "type": "object",
        "description": "Texts in each language, by language tag.",
        "propertyNames": {"pattern": LANGUAGE},
        "additionalProperties": {"type": "array", "items": {"type": "string"}, "minItems": 1},
    },
    "Problem": {
        "type": "object",
        "description": "What went wrong (RFC 9457).",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": {"type": "string", "format": "uri-reference"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string", "description": "What happened, and what to do."},
            "hint": {"type": "string"},
            "line": {"type": "integer"},
            "column": {"type": "integer"},
            "allowed": {"type": "array", "items": {"type": "string"}, "description": "The values that are nearest."},
            "offers": {"type": "array", "items": {"type": "string"}, "description": "The formats that there are."},
        },
    },
}
ALIKE = re.compile(r"[\w^$.\-+*?()|\[\]{}/:#@,; =]*", re.ASCII)
"""Patterns that SPARQL and JSON Schema read alike."""


def reference(name: str) -> Schema:
    """A schema by its name."""
    return {"$ref": f"#/components/schemas/{name}"}


def schemas(said: Vocabulary, context: Context) -> dict[str, Schema]:
    """The schema of each class of which something is said, by its name, and those that they share."""
    found = {name: of_class(iri, said, context) for iri, name in names(said, context).items()}
    return {**COMMON, **{name: found[name] for name in sorted(found)}}


def names(said: Vocabulary, context: Context) -> dict[str, str]:
    """The names of the classes that have a schema, by IRI: those that the context has a word for."""
    classes = set(said.shaped) | set(said.domains)
    return {
        iri: name
        for iri in sorted(classes)
        if re.fullmatch(r"[\w.-]+", name := context.classes.get(iri, ":")) and name not in COMMON
    }


def of_class(iri: str, said: Vocabulary, context: Context) -> Schema:
    """The schema of a class. What its shapes demand is demanded of documents only, in `required_of`: things that are
    referred to are cut short."""
    shaped = said.shaped.get(iri, {})
    properties = {}
    for term in {*shaped, *said.domains.get(iri, ())}:
        key = context.key(term)
        properties[key.name] = of_property(term, key, shaped.get(term, Said()), said, context)
    made: Schema = {"type": "object"}
    if iri in said.comments:
        made["description"] = said.comments[iri]
    thing = COMMON["Thing"]["properties"]
    assert isinstance(thing, dict)
    return {**made, "required": ["id"], "properties": {**thing, **dict(sorted(properties.items()))}}


def required_of(iri: str, said: Vocabulary, context: Context) -> list[str]:
    """The keys that every thing of a class has in its own document."""
    must = [term for term, told in said.shaped.get(iri, {}).items() if (told.number("minCount") or 0) > 0]
    return ["@context", "id", "type", *sorted(context.key(term).name for term in must)]


def of_property(term: str, key: Key, told: Said, said: Vocabulary, context: Context) -> Schema:
    """The schema of what stands under a key."""
    about = {"description": said.comments[term]} if term in said.comments else {}
    if key.form == "@language":
        return {**reference("Text" if key.single else "Texts"), **about}
    one = value(term, key, told, said, context)
    if key.single:
        return {**one, **about}
    return {"type": "array", "items": one, "minItems": 1, **about}


def value(term: str, key: Key, told: Said, said: Vocabulary, context: Context) -> Schema:
    """The schema of one value."""
    if key.form == "@id":
        return {"type": "string", "format": "iri"}
    if key.form:
        return coerced(key.form, told)
    if said.refers(term):
        return thing(term, said, context)
    datatypes = said.datatypes(term)
    if not datatypes:
        datatypes = {kind or "" for kind in said.used.get(term, set())}
    if datatypes == {STRING}:
        return text(told)
    if datatypes and "" not in datatypes and LANG_STRING not in datatypes:
        return typed(datatypes, context)
    return reference("Thing") if datatypes == {""} else {}


def thing(term: str, said: Vocabulary, context: Context) -> Schema:
    """The schema of what a property refers to: that of its class, where there is one and only one."""
    classes = {t.value for s in said.stated(term) for t in s.values.get("class", [])} or said.ranges.get(term, set())
    known = [name for iri, name in names(said, context).items() if iri in classes]
    return reference(known[0] if len(known) == len(classes) == 1 else "Thing")


def coerced(datatype: str, told: Said) -> Schema:
    """The schema of values of one datatype."""
    if datatype == INTEGER:
        limits = {"minInclusive": "minimum", "maxInclusive": "maximum"}
        stated = {name: n for limit, name in limits.items() if (n := told.number(limit)) is not None}
        return {"type": "integer", **stated}
    if datatype == XSD + "boolean":
        return {"type": "boolean"}
    comment, pattern = FORMS.get(datatype, ("", ""))
    return {"type": "string", **({"description": comment, "pattern": pattern} if comment else {})}


def text(told: Said) -> Schema:
    """The schema of plain text: the values that are allowed, or the pattern that they have."""
    allowed = [term.value for term in told.values.get("in", []) if isinstance(term, Literal)]
    if allowed:
        return {"type": "string", "enum": allowed}
    patterns = [term.value for term in told.values.get("pattern", [])]
    alike = [pattern for pattern in patterns if ALIKE.fullmatch(pattern)]
    return {"type": "string", **({"pattern": alike[0]} if len(alike) == 1 else {})}


def typed(datatypes: Iterable[str], context: Context) -> Schema:
    """The schema of values of several datatypes: each says which it is of."""
    kinds = sorted(shortened(datatype, context.prefixes) for datatype in datatypes)
    return {
        "type": "object",
        "description": "A value and its datatype, which says how exactly it is known.",
        "required": ["value", "type"],
        "properties": {"value": {"type": "string"}, "type": {"type": "string", "enum": kinds}},
    }


def collection(item: Schema) -> Schema:
    """The schema of a page of a list."""
    address = {"type": "string", "format": "uri"}
    return {
        "type": "object",
        "required": ["@context", "id", "type", "total", "items"],
        "properties": {
            "@context": address,
            "id": {**address, "description": "The address of the page."},
            "type": {"type": "array", "items": {"type": "string"}, "contains": {"const": "Collection"}},
            "total": {"type": "integer", "minimum": 0, "description": "Things in the whole list."},
            **{name: {**address, "description": f"The {name} page."} for name in ("first", "prev", "next", "last")},
            "items": {"type": "array", "items": item},
            "included": {"type": "array", "items": reference("Thing"), "description": "What items refer to."},
        },
    }
