"""Whether a root is right: its files parse, its data stands in our form, and its shapes (SHACL) accept it.

All three kinds of problem come out alike, as findings with a file and a line, and as a standard `sh:ValidationReport`.
"""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from pyoxigraph import BlankNode

from citygraph import dataset, shacl
from citygraph.dataset import Dataset, ParseErrors
from citygraph.findings import SEVERITIES, Finding, Report
from citygraph.formatting import canonical_text
from citygraph.positions import Places


def validate(
    root: Path, say: Callable[[str], None] = lambda text: None, base: str | None = None, only: Sequence[str] = (),
    processes: int = 1,
) -> Report:  # fmt: skip
    """Everything that is wrong with a root. Raises `FileNotFoundError` when there is nothing in it."""
    try:
        loaded = dataset.load(root, base, say)
    except ParseErrors as errors:
        wrong = [
            Finding(p.file, p.line, "Violation", "", "", "", "", f"column {p.column}: {p.message}")
            for p in errors.problems
        ]
        return Report(sorted(wrong), 0, {})
    return check(loaded, say, only, processes)


def check(
    loaded: Dataset, say: Callable[[str], None] = lambda text: None, only: Sequence[str] = (), processes: int = 1,
) -> Report:  # fmt: skip
    """Form and shapes of a root that has been loaded; of the shapes in files `only`, and nothing else, if it names any.

    Raises `ValueError` for a file that shapes/ does not have.
    """
    findings: list[Finding] = []
    for path in [] if only else dataset.files(loaded.root, "data"):
        say(f"form of {path.relative_to(loaded.root)}")
        findings += form(loaded, path)
    findings += shapes(loaded, say, only, processes)
    unique = sorted(set(findings), key=lambda found: (SEVERITIES.index(found.severity), found))
    return Report(unique, sum(loaded.counts.values()) - loaded.counts["shapes"], loaded.prefixes)


def form(loaded: Dataset, path: Path) -> list[Finding]:
    """Where a file of data/ is not what the formatter writes."""
    file, text = str(path.relative_to(loaded.root)), path.read_bytes().decode("utf-8")

    def warn(line: int, message: str) -> Finding:
        return Finding(file, line, "Warning", "", "", "", "", message)

    found = [
        warn(
            number,
            f"prefix {name}: is not declared in ontology/; declare it there (sh:declare) or write the IRI",
        )
        for number, line in enumerate(text.split("\n"), 1)
        if (stated := re.match(r"\s*@?prefix\s+([^\s:]*):\s*<([^>]*)>", line, re.IGNORECASE))
        and loaded.prefixes.get(name := stated[1]) != stated[2]
    ]
    if any(isinstance(t, BlankNode) for q in dataset.quads(path) for t in (q.subject, q.object)):
        found.append(warn(1, "has blank nodes; give each an IRI, such as <thing#part>, so that it can be cited"))
    try:
        wanted = canonical_text(path, loaded.prefixes)
    except ValueError as error:
        return [*found, warn(getattr(error, "line", 1), str(error))]
    if wanted != text:
        ours, theirs = wanted.split("\n"), text.split("\n")
        pairs = enumerate(zip(ours, theirs, strict=False), 1)
        line = next((n for n, (a, b) in pairs if a != b), min(len(ours), len(theirs)) + 1)
        found.append(warn(line, "is not in form; run: python -m citygraph format"))
    return found


def shapes(
    loaded: Dataset, say: Callable[[str], None] = lambda text: None, only: Sequence[str] = (), processes: int = 1,
) -> list[Finding]:  # fmt: skip
    """What the shapes of the root refuse in its ontology, data and derived facts, with the lines it stands at.

    `only` names files in shapes/; things are checked by so many processes.
    """
    results = shacl.results(loaded, say, only, processes)
    places = Places(loaded.root, {term for one in results for term in (one.focus, one.value) if term})
    return [finding(one, places) for one in results]


def finding(one: shacl.Result, places: Places) -> Finding:
    """One result of the shapes, with the place in the files that it speaks of."""
    if one.inverse and one.value:
        file, line = places.of(value=one.focus, predicate=one.inverse, subject=one.value)
    else:
        file, line = places.of(subject=one.focus, predicate=one.path, value=one.value)
    subject = one.focus[1:-1] if one.focus.startswith("<") else ""
    path = one.inverse or one.path
    backwards = bool(one.inverse)
    return Finding(
        file, line, one.severity, subject, path[1:-1], one.value, one.shape, one.message, one.component, backwards
    )
