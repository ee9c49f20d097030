"""What clients of the service send, read strictly: batches of queries and requests for more columns."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite

from citygraph.errors import EngineError
from citygraph.protocol import BadRequest
from citygraph.reconciliation.candidates import Query

BATCH = 2_000
"""Queries in a batch, and things in a request for columns."""
LIMIT, MOST = 5, 50
"""Candidates of a query that does not say how many, and of one that asks for too many."""
PROPERTIES = 20
"""Properties of a query, values of each, and types."""
COLUMNS = 200
CALLBACK = re.compile(r"[A-Za-z_$][\w$]{0,63}(\.[A-Za-z_$][\w$]{0,63}){0,5}", re.ASCII)

Json = object


class BatchTooLarge(EngineError):
    """There are more queries in a batch than the manifest allows. extra: limit."""

    status = 413
    title = "Batch too large"


@dataclass(frozen=True)
class Extension:
    """Columns that are asked for: things by id, and properties, each with its settings."""

    ids: tuple[str, ...]
    properties: tuple[tuple[str, Mapping[str, Json]], ...]


def batch(text: str) -> dict[str, Query]:
    """The queries of a batch by their keys. Raises `BadRequest` or `BatchTooLarge`."""
    read = parsed(text, "queries")
    if not isinstance(read, dict):
        raise BadRequest('queries is a JSON object of queries by key, such as {"q0": {"query": "Lyon"}}.')
    if len(read) > BATCH:
        raise BatchTooLarge(f"There are {len(read):,} queries; send {BATCH:,} at most in a batch.", limit=BATCH)
    return {name: query(name, value) for name, value in read.items()}


def query(name: str, value: Json) -> Query:
    """One query of a batch. Raises `BadRequest` that names it."""
    where = f"In queries, {name[:40]!r}"
    if not isinstance(value, dict):
        raise BadRequest(f"{where} is no JSON object.")
    text, strict = value.get("query", ""), value.get("type_strict", "should")
    if not isinstance(text, str):
        raise BadRequest(f"{where}: query is a text.")
    if strict not in ("any", "should", "all"):
        raise BadRequest(f"{where}: type_strict is any, should or all.")
    if "query" not in value and not value.get("properties"):
        raise BadRequest(f"{where} has neither query nor properties; give one of them.")
    given = value.get("properties", [])
    if not isinstance(given, list) or len(given) > PROPERTIES:
        raise BadRequest(f"{where}: properties is a list of {PROPERTIES} at most.")
    properties = tuple(pair(where, item) for item in given)
    return Query(text, types(where, value.get("type")), limit(where, value.get("limit")), properties, strict == "all")


def pair(where: str, value: Json) -> tuple[str, tuple[str, ...]]:
    """A property of a query and what it should be."""
    if not isinstance(value, dict) or not isinstance(property := value.get("pid"), str) or "v" not in value:
        raise BadRequest(f"{where}: a property is an object with pid and v.")
    values = value["v"] if isinstance(value["v"], list) else [value["v"]]
    if len(values) > PROPERTIES:
        raise BadRequest(f"{where}: v has {PROPERTIES} values at most.")
    return property, tuple(written(where, item) for item in values if item is not None)


def written(where: str, value: Json) -> str:
    """A property value as text; a thing that was reconciled before is its id."""
    if isinstance(value, dict):
        value = value.get("id")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise BadRequest(f"{where}: v is a text, a number, a truth value or an object with id.")


def types(where: str, value: Json) -> tuple[str, ...]:
    """The classes asked for; some clients send objects with id."""
    listed = value if isinstance(value, list) else [] if value in (None, "") else [value]
    found = [item.get("id") if isinstance(item, dict) else item for item in listed]
    if len(found) > PROPERTIES or not all(isinstance(item, str) for item in found):
        raise BadRequest(f"{where}: type is the id of a type, or a list of {PROPERTIES} at most.")
    return tuple(str(item) for item in found)


def limit(where: str, value: Json) -> int:
    """How many candidates are wanted."""
    if value is None:
        return LIMIT
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 1 or value % 1:
        raise BadRequest(f"{where}: limit is a whole number from 1.")
    return min(int(value), MOST)


def extension(text: str) -> Extension:
    """A request for columns. Raises `BadRequest` or `BatchTooLarge`."""
    read = parsed(text, "extend")
    ids, properties = (read.get("ids"), read.get("properties")) if isinstance(read, dict) else (None, None)
    if not isinstance(ids, list) or not all(isinstance(item, str) for item in ids):
        raise BadRequest("extend is a JSON object; its ids is a list of texts.")
    if not isinstance(properties, list) or len(properties) > COLUMNS:
        raise BadRequest(f"extend is a JSON object; its properties is a list of {COLUMNS} at most.")
    if len(ids) > BATCH:
        raise BatchTooLarge(f"There are {len(ids):,} ids; send {BATCH:,} at most.", limit=BATCH)
    return Extension(tuple(dict.fromkeys(ids)), tuple(column(item) for item in properties))


def column(value: Json) -> tuple[str, Mapping[str, Json]]:
    """A property of a request for columns, with its settings."""
    settings = value.get("settings") or {} if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(value.get("id"), str) or not isinstance(settings, dict):
        raise BadRequest("In extend, a property is an object with id, and settings if there are any.")
    return value["id"], settings


def parsed(text: str, parameter: str) -> Json:
    """The JSON of a parameter. Raises `BadRequest` for what is none, and for what nobody can answer in JSON."""
    try:
        read: Json = json.loads(text, parse_constant=refuse, parse_float=finite)
        json.dumps(read, ensure_ascii=False).encode()
    except RecursionError:
        raise BadRequest(f"{parameter} is nested too deeply.") from None
    except UnicodeEncodeError:
        raise BadRequest(f"{parameter} holds half of a surrogate pair.") from None
    except ValueError as error:
        raise BadRequest(f"{parameter} is no JSON: {error}.") from None
    return read


def finite(written: str) -> float:
    """A number with a point or an exponent. Raises `ValueError` for one that is too large."""
    return found if isfinite(found := float(written)) else refuse(written)


def refuse(constant: str) -> float:
    raise ValueError(f"{constant} is no number in JSON")


def number(value: str | None, name: str, default: int, most: int) -> int:
    """A whole number from 0 in a parameter."""
    if value in (None, ""):
        return default
    if not re.fullmatch(r"[0-9]{1,9}", str(value)):
        raise BadRequest(f"{name} is a whole number from 0.")
    return min(int(str(value)), most)


def callback(value: str | None) -> str | None:
    """The function of a JSONP client, which version 0.1 has."""
    if value is not None and not CALLBACK.fullmatch(value):
        raise BadRequest("callback is the name of a JavaScript function.")
    return value
