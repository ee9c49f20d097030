"""Wikidata, as its interfaces answer: the search and the entities of its API, its query service, and the
reconciliation service for it. Only reading.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from urllib3 import HTTPHeaderDict

from citygraph.fetching import Again, Client, SiteFailed, retry_after

ENTITY = "http://www.wikidata.org/entity/"
COUNTRY, COORDINATES, MUL = "P17", "P625", "mul"
"""Properties of places that each item is compared by, and the language code of labels that hold in any language."""
ITEM = re.compile(r"Q[1-9][0-9]*")
BATCH = 50
"""Items that the API gives at once."""
MAX_LAG = "5"
"""Seconds behind which Wikidata asks robots to come later."""
LATER = frozenset({"maxlag", "ratelimited", "readonly", "internal_api_error_DBQueryTimeoutError"})


@dataclass(frozen=True)
class Addresses:
    """Where Wikidata answers. `{language}` in the address of the reconciliation service is replaced."""

    api: str = "https://www.wikidata.org/w/api.php"
    sparql: str = "https://query.wikidata.org/sparql"
    reconciliation: str = "https://wikidata.reconci.link/{language}/api"


@dataclass(frozen=True)
class Item:
    """An item as it is now. `id` differs from the id that was asked for when that one is a redirect.

    `labels` and `descriptions` are by language, `aliases` too; `claims` as the API gives them, by property."""

    id: str
    labels: Mapping[str, str] = field(default_factory=dict)
    descriptions: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, Sequence[str]] = field(default_factory=dict)
    claims: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)

    def statements(self, property: str) -> Iterator[tuple[Any, Mapping[str, Any]]]:
        """Value and statement of each statement with a value that is not deprecated."""
        for claim in self.claims.get(property, ()):
            value = value_of(claim.get("mainsnak", {}))
            if value is not None and claim.get("rank") != "deprecated":
                yield value, claim

    def values(self, property: str) -> list[Any]:
        """The values of a property: ids of items, texts, or the API's objects for times and places."""
        return [value for value, _ in self.statements(property)]

    def place(self) -> tuple[float, float] | None:
        """Latitude and longitude in degrees, where the item has them."""
        for value in self.values(COORDINATES):
            if isinstance(value, Mapping) and {"latitude", "longitude"} <= value.keys():
                return float(value["latitude"]), float(value["longitude"])
        return None

    def names(self) -> Iterator[tuple[str, str]]:
        """Each label and alias with its language."""
        yield from ((text, language) for language, text in self.labels.items())
        yield from ((text, language) for language, texts in self.aliases.items() for text in texts)


def value_of(snak: Mapping[str, Any]) -> Any:
    """The value of a snak: the id of an item, a text, or an object; None for "no value" and "unknown"."""
    value = snak.get("datavalue", {}).get("value")
    return value["id"] if isinstance(value, Mapping) and isinstance(value.get("id"), str) else value


def table(value: object) -> Mapping[str, Any]:
    """What should be an object: the API writes an empty one as `[]`."""
    return value if isinstance(value, Mapping) else {}


class Wikidata:
    """Wikidata through a polite client. Everything raises SiteFailed when an address does not answer."""

    def __init__(self, client: Client, addresses: Addresses = Addresses()) -> None:
        self.client = client
        self.addresses = addresses

    def search(self, text: str, language: str, limit: int = 7) -> list[str]:
        """The ids of items whose label or alias begins like a text, best first."""
        asked = {"action": "wbsearchentities", "search": text, "language": language, "uselang": language}
        found = self._api(asked | {"type": "item", "limit": str(limit)})
        hits = found.get("search")
        if not isinstance(hits, list):
            raise SiteFailed("Wikidata's search answered without hits.")
        return [hit["id"] for hit in hits if isinstance(hit, Mapping) and ITEM.fullmatch(str(hit.get("id")))]

    def entities(
        self, ids: Iterable[str], languages: Iterable[str], say: Callable[[int, int], None] = lambda done, all_: None
    ) -> dict[str, Item | None]:
        """The items by the ids that were asked for; None for one that is not, or no longer, there."""
        wanted, found = sorted(set(ids), key=lambda id_: int(id_[1:])), dict[str, Item | None]()
        rest = iter(wanted)
        while batch := list(islice(rest, BATCH)):
            say(len(found), len(wanted))
            found |= self._batch(batch, sorted({*languages, MUL}))
        return found

    def _batch(self, ids: list[str], languages: list[str]) -> dict[str, Item | None]:
        if not ids:
            return {}
        asked = {"action": "wbgetentities", "ids": "|".join(ids), "languages": "|".join(languages)}
        answer = self._api(asked | {"props": "labels|aliases|descriptions|claims"}, ids)
        if "error" in answer:
            # One id that never was spoils the whole batch; it is named, and the others are asked for again.
            gone = str(answer["error"]["id"])
            return {gone: None, **self._batch([id_ for id_ in ids if id_ != gone], languages)}
        entities = table(answer.get("entities"))
        if missing := [id_ for id_ in ids if id_ not in entities]:
            raise SiteFailed(f"Wikidata's API said nothing of {missing[0]}.")
        return {id_: item(entities[id_]) for id_ in ids}

    def reconcile(self, queries: Mapping[str, Mapping[str, object]], language: str) -> dict[str, list[str]]:
        """The ids of candidates by the keys of the queries, best first."""
        address = self.addresses.reconciliation.replace("{language}", language)
        text = json.dumps(queries, ensure_ascii=False, sort_keys=True)
        answer = table(self.client.fetch("POST", address, {"queries": text}, "application/json"))
        found = {}
        for key in queries:
            hits = table(answer.get(key)).get("result")
            if not isinstance(hits, list):
                raise SiteFailed("The reconciliation service answered without results.")
            found[key] = [id_ for hit in hits if ITEM.fullmatch(id_ := str(table(hit).get("id")))]
        return found

    def select(self, text: str) -> list[dict[str, str]]:
        """The rows of a query to the query service, as plain texts."""
        answer = self.client.fetch("POST", self.addresses.sparql, {"query": text}, "application/sparql-results+json")
        rows = table(table(answer).get("results")).get("bindings")
        if not isinstance(rows, list):
            raise SiteFailed("Wikidata's query service answered without rows.")
        return [{name: str(table(term).get("value")) for name, term in table(row).items()} for row in rows]

    def of_type(self, ids: Iterable[str], type_: str) -> set[str]:
        """Those of the items that are instances of a class or of one below it."""
        found, rest = set(), iter(sorted(set(ids)))
        while batch := list(islice(rest, BATCH)):
            values = " ".join(f"wd:{id_}" for id_ in batch)
            rows = self.select(
                f"SELECT DISTINCT ?item {{ VALUES ?item {{ {values} }} ?item wdt:P31/wdt:P279* wd:{type_} }}"
            )
            found |= {row["item"].removeprefix(ENTITY) for row in rows if "item" in row}
        return found

    def with_value(self, property: str, values: Iterable[str]) -> dict[str, list[str]]:
        """The items that state one of the values of an identifier, by value."""
        found, rest = dict[str, list[str]](), iter(sorted(set(values)))
        while batch := list(islice(rest, BATCH)):
            written = " ".join(json.dumps(value, ensure_ascii=False) for value in batch)
            rows = self.select(f"SELECT ?item ?value {{ VALUES ?value {{ {written} }} ?item wdt:{property} ?value }}")
            for row in rows:
                if ITEM.fullmatch(id_ := row.get("item", "").removeprefix(ENTITY)):
                    found.setdefault(row.get("value", ""), []).append(id_)
        return found

    def _api(self, parameters: Mapping[str, str], ids: Sequence[str] = ()) -> Mapping[str, Any]:
        """An answer of the API; an error only if it is that one of `ids` never was."""
        sent = {**parameters, "format": "json", "maxlag": MAX_LAG}

        def judge(document: object, headers: HTTPHeaderDict) -> None:
            error = table(document).get("error")
            if error is None:
                return
            code, info = table(error).get("code"), table(error).get("info")
            if code in LATER:
                raise Again(f"{code}", retry_after(headers.get("Retry-After")))
            if code != "no-such-entity" or table(error).get("id") not in ids:
                raise SiteFailed(f"Wikidata's API: {info or code}")

        return table(self.client.fetch("GET", self.addresses.api, sent, "application/json", judge))


def item(entity: object) -> Item | None:
    """An entity of the API as an item; None where it is missing."""
    said = table(entity)
    if "missing" in said or not ITEM.fullmatch(str(said.get("id"))):
        return None
    labels, descriptions = (
        {language: str(text["value"]) for language, text in table(said.get(part)).items() if "value" in table(text)}
        for part in ("labels", "descriptions")
    )
    aliases = {
        language: [str(text["value"]) for text in texts if "value" in table(text)]
        for language, texts in table(said.get("aliases")).items()
    }
    return Item(str(said["id"]), labels, descriptions, aliases, table(said.get("claims")))
