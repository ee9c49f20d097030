"""python -m bench.reconcile: how well and how fast names are reconciled.

Mixed names over the real graph: as they are held, misspelt, foreign, and noise. Then as many synthetic cities as asked
for, in memory only: their names are made of pieces of the real ones, so that near neighbours are many, or numbered
copies of them as bench.generate makes.
"""

import argparse
import csv
import os
import random
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from pyoxigraph import Literal

from bench import machine
from citygraph import dataset
from citygraph.engine import Embedded, Engine
from citygraph.reconciliation import register as registers
from citygraph.reconciliation.answers import Reconciliation
from citygraph.reconciliation.candidates import Query, reconcile
from citygraph.reconciliation.folding import key, words
from citygraph.reconciliation.properties import Properties
from citygraph.reconciliation.register import ORDER, Register, assemble

NAMES = Path(__file__).parents[1] / "tests" / "names"
SHARES = {"correct": 0.3, "misspelt": 0.25, "foreign": 0.25, "noise": 0.2}
BASE, KIND = "https://example.org/city/", "https://example.org/City"
LETTERS = "abcdefghijklmnopqrstuvwxyz"

Named = dict[str, list[tuple[str, Literal]]]


@dataclass(frozen=True)
class Mixed:
    """One name of a mix with the things that it means, by IRI; none for noise."""

    text: str
    kind: str
    meant: frozenset[str]
    country: str = ""


@dataclass(frozen=True)
class Score:
    """What came of a mix. Recall is over the names that mean something, precision over what was called a match."""

    seconds: float
    matches: int
    precision: float
    matched: float
    first: float
    fifth: float
    by_kind: dict[str, tuple[float, float, float]]
    wrong: list[tuple[str, str]]


def mix(names: dict[str, list[Literal]], countries: dict[str, str], count: int, seed: int = 7) -> list[Mixed]:
    """So many names in the shares above, the same for a seed. `names` and `countries` are by the IRI of a city."""
    shake = random.Random(seed)  # noqa: S311 (a sample, no secret)
    holders: dict[str, set[str]] = {}
    for iri, held in names.items():
        for literal in held:
            holders.setdefault(key(literal.value), set()).add(iri)
    english = [(iri, literal.value) for iri, held in names.items() for literal in held if literal.language == "en"]
    foreign = [(iri, literal.value) for iri, held in names.items() for literal in held if literal.language != "en"]
    made: list[Mixed] = []
    for kind, share in SHARES.items():
        for _ in range(round(count * share)):
            if kind == "noise":
                made.append(noise(shake, holders))
                continue
            iri, name = shake.choice(foreign if kind == "foreign" else english)
            text = misspelt(name, shake) if kind == "misspelt" else name
            made.append(Mixed(text, kind, frozenset(holders.get(key(text), {iri}) | {iri}), countries.get(iri, "")))
    shake.shuffle(made)
    return made


def noise(shake: random.Random, holders: dict[str, set[str]]) -> Mixed:
    """A place that no city here is called, or letters."""
    with (NAMES / "noise.csv").open(encoding="utf-8", newline="") as file:
        known = [row for row in csv.DictReader(file) if key(row["name"]) not in holders]
    if shake.random() < 0.2:
        return Mixed("".join(shake.choices(LETTERS, k=shake.randint(3, 12))), "noise", frozenset())
    row = shake.choice(known)
    return Mixed(row["name"], "noise", frozenset(), row["country"])


def misspelt(name: str, shake: random.Random) -> str:
    """A name with one error of typing, in a long one sometimes two: a letter more, less, another, or two changed."""
    letters = list(name)
    for _ in range(2 if len(letters) > 8 and shake.random() < 0.3 else 1):
        place = shake.randrange(1, max(2, len(letters)))
        error = shake.choice(("drop", "double", "other", "swap"))
        if error == "drop" and len(letters) > 3:
            letters.pop(min(place, len(letters) - 1))
        elif error == "double":
            letters.insert(place, letters[place - 1])
        elif error == "swap" and place < len(letters):
            letters[place - 1], letters[place] = letters[place], letters[place - 1]
        else:
            letters[min(place, len(letters) - 1)] = shake.choice(LETTERS)
    return "".join(letters)


def measured(service: Reconciliation, mixed: Sequence[Mixed], types: tuple[str, ...], countries: bool) -> Score:
    """Reconcile a mix in one batch, with or without the country of each."""
    queries = {
        f"q{n}": Query(m.text, types, 5, (("country", (m.country,)),) if countries and m.country else ())
        for n, m in enumerate(mixed)
    }
    started = time.perf_counter()
    found = {name: service.candidates(query) for name, query in queries.items()}
    seconds = time.perf_counter() - started
    iris = service.register.iris
    ranks: dict[str, list[tuple[bool, bool, bool]]] = {}
    right, wrong = 0, []
    for n, one in enumerate(mixed):
        listed = [iris[c.thing] for c in found[f"q{n}"]]
        match = bool(listed) and found[f"q{n}"][0].match
        good = bool(listed) and listed[0] in one.meant
        if match and not good:
            wrong.append((one.text, listed[0]))
        right += match and good
        ranks.setdefault(one.kind, []).append((good, bool(one.meant & set(listed)), match))
    meant = [rank for kind, some in ranks.items() if kind != "noise" for rank in some]
    by_kind = {kind: (share(some, 0), share(some, 1), share(some, 2)) for kind, some in sorted(ranks.items())}
    precision = right / (right + len(wrong)) if right else 0.0
    return Score(
        seconds, right + len(wrong), precision, share(meant, 2), share(meant, 0), share(meant, 1), by_kind, wrong
    )


def share(rows: Sequence[tuple[bool, bool, bool]], place: int) -> float:
    return sum(row[place] for row in rows) / len(rows) if rows else 0.0


def of_graph(service: Reconciliation, city: str) -> tuple[dict[str, list[Literal]], dict[str, str]]:
    """The names of the things of a class, and what each one's country is called."""
    register, kind = service.register, service.register.type_numbers([city])
    held: dict[str, list[Literal]] = {}
    for row in registers.ask(service.engine, "names"):
        number, name = register.numbers.get(registers.text(row, "thing")), row["name"]
        if number is not None and kind and register.is_a(number, kind) and isinstance(name, Literal):
            held.setdefault(register.iris[number], []).append(name)
    column = service.properties.column("country").values if "country" in service.properties.named else {}
    countries = {
        register.iris[thing]: register.names[register.numbers[getattr(values[0], "value", "")]]
        for thing, values in column.items()
    }
    return dict(sorted(held.items())), countries


def synthetic(names: Iterable[str], count: int, numbered: bool, seed: int = 1) -> Named:
    """So many cities that do not exist, by IRI, two names each."""
    shake = random.Random(seed)  # noqa: S311 (names, no secrets)
    real = sorted({name for name in names if name.isascii() and len(name) > 3})
    named = {}
    for number in range(count):
        name = f"{shake.choice(real)} {number // len(real):04}" if numbered else made_up(real, shake)
        pair = (name, misspelt(name, shake))
        named[f"{BASE}{number}"] = [(ORDER[0], Literal(text, language="en")) for text in pair]
    return named


def indexed(named: Named) -> Register:
    """The register of synthetic cities."""
    return assemble(named, {iri: [KIND] for iri in named}, [KIND], ["city"], [], [], [], (BASE,))


def made_up(real: Sequence[str], shake: random.Random) -> str:
    """The beginning of one name and the end of another, sometimes with a word of a third."""
    first, second, third = (shake.choice(real) for _ in range(3))
    name = first[: shake.randint(2, len(first) - 1)] + second[shake.randint(1, len(second) - 2) :].lower()
    return f"{words(third).split()[0].title()} {name}" if shake.random() < 0.5 else name


def timed(register: Register, queries: int, seed: int = 3) -> tuple[list[float], float]:
    """The seconds of each of so many queries, sorted: names as they are, misspelt, and noise. And how many of the
    misspelt found a thing of that name among the first five."""
    shake = random.Random(seed)  # noqa: S311
    properties = Properties(cast(Engine, Nothing()), register)
    seconds, found = [], []
    for number in range(queries):
        name = shake.choice(register.names)
        text = (name, misspelt(name, shake), "".join(shake.choices(LETTERS, k=9)), f"City of {name}")[number % 4]
        started = time.perf_counter()
        listed = reconcile(register, properties, Query(text))
        seconds.append(time.perf_counter() - started)
        if number % 4 == 1:
            found.append(any(register.names[candidate.thing] == name for candidate in listed))
    return sorted(seconds), sum(found) / len(found)


class Nothing:
    """An engine over an empty graph."""

    def select(self, text: str) -> list[dict[str, Literal]]:
        return []


def main(arguments: list[str] | None = None) -> int:
    """Measure and print, in Markdown."""
    parser = argparse.ArgumentParser(prog="python -m bench.reconcile", description=__doc__)
    parser.add_argument("--names", type=int, default=1_000, metavar="N", help="names of a batch (default: %(default)s)")
    parser.add_argument("--cities", type=int, default=400_000, metavar="N", help="synthetic cities; 0 leaves them out")
    parser.add_argument("--queries", type=int, default=2_000, metavar="N", help="over them (default: %(default)s)")
    given = parser.parse_args(arguments)
    print(f"- {machine.described()}\n- load average: {machine.busy()}\n")
    real(given.names)
    if given.cities:
        many(given.cities, given.queries)
    return 0


def real(count: int) -> None:
    """The mix over the graph of this checkout."""
    loaded = dataset.load(dataset.checkout())
    engine = Embedded(loaded, workers=1)
    service = Reconciliation(engine, loaded.base)
    started = time.perf_counter()
    register, _ = service.prepare()
    print(f"Index of {len(register.iris):,} things, {len(register.index.keys):,} keys: "
          f"{time.perf_counter() - started:.2f} s\n")  # fmt: skip
    city = register.types[0]
    mixed = mix(*of_graph(service, city), count)
    heads = ("names", "time", "matches", "precision of match", "names matched", "recall@1", "recall@5")
    print(f"| {' | '.join(heads)} |", "|---" * len(heads) + "|", sep="\n")
    for countries in (False, True):
        score = measured(service, mixed, (city,), countries)
        what = f"{count:,}{' with country' if countries else ''}"
        print(f"| {what} | {score.seconds:.2f} s | {score.matches} | {score.precision:.1%} "
              f"| {score.matched:.1%} | {score.first:.1%} | {score.fifth:.1%} |")  # fmt: skip
        for kind, (first, fifth, match) in score.by_kind.items():
            print(f"| … {kind} | | | | {match:.1%} | {first:.1%} | {fifth:.1%} |")
        print("".join(f"\nwrong match: {text} → {iri}" for text, iri in score.wrong), end="", file=sys.stderr)
    engine.close()


def many(cities: int, queries: int) -> None:
    """The index of very many cities."""
    loaded = dataset.load(dataset.checkout())
    rows = dataset.solutions(
        loaded.store, f"SELECT ?n {{ ?c a <{loaded.base}ontology#CreativeCity> ; <{ORDER[0]}> ?n }}"
    )
    names = [str(row["n"].value) for row in rows]
    heads = (f"{cities:,} synthetic cities", "keys", "build", "memory", "p50", "p99", "longest", "misspelt: recall@5")
    print(f"\n| {' | '.join(heads)} |", "|---" * len(heads) + "|", sep="\n")
    for numbered in (False, True):
        named = synthetic(names, cities, numbered)
        before, started = machine.memory(os.getpid())[0], time.perf_counter()
        register = indexed(named)
        built, after = time.perf_counter() - started, machine.memory(os.getpid())[0]
        took, recall = timed(register, queries)
        p50, p99 = took[len(took) // 2], took[int(len(took) * 0.99)]
        what = "numbered copies" if numbered else "made of pieces"
        print(f"| {what} | {len(register.index.keys):,} | {built:.1f} s | {after - before:,.0f} MB "
              f"| {p50 * 1e3:.1f} ms | {p99 * 1e3:.1f} ms | {took[-1] * 1e3:.1f} ms | {recall:.1%} |")  # fmt: skip
        del register, named


if __name__ == "__main__":
    sys.exit(main())
