"""From what pyoxigraph says about a malformed query to something that the one who wrote it can mend."""

import difflib
import re
from collections.abc import Mapping

from citygraph import sparql
from citygraph.errors import QueryError

PADDING = "\n" + "\0" * 24
"""Behind a malformed query when it is parsed again for the position: the parser tries keywords by taking as
many characters as they have, and near the end of the text it would report that there were too few instead."""

_KEYWORDS = """
a abs add all as asc ask avg base bind bnode bound by ceil clear coalesce concat construct contains copy
count create data datatype day default delete desc describe distinct drop encode_for_uri exists false filter
floor from graph group group_concat haslang haslangdir having hours if in insert into iri isblank isiri
isliteral isnumeric istriple isuri lang lang_dir langmatches lcase limit load max md5 min minus minutes
month move named not now object offset optional order predicate prefix rand reduced regex replace round
sameterm sample seconds select separator service sha1 sha256 sha384 sha512 silent str strafter strbefore
strdt strends strlang strlangdir strlen strstarts struuid subject substr sum timezone to triple true tz
ucase undef union unsaid uri using uuid values version where with year
""".split()
_KNOWN = frozenset(_KEYWORDS)
_REPORT = re.compile(r"error at (\d+):(\d+): expected (.*)", re.DOTALL)
_EXPECTED = re.compile(r'"((?:[^"\\]|\\.)+)"|\[(?:[^\[\]]|\'[^\']*\')*\]|([A-Za-z][\w ]*)')
UNBOUND = "The SELECT contains a variable that is unbound"


def explain(error: SyntaxError, text: str, prefixes: Mapping[str, str]) -> QueryError:
    """The error to answer with: line and column (from 1) of the fault where it is known, and a hint where
    there is one.

    `error` is pyoxigraph's for the text or, for better positions, for the text + PADDING; `prefixes` are
    those that the dataset uses, to name the one that is missing.
    """
    words = [token for token in sparql.tokens(text) if token.kind in ("name", "word", "mark")]
    return _undeclared(words, text, prefixes) or _misread(words, text) or _reported(error, text)


def _undeclared(words: list[sparql.Token], text: str, prefixes: Mapping[str, str]) -> QueryError | None:
    declared = sparql.prologue(text)[1]
    names = (word for word in words if word.kind == "name" and word.start >= sparql.body(text))
    missing: dict[str, sparql.Token] = {}
    for name in names:
        prefix = name.text.partition(":")[0]
        if prefix not in declared:
            missing.setdefault(prefix, name)
    if not missing:
        return None
    first, token = next(iter(missing.items()))
    known = [f"PREFIX {prefix}: <{prefixes[prefix]}>" for prefix in missing if prefix in prefixes]
    near = difflib.get_close_matches(first, {*declared, *prefixes}, 1)
    hint = f"Add: {' '.join(known)}" if known else f"Did you mean {near[0]}:?" if near else None
    return _error(f"The prefix {first}: is not declared.", text, token.start, hint)


def _misread(words: list[sparql.Token], text: str) -> QueryError | None:
    for word in words:
        if word.text in ("'", '"'):
            hint = 'Inside a text a quote is written \\"; a text of several lines stands in three quotes.'
            return _error("A quote opens here and is not closed.", text, word.start, hint)
        if word.kind == "word" and word.text.lower() not in _KNOWN:
            near = difflib.get_close_matches(word.text.lower(), _KNOWN, 1)
            if near:
                hint = f"Did you mean {near[0].upper()}?"
            else:
                hint = "A variable begins with ?, a text stands in quotes, a name has a prefix and a colon."
            return _error(f"{word.text[:40]} is no word of SPARQL.", text, word.start, hint)
    return None


def _reported(error: SyntaxError, text: str) -> QueryError:
    report = _REPORT.search(str(error))
    if report is None:
        return QueryError(f"The query is not SPARQL: {str(error)[:200]}")
    if UNBOUND in report[3]:
        return QueryError(
            "SELECT names a variable that is bound twice, or that is neither grouped nor aggregated.",
            hint="Add it to GROUP BY, or take one value with SAMPLE, MIN or MAX.",
        )
    lines = text.split("\n")
    start = sum(len(line) + 1 for line in lines[: int(report[1]) - 1]) + int(report[2]) - 1
    found = _EXPECTED.findall(report[3].removeprefix("one of "))
    marks = [mark.replace("\\", "") for mark, _ in found if mark]
    keywords = [word.strip() for _, word in found if word and word.strip() != "unreported"]
    if keywords and not marks and "[" not in report[3]:
        start -= min(map(len, keywords))
    expected = [*keywords, *marks][:8]
    hint = f"Expected here, among others: {' '.join(expected)}" if expected else None
    if start >= len(text.rstrip()):
        return _error("The query ends too soon, or a bracket or quote is not closed.", text, len(text.rstrip()), hint)
    near = text[max(start, 0) :].split("\n")[0][:40].strip()
    return _error(f"The query is not SPARQL from here on: {near}", text, max(start, 0), hint)


def _error(detail: str, text: str, start: int, hint: str | None) -> QueryError:
    before = text[:start]
    line, column = before.count("\n") + 1, start - before.rfind("\n")
    return QueryError(detail, line=line, column=column, hint=hint)
