"""Keys in sorted columns, and those that are near a key by the groups of three letters that they share.

Made once and never changed, so that the processes of a server share it. A key is compared with another by edits only
when both share letters: `near` looks at the rarest groups first and at a bounded number of keys, however many.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from rapidfuzz import process
from rapidfuzz.distance import OSA

from citygraph.reconciliation.folding import Form

READ = 40_000
"""Entries of groups that one search reads."""
COMPARED = 1_500
"""Keys that one search compares by edits."""
LEAST = 0.55
"""Similarity below which a key is none that anybody meant."""
PART = 4
"""Letters from which on a key that is a part of another counts as near it."""


@dataclass(frozen=True)
class Index:
    """`keys` is sorted and without doubles; the owners of key i are `owners[starts[i]:starts[i + 1]]`, numbers of
    things, and `forms` says in parallel how each owner comes by the key."""

    keys: list[str]
    starts: array[int]
    owners: array[int]
    forms: array[int]
    groups: dict[str, array[int]]

    def owned(self, number: int) -> Iterator[tuple[int, Form]]:
        """The things of the key of that number, each with its form."""
        for place in range(self.starts[number], self.starts[number + 1]):
            yield self.owners[place], Form(self.forms[place])

    def exact(self, key: str) -> list[tuple[int, Form]]:
        """The things that have this very key."""
        number = bisect_left(self.keys, key)
        if number == len(self.keys) or self.keys[number] != key:
            return []
        return list(self.owned(number))

    def beginning(self, prefix: str) -> Iterator[tuple[int, str]]:
        """Things that have a key with that beginning, in the order of their keys, each with the key; with doubles."""
        number = bisect_left(self.keys, prefix)
        while number < len(self.keys) and self.keys[number].startswith(prefix):
            for thing, form in self.owned(number):
                if form is not Form.SPELT:
                    yield thing, self.keys[number]
            number += 1

    def near(self, key: str, limit: int) -> list[tuple[int, float]]:
        """The numbers of the keys that are most like a key, with their similarity from 0 to 1, best first."""
        shared = self.sharing(key)
        found = {
            number: similarity
            for _, similarity, number in process.extract(
                key,
                {number: self.keys[number] for number in shared},
                scorer=OSA.normalized_similarity,
                score_cutoff=LEAST,
                limit=limit,
            )
        }
        for number in shared:
            if part := contained(key, self.keys[number]):
                found[number] = max(part, found.get(number, 0.0))
        return sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))[:limit]

    def sharing(self, key: str) -> list[int]:
        """The numbers of the keys that share most groups with a key, `COMPARED` of them at most."""
        lists = sorted((numbers for group in groups_of(key) if (numbers := self.groups.get(group))), key=len)
        read = 0
        chosen: list[array[int]] = []
        for numbers in lists:
            if chosen and read + len(numbers) > READ:
                break
            chosen.append(numbers[:READ])
            read += len(numbers)
        counts = Counter(chain.from_iterable(chosen))
        if len(counts) <= COMPARED:
            return list(counts)
        spread, least, kept = Counter(counts.values()), 1, len(counts)
        while kept > COMPARED and spread[least] < kept:
            kept -= spread[least]
            least += 1
        return [number for number, count in counts.items() if count >= least][:COMPARED]


def contained(one: str, other: str) -> float:
    """How like two keys are when one is a part of the other: below what one edit gives."""
    short, long = sorted((one, other), key=len)
    if len(short) < PART or short not in long or short == long:
        return 0.0
    return 0.55 + 0.3 * len(short) / len(long)


def groups_of(key: str) -> set[str]:
    """The groups of three letters of a key, its beginning and its end being letters too."""
    framed = f"^{key}$"
    return {framed[place : place + 3] for place in range(len(framed) - 2)}


def build(named: Iterable[tuple[str, int, Form]]) -> Index:
    """The index of keys with their things; where a thing has a key twice, the closer form counts."""
    keys: list[str] = []
    starts, owners, forms = array("I"), array("I"), array("B")
    groups: dict[str, array[int]] = {}
    last: tuple[str, int] | None = None
    for key, thing, form in sorted(named):
        if (key, thing) == last:
            continue
        last = key, thing
        if not keys or keys[-1] != key:
            for group in groups_of(key):
                groups.setdefault(group, array("I")).append(len(keys))
            keys.append(key)
            starts.append(len(owners))
        owners.append(thing)
        forms.append(form)
    starts.append(len(owners))
    return Index(keys, starts, owners, forms, groups)
