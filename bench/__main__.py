"""python -m bench: our endpoint beside other SPARQL servers, with the same data and questions, on this machine."""

import argparse
import json
import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from bench import answers, comunica, machine, questions
from bench.answers import Answer, Unreadable
from bench.generate import generate
from bench.load import Load, Measured, generator, measure, warm
from bench.peers import REPOSITORY, STARTERS, missing
from bench.questions import Question
from bench.report import Figure, Run, lines
from bench.servers import Data, Peer

CHECKED = 3
"""Texts of a question whose answers are compared, before it is measured."""
PATIENCE = 30.0
COUNTING = 300.0
"""Seconds for a peer to count all triples, once."""
PREPARING = 7200.0
LOADING = 100_000
"""Bytes of memory a city that a root takes while it is loaded, and served; measured with 40,000 cities. What is more
than the machine has is kept on disk, by ours and by Oxigraph."""
SOLUTIONS, TRIPLES = "application/sparql-results+json", "application/n-triples"
COUNT = "SELECT (COUNT(*) AS ?triples) WHERE { ?s ?p ?o }"


def main(arguments: list[str] | None = None) -> int:
    """Run it, print the tables. Exit code 1 when ours answered wrongly, or not at all."""
    given = parser().parse_args(arguments)
    if given.folder:
        given.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=given.folder) as name:
        run = measured(given, Path(name).resolve())
    print("\n".join(lines(run)))
    if given.json:
        given.json.write_text(json.dumps(run.document(), ensure_ascii=False, indent=1), "utf-8")
    bad = [f for f in run.figures if f.peer == "ours" and (f.wrong or (f.measured and f.measured.failed))]
    return 1 if bad else 0


def parser() -> argparse.ArgumentParser:
    """The options, each with its bounds."""
    made = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    made.add_argument(
        "--cities", default="real", choices=["real", "4000", "40000", "400000"], help="default: the real network"
    )
    made.add_argument("--seconds", type=float, default=2.0, help="of each measurement, 1 to 60 (default: %(default)s)")
    made.add_argument("--connections", type=int, default=8, help="at once, 1 to 64 (default: %(default)s)")
    made.add_argument("--peers", default=",".join(STARTERS), help="default: %(default)s")
    made.add_argument("--comunica", type=Path, metavar="DIR", help="where npm installed it, if not on the path")
    made.add_argument("--questions", default="", help="default: all of bench/queries/, by name, with commas")
    made.add_argument(
        "--folder", type=Path, metavar="DIR", help="prepare the data there and keep them for the next run of that size"
    )
    made.add_argument("--json", type=Path, metavar="FILE", help="write all figures there too")
    return made


def measured(given: argparse.Namespace, folder: Path) -> Run:
    """Prepare the data, start the peers, check and measure question by question, all peers in turn."""
    if not 1 <= given.seconds <= 60 or not 1 <= given.connections <= 64:
        raise SystemExit("--seconds is 1 to 60, --connections 1 to 64")
    wanted = [name for name in given.peers.split(",") if name]
    if unknown := set(wanted) - set(STARTERS):
        raise SystemExit(f"no peer is called {', '.join(unknown)}; there are {', '.join(STARTERS)}")
    if given.comunica and (problem := comunica.find(given.comunica)):
        raise SystemExit(problem)
    data, asked = prepare(given.cities, given.folder.resolve() if given.folder else folder)
    only = set(given.questions.split(",")) - {""}
    run = Run("The real network" if given.cities == "real" else f"{int(given.cities):,} cities", data.triples)
    run.facts = [
        machine.described(), f"load average at the start: {machine.busy()}",
        f"{given.connections} connections, {given.seconds:g} s each after as long a warm-up of at most 1 s, "
        f"load from {generator()}; all peers are up, one is asked at a time",
        "¹: one request, alone, since so many at once would not be through in time; ≠: the answer is not the others'",
    ]  # fmt: skip
    if data.store:
        run.facts.append(
            f"ours and oxigraph keep the data on disk; ours built its store in {data.seconds:.0f} s before"
        )
    with ExitStack() as stack:
        peers = start(wanted, data, folder, stack, run)
        for question in asked:
            if not only or question.name in only:
                say(f"{question.name} …")
                run.figures += put(question, peers, given)
        for peer, told in zip(peers, run.peers, strict=True):
            told["after"] = machine.memory(peer.process.pid)
    run.facts.append(f"load average at the end, this run's own load included: {machine.busy()}")
    return run


def prepare(cities: str, folder: Path) -> tuple[Data, list[Question]]:
    """The root that ours serves, its graph for the others, and the questions; what a run before left is taken."""
    root, store = REPOSITORY if cities == "real" else folder / "root", folder / "store"
    size = folder / "cities"
    if size.exists() and size.read_text("utf-8") != cities:
        raise SystemExit(f"{folder} holds what was prepared for {size.read_text('utf-8')} cities; name another folder")
    if (folder / "questions.json").exists():
        asked, triples, seconds = questions.load(folder)
        return Data(root, folder / "graph.nt", triples, store if store.exists() else None, seconds), asked
    if cities != "real" and not size.exists():
        generate(REPOSITORY, root, int(cities))
    size.write_text(cities, "utf-8")
    say("loading and exporting …")
    # Each of the peers has a copy, and so has what is loaded here before them.
    on_disk = cities != "real" and int(cities) * LOADING * 3 > machine.free()
    command = [sys.executable, "-m", "bench.questions", *(["--store", str(store)] if on_disk else [])]
    subprocess.run([*command, str(root), str(folder)], cwd=REPOSITORY, check=True, timeout=PREPARING)
    asked, triples, seconds = questions.load(folder)
    return Data(root, folder / "graph.nt", triples, store if on_disk else None, seconds), asked


def start(wanted: list[str], data: Data, folder: Path, stack: ExitStack, run: Run) -> list[Peer]:
    """The peers that can be had, with the data in them; the run is told of the others, and why."""
    peers = []
    for name in wanted:
        if reason := missing(name, data.triples):
            run.facts.append(f"{name}: {reason}")
            continue
        say(f"{name} …")
        place = folder / name
        place.mkdir()
        try:
            peer = stack.enter_context(STARTERS[name](data, place))
            held = triples(peer)
        except (RuntimeError, OSError, Unreadable, subprocess.SubprocessError) as error:
            run.facts.append(f"{name}: {error}")
            continue
        if held is None:
            run.facts.append(f"{name} does not count its triples within its own limit of time")
        elif held != data.triples:
            run.facts.append(f"{name} counts {held:,} triples of {data.triples:,}")
        peers.append(peer)
        told = {"name": name, "version": peer.version, "settings": peer.settings, "loaded": peer.loaded}
        run.peers.append(told | {"before": machine.memory(peer.process.pid)})
    return peers


def triples(peer: Peer) -> int | None:
    """How many triples a peer says that it has; None where it says that counting them takes too long."""
    status, media_type, body, _ = peer.ask(COUNT, SOLUTIONS, COUNTING)
    if status == 503:
        return None
    found = next(iter(answers.read(media_type, body)))
    return int(found[0].rpartition(" ")[2])


def put(question: Question, peers: list[Peer], given: argparse.Namespace) -> list[Figure]:
    """One question to all peers: first whether they agree, then how fast they are."""
    accept = TRIPLES if question.constructs else SOLUTIONS
    wrong, times, notes = check(question, peers, accept)
    figures = []
    for fresh in (True, False):
        for peer in peers:
            figure = Figure(question.name, question.kind, fresh, peer.name, None, wrong=wrong.get(peer.name, ""))
            if peer.name in notes:
                figures.append(replace(figure, note=notes[peer.name]))
                continue
            targets = tuple(peer.target(text) for text in question.texts)
            load = Load(peer.port, targets, accept, fresh, given.connections, given.seconds)
            try:
                once = times[peer.name] if fresh else again(peer, question.texts[0], accept)
            except OSError:
                once = times[peer.name]
            figures.append(timed(replace(figure, once=once), load))
    return figures


def again(peer: Peer, text: str, accept: str) -> float:
    """The seconds of an answer that the peer has given before."""
    return min(peer.ask(text, accept, PATIENCE)[3] for _ in range(2))


def timed(figure: Figure, load: Load) -> Figure:
    """The figure with its measurement; what takes too long for many at once counts as it was answered alone."""
    once = figure.once
    if once * load.connections <= load.seconds * 4:
        warm(replace(load, seconds=min(1.0, load.seconds)))
        found = measure(load)
        if found.rate or found.failed:
            return replace(figure, measured=found)
    return replace(figure, measured=Measured(1 / once, once * 1000, once * 1000, 0), note="one at a time")


def check(
    question: Question, peers: list[Peer], accept: str
) -> tuple[dict[str, str], dict[str, float], dict[str, str]]:
    """What each peer has wrong, the seconds of its fastest answer, and why it gave none."""
    wrong: dict[str, str] = {}
    times: dict[str, float] = {}
    notes: dict[str, str] = {}
    chosen = question.texts[:: max(1, len(question.texts) // CHECKED)][:CHECKED]
    for text in chosen[:1] if question.kind == "dump" else chosen:
        found: dict[str, Answer] = {}
        for peer in peers:
            if peer.name in notes:
                continue
            try:
                status, media_type, body, once = peer.ask(text, accept, PATIENCE)
                if status == 200:
                    found[peer.name] = answers.read(media_type, body)
                    times[peer.name] = min(once, times.get(peer.name, once))
                else:
                    notes[peer.name] = f"status {status}"
            except Unreadable as error:
                wrong[peer.name], times[peer.name] = f"unreadable: {str(error)[:160]}", once
            except OSError as error:
                notes[peer.name] = (
                    f"no answer in {PATIENCE:g} s" if isinstance(error, TimeoutError) else str(error)[:80]
                )
        if found:
            _, other = answers.agreed(found, partial=question.partial)
            wrong |= other
    return wrong, times, notes


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers are ended too
    sys.exit(main())
