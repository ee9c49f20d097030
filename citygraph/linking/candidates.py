"""Candidates for links to Wikidata: found in four ways, compared feature by feature, and scored.

A score is the weighted mean of the features that a thing has; what Wikidata does not say counts as half. It orders
candidates for a person to look at. Only what several independent features bear out is safe without one.
"""

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from citygraph.errors import EngineError
from citygraph.globe import kilometres
from citygraph.linking.things import Thing
from citygraph.wikidata import COUNTRY, Item, Wikidata

WEIGHTS = {"name": 4.0, "country": 3.0, "distance": 3.0, "type": 2.0, "identifier": 4.0}
NEAR = 5.0
"""Kilometres that two points of one place may be apart without any doubt."""
AHEAD = 0.1
"""How far a safe candidate is before the next."""
GOOD_NAME = 0.9
RECONCILED_AT_ONCE = 10
LETTERS = str.maketrans({"ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ħ": "h"})

Say = Callable[[str], None]


@dataclass(frozen=True)
class Feature:
    """One comparison: `value` from 0 (against) to 1 (for), None where nothing is known; `words` is the evidence."""

    name: str
    value: float | None
    words: str


@dataclass(frozen=True)
class Candidate:
    """An item that a thing may be, how it was found and how it compares. `taken` is the thing that has it already."""

    thing: Thing
    item: Item
    found_by: tuple[str, ...]
    features: tuple[Feature, ...]
    taken: str = ""

    @property
    def score(self) -> float:
        """From 0 to 1."""
        total = sum(WEIGHTS[feature.name] for feature in self.features)
        got = sum(WEIGHTS[f.name] * (0.5 if f.value is None else f.value) for f in self.features)
        return round(got / total, 3)

    @property
    def sound(self) -> bool:
        """Whether it has a good name, nothing against it, and two features besides the name for it."""
        values = {feature.name: feature.value for feature in self.features}
        others = [value for name, value in values.items() if name != "name" and value is not None]
        return (
            not self.taken
            and (values["name"] or 0.0) >= GOOD_NAME
            and all(value > 0.0 for value in others)
            and sum(value >= 0.5 for value in others) >= 2
        )

    @property
    def evidence(self) -> str:
        """All comparisons in words."""
        taken = f"; already linked to {self.taken}" if self.taken else ""
        return "; ".join(feature.words for feature in self.features) + taken


@dataclass
class Proposal:
    """A thing with its candidates, best first."""

    thing: Thing
    candidates: list[Candidate] = field(default_factory=list)

    @property
    def safe(self) -> Candidate | None:
        """The candidate that may be linked without a person's choice."""
        if not self.candidates or not self.candidates[0].sound:
            return None
        best, rest = self.candidates[0], self.candidates[1:]
        return best if all(best.score - other.score >= AHEAD for other in rest) else None


def fold(text: str) -> str:
    """A name without accents, capitals and punctuation."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(LETTERS))
    kept = "".join(c if c.isalnum() else " " for c in plain if not unicodedata.combining(c))
    return " ".join(kept.split())


def similarity(one: str, other: str) -> float:
    """How alike two names are: 1 where they are the same, 0.98 but for accents and capitals."""
    if one == other:
        return 1.0
    folded, other_folded = fold(one), fold(other)
    if folded == other_folded:
        return 0.98 if folded else 0.0
    return round(0.95 * SequenceMatcher(None, folded, other_folded).ratio(), 3)


def by_name(thing: Thing, item: Item) -> Feature:
    """The two names that are most alike; one language for both counts more than two."""
    best = (0.0, "no name alike")
    for ours, language in thing.names:
        for theirs, other in item.names():
            value = similarity(ours, theirs) * (1.0 if language == other or "mul" in (language, other) else 0.97)
            if value > best[0]:
                best = (value, f"“{ours}” ({language or '-'}) is “{theirs}” ({other})")
    return Feature("name", round(best[0], 3), f"name {best[0]:.2f}: {best[1]}")


def by_country(thing: Thing, item: Item) -> Feature | None:
    if not thing.country:
        return None
    theirs = item.values(COUNTRY)
    if not theirs:
        return Feature("country", None, "no country stated")
    same = thing.country in theirs
    return Feature("country", float(same), f"country {'is' if same else 'is not'} {thing.country}")


def by_distance(thing: Thing, item: Item, within: float) -> Feature | None:
    if not thing.place:
        return None
    there = item.place()
    if not there:
        return Feature("distance", None, "no coordinates stated")
    far = kilometres(thing.place, there)
    value = 1.0 if far <= NEAR else max(0.0, 1 - (far - NEAR) / max(within - NEAR, 0.001))
    return Feature("distance", round(value, 3), f"{far:.1f} km away")


def by_identifier(thing: Thing, item: Item) -> Feature | None:
    if not thing.identifiers:
        return None
    for property, ours in sorted(thing.identifiers.items()):
        theirs = item.values(property)
        if both := sorted(set(ours) & set(map(str, theirs))):
            return Feature("identifier", 1.0, f"states {property} {both[0]}")
        if theirs:
            return Feature("identifier", 0.0, f"states {property} {theirs[0]}, not {ours[0]}")
    return Feature("identifier", None, "states no identifier of ours")


def compare(thing: Thing, item: Item, typed: set[str] | None, within: float) -> tuple[Feature, ...]:
    """All features of a candidate. `typed` are the items that are of the class asked for, None if nobody could say."""
    kind = thing.kind
    of_type = None
    if kind.type:
        known = typed is not None
        words = f"is {'' if typed and item.id in typed else 'not '}of class {kind.type}" if known else "class not known"
        of_type = Feature("type", float(item.id in (typed or ())) if known else None, words)
    features = (
        by_name(thing, item),
        by_country(thing, item),
        by_distance(thing, item, within),
        of_type,
        by_identifier(thing, item),
    )
    return tuple(feature for feature in features if feature)


def propose(
    wikidata: Wikidata, all_things: Sequence[Thing], unlinked: Sequence[Thing], languages: Sequence[str],
    within: float | None, say: Say, warn: Say,
) -> list[Proposal]:  # fmt: skip
    """Candidates for each thing that has no link. `warn` is told of a way of finding that is closed today.

    Raises SiteFailed where the search or the items themselves cannot be had."""
    found = searched(wikidata, unlinked, languages, say)
    for way in (identified, reconciled):
        try:
            say(f"candidates {way.__name__}")
            merge(found, way(wikidata, unlinked, languages))
        except EngineError as error:
            warn(f"without candidates {way.__name__}: {error.detail}")
    wanted = {id_ for ways in found.values() for id_ in ways}
    items = wikidata.entities(wanted, languages, lambda done, all_: say(f"items {done} of {all_}"))
    typed: dict[str, set[str] | None] = {}
    for type_ in sorted({thing.kind.type for thing in unlinked} - {""}):
        ids = {id_ for thing in unlinked if thing.kind.type == type_ for id_ in found[thing.iri]}
        try:
            typed[type_] = wikidata.of_type((item.id for id_ in ids if (item := items[id_])), type_)
        except EngineError as error:
            warn(f"classes of items not known: {error.detail}")
            typed[type_] = None
    taken = {id_: thing.iri for thing in all_things for id_ in thing.items}
    return [
        proposal(thing, found[thing.iri], items, typed.get(thing.kind.type), within or thing.kind.within, taken)
        for thing in unlinked
    ]


def proposal(
    thing: Thing, found: Mapping[str, Sequence[str]], items: Mapping[str, Item | None], typed: set[str] | None,
    within: float, taken: Mapping[str, str],
) -> Proposal:  # fmt: skip
    """The candidates of one thing; several ids that lead to one item are one candidate."""
    ways: dict[str, dict[str, None]] = {}
    for id_, found_by in found.items():
        if item := items[id_]:
            ways.setdefault(item.id, {}).update(dict.fromkeys(found_by))
    by_id = {item.id: item for id_ in found if (item := items[id_])}
    made = [
        Candidate(thing, by_id[id_], tuple(ways[id_]), compare(thing, by_id[id_], typed, within), taken.get(id_, ""))
        for id_ in ways
    ]
    return Proposal(thing, sorted(made, key=lambda one: (-one.score, int(one.item.id[1:]))))


Found = dict[str, dict[str, list[str]]]
"""By thing: the ids of candidates, each with the ways in which it was found."""


def merge(found: Found, more: Found) -> None:
    for thing, ids in more.items():
        for id_, ways in ids.items():
            found[thing].setdefault(id_, []).extend(ways)


def searched(wikidata: Wikidata, things: Sequence[Thing], languages: Sequence[str], say: Say) -> Found:
    """By the search of Wikidata's API: every name in its language."""
    found: Found = {}
    for number, thing in enumerate(things, 1):
        say(f"searching {number} of {len(things)}: {thing.iri}")
        hits = found.setdefault(thing.iri, {})
        for name, language in asked(thing, languages):
            for id_ in wikidata.search(name, language):
                hits.setdefault(id_, []).append(f"search ({language})")
    return found


def asked(thing: Thing, languages: Iterable[str]) -> list[tuple[str, str]]:
    """The names to search for: one request a name, in the first language that has it."""
    wanted: dict[str, str] = {}
    for name, language in thing.names:
        if language in languages:
            wanted.setdefault(name, language)
    return list(wanted.items())


def identified(wikidata: Wikidata, things: Sequence[Thing], languages: Sequence[str]) -> Found:
    """By identifiers that Wikidata states as well."""
    found: Found = {}
    for property in sorted({property for thing in things for property in thing.identifiers}):
        having = {value: thing.iri for thing in things for value in thing.identifiers.get(property, ())}
        for value, ids in wikidata.with_value(property, having).items():
            for id_ in ids if value in having else ():
                found.setdefault(having[value], {}).setdefault(id_, []).append(f"{property} {value}")
    return found


def reconciled(wikidata: Wikidata, things: Sequence[Thing], languages: Sequence[str]) -> Found:
    """By the reconciliation service for Wikidata, with class and country."""
    found: Found = {}
    for start in range(0, len(things), RECONCILED_AT_ONCE):
        batch = things[start : start + RECONCILED_AT_ONCE]
        asking: dict[str, dict[str, object]] = {}
        for number, thing in enumerate(batch):
            if names := asked(thing, languages):
                query: dict[str, object] = {"query": names[0][0], "limit": 5}
                query |= {"type": thing.kind.type} if thing.kind.type else {}
                query |= {"properties": [{"pid": COUNTRY, "v": {"id": thing.country}}]} if thing.country else {}
                asking[f"q{number}"] = query
        if asking:
            for key, ids in wikidata.reconcile(asking, languages[0] if languages else "en").items():
                for id_ in ids:
                    found.setdefault(batch[int(key[1:])].iri, {}).setdefault(id_, []).append("reconciliation")
    return found
