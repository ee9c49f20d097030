"""The form of the files in data/: what `python -m citygraph format` writes, and when it refuses to."""

from collections.abc import Mapping
from pathlib import Path

from pyoxigraph import RdfFormat, Store

from citygraph import positions, turtle


class CommentInside(ValueError):
    """A comment that formatting would lose."""

    def __init__(self, line: int) -> None:
        super().__init__(
            "a comment between facts would be lost by formatting; state it as a skos:editorialNote, "
            "or move it to the head of the file"
        )
        self.line = line


def canonical_text(path: Path, prefixes: Mapping[str, str]) -> str:
    """The file's text in our form, with the comment at its head kept.

    Numbers get the form that the store gives them, so that files, pages and dumps agree. Raises `SyntaxError` if the
    file is no Turtle and `CommentInside` if a comment stands between facts.
    """
    text = path.read_bytes().decode("utf-8").replace("\r\n", "\n")
    store = Store()
    store.load(text.encode(), format=RdfFormat.TURTLE)
    head = header(text)
    lines = text.split("\n")
    for number in positions.comments(text):
        if number > len(head):
            raise CommentInside(number)
    body = turtle.write((quad.triple for quad in store), prefixes)
    kept = "\n".join(lines[: len(head)]).rstrip("\n")
    return f"{kept}\n\n{body}" if kept else body


def header(text: str) -> list[str]:
    """The comment lines and blank lines before anything else."""
    head = []
    for line in text.split("\n"):
        if line.strip() and not line.startswith("#"):
            break
        head.append(line)
    return head


def format_file(path: Path, prefixes: Mapping[str, str], *, write: bool = True) -> bool:
    """Bring a file into form; says whether it was not. The file is replaced whole or not at all."""
    wanted = canonical_text(path, prefixes)
    if wanted.encode() == path.read_bytes():
        return False
    if write:
        beside = path.with_suffix(".ttl.new")
        beside.write_text(wanted, "utf-8", newline="\n")
        beside.replace(path)
    return True
