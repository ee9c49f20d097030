"""The interface as OpenAPI describes it: complete, and true of what comes back."""

import re
from collections import Counter
from typing import Any
from urllib.parse import urlsplit

import jsonschema_rs
import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import CheckFunction, not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.specs.openapi.checks import positive_data_acceptance
from things import Written

from citygraph.dataset import Dataset
from server import create_app

BASE = "https://w3id.org/creative-cities/"
EXAMPLES = 6
"""Requests that are made up for each operation, of those that the document allows and of those that it does not."""
BEYOND_A_SCHEMA: dict[str, list[CheckFunction]] = {
    # That a text is SPARQL or a batch in JSON, or one of two parameters there, is more than a schema can say.
    "GET /sparql": [positive_data_acceptance],
    "POST /sparql": [positive_data_acceptance],
    "GET /rdf-graph-store": [positive_data_acceptance],
    "GET /reconcile": [positive_data_acceptance],
    "POST /q/": [positive_data_acceptance],
    "POST /reconcile": [positive_data_acceptance],
}
METHODS = {"get", "post"}


@pytest.fixture(scope="module")
def api(app: Flask) -> dict[str, Any]:
    found = app.test_client().get("/api/openapi.json").get_json()
    assert isinstance(found, dict)
    return found


@pytest.fixture(scope="module")
def asked() -> Any:
    """Counts what schemathesis asked, and says so at the end."""
    counts: Counter[str] = Counter()
    yield counts
    print(f"\nschemathesis: {sum(counts.values())} requests to {len(counts)} operations")


def operations(api: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(path, verb, told) for path, verbs in api["paths"].items() for verb, told in verbs.items()]


def references(value: Any) -> list[str]:
    if isinstance(value, list):
        return [found for member in value for found in references(member)]
    if not isinstance(value, dict):
        return []
    own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
    return own + [found for member in value.values() for found in references(member)]


def test_the_document_hangs_together(api: dict[str, Any]) -> None:
    assert api["openapi"] == "3.1.0"
    for reference in references(api):
        found = api
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]
    names = [told["operationId"] for _, _, told in operations(api)]
    assert len(names) == len(set(names))
    for path, verb, told in operations(api):
        assert verb in METHODS
        places = {parameter["name"] for parameter in told["parameters"] if parameter["in"] == "path"}
        assert places == set(re.findall(r"\{(\w+)\}", path)), path


def test_it_has_the_one_version_of_the_dataset(api: dict[str, Any], dataset: Dataset) -> None:
    assert api["info"]["version"] == dataset.version
    assert api["info"]["license"]["url"] == "https://creativecommons.org/licenses/by/4.0/"


def test_every_route_is_described(api: dict[str, Any], app: Flask) -> None:
    described = set(api["paths"])
    for rule in app.url_map.iter_rules():
        if rule.endpoint in ("static", "graph.thing"):
            continue
        address = re.sub(r"<(?:[\w(), ]+:)?(\w+)>", r"{\1}", rule.rule)
        spelt = {
            "/{scheme}/{code}": ["/wikidata/{id}", "/geonames/{id}"],
            "/queries/{name}": ["/queries/members-by-field", "/queries/nearest-members.{suffix}"],
            "/{path}.csv-metadata.json": ["/cities.csv-metadata.json", "/sources.csv-metadata.json"],
        }
        for path in spelt.get(address, [address]):
            assert path in described, rule.rule


def test_every_list_with_its_filters_and_every_kind_of_thing_is_described(api: dict[str, Any]) -> None:
    takes = {p["name"]: p for p in api["paths"]["/cities"]["get"]["parameters"]}
    assert {"field", "country", "region", "round", "at", "q", "near", "page", "per_page", "format"} <= takes.keys()
    assert "music" in takes["field"]["schema"]["items"]["enum"]
    assert "enum" not in takes["country"]["schema"]["items"]
    assert {"country", "-country"} <= set(takes["sort"]["schema"]["enum"])
    for kind in ("city", "country", "field", "region", "round", "designation", "conference", "source"):
        assert {f"/{kind}/{{name}}", f"/{kind}/{{name}}.json", f"/{kind}/{{name}}.{{suffix}}"} <= api["paths"].keys()


def test_the_schema_of_a_class_is_made_of_its_shape(api: dict[str, Any]) -> None:
    city = api["components"]["schemas"]["CreativeCity"]["properties"]
    assert city["country"]["$ref"].endswith("/Country")
    assert city["designation"]["items"]["$ref"].endswith("/Designation")
    assert city["population"]["type"] == "integer"
    assert city["label"]["$ref"].endswith("/Text")
    assert city["altLabel"]["$ref"].endswith("/Texts")
    start = api["components"]["schemas"]["Designation"]["properties"]["start"]
    assert start["properties"]["type"]["enum"] == ["xsd:date", "xsd:gYear", "xsd:gYearMonth"]
    assert "SE" in api["components"]["schemas"]["Country"]["properties"]["isoAlpha2"]["enum"]
    document = api["paths"]["/city/{name}.json"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert {"id", "type", "country", "coordinates"} <= set(document["allOf"][1]["required"])


def test_the_json_of_every_thing_is_as_its_schema_says(api: dict[str, Any], things: dict[str, Written]) -> None:
    validators, seen, wrong = {}, 0, []
    for iri, thing in things.items():
        path = "/" + iri.removeprefix(BASE)
        alone, below = f"{path}.json", f"{path.rpartition('/')[0]}/{{name}}.json"
        address = alone if alone in api["paths"] else below
        if address not in api["paths"]:
            continue
        if address not in validators:
            content = api["paths"][address]["get"]["responses"]["200"]["content"]["application/json"]
            schema = {**content["schema"], "components": api["components"]}
            validators[address] = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
        wrong += [f"{iri}: {error.message[:200]}" for error in validators[address].iter_errors(thing.json)]
        seen += 1
    assert wrong == []
    assert seen > 1000


def test_an_array_where_one_value_belongs_is_against_the_schema(api: dict[str, Any], client: FlaskClient) -> None:
    content = api["paths"]["/city/{name}.json"]["get"]["responses"]["200"]["content"]["application/json"]
    validator = jsonschema_rs.Draft202012Validator({**content["schema"], "components": api["components"]})
    city = client.get("/city/lyon.json").get_json()
    assert validator.is_valid(city)
    assert not validator.is_valid({**city, "country": [city["country"]]})
    assert not validator.is_valid({**city, "sameAs": city["sameAs"], "currentField": city["currentField"][0]})
    assert not validator.is_valid({key: value for key, value in city.items() if key != "country"})


def test_below_another_path_the_document_names_that_path(dataset: Dataset, app: Flask) -> None:
    below = create_app(dataset=dataset, engine=app.extensions["site"].engine, path="/kg/")
    servers = below.test_client().get("/kg/api/openapi.json").get_json()["servers"]
    assert [urlsplit(server["url"]).path for server in servers] == ["/kg", "/creative-cities"]


def made_up(app: Flask, mode: GenerationMode, asked: Counter[str]) -> list[str]:
    """What is wrong with the answers to requests made up from the document, by operation."""
    found = [found.ok() for found in schemathesis.openapi.from_wsgi("/api/openapi.json", app).get_all_operations()]
    wrong = [(operation.label, tried(operation, mode, asked)) for operation in found]
    return [f"{label}: {failure}"[:1500] for label, failure in wrong if failure]


def tried(operation: Any, mode: GenerationMode, asked: Counter[str]) -> str:
    """What is wrong with the answers to one operation; nothing, as a rule."""

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES, deadline=None, derandomize=True, database=None,
        suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate],
    )  # fmt: skip
    def answered(case: Any) -> None:
        if mode is GenerationMode.POSITIVE:
            name_what_there_is(case, operation.definition.raw["parameters"])
        else:
            # A parameter without a value is one that is not there, and a list of one value is that value.
            values = list((case.query or {}).values())
            assume(not any(value in ("", {}) or (isinstance(value, list) and len(value) < 2) for value in values))
        asked[operation.label] += 1
        response = case.call()
        excluded = BEYOND_A_SCHEMA.get(operation.label, [])
        if response.status_code == 503 and "timeout" in str(response.request.url) + str(case.body):
            # Who gives a query a billionth of a second is told that it was stopped.
            excluded = [*excluded, not_a_server_error]
        case.validate_response(response, excluded_checks=excluded)

    try:
        answered()
    except Unsatisfiable:
        # What takes nothing can be asked nothing wrong.
        return "" if mode is GenerationMode.NEGATIVE else "cannot be asked anything"
    except (Failure, FailureGroup) as failure:
        return "; ".join(map(str, getattr(failure, "exceptions", [failure])))
    return ""


def name_what_there_is(case: Any, parameters: list[dict[str, Any]]) -> None:
    """Put examples in the place of made-up names: a schema that does not list them all allows any."""
    for parameter in parameters:
        values = [example["value"] for example in parameter.get("examples", {}).values()]
        place = case.path_parameters if parameter["in"] == "path" else case.query
        if values and parameter["name"] in (place or {}):
            place[parameter["name"]] = values[len(str(place[parameter["name"]])) % len(values)]


def test_what_the_document_allows_is_answered_as_it_says(app: Flask, asked: Counter[str]) -> None:
    assert made_up(app, GenerationMode.POSITIVE, asked) == []
    assert sum(asked.values()) > 300


def test_what_the_document_does_not_allow_is_refused_as_it_says(app: Flask, asked: Counter[str]) -> None:
    before = sum(asked.values())
    assert made_up(app, GenerationMode.NEGATIVE, asked) == []
    assert sum(asked.values()) - before > 200
