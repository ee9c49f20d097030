"""JSON-LD: the context, then one thing a line, which a reader can take one by one.

The keys and the forms of values are those of tidy JSON (`citygraph.context`), but nothing is nested and nothing is left
out: each thing is one object of `@graph`, and what it refers to stands there by its `id`.
"""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from pyoxigraph import Literal, NamedNode

from citygraph import tidy
from citygraph.context import Context, Key, shortened
from export.facts import TYPE, Fact, NotWritable, Section, literal, read, unescaped

ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Writer:
    """Writes things as objects, by a context."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.keys: dict[str, Key] = {}
        self.classes: dict[str, str] = {}
        self.typed = lru_cache(1 << 16)(self._typed)

    def thing(self, subject: str, facts: Sequence[Fact]) -> str:
        """A thing as a line of JSON."""
        made: dict[str, Any] = {"id": node(subject)}
        values: dict[str, list[str]] = {}
        for predicate, value in facts:
            if predicate == TYPE and value[0] == "<":
                made.setdefault("type", []).append(self.class_of(value))
            else:
                values.setdefault(predicate, []).append(value)
        for predicate, said in values.items():
            self.put(made, self.keys.get(predicate) or self.key(predicate), predicate, said)
        return ENCODE(made)

    def class_of(self, text: str) -> str:
        """What a class is called."""
        if text not in self.classes:
            iri = text[1:-1]
            self.classes[text] = self.context.classes.get(iri) or shortened(iri, self.context.prefixes)
        return self.classes[text]

    def key(self, predicate: str) -> Key:
        """How a property is written. A literal as a class is written under the IRI of the property."""
        iri = predicate[1:-1]
        self.keys[predicate] = Key(iri, "", False) if predicate == TYPE else self.context.key(iri)
        return self.keys[predicate]

    def put(self, made: dict[str, Any], key: Key, predicate: str, values: Sequence[str]) -> None:
        """Put the values of a property under its key; those that its form cannot carry under its IRI."""
        if key.form != "@language":
            written = [self.value(text, key.form) for text in values]
            made[key.name] = written[0] if key.single and len(written) == 1 else written
            return
        texts: dict[str, list[str]] = {}
        others = []
        for text in values:
            said, language, datatype = literal(text) if text[0] == '"' else ("", "", text)
            if datatype or "--" in language:
                others.append(self.value(text, ""))
            else:
                texts.setdefault(language or "@none", []).append(unescaped(said))
        if texts:
            made[key.name] = {
                tag: said[0] if key.single and len(said) == 1 else said for tag, said in sorted(texts.items())
            }
        if others:
            made[predicate[1:-1]] = others

    def value(self, text: str, form: str) -> object:
        """One value, in the form of its key where it is of that form."""
        if text[0] != '"':
            iri = node(text)
            return iri if form == "@id" and not iri.startswith("_:") else {"id": iri}
        said, language, datatype = literal(text)
        if not datatype and not language:
            return tidy.literal(Literal(unescaped(said)), form, self.context.prefixes)
        return self.typed(said, language, datatype, form)

    def _typed(self, said: str, language: str, datatype: str, form: str) -> object:
        if "--" in language:
            raise NotWritable(f"a text with a direction ({language}) is none that readers of JSON-LD agree on")
        text = unescaped(said)
        term = Literal(text, language=language) if language else Literal(text, datatype=NamedNode(datatype[1:-1]))
        return tidy.literal(term, form, self.context.prefixes)


def node(text: str) -> str:
    """An IRI or a blank node. Raises `NotWritable` for a triple."""
    if text.startswith("<<"):
        raise NotWritable("something is said of a statement, which JSON-LD cannot carry")
    return text[1:-1] if text[0] == "<" else text


def file(sections: Sequence[Section], context: Context, out: Path) -> None:
    """Write a graph. Raises `NotWritable`."""
    writer = Writer(context)
    stated: Mapping[str, object] = json.loads(context.text)["@context"]
    with out.open("w", encoding="utf-8", newline="\n") as file:
        file.write(f'{{"@context":{ENCODE(stated)},\n"@graph":[')
        before = "\n"
        for section in sections:
            for thing in read(section.path):
                file.write(before + writer.thing(*thing))
                before = ",\n"
        file.write("\n]}\n")
