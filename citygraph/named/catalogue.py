"""Which queries have an address: those for users in `citygraph/queries/`, and those in `queries/` of a root."""

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path

from pyoxigraph import Store

from citygraph import queries, sparql
from citygraph.dataset import ParseErrors, Problem
from citygraph.errors import EngineError, Refused
from citygraph.queries import Query

FOLDER = "queries"
NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LANGUAGE = "lang"
"""The parameter that every query may have without declaring it: the language of labels."""
FORMS = ("select", "ask", "construct", "describe")


class NoSuchQuery(EngineError):
    """Nothing is published under the name of a query. extra: allowed, the names that come near."""

    status = 404
    title = "Not Found"


def own(root: Path) -> dict[str, Query]:
    """The queries that a root brings along, by name. Raises `ParseErrors` for a file that could not be asked."""
    found, problems = {}, []
    for path in sorted((root / FOLDER).glob("*.rq")):
        shown = f"{FOLDER}/{path.name}"
        try:
            found[path.stem] = checked(path)
        except (SyntaxError, ValueError, Refused) as error:
            line = getattr(error, "lineno", None) or 1
            problems.append(Problem(shown, line, getattr(error, "offset", None) or 1, told(error)))
    if problems:
        raise ParseErrors(problems)
    return found


def told(error: Exception) -> str:
    """What is wrong, in one line."""
    words = error.msg if isinstance(error, SyntaxError) else str(error)
    return " ".join(words.split())


def checked(path: Path) -> Query:
    """The query in a file of a root. Raises `SyntaxError`, `ValueError` or `Refused`."""
    text = path.read_text("utf-8")
    query = queries.parse_query(path.stem, text)
    if not NAME.fullmatch(path.stem):
        raise ValueError("name the file with small letters, digits and single hyphens: it is an address")
    if not text.startswith("#") or not query.title:
        raise ValueError("begin with a line that says what the query asks: # Title")
    if sparql.form(text) not in FORMS:
        raise ValueError("write a SELECT, ASK, CONSTRUCT or DESCRIBE")
    sparql.refuse(text, ())
    Store().query(text)
    if {parameter.name for parameter in query.declared} & {LANGUAGE, "format"}:
        raise ValueError("call the parameter otherwise: every query takes lang and format already")
    for name in sorted(query.parameters - {parameter.name for parameter in query.declared} - {LANGUAGE}):
        raise ValueError(f"declare ${name} in the head: # ${name} a prefix:Class-or-datatype: what it does")
    if LANGUAGE in query.parameters - query.defaults.keys():
        raise ValueError('say in the head which language it is unless told: # $lang = "en"')
    Store().query(query.filled({}))
    return query


def offered(ours: bool, owned: Mapping[str, Query]) -> dict[str, Query]:
    """The queries of a site by name: `ours` where its graph has what they ask about, and its own."""
    found = {name: queries.load(name) for name in queries.names()} if ours else {}
    return dict(sorted({**found, **owned}.items()))


def by_topic(found: Iterable[Query]) -> dict[str, list[Query]]:
    """Queries by topic, in the order of their titles; those without one come last, under nothing."""
    grouped: dict[str, list[Query]] = {}
    for query in sorted(found, key=lambda query: (not query.topic, query.topic, query.title)):
        grouped.setdefault(query.topic, []).append(query)
    return grouped


def nearest(name: str, known: Iterable[str]) -> list[str]:
    """The names that come near one that is none; where none does, all of them."""
    names = list(known)
    whole = get_close_matches(name.lower(), names, 5, 0.5)
    words = set(re.split(r"[^a-z0-9]+", name.lower())) - {""}
    sharing = [each for each in names if words & (set(each.split("-")) - {"a", "by", "of", "on", "the", "with"})]
    return list(dict.fromkeys([*whole, *sharing]))[:8] or names


def missing(name: str, known: Iterable[str]) -> NoSuchQuery:
    """What to say of a name that is none."""
    names = nearest(name, known)
    near = f"Did you mean {', '.join(names)}?" if names else "This graph has no named queries."
    return NoSuchQuery(f"There is no query called {name[:80]!r}. {near}", allowed=names or None)
