"""What a release changed, thing by thing: read from the difference of two states, kept as JSON, told in words.

A node that hangs on a thing (`city/lyon#geo`) belongs to the thing; a term of a vocabulary is a thing of its own.
"""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from pyoxigraph import Literal, NamedNode, Triple

from citygraph import difference
from citygraph.difference import Change
from citygraph.labels import NAMING, Term, in_words, local_name, pick, shortened, written
from citygraph.namespaces import RDF_TYPE

FACTS = 50_000
"""Facts of a difference that are told thing by thing; beyond them a release only counts."""
NAMES = {iri: rank for rank, iri in enumerate(NAMING)}
NAMED = re.compile(b"> (?:" + b"|".join(re.escape(f"<{iri}>".encode()) for iri in NAMING) + b") ")
"""A fact that names something."""
ADDED, REMOVED = "added", "removed"

Node = dict[str, str]
"""A term in JSON: `iri`, or `blank`, or `value` with `language` or `datatype`."""


@dataclass(frozen=True)
class Changes:
    """What a release changed against the one before, whose version is `previous` (None for the first). `things` have
    their facts, `labels` the names of all that they mention, by language; `told` is False where there were too many
    facts to tell them thing by thing."""

    version: str
    previous: str | None
    added: int
    removed: int
    things: list[dict[str, Any]] = field(default_factory=list)
    labels: dict[str, dict[str, str]] = field(default_factory=dict)
    told: bool = True

    def text(self) -> str:
        """The document, the same for the same change."""
        return json.dumps(vars(self), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def read(folder: Path) -> Changes | None:
    """What a release says that it changed; None where that is not to be read."""
    try:
        return Changes(**json.loads((folder / "changes.json").read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None


@dataclass
class Collected:
    """What has gone by of a difference."""

    base: str
    added: int = 0
    removed: int = 0
    kept: list[Change] = field(default_factory=list)

    def add(self, change: Change) -> None:
        """Take note of a change."""
        if change.added:
            self.added += 1
        else:
            self.removed += 1
        if len(self.kept) < FACTS:
            self.kept.append(change)

    @property
    def told(self) -> bool:
        """Whether all of it is kept."""
        return self.added + self.removed == len(self.kept)


def collected(found: Collected, version: str, previous: str, old: Path, new: Path) -> Changes:
    """A difference as a document; names and classes come from both states, from the new one first."""
    if not found.told:
        return Changes(version, previous, found.added, found.removed, told=False)
    facts: dict[str, list[tuple[Triple, Change]]] = defaultdict(list)
    for change in found.kept:
        fact = difference.fact(change.line.text)
        facts[thing_of(fact.subject, found.base)].append((fact, change))
    after, before = known(new, found.base, facts.keys()), known(old, found.base, facts.keys())
    things: list[dict[str, Any]] = []
    for iri, mine in sorted(facts.items()):
        state = "changed" if iri in after and iri in before else "new" if iri in after else "gone"
        classes = after.get(iri) or before.get(iri) or []
        things.append({"iri": iri, "classes": classes, "state": state, "facts": told(mine)})
    mentioned = {iri for thing in things for iri in [thing["iri"], *thing["classes"]]}
    terms = (term for mine in facts.values() for fact, _ in mine for term in fact)
    mentioned |= {term.value for term in terms if isinstance(term, NamedNode)}
    labels = names(old, found.base, mentioned) | names(new, found.base, mentioned)
    return Changes(version, previous, found.added, found.removed, things, labels)


def thing_of(subject: Term, base: str) -> str:
    """The IRI of the thing that a fact belongs to; nothing for those of blank nodes."""
    if not isinstance(subject, NamedNode):
        return ""
    document, hash, _ = subject.value.partition("#")
    apart = not hash or not document.startswith(base) or document in (f"{base}ontology", f"{base}shapes")
    return subject.value if apart else document


def told(mine: list[tuple[Triple, Change]]) -> list[dict[str, Any]]:
    """The facts of one thing by subject, property and language, each with what went and what came."""
    rows: dict[tuple[str, str, str], dict[str, Any]] = {}
    for fact, change in mine:
        language = (fact.object.language or "") if isinstance(fact.object, Literal) else ""
        place = (str(fact.subject), fact.predicate.value, language)
        row = rows.setdefault(place, {"subject": written(fact.subject), "property": fact.predicate.value,
                                      ADDED: [], REMOVED: [], "derived": True})  # fmt: skip
        row[ADDED if change.added else REMOVED].append(node(fact.object))
        row["derived"] = row["derived"] and change.line.derived
    return [rows[place] for place in sorted(rows)]


def node(term: Term) -> Node:
    """A term in JSON."""
    if isinstance(term, NamedNode):
        return {"iri": term.value}
    if isinstance(term, Literal):
        more = {"language": term.language} if term.language else {"datatype": term.datatype.value}
        return {"value": term.value, **more}
    return {"blank": written(term)}


def known(path: Path, base: str, things: Collection[str]) -> dict[str, list[str]]:
    """The classes of those things that a state says anything of."""
    found: dict[str, list[str]] = {}
    kind, last, thing = str(RDF_TYPE).encode(), b"", ""
    for line in difference.lines(path, base):
        subject, predicate, rest = line.text.split(b" ", 2)
        if subject != last:
            last, iri = subject, subject[1:-1].decode() if subject.startswith(b"<") else ""
            thing = thing_of(NamedNode(iri), base) if iri else ""
        if thing not in things:
            continue
        classes = found.setdefault(thing, [])
        if predicate == kind and iri == thing and rest.startswith(b"<"):
            classes.append(rest[1:-1].decode())
    # A class of the graph's own says more than one that others have too.
    return {iri: sorted(classes, key=lambda c: (not c.startswith(base), c)) for iri, classes in found.items()}


def names(path: Path, base: str, mentioned: set[str]) -> dict[str, dict[str, str]]:
    """The names of things by language, each by the first naming property that it has there."""
    best: dict[tuple[str, str], tuple[int, str]] = {}
    for line in difference.lines(path, base, NAMED):
        subject, predicate, _ = line.text.split(b" ", 2)
        rank = NAMES.get(predicate[1:-1].decode())
        if rank is None or subject[1:-1].decode() not in mentioned:
            continue
        value = difference.fact(line.text).object
        if isinstance(value, Literal):
            place = (subject[1:-1].decode(), value.language or "")
            best[place] = min(best.get(place, (rank, value.value)), (rank, value.value))
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for (iri, language), (_, text) in sorted(best.items()):
        found[iri][language] = text
    return dict(found)


class Fact(NamedTuple):
    """One property of a thing, in words: of which part, what it was, what it is."""

    part: str
    property: str
    removed: list[str]
    added: list[str]
    derived: bool


class Thing(NamedTuple):
    """A thing that changed, in words. `kind` is the name of its class, `state` new, changed or gone."""

    iri: str
    name: str
    kind: str
    state: str
    facts: list[Fact]


def in_language(changes: Changes, language: str) -> list[Thing]:
    """The things that changed, class by class, in the order of their names; what is known of each, in a language."""

    def called(iri: str) -> str:
        labels = [Literal(text, language=tag) if tag else Literal(text) for tag, text in
                  changes.labels.get(iri, {}).items()]  # fmt: skip
        found = pick(labels, language)
        return found.value if found else in_words(local_name(iri)) if iri else "?"

    things = []
    for thing in changes.things:
        facts = [worded(fact, thing["iri"], called, changes.labels) for fact in thing["facts"]]
        kind = called(thing["classes"][0]) if thing["classes"] else ""
        things.append(Thing(thing["iri"], called(thing["iri"]), kind, thing["state"], facts))
    return sorted(things, key=lambda thing: (not thing.kind, thing.kind.casefold(), thing.name.casefold(), thing.iri))


def worded(fact: Mapping[str, Any], thing: str, called: Callable[[str], str], labels: Mapping[str, Any]) -> Fact:
    """A fact of a thing with the names of all that it mentions."""

    def value(term: Node) -> str:
        if "iri" in term:
            return called(term["iri"]) if term["iri"] in labels else shortened(term["iri"])
        if "blank" in term:
            return "a node without a name"
        return f"{term['value']} ({term['language']})" if term.get("language") else term["value"]

    part = fact["subject"].removeprefix(thing).removeprefix("#") if fact["subject"] != thing else ""
    went, came = (sorted(map(value, fact[side])) for side in (REMOVED, ADDED))
    return Fact(in_words(part) if part else "", called(fact["property"]), went, came, fact["derived"])


def counts(things: Iterable[Thing]) -> dict[str, dict[str, list[Thing]]]:
    """The things by class and state."""
    found: dict[str, dict[str, list[Thing]]] = defaultdict(lambda: defaultdict(list))
    for thing in things:
        found[thing.kind][thing.state].append(thing)
    return found
