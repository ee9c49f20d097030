"""SPARQL queries put together at random from the words of a graph; each is valid and the same for the same seed."""

import random
from collections.abc import Callable

from citygraph.dataset import Dataset, solutions

ONE = ["STR", "LANG", "DATATYPE", "STRLEN", "UCASE", "LCASE", "ABS", "ROUND", "CEIL", "FLOOR", "YEAR", "MONTH",
       "DAY", "ISIRI", "ISBLANK", "ISLITERAL", "ISNUMERIC", "ENCODE_FOR_URI", "MD5", "SHA256", "IRI",
       "TZ", "HOURS"]  # fmt: skip
TWO = ["CONTAINS", "STRSTARTS", "STRENDS", "STRBEFORE", "STRAFTER", "SAMETERM", "LANGMATCHES", "REGEX", "CONCAT"]
TYPE = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
AGGREGATES = ["COUNT", "SUM", "MIN", "MAX", "AVG"]


class Words:
    """What the graph has to talk about: `facts` are properties and objects by subject, as SPARQL writes them."""

    def __init__(self, dataset: Dataset) -> None:
        self.facts: dict[str, list[tuple[str, str]]] = {}
        found = solutions(dataset.store, "SELECT ?s ?p ?o { ?s ?p ?o FILTER(ISIRI(?s) && !ISBLANK(?o)) }")
        for subject, predicate, value in sorted(tuple(map(str, row)) for row in found):
            self.facts.setdefault(subject, []).append((predicate, value))
        self.subjects = sorted(self.facts)
        self.properties = sorted({predicate for facts in self.facts.values() for predicate, _ in facts})
        self.values = sorted({o for facts in self.facts.values() for _, o in facts if len(o) < 200})
        self.classes = sorted({o for facts in self.facts.values() for predicate, o in facts if predicate == TYPE})
        self.graphs = [f"<{graph}>" for graph in sorted(dataset.graphs)]
        self.data = f"<{dataset.graph('data')}>"


class Grammar:
    """One random query. Each of its variables stands for a term of the graph, so that most queries have an answer."""

    def __init__(self, seed: int, words: Words) -> None:
        self.random = random.Random(seed)  # noqa: S311
        self.words = words
        self.meant = {"?v0": self.random.choice(words.subjects)}
        self.depth = 0

    def one(self, *choices: Callable[[], str]) -> str:
        return self.random.choice(choices)()

    def chance(self, of_hundred: int) -> bool:
        return self.random.randrange(100) < of_hundred

    def fresh(self, meant: str = "") -> str:
        name = f"?v{len(self.meant)}"
        self.meant[name] = meant
        return name

    def used(self) -> str:
        return self.random.choice(list(self.meant))

    def path(self) -> str:
        """Any path, whether there is something at its end or not."""
        return self.bent(self.random.choice(self.words.properties))

    def bent(self, first: str) -> str:
        second = self.random.choice(self.words.properties)
        return self.random.choice(
            [first, f"{first}|{second}", f"{first}+", f"{first}*", f"{first}?", f"({first}|^{second})", f"^(^{first})",
             f"({first}/{second}*)", f"!({second}|{TYPE})", f"({second}?/{first})"]
        )  # fmt: skip

    def triple(self) -> str:
        """A pattern that hangs on what is there already, so that no query is a cross product."""
        subject = self.random.choice([name for name, meant in self.meant.items() if meant in self.words.facts])
        predicate, meant = self.random.choice(self.words.facts[self.meant[subject]])
        way = self.random.randrange(100)
        if way < 40:
            return f"{subject} {predicate} {self.fresh(meant)} ."
        if way < 55:
            return f"{subject} {self.bent(predicate)} {self.fresh(meant)} ."
        if way < 65:
            return f"{self.fresh(meant)} ^{predicate} {subject} ."
        if way < 75:
            further, end = self.random.choice(self.words.facts.get(meant, [(TYPE + "?", meant)]))
            return f"{subject} {predicate}/{further} {self.fresh(end)} ."
        if way < 85:
            return f"{subject} {predicate} {meant} ."
        if way < 92:
            return f"{subject} {self.fresh(predicate)} {self.fresh(meant)} ."
        return f"{subject} {self.path()} {self.fresh()} ."

    def value(self) -> str:
        return self.random.choice(self.random.choice([self.words.values, self.words.subjects]))

    def number(self) -> str:
        return self.random.choice(["0", "1", "-3", "2.5", "1e3", "2004", "100000", "0.0"])

    def expression(self) -> str:
        self.depth += 1
        try:
            if self.depth > 3:
                return self.one(self.used, self.number, self.value)
            return self.one(
                self.used, self.number, self.value, self.comparison, self.arithmetic, self.call, self.call, self.special
            )
        finally:
            self.depth -= 1

    def comparison(self) -> str:
        sign = self.random.choice(["=", "!=", "<", ">", "<=", ">=", "&&", "||"])
        return f"({self.expression()} {sign} {self.expression()})"

    def arithmetic(self) -> str:
        return f"({self.expression()} {self.random.choice('+-*/')} {self.expression()})"

    def call(self) -> str:
        if self.chance(60):
            return f"{self.random.choice(ONE)}({self.expression()})"
        first = self.expression()
        second = self.random.choice([f"STR({self.used()})", "'a'"])
        return f"{self.random.choice(TWO)}(STR({first}), {second})"

    def special(self) -> str:
        return self.random.choice(
            [
                f"BOUND({self.used()})",
                f"IF({self.expression()}, {self.expression()}, {self.expression()})",
                f"COALESCE({self.expression()}, {self.expression()})",
                f"({self.expression()} IN ({self.expression()}, {self.expression()}))",
                f"(!{self.expression()})",
                f"EXISTS {{ {self.used()} {self.path()} ?e }}",
                f"SUBSTR(STR({self.expression()}), 1, 3)",
                f'REPLACE(STR({self.expression()}), "[aeiou]", "-")',
            ]
        )

    def group(self) -> str:
        parts = [self.triple() for _ in range(self.random.randint(1, 3))]
        for _ in range(self.random.randint(0, 2)):
            parts.append(self.one(self.filter, self.optional, self.union, self.minus, self.bind, self.values))
        return " ".join(parts)

    def filter(self) -> str:
        if self.chance(30):
            return f"FILTER({self.expression()})"
        return f"FILTER(COALESCE({self.expression()}, false) || {self.expression()} || BOUND(?v0))"

    def optional(self) -> str:
        return f"OPTIONAL {{ {self.triple()} {self.filter() if self.chance(20) else ''} }}"

    def union(self) -> str:
        return f"{{ {self.triple()} }} UNION {{ {self.triple()} }}"

    def minus(self) -> str:
        return f"MINUS {{ {self.used()} {self.path()} {self.value()} }}"

    def bind(self) -> str:
        expression = self.expression()
        return f"BIND({expression} AS {self.fresh()})"

    def values(self) -> str:
        name = self.used()
        values = [self.value() for _ in range(20)]
        return f"VALUES {name} {{ {self.meant[name]} {' '.join(values)} UNDEF }}"

    def where(self) -> str:
        # A start that is narrow keeps most queries short.
        around = " ".join([self.meant["?v0"], *self.random.sample(self.words.subjects, 10)])
        classes = [o for p, o in self.words.facts[self.meant["?v0"]] if p == TYPE and self.chance(25)]
        start = f"?v0 a {classes[0]} ." if classes else f"VALUES ?v0 {{ {around} }}"
        inner = f"{start} {self.group()}"
        if self.chance(15):
            inner = f"GRAPH {self.random.choice([self.words.data, '?g', *self.words.graphs])} {{ {inner} }}"
        return f"{{ {inner} }}"

    def select(self) -> str:
        where = self.where()
        if self.chance(25):
            aggregate = f"{self.random.choice(AGGREGATES)}({'DISTINCT ' if self.chance(30) else ''}{self.used()})"
            key = self.used()
            having = f" HAVING ({aggregate} > 1)" if self.chance(20) else ""
            return f"SELECT {key} ({aggregate} AS ?n) {where} GROUP BY {key}{having}"
        count = min(len(self.meant), self.random.randint(1, 4))
        shown = "*" if self.chance(20) else " ".join(self.random.sample(list(self.meant), count))
        if self.chance(20):
            shown = f"{shown} ({self.expression()} AS ?x)" if shown != "*" else shown
        distinct = "DISTINCT " if self.chance(30) else ""
        order = f" ORDER BY DESC({self.used()}) {self.used()}" if self.chance(30) else ""
        # Without an order of all there is, a limit may cut elsewhere each time: it is tried with a size alone.
        limit = f" LIMIT {self.random.randint(0, 50)} OFFSET {self.random.randint(0, 5)}" if self.chance(25) else ""
        return f"SELECT {distinct}{shown} {where}{order}{limit}"

    def construct(self) -> str:
        where = self.where()
        template = f"{self.used()} {self.random.choice(self.words.properties)} {self.used()} . _:b <urn:x:of> ?v0"
        return f"CONSTRUCT {{ {template if self.chance(30) else template.partition(' . _:b')[0]} }} WHERE {where}"

    def query(self) -> str:
        kind = self.random.randrange(100)
        if kind < 75:
            return self.select()
        if kind < 85:
            return f"ASK {self.where()}"
        if kind < 97:
            return self.construct()
        return f"DESCRIBE {self.random.choice(self.words.subjects)}"
