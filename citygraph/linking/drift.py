"""Links that no longer say what they said: what has become of the items that things here are linked to."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from citygraph.errors import EngineError
from citygraph.globe import kilometres
from citygraph.linking.candidates import fold
from citygraph.linking.things import LABEL, SAME_AS, Thing
from citygraph.namespaces import RDF_TYPE, name
from citygraph.turtle import Names, write
from citygraph.wikidata import COUNTRY, ENTITY, Item, Wikidata

SEVERITIES = {
    "gone": "Violation",
    "redirect": "Violation",
    "type": "Violation",
    "country": "Violation",
    "distance": "Warning",
    "label": "Info",
}
"""The kinds of drift. A label that differs is told, and is nobody's fault."""
SH_NODES = ("sh:focusNode", "sh:resultPath", "sh:resultSeverity", "sh:value")


@dataclass(frozen=True)
class Drift:
    """One difference. `ours` and `theirs` are what is said here and there; `language` only of labels."""

    thing: str
    item: str
    kind: str
    path: str
    ours: str
    theirs: str
    language: str
    message: str

    @property
    def severity(self) -> str:
        """Violation, Warning or Info."""
        return SEVERITIES[self.kind]


@dataclass(frozen=True)
class Report:
    """All drift that was found. `checked` counts the links; `unknown` says what could not be asked; `day` is ISO."""

    drifts: list[Drift]
    checked: int
    day: str
    unknown: list[str]

    @property
    def conforms(self) -> bool:
        """Whether every link still holds, as far as could be asked."""
        return not self.unknown and not any(drift.severity != "Info" for drift in self.drifts)

    def lines(self, prefixes: Mapping[str, str]) -> Iterable[str]:
        """A line a difference."""
        names = Names(prefixes)
        for drift in self.drifts:
            mark = "" if drift.severity == "Violation" else f"{drift.severity.lower()}: "
            yield f"{names.iri(drift.thing)}: {mark}{drift.kind}: {drift.message}".replace("\\", "")

    def document(self) -> dict[str, object]:
        """The report as plain JSON values."""
        results = [asdict(drift) | {"severity": drift.severity} for drift in self.drifts]
        kinds = {kind: sum(drift.kind == kind for drift in self.drifts) for kind in SEVERITIES}
        return {
            "conforms": self.conforms, "date": self.day, "checked": self.checked, "kinds": kinds,
            "unknown": self.unknown, "results": results,
        }  # fmt: skip

    def turtle(self, prefixes: Mapping[str, str]) -> str:
        """The report as a `sh:ValidationReport`; `dcterms:type` is the kind of drift."""
        report = BlankNode("report")
        facts = [
            Triple(report, RDF_TYPE, name("sh:ValidationReport")),
            Triple(report, name("dcterms:date"), Literal(self.day, datatype=name("xsd:date"))),
            Triple(report, name("sh:conforms"), Literal(self.conforms)),
        ]
        for number, drift in enumerate(self.drifts):
            result = BlankNode(f"r{number}")
            nodes = (drift.thing, drift.path, name(f"sh:{drift.severity}").value, ENTITY + drift.item)
            facts += [
                Triple(report, name("sh:result"), result),
                Triple(result, RDF_TYPE, name("sh:ValidationResult")),
                Triple(result, name("sh:resultMessage"), Literal(drift.message, language="en")),
                Triple(result, name("dcterms:type"), Literal(drift.kind)),
                *(Triple(result, name(term), NamedNode(node)) for term, node in zip(SH_NODES, nodes, strict=True)),
            ]
        return write(facts, prefixes)


def check(
    wikidata: Wikidata, linked: Sequence[Thing], languages: Sequence[str], within: float | None, day: str,
    say: Callable[[str], None],
) -> Report:  # fmt: skip
    """Hold every link against the item as it is now. Raises SiteFailed where the items cannot be had; where only
    their classes cannot, the report says so."""
    wanted = {id_ for thing in linked for id_ in thing.items}
    items = wikidata.entities(wanted, languages, lambda done, all_: say(f"items {done} of {all_}"))
    typed, unknown = types(wikidata, linked, items, say)
    drifts: list[Drift] = []
    for thing in linked:
        for property, ids in sorted(thing.links.items()):
            for id_ in ids:
                drifts += compare(thing, property, id_, items[id_], typed, languages, within or thing.kind.within)
    order = list(SEVERITIES)
    drifts.sort(key=lambda drift: (order.index(drift.kind), drift.thing, drift.item, drift.language))
    return Report(drifts, sum(len(ids) for thing in linked for ids in thing.links.values()), day, unknown)


def types(
    wikidata: Wikidata, linked: Sequence[Thing], items: Mapping[str, Item | None], say: Callable[[str], None]
) -> tuple[dict[str, set[str]], list[str]]:
    """The items that are of the class their things ask for, by class; and in words what could not be asked."""
    typed, unknown = dict[str, set[str]](), []
    for type_ in sorted({thing.kind.type for thing in linked} - {""}):
        say(f"which items are of class {type_}")
        # A district or a province is linked on purpose, as a close match; only the same place must be a settlement.
        ids = {item.id for thing in linked if thing.kind.type == type_
               for id_ in thing.links.get(SAME_AS, ()) if (item := items[id_])}  # fmt: skip
        try:
            typed[type_] = wikidata.of_type(ids, type_)
        except EngineError as error:
            unknown.append(f"whether items are of class {type_}: {error.detail}")
    return typed, unknown


def compare(
    thing: Thing, property: str, id_: str, item: Item | None, typed: Mapping[str, set[str]],
    languages: Sequence[str], within: float,
) -> list[Drift]:  # fmt: skip
    """What differs between a thing and the item of one of its links."""

    def drift(kind: str, path: str, ours: str, theirs: str, message: str, language: str = "") -> Drift:
        return Drift(thing.iri, id_, kind, path, ours, theirs, language, message)

    if item is None:
        return [drift("gone", property, id_, "", f"{id_} is no longer there; find out what replaced it")]
    found = []
    if item.id != id_:
        found.append(drift("redirect", property, id_, item.id, f"{id_} leads to {item.id} now; link to that one"))
    known = typed.get(thing.kind.type)
    if known is not None and property == SAME_AS and item.id not in known:
        classes = ", ".join(map(str, item.values("P31"))) or "nothing stated"
        message = f"{item.id} is no {thing.kind.type} any more (but {classes}); see whether it is still the same"
        found.append(drift("type", property, thing.kind.type, classes, message))
    countries = item.values(COUNTRY)
    if thing.country and countries and thing.country not in countries:
        message = f"{item.id} lies in {', '.join(countries)}, not in {thing.country}"
        found.append(drift("country", property, thing.country, ", ".join(countries), message))
    there = item.place()
    if thing.place and there and (far := kilometres(thing.place, there)) > within:
        message = f"{item.id} lies {far:.1f} km away, more than {within:g}"
        found.append(drift("distance", property, "{} {}".format(*thing.place), "{} {}".format(*there), message))
    for language in languages:
        ours, theirs = thing.labels.get(language), item.labels.get(language)
        if ours and theirs and fold(ours) != fold(theirs):
            alias = any(fold(text) == fold(ours) for text in item.aliases.get(language, ()))
            known_there = "; ours is an alias there" if alias else ""
            message = f"{item.id} is called “{theirs}” in {language}, not “{ours}”{known_there}"
            found.append(drift("label", LABEL, ours, theirs, message, language))
    return found
