"""The command line: python -m citygraph serve | build | validate | format | query | link | stats | push | assets."""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from citygraph import (
    archive,
    assets,
    credentials,
    dataset,
    explanation,
    formatting,
    ondisk,
    pushing,
    queries,
    remote,
    sparql,
    tables,
    validation,
)
from citygraph.arguments import absolute, add_store, count, port, seconds, site_path
from citygraph.dataset import Dataset, ParseErrors
from citygraph.endpoint import Endpoint
from citygraph.errors import EngineError
from citygraph.linking import command as linking
from citygraph.terminal import complain, paint, progress, table

EPILOG = "--root DIR, or CITYGRAPH_ROOT, names another folder with ontology/, data/ and shapes/ (any may be missing)."


def main(arguments: list[str] | None = None) -> int:
    """Run one command. Exit codes: 0 all right, 1 something to mend, 2 wrong use, 130 interrupted."""
    given = parser().parse_args(arguments)
    try:
        return int(given.run(given))
    except ParseErrors as errors:
        return complain(*map(str, errors.problems))
    except ondisk.NotBuilt as error:
        return complain(*error.args)
    except EngineError as error:
        place = "line {line}, column {column}: ".format_map(error.extra) if "line" in error.extra else ""
        return complain(
            f"{error.title}: {place}{error.detail}",
            *([str(error.extra["hint"])] if "hint" in error.extra else []),
        )
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (OSError, ValueError) as error:
        return complain(str(error))
    except KeyboardInterrupt:
        return 130


def parser() -> argparse.ArgumentParser:
    """All commands with their options."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--root", type=Path, default=None, help="folder to work on (default: this checkout)")
    common.add_argument("--base", type=absolute, default=None, help="base IRI (default: the one that the data states)")
    top = argparse.ArgumentParser(prog="python -m citygraph", description=__doc__, epilog=EPILOG)
    commands = top.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def command(name: str, run: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, parents=[common], help=text, description=text, epilog=EPILOG)
        made.set_defaults(run=run)
        return made

    serve_ = command("serve", serve, "Serve pages, documents and the SPARQL endpoint.")
    of_serving(serve_)
    keep = command("build", build, "Make the store on disk that serve --store reads, or bring it up to date.")
    for one in (serve_, keep):
        add_store(one)
    of_checking(command("validate", validate, "Check files, form and shapes; one line a problem, with file and line."))
    tidy = command("format", format_, "Bring the files of data/ into our form: one fact a line, in order.")
    tidy.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file is not in form")
    tidy.add_argument("files", nargs="*", type=Path, help="Turtle files (default: all of data/)")
    of_asking(command("query", query, "Run a SPARQL query on the folders."))
    linking.add(commands, common, load, table, progress)
    command("stats", stats, "What is in the graph, and how long it took to load.")
    assets.options(command("assets", assets.command, "Install the editor of the query page; it works without."))
    of_pushing(command("push", push, "Validate the folders and load their graphs into a store elsewhere."))
    return top


def of_serving(serve: argparse.ArgumentParser) -> None:
    """Where a server listens, how much it does at once, and under which path."""
    serve.add_argument("--host", default="127.0.0.1", help="address to listen at (default: %(default)s)")
    serve.add_argument("--port", type=port, default=8000, help="port to listen at (default: %(default)s)")
    serve.add_argument(
        "--workers",
        type=count,
        default=min(4, os.cpu_count() or 1),
        help="processes for pages, and as many for queries (default: %(default)s)",
    )
    serve.add_argument(
        "--timeout", type=seconds, default=10.0, help="seconds that a query may take (default: %(default)s)"
    )
    serve.add_argument(
        "--path",
        type=site_path,
        default=os.environ.get("CITYGRAPH_PATH") or "/",
        help="what every address begins with, behind a proxy: /kg/ (default: CITYGRAPH_PATH, else /)",
    )
    serve.add_argument(
        "--state",
        type=Path,
        default=os.environ.get("CITYGRAPH_STATE"),
        metavar="DIR",
        help="folder for short links to queries (default: CITYGRAPH_STATE, else .state in the root)",
    )


def of_checking(check: argparse.ArgumentParser) -> None:
    """What is validated, and how it is told."""
    form = check.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print the report as JSON")
    form.add_argument("--turtle", action="store_true", help="print the report as a sh:ValidationReport")
    check.add_argument("--shapes", default="", metavar="FILE,FILE", help="only these files of shapes/, and no form")


def of_asking(ask: argparse.ArgumentParser) -> None:
    """What is asked, and how it is told."""
    ask.add_argument("query", help="a .rq file, the name of one in citygraph/queries/, or the text of a query")
    ask.add_argument("--format", choices=["table", "csv", "json"], default="table", help="default: %(default)s")
    ask.add_argument(
        "--with",
        dest="terms",
        action="append",
        default=[],
        metavar="NAME=TERM",
        help="give a parameter a term, as Turtle writes it: --with 'day=\"2017-12-31\"^^xsd:date'",
    )


def of_pushing(send: argparse.ArgumentParser) -> None:
    """Where the store is."""
    send.add_argument(
        "--endpoint",
        default=os.environ.get("CITYGRAPH_ENDPOINT"),
        metavar="URL",
        help="where the store is queried (default: CITYGRAPH_ENDPOINT)",
    )
    send.add_argument(
        "--graph-store",
        default=os.environ.get("CITYGRAPH_GRAPH_STORE"),
        metavar="URL",
        help="where its graphs are replaced; {graph} stands for the IRI, escaped (default: CITYGRAPH_GRAPH_STORE)",
    )


def root_of(given: argparse.Namespace) -> Path:
    return given.root.resolve() if given.root else dataset.checkout()


def load(given: argparse.Namespace) -> Dataset:
    loaded = dataset.load(root_of(given), given.base, progress)
    progress("")
    return loaded


def serve(given: argparse.Namespace) -> int:
    """Load the root or open its store, fork the query workers, then the web server's processes."""
    from citygraph.serving import run, taken
    from server import create_app

    if problem := taken(given.host, given.port):
        return complain(problem)
    loaded = ondisk.opened(root_of(given), given.base, Path(given.store), progress) if given.store else load(given)
    return run(create_app, loaded, given.host, given.port, given.workers, given.timeout, given.path, given.state)


def build(given: argparse.Namespace) -> int:
    if not given.store:
        return complain("name the folder of the store with --store, or with CITYGRAPH_STORE")
    started = time.perf_counter()
    made = ondisk.build(root_of(given), given.base, Path(given.store), progress)
    progress("")
    print(
        f"{given.store}: {f'built in {time.perf_counter() - started:.1f} s' if made else 'up to date'}", file=sys.stderr
    )
    return 0


def validate(given: argparse.Namespace) -> int:
    started = time.perf_counter()
    only = [name for name in given.shapes.split(",") if name]
    report = validation.validate(root_of(given), progress, given.base, only, os.cpu_count() or 1)
    progress("")
    if given.json:
        print(json.dumps(report.document(), ensure_ascii=False, indent=2))
    elif given.turtle:
        print(report.turtle())
    else:
        for line in report.lines():
            print(paint(line, "33" if ": warning: " in line else "31"))
    violations = sum(found.severity == "Violation" for found in report.findings)
    rest = len(report.findings) - violations
    told = f"{violations} violation{'s'[: violations != 1]}, {rest} warning{'s'[: rest != 1]}"
    print(f"{told}; {report.checked:,} triples in {time.perf_counter() - started:.1f} s", file=sys.stderr)
    return 0 if report.conforms else 1


def format_(given: argparse.Namespace) -> int:
    root = root_of(given)
    files = given.files or dataset.files(root, "data")
    prefixes = dataset.declared_prefixes(root)
    status = 0
    for path in files:
        progress(shown(path, root))
        try:
            if formatting.format_file(path, prefixes, write=not given.check):
                progress("")
                print(f"{shown(path, root)}: {'is not in form' if given.check else 'formatted'}")
                status |= given.check
        except SyntaxError as error:
            status = complain(f"{shown(path, root)}:{error.lineno or 1}: {error.msg}; left as it was")
        except formatting.CommentInside as error:
            status = complain(f"{shown(path, root)}:{error.line}: {error}; left as it was")
    progress("")
    return status


def shown(path: Path, root: Path) -> str:
    """A path as the curator knows it: from the root, where it lies in it."""
    return str(path.relative_to(root) if path.is_relative_to(root) else path)


def query(given: argparse.Namespace) -> int:
    text = tables.read_query(given.query, dict(pair.partition("=")[::2] for pair in given.terms))
    loaded = load(given)
    declared = " ".join(f"PREFIX {prefix}: <{iri}>" for prefix, iri in loaded.prefixes.items()) + "\n"
    sparql.refuse(declared + text, loaded.graphs, loaded.base)
    try:
        result = tables.answer(loaded.store, declared + text, given.format, loaded.prefixes)
    except SyntaxError as error:
        wrong = explanation.explain(error, declared + text, loaded.prefixes)
        wrong.extra |= {"line": int(str(wrong.extra["line"])) - 1} if "line" in wrong.extra else {}
        raise wrong from None
    if isinstance(result, str):
        print(result, end="" if result.endswith("\n") else "\n")
    else:
        table(result)
    return 0


def stats(given: argparse.Namespace) -> int:
    started = time.perf_counter()
    loaded = load(given)
    print(f"root     {loaded.root}\nbase     {loaded.base}\nversion  {loaded.version}\ndigest   sha256:{loaded.digest}")
    print(f"loaded   in {time.perf_counter() - started:.2f} s\n\ntriples by graph")
    for part, number in loaded.counts.items():
        print(f"{number:>9,}  {part}")
    ready = archive.Archive(archive.releases_of(loaded.root), archive.dist_of(loaded.root), loaded.digest)
    print(f"\nquery page has {assets.told()}\nfiles    {archive.said(ready)}\n\nthings by class")
    text = queries.load("stats/things-by-class").text
    for row in dataset.solutions(loaded.store, text):
        print(f"{int(row['things'].value):>9,}  {row['class'].value}")
    return 0


def push(given: argparse.Namespace) -> int:
    """Nothing is sent when the folders do not validate."""
    if not given.endpoint or not given.graph_store:
        return complain(
            "name the store with --endpoint and --graph-store, such as http://127.0.0.1:7878/store?graph={graph}"
        )
    known = credentials.from_environment()
    store = Endpoint(pushing.address(given.graph_store, ""), known)
    loaded = load(given)
    engine = remote.Remote(loaded, given.endpoint, known)
    report = validation.check(loaded, progress)
    progress("")
    if not report.conforms:
        return complain(*report.lines(), "nothing was pushed")
    done = pushing.push(loaded, store, given.graph_store, engine, print)
    return complain(*done.lines()) if done.failed else 0


if __name__ == "__main__":
    sys.exit(main())
