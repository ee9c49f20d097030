"""What is asked: one query a file in queries/, with parameters that take their terms from the data.

python -m bench.questions [--store DIR] ROOT OUT: write the graph (graph.nt) and the texts (questions.json) that a run
needs, in a process of its own, so that the loaded graph leaves no trace in the figures.
"""

import argparse
import json
import sys
import time
from dataclasses import asdict, dataclass, field
from itertools import product
from pathlib import Path

from pyoxigraph import DefaultGraph, Literal, NamedNode, RdfFormat, Store

from bench.generate import BASE
from citygraph import dataset, ondisk, queries, sparql
from citygraph.namespaces import PREFIXES

FOLDER = Path(__file__).with_name("queries")
MOST = 200
"""Texts of a question; each request adds a comment of its own, so that no two are the same."""

TERMS = {
    "label": "SELECT ?v { ?c a ccn:CreativeCity ; rdfs:label ?v FILTER(LANG(?v) = 'en') }",
    "city": "SELECT ?v { ?v a ccn:CreativeCity }",
    "country": "SELECT ?v { ?v a ccn:Country FILTER EXISTS { ?c ccn:country ?v } }",
    "field": "SELECT ?v { ?v a ccn:CreativeField }",
}
DAYS = [f"{year}-{month}-15" for year, month in product(range(2004, 2026), ("03", "12"))]
LETTERS = ["ab", "an", "burg", "city", "ing", "ka", "mar", "nor", "on", "port", "san", "ter", "ville", "öst"]


@dataclass(frozen=True)
class Question:
    """`kind` decides the goal; of an answer that is `partial`, any rows will do, and only their number is compared."""

    name: str
    kind: str
    tail: str = ""
    partial: bool = False
    texts: tuple[str, ...] = field(default=())

    @property
    def constructs(self) -> bool:
        return self.name in ("construct-city", "full-dump")


QUESTIONS = (
    Question("city-by-label", "lookup"),
    Question("construct-city", "lookup"),
    Question("cities-of-country", "list"),
    Question("cities-of-field", "list"),
    Question("count-per-country", "aggregate"),
    Question("as-of-day", "aggregate"),
    Question("property-path", "aggregate"),
    Question("text-search", "search"),
    Question("sorted-page", "list", tail="LIMIT 20 OFFSET {}"),
    Question("many-rows", "list", tail="LIMIT {}", partial=True),
    Question("full-dump", "dump"),
)


def texts(question: Question, store: Store) -> tuple[str, ...]:
    """The question with term after term in the place of its parameter."""
    file = queries.parse_query(question.name, (FOLDER / f"{question.name}.rq").read_text("utf-8"))
    body = "\n".join(line for line in file.text.splitlines() if not line.startswith("#"))
    bound = [body]
    for parameter in file.parameters:
        known = terms(parameter, store)
        bound = [sparql.bind(body, {parameter: term}) for term in known[:: -(-len(known) // MOST)]]
    if question.tail:
        numbers = range(380, 400) if question.partial else range(0, 380, 20)
        bound = [f"{text}\n{question.tail.format(number)}" for text in bound for number in numbers]
    return tuple(bound[:: -(-len(bound) // MOST)])


def terms(parameter: str, store: Store) -> list[NamedNode | Literal]:
    """What a parameter can be, in a stable order."""
    if parameter == "day":
        return [Literal(day, datatype=NamedNode(PREFIXES["xsd"] + "date")) for day in DAYS]
    if parameter == "letters":
        return [Literal(letters) for letters in LETTERS]
    declared = f"PREFIX ccn: <{BASE}ontology#> PREFIX rdfs: <{PREFIXES['rdfs']}> "
    found = [row["v"] for row in dataset.solutions(store, declared + TERMS[parameter])]
    return sorted((term for term in found if isinstance(term, NamedNode | Literal)), key=str)


def load(folder: Path) -> tuple[list[Question], int, float]:
    """The questions with their texts, the number of triples that every peer has to have, and the seconds that loading
    them took."""
    kept = json.loads((folder / "questions.json").read_text("utf-8"))
    asked = [Question(**{**one, "texts": tuple(one["texts"])}) for one in kept["questions"]]
    return asked, int(kept["triples"]), float(kept["seconds"])


def main(arguments: list[str] | None = None) -> int:
    """Write the default graph of a root, and the questions over it."""
    parser = argparse.ArgumentParser(prog="python -m bench.questions", description=__doc__)
    parser.add_argument("--store", type=Path, default=None, metavar="DIR", help="build a store on disk there")
    parser.add_argument("root", type=Path)
    parser.add_argument("out", type=Path)
    given = parser.parse_args(arguments)
    started = time.perf_counter()
    loaded = ondisk.opened(given.root, None, given.store) if given.store else dataset.load(given.root)
    seconds = time.perf_counter() - started
    store = loaded.store
    store.dump(str(given.out / "graph.nt"), RdfFormat.N_TRIPLES, from_graph=DefaultGraph())
    triples = sum(loaded.counts.values()) - loaded.counts["shapes"]
    asked = [{**asdict(question), "texts": texts(question, store)} for question in QUESTIONS]
    kept = {"triples": triples, "seconds": seconds, "questions": asked}
    (given.out / "questions.json").write_text(json.dumps(kept), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
