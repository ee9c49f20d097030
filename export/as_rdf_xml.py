"""RDF/XML: one `rdf:Description` a thing, with a namespace declared where it is needed."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from citygraph.namespaces import PREFIXES
from export.facts import Fact, NotWritable, Section, literal, read, unescaped

RDF = PREFIXES["rdf"]
START = "A-Za-z_\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u3001-\ud7ff\U00010000-\U000effff"
LOCAL = re.compile(f"[{START}][{START}0-9.\u00b7\u0300-\u036f-]*$")
"""The longest end of an IRI that XML takes for a name."""
NAME = re.compile(f"[{START}][{START}0-9.-]*")
RESERVED = frozenset("RDF ID about parseType resource nodeID datatype Description li bagID aboutEach".split())
NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
SPECIAL = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff&<>]")
TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
ATTRIBUTE = TEXT | {ord('"'): "&quot;", ord("\t"): "&#9;", ord("\n"): "&#10;"}
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


class Writer:
    """Writes things as elements, by a table of prefixes."""

    def __init__(self, prefixes: Mapping[str, str]) -> None:
        usable = {"rdf": RDF} | {
            prefix: space for prefix, space in sorted(prefixes.items()) if NAME.fullmatch(prefix) and prefix != "rdf"
        }
        self.spaces = {prefix: space for prefix, space in usable.items() if not prefix.lower().startswith("xml")}
        self.prefix = {space: prefix for prefix, space in reversed(self.spaces.items())}
        self.elements: dict[str, tuple[str, str]] = {}

    def declared(self) -> str:
        """The element that holds all others, opened."""
        names = [f'xmlns:{prefix}="{space.translate(ATTRIBUTE)}"' for prefix, space in self.spaces.items()]
        return "\n    ".join([f"{HEAD}<rdf:RDF", *names]) + ">\n"

    def thing(self, subject: str, facts: Sequence[Fact]) -> str:
        """A thing with its facts."""
        lines = [self.fact(predicate, value) for predicate, value in facts]
        return f"<rdf:Description {node(subject, 'about')}>\n{''.join(lines)}</rdf:Description>\n"

    def fact(self, predicate: str, value: str) -> str:
        """A property with its value."""
        start, name = self.elements.get(predicate) or self.element(predicate)
        if value[0] != '"':
            return f"  <{start} {node(value, 'resource')}/>\n"
        said, language, datatype = literal(value)
        if "--" in language:
            raise NotWritable(f"a text with a direction ({language}) is none that RDF/XML can carry")
        text = unescaped(said)
        if SPECIAL.search(text):
            text = text.translate(TEXT)
            if found := NOT_XML.search(text):
                raise NotWritable(f"a text has the character U+{ord(found[0]):04X}, which XML cannot carry")
        kind = f' xml:lang="{language}"' if language else ""
        if datatype:
            kind = f' rdf:datatype="{datatype[1:-1].translate(ATTRIBUTE)}"'
        return f"  <{start}{kind}>{text}</{name}>\n"

    def element(self, predicate: str) -> tuple[str, str]:
        """What opens and what closes the element of a property."""
        iri = predicate[1:-1]
        found = LOCAL.search(iri)
        if found is None or found.start() == 0 or (iri.startswith(RDF) and found[0] in RESERVED):
            raise NotWritable(f"{iri} is no property that RDF/XML can name")
        space, local = iri[: found.start()], found[0]
        # A declared namespace may end within what XML takes for a name.
        known = [other for other in self.prefix if iri.startswith(other) and NAME.fullmatch(iri[len(other) :])]
        if known:
            space = max(known, key=len)
            local = iri[len(space) :]
            name = f"{self.prefix[space]}:{local}"
            self.elements[predicate] = (name, name)
        else:
            name = f"ns:{local}"
            self.elements[predicate] = (f'{name} xmlns:ns="{space.translate(ATTRIBUTE)}"', name)
        return self.elements[predicate]


def node(text: str, role: str) -> str:
    """The attribute that says which node is meant, as the subject (`about`) or as a value (`resource`)."""
    if text.startswith("<<"):
        raise NotWritable("something is said of a statement, which RDF/XML cannot carry")
    if text[0] == "<":
        iri = text[1:-1]
        # An IRI has neither quotes nor brackets in it.
        return f'rdf:{role}="{iri.replace("&", "&amp;") if "&" in iri else iri}"'
    return f'rdf:nodeID="{text[2:]}"'


def file(sections: Sequence[Section], prefixes: Mapping[str, str], out: Path) -> None:
    """Write a graph. Raises `NotWritable`."""
    writer = Writer(prefixes)
    with out.open("w", encoding="utf-8", newline="\n") as file:
        file.write(writer.declared())
        for section in sections:
            file.writelines(writer.thing(*thing) for thing in read(section.path))
        file.write("</rdf:RDF>\n")
