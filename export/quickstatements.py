"""python -m export quickstatements: statements that Wikidata lacks, for a person to look through; nothing is sent.

The commands are those of QuickStatements, version 1. Which property gets which value is said by the columns of
`citygraph/queries/wikidata/statements.rq`.
"""

import argparse
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from pyoxigraph import Literal, NamedNode

from citygraph import dataset, queries, sparql
from citygraph.dataset import Dataset, ParseErrors, solutions
from citygraph.errors import EngineError
from citygraph.linking import options
from citygraph.namespaces import PREFIXES
from citygraph.wikidata import ENTITY, ITEM, Item, Wikidata, value_of

Term = NamedNode | Literal
Snak = tuple[str, Term]
XSD = PREFIXES["xsd"]
PRECISIONS = {
    XSD + "date": ("+{}T00:00:00Z/11", r"\d{4}-\d\d-\d\d"),
    XSD + "gYearMonth": ("+{}-00T00:00:00Z/10", r"\d{4}-\d\d"),
    XSD + "gYear": ("+{}-00-00T00:00:00Z/9", r"\d{4}"),
}
NUMBERS = frozenset(XSD + kind for kind in ("integer", "decimal"))
PROVED = "confirmed"


class NotWritable(ValueError):
    """A value that QuickStatements has no way to write."""


@dataclass(frozen=True)
class Statement:
    """One statement about an item; qualifiers and the snaks of each reference by property, `thing` is ours."""

    thing: str
    item: str
    main: Snak
    qualifiers: tuple[Snak, ...]
    references: tuple[tuple[Snak, ...], ...]

    def line(self) -> str:
        """The command. A reference after the first begins with an exclamation mark."""
        cells = [self.item, self.main[0], value(self.main[1])]
        for property, term in self.qualifiers:
            cells += [property, value(term)]
        for number, reference in enumerate(self.references):
            for place, (property, term) in enumerate(reference):
                cells += [("!" if number and not place else "") + property.replace("P", "S", 1), value(term)]
        return "\t".join(cells)


def value(term: Term) -> str:
    """A value as QuickStatements writes it. Raises NotWritable."""
    if isinstance(term, NamedNode):
        id_ = term.value.removeprefix(ENTITY)
        if ITEM.fullmatch(id_):
            return id_
        if not re.fullmatch(r"https?://[^\s\"|]+", term.value):
            raise NotWritable(f"{term.value} is no address that QuickStatements reads")
        return f'"{term.value}"'
    if term.datatype.value in PRECISIONS:
        form, pattern = PRECISIONS[term.datatype.value]
        if not re.fullmatch(pattern, term.value):
            raise NotWritable(f"{term.value} is no day, month or year after Christ")
        return form.format(term.value)
    if term.datatype.value in NUMBERS:
        return term.value
    # A tab or a bar ends a value, and /* begins a comment.
    text = " ".join(term.value.split())
    if not text or re.search(r"\||/\*|\*/|[\x00-\x1f\x7f-\x9f]", text):
        raise NotWritable(f"{term.value!r} holds what ends a value")
    return f'{term.language}:"{text}"' if term.language else f'"{text}"'


def writable(snaks: Iterable[Snak]) -> tuple[Snak, ...]:
    """Those whose values can be written: a title that cannot is left out, its address stays."""
    kept = []
    for property, term in snaks:
        try:
            value(term)
        except NotWritable:
            continue
        kept.append((property, term))
    return tuple(kept)


@dataclass
class Gathered:
    """What the graph could tell: statements, and why others cannot be written, each with a thing. `wanting` counts the
    statements that lack a qualifier by the thing that has no item."""

    statements: list[Statement]
    left_out: list[tuple[str, str]]
    wanting: Counter[str]


def gather(loaded: Dataset, network: str, doubtful: bool) -> Gathered:
    """The statements of the graph. Those on a link that is no more than likely need `doubtful`."""
    text = sparql.bind(queries.load("wikidata/statements").text, {"network": NamedNode(ENTITY + network)})
    found = solutions(loaded.store, text)
    columns = [variable.value for variable in found.variables]
    rows = [{column: row[column] for column in columns if row[column] is not None} for row in found]
    gathered = Gathered([], [], Counter())
    for thing, group in groupby(rows, key=lambda row: row["thing"].value):
        listed = list(group)
        first = listed[0]
        if "item" not in first:
            gathered.left_out.append((thing, "is not linked as the same place"))
        elif not doubtful and not first["status"].value.endswith(f"#{PROVED}"):
            gathered.left_out.append((thing, "rests on a link of one source; --doubtful takes it in"))
        elif not (references := tuple(filter(None, map(reference, listed)))):
            gathered.left_out.append((thing, "has no source with an address"))
        else:
            properties = [
                (column, first[column]) for column in columns if re.fullmatch(r"P\d+", column) and column in first
            ]
            gathered.wanting.update(filter(None, [first["wanting"].value]))
            item = first["item"].value.removeprefix(ENTITY)
            made = Statement(thing, item, properties[0], writable(properties[1:]), tuple(dict.fromkeys(references)))
            gathered.statements.append(made)
    return apart(gathered)


def reference(row: Mapping[str, Term]) -> tuple[Snak, ...]:
    """The snaks of one source; none without its address."""
    snaks = writable(("P" + name[1:], row[name]) for name in row if re.fullmatch(r"S\d+", name))
    return snaks if snaks and isinstance(snaks[0][1], NamedNode) else ()


def apart(gathered: Gathered) -> Gathered:
    """Without those that QuickStatements would melt into one: the same value twice for one item."""
    times: dict[tuple[str, Snak], int] = {}
    for one in gathered.statements:
        times[one.item, one.main] = times.get((one.item, one.main), 0) + 1
    for one in gathered.statements:
        if times[one.item, one.main] > 1:
            gathered.left_out.append(
                (one.thing, "is one of several of its item: QuickStatements would melt them into one")
            )
    gathered.statements = [one for one in gathered.statements if times[one.item, one.main] == 1]
    return gathered


def agrees(term: Term, theirs: Any) -> bool:
    """Whether a value of Wikidata's API is ours, as exactly as both say."""
    if isinstance(theirs, Mapping) and "time" in theirs:
        shown = {9: 4, 10: 7}.get(int(theirs.get("precision", 11)), 10)
        stated = str(theirs["time"]).lstrip("+")[:shown]
        length = min(len(stated), len(term.value))
        return stated[:length] == term.value[:length]
    return str(theirs) == value(term).strip('"')


def compare(one: Statement, item: Item) -> str:
    """ "lacking", "there", or in words how Wikidata differs."""
    differs = ""
    for theirs, claim in item.statements(one.main[0]):
        if not agrees(one.main[1], theirs):
            continue
        missing = not claim.get("references")
        for property, term in one.qualifiers:
            said = [found for snak in claim.get("qualifiers", {}).get(property, ()) if (found := value_of(snak))]
            missing |= not said
            if said and not any(agrees(term, found) for found in said):
                differs = f"{one.item} says otherwise in {property}"
                break
        else:
            return "lacking" if missing else "there"
    return differs or "lacking"


def lacking(
    wikidata: Wikidata, statements: Sequence[Statement], say: Callable[[str], None]
) -> tuple[list[Statement], int, list[tuple[str, str]]]:
    """The statements that Wikidata lacks, how many it has, and which it contradicts, with reasons.

    One that is there without a qualifier or a reference counts as lacking: QuickStatements adds to it."""
    items = wikidata.entities(
        (one.item for one in statements), ["en"], lambda done, all_: say(f"items {done} of {all_}")
    )
    wanted, there, other = [], 0, []
    for one in statements:
        item = items[one.item]
        if item is None or item.id != one.item:
            other.append((one.thing, f"{one.item} is gone or a redirect; run: python -m citygraph link check"))
            continue
        said = compare(one, item)
        if said == "lacking":
            wanted.append(one)
        elif said == "there":
            there += 1
        else:
            other.append((one.thing, said))
    return wanted, there, other


def table(loaded: Dataset) -> Iterator[str]:
    """The lines of a Mix'n'match table of things that have no item: id, name, description, address, place."""
    yield "id\tname\tdesc\turl\tlat\tlon"
    for row in solutions(loaded.store, queries.load("wikidata/unlinked").text):
        texts = {name: " ".join(row[name].value.split()) if row[name] else "" for name in
                 ("thing", "name", "countryName", "latitude", "longitude", "comment")}  # fmt: skip
        about = "; ".join(filter(None, (texts["countryName"], texts["comment"])))
        id_ = texts["thing"].removeprefix(loaded.base)
        yield "\t".join((id_, texts["name"], about, texts["thing"], texts["latitude"], texts["longitude"]))


def network_of(given: argparse.Namespace, loaded: Dataset) -> str:
    """The item of the network. Raises ValueError where neither the command nor the data names it."""
    found = given.network or next(
        (
            str(row["item"].value).removeprefix(ENTITY)
            for row in solutions(loaded.store, queries.load("wikidata/network").text)
        ),
        "",
    )
    if not ITEM.fullmatch(found):
        raise ValueError("name the item of the network with --network QID; the data has no link for it")
    return found


def parser() -> argparse.ArgumentParser:
    """The options."""
    made = argparse.ArgumentParser(prog="python -m export quickstatements", description=__doc__)
    made.add_argument("--root", type=Path, default=None, help="folder with data (default: this checkout)")
    made.add_argument("--base", default=None, help="base IRI (default: the one that the data states)")
    made.add_argument("--network", metavar="QID", help="item of the network (default: the one the data is linked to)")
    made.add_argument("--out", type=Path, default=None, help="file for the commands (default: print them)")
    made.add_argument("--all", action="store_true", help="all statements, without asking Wikidata which it has")
    made.add_argument("--doubtful", action="store_true", help="also those on links that one source bears out")
    made.add_argument("--mix-n-match", type=Path, metavar="FILE", help="also a table of things that have no item")
    options.add(made)
    return made


def say(text: str) -> None:
    """Progress, where somebody looks."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text[:78]}", end="", file=sys.stderr, flush=True)


def main(arguments: Sequence[str]) -> int:
    """Write the commands; what was left out, and why, goes to standard error."""
    given = parser().parse_args(arguments)
    try:
        return run(given)
    except (ParseErrors, OSError, ValueError) as error:
        print(error, file=sys.stderr)
    except EngineError as error:
        print(f"{error.title}: {error.detail}", file=sys.stderr)
    return 1


def run(given: argparse.Namespace) -> int:
    loaded = dataset.load(given.root.resolve() if given.root else dataset.checkout(), given.base)
    gathered = gather(loaded, network_of(given, loaded), given.doubtful)
    wanted, there, left_out = gathered.statements, 0, gathered.left_out
    if not given.all:
        wanted, there, other = lacking(options.wikidata(given, loaded, say), wanted, say)
        say("")
        left_out = left_out + other
    text = "".join(f"{one.line()}\n" for one in wanted)
    if given.out:
        given.out.write_text(text, "utf-8", newline="\n")
    else:
        sys.stdout.write(text)
    if given.mix_n_match:
        given.mix_n_match.write_text("".join(f"{line}\n" for line in table(loaded)), "utf-8", newline="\n")
    for thing, why in left_out:
        print(f"{thing.removeprefix(loaded.base)} {why}", file=sys.stderr)
    for iri, times in sorted(gathered.wanting.items()):
        print(f"{iri.removeprefix(loaded.base)} has no item: {times} without that qualifier", file=sys.stderr)
    asked = "Wikidata was not asked" if given.all else f"{there} there already"
    print(f"{len(wanted)} statements; {asked}, {len(left_out)} left out", file=sys.stderr)
    return 0
