"""Candidates for a name, each with a score and what it rests on; and the one that may be taken without looking.

The score, from 0 to 100, is how like the names are; what else is known then raises or lowers it. `match` is said only
of a candidate whose name is the same in letters, that nothing speaks against, and beside which no other could be meant.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from citygraph.reconciliation.folding import Form, key, keys, words
from citygraph.reconciliation.properties import AGREES, CONTRADICTS, UNSURE, Asked, Properties
from citygraph.reconciliation.register import Register

BY_FORM = {Form.EXACT: 1.0, Form.SPELT: 0.98, Form.SHORTENED: 0.95}
SAME = 0.95
"""The least that a name scores when it is the same in letters; one with an error scores below NEAR."""
NEAR = 0.94
BY_CODE = 0.98
CLOSE_LINK = 0.9
SAFE_ERRORS = 0.9
"""Similarity from which on a name with an error is safe when something else agrees."""
SAFE_AT_PLACE = 0.75
"""The same where the place agrees."""
RIVAL = 10.0
"""Points by which a namesake has to stay behind before the first is safe."""
LONGEST = 300
"""Characters; what is longer is no name."""
SEARCHED = 3
"""Keys of a name for which keys like it are sought."""
NAMESAKES = 2_000
"""Things of one name that are compared."""
SEPARATORS = re.compile(r"\s*[,;()\[\]/|，、（）]\s*|\s+[-–—]\s+")


@dataclass(frozen=True)
class Query:
    """One name with what else is said of the thing. `every` asks for all types instead of any."""

    text: str
    types: tuple[str, ...] = ()
    limit: int = 5
    properties: tuple[tuple[str, tuple[str, ...]], ...] = ()
    every: bool = False


@dataclass(frozen=True)
class Found:
    """How a thing was found: by its name with a likeness from 0 to 1, or by an identifier or a code.

    `whole` is false where the thing is called a city in its name and was written without: Kansas is no city."""

    likeness: float
    means: str = "name"
    qualifiers: tuple[str, ...] = ()
    whole: bool = True


@dataclass(frozen=True)
class Candidate:
    """A thing that may be meant. `verdicts` says for each property asked, and for words after the name, whether
    the thing agrees (1) or not (0); `doubt` why it is no match."""

    thing: int
    score: float
    found: Found
    verdicts: dict[str, float]
    rivals: int = 0
    doubt: str = "not the first"

    @property
    def match(self) -> bool:
        """Whether this is the one without doubt."""
        return not self.doubt


def reconcile(register: Register, properties: Properties, query: Query) -> list[Candidate]:
    """The candidates for a query, best first, `limit` of them at most."""
    types = register.type_numbers(query.types)
    text = query.text.strip()
    if types is None or len(text) > LONGEST:
        return []
    asked = [a for name, values in query.properties if (a := properties.asked(name, values))]
    found = by_name(register, text) if text else by_properties(properties, asked)
    scored = [
        weighed(register, properties, thing, how, asked)
        for thing, how in found.items()
        if register.is_a(thing, types) and not (query.every and not types <= set(register.classes[thing]))
    ]
    scored.sort(key=lambda c: (-c.score, min(register.classes[c.thing], default=0), register.iris[c.thing]))
    if not scored or scored[0].score <= 0:
        return []
    rivals = sum(1 for c in scored[1:] if c.score > scored[0].score - RIVAL and strong(c))
    first = replace(scored[0], rivals=rivals)
    first = replace(first, doubt=doubt(first, bool(types), first.thing in register.ambiguous))
    return [first, *(c for c in scored[1 : query.limit] if c.score > 0)]


def by_name(register: Register, text: str) -> dict[int, Found]:
    """Every thing that a text may name, with how it was found."""
    found: dict[int, Found] = {}

    def offer(thing: int, how: Found) -> None:
        if thing not in found or (how.likeness, how.whole) > (found[thing].likeness, found[thing].whole):
            found[thing] = how

    for thing, same in register.identified(text):
        offer(thing, Found(1.0 if same else CLOSE_LINK, "identifier" if same else "close link"))
    if found:
        return found
    for thing in register.codes.get(text.upper(), ()):
        offer(thing, Found(BY_CODE, "code"))
    whole = False
    for thing, how in exact(register, text, ()):
        offer(thing, how)
        whole = True
    for head, qualifiers in [] if whole else readings(register, text):
        for thing, how in exact(register, head, qualifiers):
            offer(thing, how)
        for thing, how in near(register, head, qualifiers):
            offer(thing, how)
    for thing, how in near(register, text, ()):
        offer(thing, how)
    return found


def exact(register: Register, text: str, qualifiers: tuple[str, ...]) -> Iterator[tuple[int, Found]]:
    """The things that have this name, by the form of the key."""
    for made, asked in keys(text).items():
        for thing, form in register.index.exact(made)[:NAMESAKES]:
            worst = max(asked, form)
            whole = form is not Form.SHORTENED or asked is Form.SHORTENED
            yield thing, Found(BY_FORM[worst], "name", qualifiers, whole)


def near(register: Register, text: str, qualifiers: tuple[str, ...]) -> Iterator[tuple[int, Found]]:
    """The things that have a name like this one."""
    for made in list(keys(text))[:SEARCHED]:
        for number, likeness in register.index.near(made, 30):
            for thing, _ in list(register.index.owned(number))[:NAMESAKES]:
                yield thing, Found(NEAR * likeness, "name", qualifiers)


def readings(register: Register, text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """A text as a name and what was written beside it to tell it from namesakes: "Granada, Spain", "Granada Spain"."""
    parts = [part for part in SEPARATORS.split(text) if part][:4]
    if len(parts) > 1:
        for place, head in enumerate(parts):
            yield head, tuple(parts[:place] + parts[place + 1 :])
        return
    written = words(text).split()
    for cut in range(max(1, len(written) - 3), len(written)):
        head, tail = " ".join(written[:cut]), " ".join(written[cut:])
        if register.index.exact(key(head)) and register.meant(tail):
            yield head, (tail,)


def by_properties(properties: Properties, asked: Iterable[Asked]) -> dict[int, Found]:
    """The things that have all that was asked, where no name was."""
    holders = [properties.holding(one) for one in asked]
    common = set.intersection(*holders) if holders else set()
    return {thing: Found(0.5, "properties") for thing in sorted(common)[:NAMESAKES]}


def weighed(register: Register, properties: Properties, thing: int, how: Found, asked: Iterable[Asked]) -> Candidate:
    """A candidate with its score: the likeness of the names, moved by what else is known."""
    verdicts: dict[str, float] = {}
    for one in asked:
        if (verdict := properties.verdict(one, thing)) is not None:
            verdicts[one.property] = min(verdict, verdicts.get(one.property, AGREES))
    if how.qualifiers:
        verdicts["qualifier"] = min(qualified(register, thing, text) for text in how.qualifiers)
    score = 100 * how.likeness
    for verdict in verdicts.values():
        if verdict >= UNSURE:
            gain = (verdict - UNSURE) / (AGREES - UNSURE)
            score += (100 - score) * 0.5 * gain - 8 * (1 - gain)
        else:
            score -= 8 + 44 * (UNSURE - verdict)
    return Candidate(thing, round(max(0.0, score), 1), how, verdicts)


def qualified(register: Register, thing: int, text: str) -> float:
    """Whether words beside a name fit a thing: they mean what surrounds it, another of the kind, or who knows what."""
    meant, around = register.meant(text), register.surroundings[thing]
    if not meant.isdisjoint(around):
        return AGREES
    kinds = {kind for other in around for kind in register.classes[other]}
    return CONTRADICTS if any(not kinds.isdisjoint(register.classes[other]) for other in meant) else UNSURE


def strong(candidate: Candidate) -> bool:
    """Whether a candidate could be the one meant as well as the first."""
    return candidate.found.likeness >= SAME or candidate.found.means != "name"


def doubt(candidate: Candidate, typed: bool, ambiguous: bool) -> str:
    """Why a candidate is not sure, in a few words; nothing where it is."""
    how, verdicts = candidate.found, candidate.verdicts
    against = [name for name, verdict in verdicts.items() if verdict < UNSURE]
    unclear = [name for name, verdict in verdicts.items() if UNSURE <= verdict < AGREES]
    checks = {
        f"another {' and '.join(against)}": bool(against),
        f"{' and '.join(unclear)} cannot be told": bool(unclear),
        "the link is only close": how.means == "close link",
        "no name was given": how.means == "properties",
        "a code, and no type was asked for": how.means == "code" and not typed,
        "spelt otherwise": how.likeness < SAME and not confirmed(candidate),
        "the word for a city is missing": not how.whole,
        "others have that name": candidate.rivals > 0,
        "the name alone is ambiguous": ambiguous and not verdicts and how.means == "name",
    }
    return next((words for words, applies in checks.items() if applies), "")


def confirmed(candidate: Candidate) -> bool:
    """Whether a name with an error is so near, and something beside it agrees so well, that it is no other."""
    likeness, verdicts = candidate.found.likeness, candidate.verdicts
    at_place = verdicts.get("coordinates") == AGREES and likeness >= NEAR * SAFE_AT_PLACE
    return at_place or (bool(verdicts) and likeness >= NEAR * SAFE_ERRORS)
