"""How terms are shown: by their labels, in the language asked for, with a link where one can go.

Labels come in the language asked for, else in English, else without a language, else the first by language
tag. What has no label is called by the last piece of its IRI, in words, so that any vocabulary can be read.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from unicodedata import combining, normalize
from urllib.parse import unquote

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from citygraph.namespaces import PREFIXES, name
from citygraph.views import Value
from citygraph.wording import gettext

PLAIN = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i", "ə": "e", "þ": "th", "ð": "d"})
"""Letters that Unicode does not take apart."""

Term = NamedNode | BlankNode | Literal | Triple
Links = Callable[[str], str | None]
Labels = Mapping[str, list[Literal]]

NAMING = [
    name(c).value for c in ("rdfs:label", "skos:prefLabel", "schema:name", "foaf:name", "dcterms:title", "sh:name")
]
RDF, XSD = PREFIXES["rdf"], PREFIXES["xsd"]
DATES = {"date", "dateTime", "gYear", "gYearMonth"}
NUMBERS = {"integer", "decimal", "double", "float", "nonNegativeInteger"}


def pick(labels: Sequence[Literal], language: str) -> Literal | None:
    """The label to show, by the order of languages stated above."""
    wanted = [language, "en", ""]

    def rank(label: Literal) -> tuple[int, str, str]:
        tag = label.language or ""
        return (wanted.index(tag) if tag in wanted else len(wanted), tag, label.value)

    return min(labels, key=rank, default=None)


def local_name(iri: str) -> str:
    """What an IRI ends with, without a trailing slash."""
    return unquote(re.split(r"[/#:]", iri.rstrip("/#"))[-1]) or iri


def in_words(text: str) -> str:
    """A name in camelCase, kebab-case or snake_case as words: `asWKT` is `as WKT`."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[-_]+", " ", text).split()
    return " ".join(word if word.isupper() and len(word) > 1 else word.lower() for word in words) or text


def shortened(iri: str) -> str:
    """An IRI of which nothing is known: by its prefix where that is well known, else without its scheme."""
    for prefix, namespace in PREFIXES.items():
        if iri.startswith(namespace) and len(iri) > len(namespace):
            return f"{prefix}:{iri[len(namespace) :]}"
    return unquote(re.sub(r"^https?://(www\.)?", "", iri)).rstrip("/")


def written(term: Term) -> str:
    """What a term says, without brackets or quotes."""
    return str(term) if isinstance(term, Triple) else str(term.value)


def tag(literal: Literal | None) -> str | None:
    """The language of a text, if it says one."""
    return literal.language if literal is not None else None


def shown(literal: Literal) -> Value:
    """A literal as it is set; whole numbers from 10 000 on are grouped by thin spaces."""
    datatype = literal.datatype.value.removeprefix(XSD)
    kind = "date" if datatype in DATES else "number" if datatype in NUMBERS else "text"
    text = literal.value
    if datatype == "integer" and re.fullmatch(r"-?\d{5,}", text):
        text = f"{int(text):,}".replace(",", "\u202f")
    return Value(text, None, tag(literal), False, kind)


class Reader:
    """The facts of one document by subject and by object, read in one language on one site.

    `terms` has the labels of properties and classes by IRI, `links` gives the local address of an IRI or
    None.
    """

    def __init__(self, triples: Iterable[Triple], terms: Labels, links: Links, language: str) -> None:
        self.language, self.terms, self.links = language, terms, links
        self.facts: dict[Term, dict[str, list[Term]]] = defaultdict(lambda: defaultdict(list))
        self.towards: dict[Term, list[tuple[Term, str]]] = defaultdict(list)
        for subject, predicate, value in dict.fromkeys(triples):
            self.facts[subject][predicate.value].append(value)
            self.towards[value].append((subject, predicate.value))

    def labels(self, node: Term) -> list[Literal]:
        """The names of a node, by the first naming property that it has."""
        facts = self.facts.get(node, {})
        for naming in NAMING:
            found = [value for value in facts.get(naming, []) if isinstance(value, Literal)]
            if found:
                return found
        return self.terms.get(node.value, []) if isinstance(node, NamedNode) else []

    def label(self, node: Term) -> Literal | None:
        """The name of a node in the language asked for."""
        return pick(self.labels(node), self.language)

    def value(self, term: Term) -> Value:
        """A term as it is shown."""
        if isinstance(term, Literal):
            return shown(term)
        label = self.label(term)
        if not isinstance(term, NamedNode):
            return Value(label.value, None, tag(label)) if label else Value(gettext("unnamed"))
        here = self.links(term.value)
        href = here or (term.value if term.value.startswith(("http://", "https://")) else None)
        if label is None and here and "#" in term.value:
            holder = self.label(NamedNode(term.value.split("#", 1)[0]))
            words = in_words(local_name(term.value))
            return Value(f"{holder.value}: {words}" if holder else words, href, tag(holder), False, "link")
        plain = here is None or "?" in term.value
        text = label.value if label else shortened(term.value) if plain else in_words(local_name(term.value))
        return Value(text, href, tag(label), here is None, "link")

    def heading(self, predicate: str) -> Value:
        """A property by its label, else by its name in words, if it can be in those of the page's language."""
        found = self.value(NamedNode(predicate))
        if self.label(NamedNode(predicate)):
            return found
        return Value(gettext(in_words(local_name(predicate))), found.href, None, found.outside, "link")

    def literals(self, node: Term, predicate: str) -> list[Literal]:
        """The literals that a node has by one property."""
        return [value for value in self.facts.get(node, {}).get(predicate, []) if isinstance(value, Literal)]

    def members(self, term: Term) -> list[Term]:
        """The members of an RDF list that begins with a node; for any other term the term itself."""
        first, rest = RDF + "first", RDF + "rest"
        if first not in self.facts.get(term, {}):
            return [term]
        found, seen = [], set()
        while term not in seen and (facts := self.facts.get(term)):
            seen.add(term)
            found += facts.get(first, [])
            term = next(iter(facts.get(rest, [])), term)
        return found


def folded(text: str) -> str:
    """A text as it is compared: without case, accents or strokes."""
    if text.isascii():
        return text.lower()
    # Twice: some letters come apart when they are small, and some are small when they are apart.
    return bare(bare(text).casefold()).casefold().translate(PLAIN)


def bare(text: str) -> str:
    """A text without what is set above, below or through its letters."""
    return "".join(c for c in normalize("NFKD", text) if not combining(c))


def by_text(value: Value) -> tuple[str, str]:
    """Where a value stands among others: letters with accents or strokes beside those without."""
    return (folded(value.text), value.href or "")
