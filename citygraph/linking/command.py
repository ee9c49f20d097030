"""The command `python -m citygraph link`: propose links to Wikidata, check those there are, fetch missing labels."""

import argparse
import json
import re
import sys
from collections.abc import Callable
from datetime import date
from typing import TypeAlias

from pyoxigraph import Triple

from citygraph import arguments
from citygraph.dataset import Dataset
from citygraph.linking import candidates, drift, files, options, things
from citygraph.linking.candidates import Candidate, Proposal
from citygraph.linking.options import wikidata
from citygraph.linking.things import Thing
from citygraph.turtle import Names

LINKS, LABELS = "data/links/wikidata.ttl", "data/links/wikidata-labels.ttl"

Load = Callable[[argparse.Namespace], Dataset]
Print = Callable[[list[list[str]]], None]
Say = Callable[[str], None]
Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def warn(text: str) -> None:
    """Something to know, beside the result."""
    print(text, file=sys.stderr)


def add(commands: Commands, common: argparse.ArgumentParser, load: Load, table: Print, say: Say) -> None:
    """Register the command. `common` has the options of all commands, `load` loads the root, `table` prints rows,
    `say` shows progress."""
    text = "Link the graph with Wikidata: propose links, check them, fetch labels."
    ways = commands.add_parser("link", help=text, description=text).add_subparsers(required=True, metavar="WHAT")

    def way(name: str, work: Callable[..., int], text: str) -> argparse.ArgumentParser:
        made = ways.add_parser(name, parents=[common], help=text, description=text)
        made.add_argument("--class", dest="kind", metavar="CLASS", help="only things of this class, whichever it is")
        made.add_argument("--type", metavar="QID", help="with --class: what an item must be an instance of")
        made.add_argument("--only", action="append", default=[], metavar="THING", help="only this one; may come again")
        made.add_argument("--languages", type=arguments.language_list, metavar="LIST", help="such as en,sv")
        made.add_argument("--date", type=arguments.day, help="day to write down (default: today)")
        options.add(made)
        made.set_defaults(run=lambda given: interrupted(given, work, load, table, say))
        return made

    proposing = way("propose", propose, "Candidates for things without a link; writes nothing without --write.")
    proposing.add_argument("--within", type=arguments.positive, metavar="KM", help="how far apart they may lie")
    proposing.add_argument("--show", type=arguments.up_to_99, default=3, metavar="N", help="candidates of each thing")
    proposing.add_argument("--json", action="store_true", help="print all candidates as JSON")
    proposing.add_argument("--write", action="store_true", help=f"add safe links to {LINKS}, or those picked")
    proposing.add_argument(
        "--pick", action="append", default=[], metavar="THING=QID", help="with --write: this one; may come again"
    )
    checking = way("check", check, "Say what has become of the items that things are linked to.")
    checking.add_argument("--within", type=arguments.positive, metavar="KM", help="how far apart they may lie")
    form = checking.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print the report as JSON")
    form.add_argument("--turtle", action="store_true", help="print the report as a sh:ValidationReport")
    labelling = way("labels", labels, "Labels that Wikidata has and the graph has not.")
    labelling.add_argument("--write", action="store_true", help=f"add them to {LABELS}")


def interrupted(given: argparse.Namespace, work: Callable[..., int], load: Load, table: Print, say: Say) -> int:
    """Do the work; when somebody stops it, say that nothing is lost."""
    try:
        return work(given, load(given), table, say)
    except KeyboardInterrupt:
        say("")
        warn(f"stopped; what was answered is kept in {options.cache(given)}: the same command goes on from there")
        raise


def everything(given: argparse.Namespace, loaded: Dataset) -> list[Thing]:
    """All things of the classes asked for."""
    kinds = things.kinds(loaded, given.kind, given.type)
    if not kinds:
        raise ValueError("nothing here is of a class to link; name one with --class, and its QID with --type")
    return [thing for kind in kinds for thing in things.things(loaded, kind)]


def today(given: argparse.Namespace) -> str:
    return given.date or date.today().isoformat()


def propose(given: argparse.Namespace, loaded: Dataset, table: Print, say: Say) -> int:
    """Candidates as a table or as JSON; links into a file where that is asked for."""
    all_things = everything(given, loaded)
    picks = picked(given.pick, all_things, loaded)
    unlinked = [thing for thing in things.chosen(all_things, given.only, loaded) if not thing.items]
    if linked := sorted(iri for iri in picks if iri not in {thing.iri for thing in unlinked}):
        raise ValueError(f"{linked[0]} is linked already, or left out by --only")
    languages = given.languages or things.languages(all_things)
    client = wikidata(given, loaded, say)
    proposals = candidates.propose(client, all_things, unlinked, languages, given.within, say, warn)
    say("")
    if given.json:
        print(json.dumps([as_json(proposal) for proposal in proposals], ensure_ascii=False, indent=2))
    else:
        table(rows(proposals, given.show, loaded))
    safe = [proposal.safe for proposal in proposals if proposal.safe]
    told = f"{len(unlinked)} unlinked, {sum(bool(p.candidates) for p in proposals)} with candidates, {len(safe)} safe"
    warn(f"{told}; {client.client.asked} requests, {client.client.kept} answers from the cache")
    if given.write:
        wanted = [choice(picks[p.thing.iri], p) for p in proposals if p.thing.iri in picks] if picks else safe
        facts = [fact for one in wanted for fact in files.link(one, today(given), bool(picks))]
        written(facts, len(wanted), "link", LINKS, loaded)
    return 0


def picked(pairs: list[str], all_things: list[Thing], loaded: Dataset) -> dict[str, str]:
    """Ids of items by the IRIs of things, from THING=QID. Raises ValueError for anything else."""
    found = {}
    for pair in pairs:
        name, _, id_ = pair.rpartition("=")
        if not name or not re.fullmatch(r"Q[1-9]\d*", id_):
            raise ValueError(f"--pick {pair}: write it as city/norrkoping=Q25724")
        [thing] = things.chosen(all_things, [name], loaded)
        found[thing.iri] = id_
    return found


def choice(id_: str, proposal: Proposal) -> Candidate:
    """The candidate that a person picked. Raises ValueError where it is none, or another thing has it."""
    for candidate in proposal.candidates:
        if candidate.item.id == id_:
            if candidate.taken:
                raise ValueError(f"{id_} is linked to {candidate.taken} already; nothing was written")
            return candidate
    raise ValueError(f"{id_} is no candidate for {proposal.thing.iri}; nothing was written")


def rows(proposals: list[Proposal], most: int, loaded: Dataset) -> list[list[str]]:
    """The candidates as a table, each with what speaks for and against it."""
    names = Names(loaded.prefixes)
    lines = [["thing", "safe", "score", "item", "label", "found by", "evidence"]]
    for proposal in proposals:
        thing = names.iri(proposal.thing.iri).replace("\\", "")
        if not proposal.candidates:
            lines.append([thing, "", "", "none", "", "", ""])
        for candidate in proposal.candidates[:most]:
            label = next(iter(dict(sorted(candidate.item.labels.items())).values()), "")
            shown = candidate.item.labels.get("en", label)
            safe = "yes" if candidate is proposal.safe else ""
            found = ", ".join(candidate.found_by)
            lines.append([thing, safe, f"{candidate.score:.2f}", candidate.item.id, shown, found, candidate.evidence])
    return lines


def as_json(proposal: Proposal) -> dict[str, object]:
    """A thing with all its candidates and their features."""
    return {
        "thing": proposal.thing.iri,
        "safe": proposal.safe.item.id if proposal.safe else None,
        "candidates": [
            {
                "item": one.item.id,
                "labels": dict(one.item.labels),
                "descriptions": dict(one.item.descriptions),
                "score": one.score,
                "found_by": list(one.found_by),
                "features": {f.name: {"value": f.value, "evidence": f.words} for f in one.features},
                "taken": one.taken or None,
            }
            for one in proposal.candidates
        ],
    }


def check(given: argparse.Namespace, loaded: Dataset, table: Print, say: Say) -> int:
    """The drift report in words, JSON or Turtle; exit code 1 where a link does not hold."""
    all_things = everything(given, loaded)
    linked = [thing for thing in things.chosen(all_things, given.only, loaded) if thing.items]
    languages = given.languages or things.languages(all_things)
    client = wikidata(given, loaded, say)
    report = drift.check(client, linked, languages, given.within, today(given), say)
    say("")
    if given.json:
        print(json.dumps(report.document(), ensure_ascii=False, indent=2))
    elif given.turtle:
        print(report.turtle(loaded.prefixes), end="")
    else:
        for line in report.lines(loaded.prefixes):
            print(line)
    for line in report.unknown:
        warn(f"could not be asked: {line}")
    counts = ", ".join(f"{sum(d.kind == kind for d in report.drifts)} {kind}" for kind in drift.SEVERITIES)
    warn(f"{report.checked} links checked: {counts}")
    return 0 if report.conforms else 1


def labels(given: argparse.Namespace, loaded: Dataset, table: Print, say: Say) -> int:
    """Labels in languages that a thing has none in, from the item that is the same thing."""
    all_things = everything(given, loaded)
    linked = [thing for thing in things.chosen(all_things, given.only, loaded) if thing.items]
    languages = given.languages or things.languages(all_things)
    wanting = [thing for thing in linked if not set(languages) <= thing.labels.keys()]
    client, names = wikidata(given, loaded, say), Names(loaded.prefixes)
    ids = {id_ for thing in wanting for id_ in thing.links.get(things.SAME_AS, ())}
    items = client.entities(ids, languages, lambda done, all_: say(f"items {done} of {all_}"))
    say("")
    lines, facts = [["thing", "language", "label", "item"]], []
    for thing in wanting:
        for id_ in thing.links.get(things.SAME_AS, ())[:1]:
            for language in languages:
                text = (item.labels.get(language) if (item := items[id_]) else None) or ""
                if text and language not in thing.labels:
                    lines.append([names.iri(thing.iri).replace("\\", ""), language, text, id_])
                    facts += files.label(thing.iri, text, language, today(given))
    table(lines)
    if given.write:
        written(facts, len(lines) - 1, "label", LABELS, loaded)
    return 0


def written(facts: list[Triple], number: int, what: str, path: str, loaded: Dataset) -> None:
    """Add facts to a file of the root, and say so."""
    if facts:
        files.add(loaded.root / path, facts, loaded.prefixes)
    warn(f"{number} {what}{'s'[: number != 1]} added to {path}" + ("; now run: make validate" if number else ""))
