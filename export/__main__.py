"""python -m export: check the graph, then write its dumps to dist/.

python -m export quickstatements --help says more of statements for Wikidata."""

import argparse
import sys
from pathlib import Path

from citygraph import dataset, validation
from citygraph.dataset import ParseErrors
from export import quickstatements
from export.dumps import write
from export.site import command as site


def main(arguments: list[str] | None = None) -> int:
    """Write the dumps, or say what is wrong and write nothing (exit code 1)."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:1] == ["site"]:
        return site.main(arguments[1:])
    if arguments[:1] == ["quickstatements"]:
        return quickstatements.main(arguments[1:])
    parser = argparse.ArgumentParser(prog="python -m export", description=__doc__)
    parser.add_argument(
        "--root",
        type=Path,
        default=None,
        help="folder with ontology/, data/ and shapes/ (default: this checkout)",
    )
    parser.add_argument("--base", default=None, help="base IRI (default: the one that the data states)")
    parser.add_argument(
        "--out", type=Path, default=Path("dist"), help="folder to write, replaced as a whole (default: dist)"
    )
    given = parser.parse_args(arguments)
    try:
        loaded = dataset.load(given.root.resolve() if given.root else dataset.checkout(), given.base)
    except (ParseErrors, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    report = validation.check(loaded)
    if not report.conforms:
        print(*report.lines(), "Nothing was written: mend this first.", sep="\n", file=sys.stderr)
        return 1
    for path in write(loaded, given.out):
        print(f"{path.stat().st_size:>12,}  {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
