"""The pages of the vocabulary and the shapes: each term and each shape, in words, where its IRI leads."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Triple, parse

from citygraph.dataset import Dataset, load
from citygraph.engine import Embedded
from citygraph.labels import Reader
from citygraph.namespaces import PREFIXES
from citygraph.phrases import Shapes
from citygraph.turtle import Names
from citygraph.views import Phrase
from server import create_app

LIGHTHOUSES = Path(__file__).parent / "roots" / "lighthouses"
CCN = "https://w3id.org/creative-cities/ontology#"
CCS = "https://w3id.org/creative-cities/shapes#"


class Sections(HTMLParser):
    """The text of each element with an id, and the addresses in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str | None] = []
        self.texts: dict[str, str] = {}
        self.links: dict[str, list[str]] = {}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if "href" in found and tag == "a":
            for name in filter(None, self.open):
                self.links[name].append(found["href"] or "")
        if tag in ("section", "tr", "details", "div"):
            name = found.get("id")
            if name:
                assert name not in self.texts, f"two elements with the id {name}"
                self.texts[name], self.links[name] = "", []
            self.open.append(name)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("section", "tr", "details", "div"):
            self.open.pop()

    def handle_data(self, data: str) -> None:
        for name in filter(None, self.open):
            self.texts[name] = " ".join(f"{self.texts[name]} {data}".split())


@pytest.fixture(scope="module")
def ontology(app: object) -> Sections:
    return Sections(app.test_client().get("/ontology.html").text)  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def shapes(app: object) -> Sections:
    return Sections(app.test_client().get("/shapes.html").text)  # type: ignore[attr-defined]


def fragments(dataset: Dataset, graph: str, space: str) -> list[str]:
    text = (
        f"SELECT DISTINCT ?s {{ GRAPH <{dataset.graph(graph)}> {{ ?s ?p ?o }} FILTER(STRSTARTS(STR(?s), '{space}')) }}"
    )
    return sorted(row["s"].value.removeprefix(space) for row in dataset.store.query(text))


def test_every_term_of_the_vocabulary_has_its_place_on_the_page(ontology: Sections, dataset: Dataset) -> None:
    names = fragments(dataset, "ontology", CCN)
    assert "Designation" in names
    assert [name for name in names if name not in ontology.texts] == []


def test_every_shape_and_rule_has_its_place_on_the_page(shapes: Sections, dataset: Dataset) -> None:
    names = fragments(dataset, "shapes", CCS)
    assert "DesignationShape-start" in names
    assert [name for name in names if name not in shapes.texts] == []


def test_a_browser_is_led_from_a_term_to_its_page(client: FlaskClient) -> None:
    reply = client.get("/ontology", headers={"Accept": "text/html"})
    assert (reply.status_code, reply.location) == (303, "/ontology.html")


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        ("Designation", "designation ccn:Designation"),
        ("Designation", "utnämning sv"),
        ("Designation", "The membership of one city in one field, granted in one round"),
        ("Designation", "designation:norrkoping-music a ccn:Designation ."),
        ("Designation", "sub class of org:Membership"),
        ("city", "object property"),
        ("city", "exactly one, a creative city (every designation )"),
        ("city", "Give the designation one ccn:city, a city that data/cities/ declares."),
        ("city", "designation:norrkoping-music ccn:city city:norrkoping ."),
        ("city", "org:member"),
        ("start", "exactly one, date xsd:date , month of a year xsd:gYearMonth or year xsd:gYear"),
        ("end", "at most one, date xsd:date"),
        ("end", "A membership that ends before it starts is counted on no day."),
        ("isoAlpha2", "AM, AO and 241 more"),
        ("isoNumeric", "that matches ^[0-9]{3}$"),
        ("status", "one of confirmed , single source , conflicting or missing"),
        ("designation", "inverse of city"),
        ("confirmed", "At least two sources say the same"),
        ("evidence", "Evidence about the thing."),
    ],
)
def test_a_term_is_told_in_words(ontology: Sections, term: str, expected: str) -> None:
    assert expected in ontology.texts[term]


def test_examples_are_facts_of_the_graph_with_links_to_the_things(ontology: Sections) -> None:
    assert {"/designation/norrkoping-music", "#city", "/city/norrkoping"} <= set(ontology.links["city"])


def test_counts_are_those_of_the_graph(ontology: Sections, dataset: Dataset) -> None:
    for term, pattern, unit in (
        ("Designation", f"?s a <{CCN}Designation>", "things"),
        ("end", f"?s <{CCN}end> ?o", "statement"),
        ("confirmed", f"?s ?p <{CCN}confirmed>", "references"),
    ):
        [row] = dataset.store.query(f"SELECT (COUNT(*) AS ?n) {{ {pattern} }}")
        number = f"{int(row['n'].value):,}".replace(",", "\u202f")
        assert f"{number} {unit}" in ontology.texts[term]


def test_a_class_is_followed_by_its_properties_and_individuals(ontology: Sections) -> None:
    assert "ccn:earliestStart" in ontology.texts["Designation"]
    assert "ccn:singleSource" in ontology.texts["EvidenceStatus"]
    assert "ccn:singleSource" not in ontology.texts["Designation"]


def test_the_scheme_of_fields_is_on_the_page_with_links_to_each_field(client: FlaskClient, ontology: Sections) -> None:
    assert "/field/music" in ontology.links["section-scheme-1"]
    assert "Designing, building, reusing" in ontology.texts["section-scheme-1"]
    reply = client.get("/ontology.html")
    assert 'href="#section-scheme-1">Creative fields</a>' in reply.text


def test_terms_are_told_in_the_language_asked_for(client: FlaskClient) -> None:
    text = Sections(client.get("/ontology.html?lang=sv").text).texts["Designation"]
    assert "En stads medlemskap inom ett område" in text
    assert "utnämning ccn:Designation" in text


def test_a_shape_is_told_with_its_reason_its_messages_and_its_queries(shapes: Sections) -> None:
    text = shapes.texts["DesignationShape"]
    assert "About every designation" in text
    assert "Membership is counted as of a day" in text
    assert "no properties but those below and" in text
    assert "a designation has no such property" in text
    assert "SELECT DISTINCT ?this WHERE" in shapes.texts["OpenTwiceShape-target"]
    assert "/ontology#Designation" in shapes.links["DesignationShape"]
    assert "warning only" in shapes.texts["FarAwayShape"]


def test_the_vocabulary_of_another_graph_has_such_a_page_too() -> None:
    dataset = load(LIGHTHOUSES)
    engine = Embedded(dataset, workers=1)
    try:
        found = Sections(create_app(dataset=dataset, engine=engine).test_client().get("/terms.html").text)
    finally:
        engine.close()
    assert "2 things" in found.texts["Lighthouse"]
    assert "at least one, whole number xsd:integer" in found.texts["range"]
    assert "l:eddystone t:range 17 ." in found.texts["range"]
    assert "/light/eddystone" in found.links["range"]
    assert "l:eddystone t:sees l:plymouth-hoe ." in found.texts["sees"]


SAID = [
    ("sh:minCount 2 ; sh:maxCount 2", "exactly 2"),
    ("sh:minCount 2 ; sh:maxCount 5", "2 to 5"),
    ("sh:minCount 1", "at least one"),
    ("sh:maxCount 3", "at most 3"),
    ("sh:maxCount 0", "none"),
    ("sh:class ex:Owl", "any number, an ex:Owl"),
    ("sh:class ex:Cat", "any number, an ex:Cat"),
    ("sh:nodeKind sh:IRI", "any number, an IRI"),
    (
        "sh:datatype xsd:string ; sh:minLength 2 ; sh:maxLength 9",
        "any number, text xsd:string, 2 characters or more, 9 characters or fewer",
    ),
    ("sh:minExclusive 1 ; sh:maxExclusive 2", "any number, more than 1, less than 2"),
    ('sh:pattern "^a" ; sh:flags "i"', "any number, that matches ^a (flags i)"),
    ("sh:in ( 1 2 3 )", "any number, one of 1, 2 or 3"),
    ("sh:hasValue ex:it", "any number, among them ex:it"),
    ('sh:languageIn ( "en" "sv" )', "any number, in the language en or sv"),
    ("sh:uniqueLang true", "any number, one in each language"),
    ("sh:uniqueLang false", "any number of values"),
    ("sh:lessThan ex:q", "any number, less than each ex:q"),
    ("sh:disjoint ex:q", "any number, no value of ex:q"),
    ("sh:not [ sh:class ex:Cat ]", "any number, not an ex:Cat"),
    ("sh:xone ( [ sh:class ex:Cat ] [ sh:nodeKind sh:Literal ] )", "any number, just one of: an ex:Cat, a literal"),
    ("sh:and ( [ sh:class ex:Cat ] [ sh:class ex:Pet ] )", "any number, an ex:Cat and an ex:Pet"),
    ("sh:node ex:Other", "any number, that fits ex:Other"),
    ("sh:qualifiedValueShape [ sh:class ex:Cat ] ; sh:qualifiedMinCount 1", "at least one that is an ex:Cat"),
    ("sh:minCount 0", "any number of values"),
    ("", "any number of values"),
]
PATHS = [
    ("ex:p", "ex:p"),
    ("[ sh:inversePath ex:p ]", "ex:p (read backwards)"),
    ("[ sh:alternativePath ( ex:p ex:q ) ]", "ex:p or ex:q"),
    ("( ex:p ex:q )", "ex:p, then ex:q"),
    ("[ sh:zeroOrMorePath ex:p ]", "any number of steps of ex:p"),
    ("( ex:p [ sh:oneOrMorePath ex:q ] )", "ex:p, then one or more steps of ex:q"),
]


def asked(constraints: str, path: str = "ex:p") -> tuple[str, str, set[str]]:
    """Path, words and properties of one rule."""
    prefixes = {**PREFIXES, "ex": "http://ex.example/"}
    head = "".join(f"@prefix {prefix}: <{iri}> .\n" for prefix, iri in prefixes.items())
    text = f"{head}ex:S a sh:NodeShape ; sh:targetClass ex:C ; sh:property [ sh:path {path} ; {constraints} ] ."
    triples = [quad.triple for quad in parse(text.encode(), format=RdfFormat.TURTLE)]
    [form] = Shapes(Reader(triples, {}, lambda iri: None, "en"), Names(prefixes)).forms()
    [rule] = form.rules
    assert spoken(form.subjects) == "every ex:C"
    return spoken(rule.path), spoken(rule.words), set(rule.properties)


def spoken(phrase: Phrase) -> str:
    return "".join(piece.text for piece in phrase)


@pytest.mark.parametrize(("constraints", "expected"), SAID)
def test_each_constraint_of_shacl_is_said_in_words(constraints: str, expected: str) -> None:
    assert asked(constraints)[1] == expected


@pytest.mark.parametrize(("path", "expected"), PATHS)
def test_each_path_of_shacl_is_said_in_words(path: str, expected: str) -> None:
    said, _, properties = asked("sh:minCount 1", path)
    assert said == expected
    assert properties == {f"http://ex.example/{name}" for name in re.findall(r"ex:(\w)", path)}


def test_a_message_is_told_without_the_values_it_would_name() -> None:
    head = "".join(f"@prefix {prefix}: <{iri}> .\n" for prefix, iri in PREFIXES.items())
    text = head + '<e:S> a sh:NodeShape ; sh:message "Merge {?this} with {$other} ({?value})."@en .'
    triples = [quad.triple for quad in parse(text.encode(), format=RdfFormat.TURTLE)]
    [form] = Shapes(Reader(triples, {}, lambda iri: None, "en"), Names(PREFIXES)).forms()
    assert [message.text for message in form.messages] == ["Merge … with …."]
    assert NamedNode(form.iri) == NamedNode("e:S")


NODES = [BlankNode("a"), BlankNode("b"), NamedNode("http://ex.example/c"), NamedNode("http://ex.example/d")]
PARAMETERS = [NamedNode(PREFIXES["sh"] + name) for name in (
    "property path inversePath alternativePath oneOrMorePath node not or and in minCount maxCount class "
    "qualifiedValueShape datatype pattern flags closed ignoredProperties message sparql select targetClass target "
    "equals severity"
).split()]  # fmt: skip
TARGET = NamedNode(PREFIXES["sh"] + "targetClass")
LISTS = [NamedNode(PREFIXES["rdf"] + name) for name in ("first", "rest", "type")]
VALUES = [Literal("x"), Literal(1), Literal(-1), Literal(True), Literal("{?value}", language="en"),
          NamedNode(PREFIXES["sh"] + "NodeShape"), Triple(NODES[2], LISTS[0], NODES[3])]  # fmt: skip


@given(
    st.lists(
        st.builds(Triple, st.sampled_from(NODES), st.sampled_from(PARAMETERS + LISTS), st.sampled_from(NODES + VALUES))
    )
)
def test_any_shapes_can_be_told_however_wrong_or_entangled(triples: list[Triple]) -> None:
    forms = Shapes(Reader(triples, {}, lambda iri: None, "en"), Names(PREFIXES)).forms()
    targeted = {fact.subject for fact in triples if isinstance(fact.subject, NamedNode) and fact.predicate == TARGET}
    assert {form.iri for form in forms} >= {subject.value for subject in targeted}
    assert all(piece.text is not None for form in forms for rule in form.rules for piece in [*rule.path, *rule.words])
