"""The JSON-LD context of tidy JSON: which key stands for which property, and in what form its values are written.

A context that is published never changes: `ontology/context-v1.jsonld` of a root is served as it is, and a change makes
`context-v2.jsonld`. A root without one gets a context made from its ontology, its shapes and, where these are silent,
from its facts.
"""

import json
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from citygraph.constraints import LANG_STRING, STRING, Vocabulary, vocabulary
from citygraph.dataset import Dataset, checkout, load
from citygraph.engine import Embedded, Engine
from citygraph.labels import local_name
from citygraph.namespaces import PREFIXES, RDF_TYPE

KEYWORDS = {"id": "@id", "type": "@type", "value": "@value", "included": "@included"}
HYDRA = "http://www.w3.org/ns/hydra/core#"
LIST: dict[str, object] = {
    "Collection": HYDRA + "Collection",
    "items": {"@id": HYDRA + "member", "@container": "@set"},
    "total": {"@id": HYDRA + "totalItems", "@type": PREFIXES["xsd"] + "integer"},
    "first": {"@id": HYDRA + "first", "@type": "@id"},
    "prev": {"@id": HYDRA + "previous", "@type": "@id"},
    "next": {"@id": HYDRA + "next", "@type": "@id"},
    "last": {"@id": HYDRA + "last", "@type": "@id"},
}
"""What a list says of itself and its pages."""
SCHEMES = {"geo", "tag", "data", "urn", "http", "https", "mailto", "tel", "info"}
"""A prefix of such a name would be taken to shorten whatever IRI has that scheme."""
TERM = re.compile(r"[A-Za-z][\w-]*", re.ASCII)
FILE = "context-v{}.jsonld"


@dataclass(frozen=True)
class Key:
    """How a property is written. `form` is a datatype, "@id" (addresses), "@language" (text by language), or "" where
    each value says for itself what it is; `single` is one value, or one a language, instead of an array."""

    name: str
    form: str
    single: bool


@dataclass(frozen=True)
class Context:
    """A context as it is served: `text` is the JSON document, from which the keys, classes and prefixes are read by
    their IRIs. `final` is one that a root has published, which never changes."""

    version: str
    text: bytes
    final: bool
    keys: Mapping[str, Key] = field(repr=False)
    classes: Mapping[str, str] = field(repr=False)
    prefixes: Mapping[str, str] = field(repr=False)

    @property
    def path(self) -> str:
        """Where it stands below the address of the site."""
        return f"context/{self.version}.jsonld"

    def key(self, iri: str) -> Key:
        """How a property is written; one that the context does not have by its prefix, else by its IRI."""
        return self.keys.get(iri) or Key(shortened(iri, self.prefixes), "", False)


def published(root: Path) -> dict[str, bytes]:
    """The contexts that a root has published, by version, the newest last."""
    found = {}
    for path in (root / "ontology").glob(FILE.format("*")):
        if stated := re.fullmatch(r"context-v([1-9]\d*)\.jsonld", path.name):
            found[int(stated[1])] = path.read_bytes()
    return {f"v{number}": found[number] for number in sorted(found)}


def contexts(dataset: Dataset, engine: Engine) -> dict[str, Context]:
    """Every context that a dataset has, by version, the newest (which its documents name) last."""
    texts = published(dataset.root)
    if not texts:
        return {"v1": read("v1", generated(dataset, engine), final=False)}
    return {version: read(version, text) for version, text in texts.items()}


def read(version: str, text: bytes, final: bool = True) -> Context:
    """A context from its document. Raises `ValueError` for what is no JSON, `KeyError` for what is no context."""
    keys, classes, prefixes = {}, {}, {}
    for term, stated in json.loads(text)["@context"].items():
        iri = stated["@id"] if isinstance(stated, dict) else stated
        if term.startswith("@") or term in KEYWORDS or iri.startswith("@"):
            continue
        if isinstance(stated, dict):
            container = stated.get("@container", [])
            form = "@language" if "@language" in container else stated.get("@type", "")
            keys[iri] = Key(term, form, "@set" not in container)
        elif iri[-1] in "/#:":
            prefixes[iri] = term
        else:
            classes[iri] = term
    return Context(version, text, final, keys, classes, prefixes)


def generated(dataset: Dataset, engine: Engine) -> bytes:
    """The context that ontology, shapes and facts make, as a JSON document."""
    said = vocabulary(dataset, engine)
    properties = {*said.types, *said.used, *said.everywhere, *(p for c in said.shaped.values() for p in c)}
    properties -= {RDF_TYPE.value}
    classes = said.classes | set(said.shaped)
    own = dataset.base + "ontology#"
    fixed: dict[str, object] = {"@version": 1.1, **KEYWORDS, **LIST}
    first = [sorted(iris, key=lambda iri: rank(iri, own, said)) for iris in (properties, classes)]
    names = named([iri for iris in first for iri in iris], set(fixed))
    prefixes = {
        prefix: space
        for prefix, space in sorted(dataset.prefixes.items())
        if prefix not in {*fixed, *names} and usable(prefix, space, properties | classes)
    }
    spaces = {space: prefix for prefix, space in prefixes.items()}
    for iri in sorted((properties | classes) - set(names.values())):
        if (term := shortened(iri, spaces)) != iri:
            names[term] = iri
    ordered = sorted(names.items(), key=lambda pair: (pair[0].casefold(), pair[0]))
    made = {term: iri if iri not in properties else definition(iri, said) for term, iri in ordered}
    return (json.dumps({"@context": {**fixed, **prefixes, **made}}, ensure_ascii=False, indent=2) + "\n").encode()


def rank(iri: str, own: str, said: Vocabulary) -> tuple[int, str]:
    """Who gets a name that several would have: our own terms, then what our shapes speak of, then the rest."""
    return (0 if iri.startswith(own) else 1 if said.stated(iri) or iri in said.shaped else 2, iri)


def named(iris: Iterable[str], taken: set[str]) -> dict[str, str]:
    """The IRIs by the names that they end with, the first come first served; the others are left out."""
    found: dict[str, str] = {}
    for iri in iris:
        term = local_name(iri)
        if TERM.fullmatch(term) and term not in taken and term not in found:
            found[term] = iri
    return found


def usable(prefix: str, space: str, terms: Iterable[str]) -> bool:
    """Whether a prefix is one of vocabularies: well known, or that of a term of ours."""
    known = space in PREFIXES.values() or any(shortened(iri, {space: prefix}) != iri for iri in terms)
    return known and space[-1] in "/#" and TERM.fullmatch(prefix) is not None and prefix not in SCHEMES


def shortened(iri: str, spaces: Mapping[str, str]) -> str:
    """An IRI as `prefix:name` where a prefix fits, else as it is."""
    for space, prefix in spaces.items():
        if iri.startswith(space) and TERM.fullmatch(iri.removeprefix(space)):
            return f"{prefix}:{iri.removeprefix(space)}"
    return iri


def definition(iri: str, said: Vocabulary) -> dict[str, object]:
    """The definition of a property: how its values are written, and whether as an array."""
    form = form_of(iri, said)
    if form == "@language":
        alone = said.one_a_language(iri)
        return {"@id": iri, "@container": "@language" if alone else ["@language", "@set"]}
    coerced = {"@type": form} if form else {}
    return {"@id": iri, **coerced, **({} if said.single(iri) else {"@container": "@set"})}


def form_of(iri: str, said: Vocabulary) -> str:
    """The form of a property's values, as shapes and ontology state it; where they are silent, as the facts have it."""
    if said.refers(iri):
        return ""
    if said.addresses(iri):
        return "@id"
    datatypes = said.datatypes(iri) or said.used.get(iri, {None})
    if datatypes == {LANG_STRING}:
        return "@language"
    (only,) = datatypes if len(datatypes) == 1 else (None,)
    return "" if only in (None, STRING) else str(only)


def main(arguments: list[str]) -> None:
    """Print the context of a root, to be published: `python -m citygraph.context [ROOT] > …/context-v2.jsonld`."""
    dataset = load(Path(arguments[0]) if arguments else checkout())
    engine = Embedded(dataset, workers=0)
    sys.stdout.buffer.write(generated(dataset, engine))


if __name__ == "__main__":
    main(sys.argv[1:])
