"""The editor on the query page: YASGUI, where `make assets` could install it, and the names that it completes.

Its two files are served under their version, so that a browser keeps them for good.
"""

import json
from typing import NamedTuple

from flask import Blueprint, Response, abort, g, url_for

from citygraph import assets, formats, queries, replies
from citygraph.labels import pick, written
from citygraph.site import site

blueprint = Blueprint("editor", __name__)
KINDS = {"yasgui.min.js": "text/javascript; charset=utf-8", "yasgui.min.css": "text/css; charset=utf-8"}
MOST = 2000
"""Names of classes, and as many of properties, that are offered."""


class Editor(NamedTuple):
    """Where the editor's files are on this site, and of which version they are."""

    version: str
    script: str
    style: str


def files() -> Editor | None:
    """The editor, if it is installed."""
    version = assets.installed()
    if version is None:
        return None
    script, style = (url_for("editor.file", version=version, name=name) for name in KINDS)
    return Editor(version, script, style)


@blueprint.get("/assets/<version>/<name>")
def file(version: str, name: str) -> Response:
    """A file of the editor; it never changes under its address."""
    if name not in KINDS or version != assets.installed():
        abort(404, "There is no such file. The editor is optional; make assets installs it.")
    reply = replies.cached(site, (assets.FOLDER / name).read_bytes, KINDS[name])
    reply.headers["Cache-Control"] = replies.IMMUTABLE
    return reply


@blueprint.get("/sparql/terms.json")
def terms() -> Response:
    """The prefixes, classes and properties that the graph uses, those used most first: what an editor completes."""
    return replies.cached(site, names, formats.JSON.content_type)


def names() -> str:
    """The same as JSON, with labels in the language of the request."""
    told = {"prefixes": site.dataset.prefixes, "classes": used("class"), "properties": used("property")}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def used(kind: str) -> list[dict[str, str]]:
    """The classes or the properties in use."""
    made = []
    rows = site.engine.select(queries.load(f"description/{kind}-partitions").text)
    for row in sorted(rows, key=lambda row: (-int(written(row["count"])), written(row["term"])))[:MOST]:
        iri = written(row["term"])
        label = pick(site.terms.get(iri, []), g.language)
        made.append({"iri": iri, **({"label": label.value} if label else {})})
    return made
