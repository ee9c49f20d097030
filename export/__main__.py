"""python -m export: check the graph, then write it to dist/ in every format, with tables, checksums and description.

python -m export release --help says more of releases, python -m export quickstatements --help of statements for
Wikidata."""

import argparse
import os
import signal
import sys
import time
from pathlib import Path

from citygraph import dataset, ondisk, validation
from citygraph.arguments import add_store, count
from citygraph.dataset import Dataset, ParseErrors
from citygraph.terminal import complain, progress
from export import quickstatements, release
from export.dumps import SYNTAXES, write
from export.site import command as site


def main(arguments: list[str] | None = None) -> int:
    """Write the files, or say what is wrong and write nothing (exit code 1)."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:1] == ["site"]:
        return site.main(arguments[1:])
    if arguments[:1] == ["quickstatements"]:
        return quickstatements.main(arguments[1:])
    if arguments[:1] == ["release"]:
        return release.main(arguments[1:])
    given = parser().parse_args(arguments)
    try:
        return export(given)
    except ParseErrors as errors:
        return complain(*map(str, errors.problems))
    except ondisk.NotBuilt as error:
        return complain(*error.args)
    except (OSError, ValueError) as error:
        return complain(str(error))
    except KeyboardInterrupt:
        progress("")
        return 130


def parser() -> argparse.ArgumentParser:
    """The options."""
    made = argparse.ArgumentParser(prog="python -m export", description=__doc__)
    made.add_argument(
        "--root", type=Path, default=None, help="folder with ontology/, data/ and shapes/ (default: this checkout)"
    )
    made.add_argument("--base", default=None, help="base IRI (default: the one that the data states)")
    made.add_argument(
        "--out", type=Path, default=Path("dist"), help="folder to write, replaced as a whole (default: dist)"
    )
    made.add_argument(
        "--url",
        default=None,
        help="where the site stands on the web, as the description names it (default: CITYGRAPH_URL, else the base)",
    )
    add_store(made)
    made.add_argument(
        "--unvalidated",
        action="store_true",
        help="write it without holding it against the shapes, and say so in manifest.json: for graphs of millions of"
        " things, which are validated part by part elsewhere",
    )
    made.add_argument(
        "--syntaxes",
        type=syntaxes,
        default=SYNTAXES,
        metavar="LIST",
        help=f"the syntaxes of RDF that are wanted, such as ttl,nq (default: all, {','.join(sorted(SYNTAXES))})",
    )
    made.add_argument(
        "--processes", type=count, default=os.cpu_count() or 1, help="processes that write (default: %(default)s)"
    )
    return made


def syntaxes(text: str) -> frozenset[str]:
    """Names of syntaxes, with commas between them."""
    found = frozenset(filter(None, text.split(",")))
    if not found or found - SYNTAXES:
        raise argparse.ArgumentTypeError(f"{text!r} is no list of {', '.join(sorted(SYNTAXES))}, such as ttl,nq")
    return found


def load(given: argparse.Namespace) -> Dataset:
    """The graph, in memory or on disk."""
    root = given.root.resolve() if given.root else dataset.checkout()
    if given.store:
        return ondisk.opened(root, given.base, Path(given.store), progress)
    return dataset.load(root, given.base, progress)


def export(given: argparse.Namespace) -> int:
    """Validate, write, and tell what was written."""
    started = time.perf_counter()
    loaded = load(given)
    report = None if given.unvalidated else validation.check(loaded, progress, processes=given.processes)
    progress("")
    if report and not report.conforms:
        return complain(*report.lines(), "Nothing was written: mend this first.")
    left_out: list[str] = []

    def say(text: str) -> None:
        if " is left out: " in text:
            left_out.append(text)
        progress(text)

    paths = write(loaded, given.out, report, url=given.url, syntaxes=given.syntaxes, processes=given.processes, say=say)
    progress("")
    for path in paths:
        print(f"{path.stat().st_size:>15,}  {path}")
    print(*left_out, sep="\n", end="\n" if left_out else "", file=sys.stderr)
    checked = "" if report else ", not validated"
    seconds = time.perf_counter() - started
    print(f"{sum(loaded.counts.values()):,} triples in {len(paths)} files{checked}; {seconds:.1f} s", file=sys.stderr)
    return 0


if __name__ == "__main__":
    # What has begun is cleared away, as it is after an interrupt.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    sys.exit(main())
