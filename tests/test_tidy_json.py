"""What developers get at `.json`: plain JSON of one form, which says as JSON-LD what the Turtle says."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from pyld import jsonld
from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Triple, parse
from things import Written, canonical, expanded

from citygraph import context, tidy
from citygraph.dataset import Dataset, load
from citygraph.engine import Engine
from citygraph.errors import NotAcceptable
from server import create_app

ROOTS = Path(__file__).with_name("roots")
BASE = "https://w3id.org/creative-cities/"
V1 = "bbde7aee469b9cef8d4515b5bdc5aab066d7053c81489bb7d54cdcdd645387ce"
KEYWORDS = {"@context", "id", "type", "included"}


@pytest.fixture(scope="module")
def v1(app: Any) -> dict[str, Any]:
    found = app.test_client().get("/context/v1.jsonld").get_json(force=True)
    assert isinstance(found, dict)
    return found


def objects(value: Any) -> list[dict[str, Any]]:
    """All objects in a document that stand for things, the outermost first; texts in Indonesian have a key id too."""
    if isinstance(value, list):
        return [found for member in value for found in objects(member)]
    if not isinstance(value, dict):
        return []
    inner = [found for member in value.values() for found in objects(member)]
    return [value, *inner] if str(value.get("id")).startswith("http") else inner


def test_the_json_of_every_thing_says_what_its_turtle_says(things: dict[str, Written], v1: dict[str, Any]) -> None:
    assert len(things) > 1100
    different = [iri for iri, thing in things.items() if canonical(expanded(thing.json, v1)) != canonical(thing.facts)]
    assert different == []


@pytest.mark.parametrize(
    "path", ["city/lyon", "country/se", "field/music", "round/2017", "conference/2024", "network", "source/cldr"]
)
def test_another_processor_reads_the_same_from_the_address_of_the_context(
    client: FlaskClient, things: dict[str, Written], path: str
) -> None:
    def loaded(url: str, options: Any) -> dict[str, Any]:
        reply = client.get(url.removeprefix(BASE[:-1]))
        assert reply.status_code == 200
        return {"contentType": reply.mimetype, "contextUrl": None, "documentUrl": url, "document": reply.get_json(True)}

    thing = things[BASE + path]
    lines = jsonld.to_rdf(thing.json, {"format": "application/n-quads", "documentLoader": loaded})
    read = [quad.triple for quad in parse(lines, format=RdfFormat.N_QUADS)]
    assert canonical(read) == canonical(thing.facts)


def test_a_key_holds_values_of_one_form_in_every_document(things: dict[str, Written]) -> None:
    forms: dict[str, set[str]] = {}
    for thing in things.values():
        for found in objects(thing.json):
            for key, value in found.items():
                forms.setdefault(key, set()).add(form(value))
    mixed = {key: sorted(found) for key, found in forms.items() if len(found) > 1}
    assert mixed == {}


def form(value: Any) -> str:
    """What a value is to a program: an array of something, texts by language, a thing, or a plain value."""
    if isinstance(value, list):
        return "array"
    if isinstance(value, dict):
        return "typed value" if "value" in value else "thing" if str(value.get("id")).startswith("http") else "texts"
    return type(value).__name__


def test_there_are_no_blank_nodes_in_tidy_json(things: dict[str, Written]) -> None:
    assert [iri for iri, thing in things.items() if '"_:' in thing.text] == []


def test_every_key_is_a_word_of_the_context_in_the_documents_of_the_network(
    things: dict[str, Written], v1: dict[str, Any]
) -> None:
    # The dataset's own document speaks of catalogues, the shapes of shapes: other vocabularies, by their prefixes.
    others = {BASE + "dataset", BASE + "shapes"}
    strange = {
        key for iri, thing in things.items() if iri not in others for found in objects(thing.json) for key in found
    } - {*v1["@context"], *KEYWORDS}
    assert strange == set()


def test_a_city_reads_as_a_developer_expects(client: FlaskClient) -> None:
    city = client.get("/city/norrkoping.json").get_json()
    assert list(city)[:4] == ["@context", "id", "type", "label"]
    assert city["id"] == BASE + "city/norrkoping"
    assert city["type"] == ["CreativeCity"]
    assert city["label"]["sv"] == "Norrköping"
    assert city["country"]["label"]["en"] == "Sweden"
    assert [field["label"]["fr"] for field in city["currentField"]] == ["Musique"]
    assert [one["earliestStart"] for one in city["designation"]] == ["2017-10-31"]
    assert isinstance(city["population"], int)
    assert "http://www.wikidata.org/entity/Q25724" in city["sameAs"]


def test_a_date_says_how_exactly_it_is_known(client: FlaskClient) -> None:
    lyon = {one["id"].rsplit("/", 1)[1]: one for one in client.get("/city/lyon.json").get_json()["designation"]}
    assert lyon["lyon-media-arts"]["start"] == {"value": "2008", "type": "xsd:gYear"}
    assert lyon["lyon-media-arts"]["end"] == {"value": "2023-10-31", "type": "xsd:date"}


def test_a_thing_that_points_here_does_not_look_as_if_it_had_nothing_else(client: FlaskClient) -> None:
    city = client.get("/city/lyon.json").get_json()
    assert "containsPlace" not in city["country"]
    included = {thing["id"]: thing for thing in city["included"]}
    assert included[BASE + "country/fr"]["containsPlace"] == [{"id": BASE + "city/lyon"}]


def test_accept_of_json_leads_to_the_json_and_of_json_ld_to_the_json_ld(client: FlaskClient) -> None:
    for accept, suffix in (("application/json", ".json"), ("application/ld+json", ".jsonld")):
        reply = client.get("/city/lyon", headers={"Accept": accept})
        assert (reply.status_code, reply.location) == (303, f"/city/lyon{suffix}")


def test_json_leads_to_its_context_by_a_link(client: FlaskClient) -> None:
    reply = client.get("/city/lyon.json")
    assert reply.content_type == "application/json"
    links = ", ".join(reply.headers.getlist("Link"))
    assert '</context/v1.jsonld>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"' in links
    assert reply.get_json()["@context"] == BASE + "context/v1.jsonld"


def test_the_context_is_kept_for_ever_and_open_to_all(client: FlaskClient) -> None:
    reply = client.get("/context/v1.jsonld")
    assert reply.content_type == "application/ld+json"
    assert reply.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    assert client.get("/context/v1.jsonld", headers={"If-None-Match": reply.headers["ETag"]}).status_code == 304
    missing = client.get("/context/v99.jsonld")
    assert missing.status_code == 404
    assert "v1" in missing.get_json()["detail"]


def test_the_context_that_is_published_is_the_one_that_the_graph_makes(dataset: Dataset, engine: Engine) -> None:
    version, text = list(context.published(dataset.root).items())[-1]
    number = int(version[1:])
    assert text == context.generated(dataset, engine), (
        "the terms have changed; make a new version and pin its SHA-256: "
        f"python -m citygraph.context > ontology/context-v{number + 1}.jsonld"
    )


def test_a_context_once_published_never_changes(dataset: Dataset) -> None:
    pinned = {"v1": V1}
    assert {v: hashlib.sha256(text).hexdigest() for v, text in context.published(dataset.root).items()} == pinned


@pytest.mark.parametrize("root", sorted(path.name for path in ROOTS.iterdir()))
def test_any_other_graph_has_tidy_json_too(root: str) -> None:
    app = create_app(ROOTS / root)
    site = app.extensions["site"]
    try:
        client = app.test_client()
        made = client.get("/context/v1.jsonld")
        assert "immutable" not in made.headers["Cache-Control"]
        subjects = {quad.subject for quad in site.dataset.store.quads_for_pattern(None, None, None, None)}
        seen = 0
        for iri in sorted({node.value.split("#")[0] for node in subjects if isinstance(node, NamedNode)}):
            path = iri.removeprefix(site.dataset.base[:-1])
            reply = client.get(path + ".json") if iri.startswith(site.dataset.base) else None
            if reply is None or reply.status_code not in (200, 410):
                continue
            turtle = parse(client.get(path + ".ttl").data, format=RdfFormat.TURTLE)
            told = expanded(reply.get_json(), made.get_json(force=True))
            assert canonical(told) == canonical(quad.triple for quad in turtle)
            seen += 1
        assert seen > 1
    finally:
        site.engine.close()


def test_a_graph_without_ontology_gets_words_from_its_facts(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.ttl").write_text(
        '@prefix x: <http://ex.org/v#> . <http://ex.org/a/1> x:name "One"@en ; x:size 3 ; x:near <http://ex.org/a/2> .'
        '<http://ex.org/a/2> x:name "Two"@en ; x:born "1900"^^<http://www.w3.org/2001/XMLSchema#gYear> .'
    )
    app = create_app(tmp_path)
    try:
        found = app.test_client().get("/1.json").get_json()
        assert (found["name"], found["size"]) == ({"en": ["One"]}, [3])
        assert found["near"] == [{"id": "http://ex.org/a/2"}]
        assert app.test_client().get("/2.json").get_json()["born"] == ["1900"]
    finally:
        app.extensions["site"].engine.close()


def test_the_newest_context_is_named_and_the_old_one_stays(tmp_path: Path, dataset: Dataset) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "ontology").mkdir()
    (tmp_path / "data" / "a.ttl").write_text('<http://ex.org/a/1> <http://ex.org/v#name> "One"@en .')
    for version, word in ((1, "title"), (2, "called")):
        made = {"@context": {"id": "@id", "type": "@type", word: {"@id": "http://ex.org/v#name"}}}
        (tmp_path / "ontology" / f"context-v{version}.jsonld").write_text(json.dumps(made))
    app = create_app(tmp_path)
    try:
        client = app.test_client()
        found = client.get("/1.json").get_json()
        assert found["@context"].endswith("/context/v2.jsonld")
        assert found["called"] == {"value": "One", "@language": "en"}
        assert "title" in client.get("/context/v1.jsonld").get_json(force=True)["@context"]
    finally:
        app.extensions["site"].engine.close()


def test_the_json_of_a_list_is_json_ld_with_the_things_as_its_members(client: FlaskClient, v1: dict[str, Any]) -> None:
    page = client.get("/cities.json?field=music&per_page=5").get_json()
    assert list(page)[:4] == ["@context", "id", "type", "total"]
    assert page["type"] == ["Collection"]
    assert len(page["items"]) == 5 < page["total"]
    assert {"first", "next", "last"} <= page.keys()
    facts = expanded(page, v1)
    member = NamedNode("http://www.w3.org/ns/hydra/core#member")
    assert {t.object.value for t in facts if t.predicate == member} == {item["id"] for item in page["items"]}
    said = {
        quad.triple for quad in parse(client.get("/cities.nt?field=music&per_page=5").data, format=RdfFormat.N_TRIPLES)
    }
    about = NamedNode(page["id"])
    assert canonical(fact for fact in facts if fact.subject != about) == canonical(said)


TERM = {"max_size": 6}
NODES = st.sampled_from([NamedNode(f"http://ex.org/{name}") for name in "abcd"])
BLANK = st.sampled_from([BlankNode(name) for name in ("x", "y", "z")])
XSD, RDF = "http://www.w3.org/2001/XMLSchema#", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
PROPERTIES = st.sampled_from(
    [NamedNode(iri) for iri in (
        BASE + "ontology#population", BASE + "ontology#start", BASE + "ontology#country", BASE + "ontology#unescoPage",
        "http://www.w3.org/2000/01/rdf-schema#label", "http://www.w3.org/2004/02/skos/core#altLabel",
        "http://ex.org/v#strange", "http://www.w3.org/ns/dcat#distribution", RDF + "type", RDF + "first", RDF + "rest",
    )]
)  # fmt: skip
LITERALS = st.one_of(
    st.builds(Literal, st.text(**TERM)),
    st.builds(
        lambda text, tag: Literal(text, language=tag), st.text(**TERM), st.sampled_from(["en", "sr-latn", "und"])
    ),
    st.builds(
        lambda text, kind: Literal(text, datatype=NamedNode(kind)),
        st.sampled_from(["1", "01", "-7", "true", "1.50", "2017", "9007199254740993", "x", ""]),
        st.sampled_from([XSD + name for name in ("integer", "boolean", "decimal", "double", "date", "string")]),
    ),
)
FACTS = st.lists(
    st.builds(
        Triple, NODES | BLANK, PROPERTIES, NODES | BLANK | LITERALS | st.just(NamedNode(RDF + "nil"))
    ),
    max_size=25,
)  # fmt: skip


@given(facts=FACTS)
@settings(max_examples=300, deadline=None)
def test_whatever_a_document_says_its_json_says_too(facts: list[Triple]) -> None:
    root = Path(__file__).parents[1]
    shape = context.read("v1", context.published(root)["v1"])
    made = tidy.document("http://ex.org/a", facts, shape, "http://ex.org/context")
    assert canonical(expanded(json.loads(made), json.loads(shape.text))) == canonical(facts)
    assert made == tidy.document("http://ex.org/a", list(reversed(facts)), shape, "http://ex.org/context")


def test_a_statement_about_a_statement_is_refused_and_not_left_out(dataset: Dataset) -> None:
    shape = context.read("v1", context.published(dataset.root)["v1"])
    node = NamedNode("http://ex.org/a")
    with pytest.raises(NotAcceptable):
        tidy.document(node.value, [Triple(node, node, Triple(node, node, node))], shape, "http://ex.org/context")


def test_the_context_can_be_made_by_command(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    context.main([str(ROOTS / "lighthouses")])
    made = json.loads(capfdbinary.readouterr().out)["@context"]
    assert made["sees"]["@id"] == "https://lights.example.org/terms#sees"
    assert load(ROOTS / "lighthouses").base == "https://lights.example.org/"
