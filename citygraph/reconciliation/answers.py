"""What the service says, as the Reconciliation Service API 0.2 writes it: dictionaries that become JSON."""

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from threading import RLock
from time import monotonic

from pyoxigraph import Literal, NamedNode

from citygraph.engine import Engine, Term
from citygraph.errors import TimedOut
from citygraph.labels import local_name
from citygraph.reconciliation import register as registers
from citygraph.reconciliation.candidates import Candidate, Query, reconcile
from citygraph.reconciliation.folding import key
from citygraph.reconciliation.properties import DATES, NUMBERS, Properties
from citygraph.reconciliation.reading import BATCH, Extension
from citygraph.reconciliation.register import Register

SUGGESTED = 10
SECONDS = 30.0
"""How long a batch may take."""
DEFAULT_TYPES = 10
SURROUNDINGS = 3
PREVIEW = {"width": 420, "height": 260}

Json = dict[str, object]

SETTINGS = [
    {"name": "limit", "type": "number", "label": "Limit", "default": 0,
     "help_text": "How many values at most; 0 for all of them"},
    {"name": "lang", "type": "text", "label": "Language", "default": "",
     "help_text": "Texts in this language only, such as sv"},
]  # fmt: skip


class Reconciliation:
    """The service over one graph. The index is built when it is asked for first, or by `prepare` before."""

    def __init__(self, engine: Engine, base: str, *homes: str) -> None:
        self.engine, self.base, self.homes = engine, base, homes
        self._lock = RLock()
        self._built: tuple[Register, Properties] | None = None

    def prepare(self) -> tuple[Register, Properties]:
        """The things and their properties; what processes should share is read before they are forked."""
        with self._lock:
            if self._built is None:
                register = registers.load(self.engine, self.base, self.homes)
                properties = Properties(self.engine, register)
                properties.named  # noqa: B018 (reads the columns)
                self._built = register, properties
            return self._built

    @property
    def register(self) -> Register:
        return self.prepare()[0]

    @property
    def properties(self) -> Properties:
        return self.prepare()[1]

    def manifest(self, name: str, address: str, version: str, view: str) -> Json:
        """What the service is; `address` is its own URL, `view` that of a thing's page with {{id}}."""
        register = self.register
        space = register.types[0] if register.types else self.base
        return {
            "versions": ["0.1", "0.2"],
            "name": name,
            "identifierSpace": self.base,
            "schemaSpace": space.removesuffix(local_name(space)),
            "serviceVersion": version,
            "documentation": f"{address}/table",
            "defaultTypes": [self.type(kind) for kind in range(len(register.types))][:DEFAULT_TYPES],
            "view": {"url": view},
            "feature_view": {"url": f"{address}/table#feature-{{{{id}}}}"},
            "preview": {"url": f"{address}/preview?id={{{{id}}}}", **PREVIEW},
            "suggest": {
                kind: {"service_url": address, "service_path": f"/suggest/{kind}"}
                for kind in ("entity", "type", "property")
            },
            "extend": {
                "propose_properties": {"service_url": address, "service_path": "/properties"},
                "property_settings": SETTINGS,
            },
            "batchSize": BATCH,
        }

    def type(self, kind: int) -> Json:
        return {"id": self.register.types[kind], "name": self.register.labels[kind]}

    def answered(self, queries: Mapping[str, Query]) -> Json:
        """The results of a batch by the keys of its queries. Raises `TimedOut` for one that takes too long."""
        found: Json = {}
        until = monotonic() + SECONDS
        for name, query in queries.items():
            if monotonic() > until:
                raise TimedOut(
                    f"The batch was stopped after {SECONDS:g} seconds, at query {len(found) + 1:,} of {len(queries):,};"
                    " send fewer at a time.",
                    limit_seconds=SECONDS,
                )
            found[name] = {"result": self.result(query)}
        return found

    def candidates(self, query: Query) -> list[Candidate]:
        """The candidates of one query."""
        return reconcile(self.register, self.properties, query)

    def result(self, query: Query) -> list[Json]:
        return [self.written(candidate) for candidate in self.candidates(query)]

    def written(self, candidate: Candidate) -> Json:
        """A candidate with its features."""
        thing, found = candidate.thing, candidate.found
        features: dict[str, object] = {
            "name": round(100 * found.likeness, 1) if found.means == "name" else 0,
            "identifier": found.means == "identifier",
            "namesakes": candidate.rivals,
            **candidate.verdicts,
        }
        return {
            **self.entity(thing),
            "score": candidate.score,
            "match": candidate.match,
            "type": [self.type(kind) for kind in self.register.classes[thing]],
            "features": [{"id": name, "value": value} for name, value in features.items()],
        }

    def entity(self, thing: int) -> Json:
        """A thing by id, name and what tells it from its namesakes."""
        register = self.register
        kinds = [register.labels[kind] for kind in register.classes[thing][:1]]
        around = [register.names[other] for other in register.surroundings[thing][:SURROUNDINGS]]
        found: Json = {"id": register.iris[thing], "name": register.names[thing]}
        return {**found, "description": " · ".join(kinds + around)}

    def suggested(self, kind: str, prefix: str, cursor: int, types: Iterable[str] = ()) -> Json:
        """Things, types or properties that begin so, after the first `cursor` of them."""
        found = {"entity": self.entities, "type": self.types, "property": self.of_properties}[kind](prefix, types)
        return {"result": list(islice(found, cursor, cursor + SUGGESTED))}

    def entities(self, prefix: str, types: Iterable[str]) -> Iterator[Json]:
        """The things of an identifier, else those with a name that begins so, else with one like it."""
        register, wanted = self.register, self.register.type_numbers(types)
        if wanted is None:
            return
        numbers = [thing for thing, _ in register.identified(prefix)]
        beginning = (thing for thing, _ in register.index.beginning(made)) if (made := key(prefix)) else iter(())
        seen = set()
        for thing in numbers or beginning:
            if thing not in seen and register.is_a(thing, wanted):
                seen.add(thing)
                yield self.noted(thing)
        if not seen and made:
            for candidate in self.candidates(Query(prefix, tuple(types), SUGGESTED)):
                yield self.noted(candidate.thing)

    def noted(self, thing: int) -> Json:
        return {**self.entity(thing), "notable": [self.type(kind) for kind in self.register.classes[thing]]}

    def types(self, prefix: str, _: Iterable[str]) -> Iterator[Json]:
        for kind, iri in enumerate(self.register.types):
            if starts(prefix, iri, self.register.labels[kind]):
                yield self.type(kind)

    def of_properties(self, prefix: str, types: Iterable[str]) -> Iterator[Json]:
        for property, name in self.offered(types):
            if starts(prefix, property, name):
                yield {"id": property, "name": name}

    def offered(self, types: Iterable[str]) -> list[tuple[str, str]]:
        """The properties of the things of some classes, or of all, by id with their names; short ones first."""
        wanted = self.register.type_numbers(types)
        kinds = range(len(self.register.types)) if wanted == frozenset() else sorted(wanted or ())
        found = dict(pair for kind in kinds for pair in self.properties.of_class(kind))
        return sorted(found.items(), key=lambda pair: ":" in pair[0])

    def proposed(self, type: str | None, limit: int) -> Json:
        """Columns that may be asked for the things of a type."""
        offered = self.offered([type] if type else [])
        listed = [{"id": property, "name": name} for property, name in offered[: limit or None]]
        said: Json = {"type": type} if type else {}
        return {**said, **({"limit": limit} if limit else {}), "properties": listed}

    def extended(self, asked: Extension) -> Json:
        """The values of properties of things."""
        rows: dict[str, Json] = {}
        meta = []
        for property, settings in asked.properties:
            known = self.properties.known(property)
            column = self.properties.column(known).values if known else {}
            kinds: set[int] = set()
            for id in asked.ids:
                things = [thing for thing, same in self.register.identified(id) if same]
                values = [value for thing in things for value in column.get(thing, ())]
                rows.setdefault(id, {})[property] = self.cells(values, settings)
                numbers = [self.register.numbers.get(value.value) for value in values if isinstance(value, NamedNode)]
                kinds |= {self.register.classes[n][0] for n in numbers if n is not None and self.register.classes[n]}
            head: Json = {"id": property, "name": self.properties.title(known or property)}
            meta.append({**head, "type": self.type(kinds.pop())} if len(kinds) == 1 else head)
        return {"meta": meta, "rows": rows or {id: {} for id in asked.ids}}

    def cells(self, values: Iterable[Term], settings: Mapping[str, object]) -> list[Json]:
        """Values as cells, as many and in the language that the settings say."""
        language, limit = settings.get("lang"), settings.get("limit")
        chosen = [v for v in values if not (language and isinstance(v, Literal) and v.language not in (language, None))]
        most = int(limit) if isinstance(limit, int | float) and 0 < limit < 1e9 else None
        cells = {json.dumps(cell): cell for cell in map(self.cell, chosen)}
        return list(cells.values())[:most]

    def cell(self, value: Term) -> Json:
        """One value: a thing with its name, a number, a date, or a text."""
        if isinstance(value, NamedNode):
            number = self.register.numbers.get(value.value)
            return {"str": value.value} if number is None else {"id": value.value, "name": self.register.names[number]}
        text = str(getattr(value, "value", value))
        datatype = value.datatype.value if isinstance(value, Literal) else ""
        kind = local_name(datatype)
        if datatype in NUMBERS or kind == "gYear":
            return figure(text)
        if datatype in DATES and kind == "date" and len(text) == 10:
            return {"date": f"{text}T00:00:00Z"}
        return {"str": text}


def figure(text: str) -> Json:
    """A number as JSON has it, or the text where it has no such number."""
    try:
        return {"int": int(text)}
    except ValueError:
        pass
    try:
        value = float(text)
    except ValueError:
        return {"str": text}
    return {"float": value} if abs(value) < float("inf") else {"str": text}


def starts(prefix: str, iri: str, name: str) -> bool:
    """Whether what was typed is the beginning of a name, of a word in it, or of the end of an IRI."""
    typed = prefix.strip().casefold()
    words = name.casefold().split()
    return iri == prefix.strip() or any(
        text.startswith(typed) for text in (name.casefold(), *words, local_name(iri).casefold())
    )
