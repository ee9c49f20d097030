"""Figures as tables: each peer's requests a second, and ours as ratios beside the goals."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from bench.load import Measured

AT_LEAST = {"virtuoso": 2.0, "comunica": 5.0, "rdflib-endpoint": 25.0}
"""Ours against these, on every question."""


@dataclass(frozen=True)
class Figure:
    """One question put to one peer. `note` says why it was not measured, or measured otherwise; `once` are the seconds
    of one answer alone."""

    question: str
    kind: str
    fresh: bool
    peer: str
    measured: Measured | None
    note: str = ""
    wrong: str = ""
    once: float = 0.0


@dataclass
class Run:
    """All figures over one network."""

    network: str
    triples: int
    facts: list[str] = field(default_factory=list)
    peers: list[dict[str, Any]] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)

    def document(self) -> dict[str, Any]:
        return asdict(self)


def goal(kind: str, fresh: bool, peer: str) -> float:
    """The ratio that ours is to reach against a peer."""
    if peer != "oxigraph":
        return AT_LEAST[peer]
    if fresh:
        return 0.3 if kind == "lookup" else 0.7
    return 10.0 if kind in ("aggregate", "list") else 1.0


def rate(figure: Figure | None) -> str:
    """A cell: requests a second and p99. `≠` marks a wrong answer, `¹` one request at a time."""
    if figure is None:
        return "–"
    mark = " ≠" if figure.wrong else ""
    if figure.measured is None:
        return f"{figure.note}{mark}"
    measured = figure.measured
    alone = "¹" if figure.note else ""
    failed = f", {measured.failed:,} failed" if measured.failed else ""
    return f"{number(measured.rate)}{alone} ({number(measured.p50)} / {number(measured.p99)} ms{failed}){mark}"


def number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def ratio(ours: Figure | None, other: Figure | None) -> float | None:
    """How many times the other's rate ours is; None where one of them has none, or a wrong answer.

    When one of them was asked alone, it is that which is compared."""
    if not ours or not other or ours.wrong or other.wrong or not ours.measured or not other.measured:
        return None
    if ours.note or other.note:
        return other.once / ours.once
    return ours.measured.rate / other.measured.rate if other.measured.rate else None


def table(run: Run, fresh: bool) -> Iterable[str]:
    """The lines of a Markdown table: each question a row."""
    names = [peer["name"] for peer in run.peers]
    others = [name for name in names if name != "ours"]
    heads = [*names, *(f"ours / {name}" for name in others), "ours / best peer"]
    yield f"| question | {' | '.join(heads)} |"
    yield f"|---|{'---|' * len(heads)}"
    for question in dict.fromkeys(figure.question for figure in run.figures):
        row = {f.peer: f for f in run.figures if f.question == question and f.fresh == fresh}
        cells = [rate(row.get(name)) for name in names]
        ratios = {name: ratio(row.get("ours"), row.get(name)) for name in others}
        for name, times in ratios.items():
            wanted = goal(next(iter(row.values())).kind, fresh, name)
            word = "met" if times is not None and times >= wanted else "**missed**"
            cells.append("–" if times is None else f"{times:.2g} ({word}, {wanted:g})")
        best = min((times for times in ratios.values() if times is not None), default=None)
        cells.append("–" if best is None else f"{best:.2g}")
        yield f"| {question} | {' | '.join(cells)} |"


def lines(run: Run) -> Iterable[str]:
    """The whole report of a run."""
    yield f"### {run.network}: {run.triples:,} triples"
    yield ""
    yield from (f"- {fact}" for fact in run.facts)
    yield ""
    yield "| peer | version | settings | start and load, s | RSS / PSS before, MB | RSS / PSS after, MB |"
    yield "|---|---|---|---|---|---|"
    for peer in run.peers:
        before, after = (f"{peer[when][0]:,.0f} / {peer[when][1]:,.0f}" for when in ("before", "after"))
        yield f"| {peer['name']} | {peer['version']} | {peer['settings']} | {peer['loaded']:.1f} | {before} | {after} |"
    for fresh, title in ((True, "Uncached: each request differs"), (False, "Repeated: the same request")):
        yield f"\n{title}; requests a second (p50 / p99), ratio (goal)\n"
        yield from table(run, fresh)
    wrong = {(f.question, f.peer): f.wrong for f in run.figures if f.wrong}
    yield from [f"\n≠ {question}, {peer}: {told}" for (question, peer), told in wrong.items()]
