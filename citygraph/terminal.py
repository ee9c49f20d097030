"""What the command line says on a terminal: problems, progress, tables."""

import os
import sys


def complain(*lines: str) -> int:
    """Say what is wrong, and that it is."""
    for line in lines:
        print(paint(line, "31", sys.stderr), file=sys.stderr)
    return 1


def paint(text: str, colour: str, stream: object = None) -> str:
    """The text in a colour, where somebody looks at a terminal that shows colours."""
    stream = stream or sys.stdout
    seen = getattr(stream, "isatty", lambda: False)() and "NO_COLOR" not in os.environ
    return f"\x1b[{colour}m{text}\x1b[0m" if seen else text


def progress(text: str) -> None:
    """One line on a terminal that tells what is being done, and is overwritten by the next."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text[:78]}", end="\r" if not text else "", file=sys.stderr, flush=True)


def table(lines: list[list[str]]) -> None:
    """Columns as wide as their content, up to sixty characters on a terminal."""
    limit = 60 if sys.stdout.isatty() else 10_000
    cut = [[cell if len(cell) <= limit else cell[: limit - 1] + "…" for cell in line] for line in lines]
    widths = [max(map(len, column)) for column in zip(*cut, strict=True)]
    for number, line in enumerate(cut):
        print(paint("  ".join(map(str.ljust, line, widths)).rstrip(), "1" if number == 0 else "0"))
    print(f"{len(lines) - 1} row{'s'[: len(lines) != 2]}", file=sys.stderr)
