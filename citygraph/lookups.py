"""Things by the identifiers that others gave them: each query of `citygraph/queries/lookups/` is a scheme.

The query takes `$id`, whose form a line `# $id matches <regular expression>` in its head states, and selects `?thing`
and `?rank`, the best rank first.
"""

import re

from pyoxigraph import Literal

from citygraph import queries
from citygraph.engine import Engine
from citygraph.labels import Term, written
from citygraph.protocol import BadRequest
from citygraph.sparql import bind

FORM = re.compile(r"^# \$id matches (.+)$", re.MULTILINE)
SCHEMES = [name.removeprefix("lookups/") for name in queries.names("lookups")]


def find(engine: Engine, scheme: str, code: str) -> list[str]:
    """The IRIs of the things that an identifier means, only those of the best rank. Raises `BadRequest` for what is no
    identifier of the scheme."""
    query = queries.load(f"lookups/{scheme}")
    form = FORM.search(query.text)
    if form and not re.fullmatch(form[1], code, re.ASCII):
        raise BadRequest(f"This is no identifier of {scheme}; one matches {form[1]}.")
    rows = engine.select(bind(query.text, {"id": Literal(code)}))
    ranked: dict[Term, list[str]] = {}
    for row in rows:
        ranked.setdefault(row["rank"], []).append(written(row["thing"]))
    return next(iter(ranked.values()), [])
