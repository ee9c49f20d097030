"""Every rule in shapes/ shows what it accepts and what it refuses, in tests/shapes/valid and invalid."""

import re
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import rdflib
from rdflib.namespace import FOAF, RDF, RDFS, SH

from citygraph import dataset, validation
from citygraph.namespaces import PREFIXES
from citygraph.validation import Finding

CHECKOUT = Path(__file__).parents[1]
EXAMPLES = Path(__file__).parent / "shapes"
CONTEXT = EXAMPLES / "context.ttl"
VALID = sorted((EXAMPLES / "valid").glob("*.ttl"))
INVALID = sorted((EXAMPLES / "invalid").glob("*.ttl"))
BASE = "https://w3id.org/creative-cities/"
CCS = rdflib.Namespace(BASE + "shapes#")
VCARD = "http://www.w3.org/2006/vcard/ns#"
LANGUAGES = {"en", "sv"}


def stem(path: Path) -> str:
    """The name of an example, which says what is right or wrong in it."""
    return path.stem


def found_in(text: str) -> list[Finding]:
    """What the shapes find in an example; the ontology, its rules and the context stand around it."""
    with TemporaryDirectory() as folder:
        root = Path(folder)
        for part in ("ontology", "shapes"):
            (root / part).symlink_to(CHECKOUT / part)
        (root / "data").mkdir()
        (root / "data" / "context.ttl").write_text(CONTEXT.read_text("utf-8"), "utf-8")
        (root / "data" / "example.ttl").write_text(text, "utf-8")
        return validation.shapes(dataset.load(root))


@cache
def found(path: Path) -> list[Finding]:
    """What the shapes find in one file of examples."""
    return found_in(path.read_text("utf-8"))


def header(path: Path) -> dict[str, str]:
    """The lines `# key: value` that an invalid example begins with."""
    return dict(re.findall(r"^# (shape|path|line|severity): (.+)$", path.read_text("utf-8"), re.MULTILINE))


def expanded(name: str) -> str:
    """The IRI of a prefixed name in a header; `-` is none."""
    if name == "-":
        return ""
    prefix, local = name.split(":")
    ours = {"ccn": BASE + "ontology#", "ccs": str(CCS), "vcard": VCARD}
    return (ours | PREFIXES)[prefix] + local


@cache
def shapes() -> rdflib.Graph:
    """All files of shapes/ as one graph."""
    graph = rdflib.Graph()
    for path in dataset.files(CHECKOUT, "shapes"):
        graph.parse(path)
    return graph


def targeted() -> list[rdflib.term.Node]:
    """The shapes that look for things to check, each with a rule or rules of its own."""
    ways = (SH.target, SH.targetClass, SH.targetSubjectsOf)
    return sorted({shape for way in ways for shape in shapes().subjects(way)})


def required(kind: rdflib.term.Node) -> set[tuple[rdflib.term.Node, rdflib.term.Node]]:
    """What the shapes of a class require each of its instances to have, as (property shape, property)."""
    graph, pairs = shapes(), set()
    for shape in graph.subjects(SH.targetClass, kind):
        for rule in graph.objects(shape, SH.property):
            path = graph.value(rule, SH.path)
            if graph.value(rule, SH.minCount) and isinstance(path, rdflib.URIRef):
                pairs.add((rule, path))
    return pairs


@pytest.mark.parametrize("path", VALID, ids=stem)
def test_valid_example_is_accepted(path: Path) -> None:
    assert found(path) == []


@pytest.mark.parametrize("path", INVALID, ids=stem)
def test_invalid_example_is_refused_by_its_shape_alone(path: Path) -> None:
    said = header(path)
    fired = {(f.shape, f.path, f.severity) for f in found(path)}
    assert fired == {(expanded(said["shape"]), expanded(said["path"]), said["severity"])}


@pytest.mark.parametrize("path", INVALID, ids=stem)
def test_finding_names_the_line_of_the_fault(path: Path) -> None:
    assert {(f.file, f.line) for f in found(path)} == {("data/example.ttl", int(header(path)["line"]))}


def test_every_shape_refuses_something() -> None:
    fired = {f.shape.removeprefix(str(CCS)).split("-")[0] for path in INVALID for f in found(path)}
    assert {str(shape).removeprefix(str(CCS)) for shape in targeted()} - fired == set()


@pytest.mark.parametrize("example", VALID, ids=stem)
def test_every_required_property_is_missed(example: Path) -> None:
    """Takes all that is required out of a valid example."""
    graph, missing = rdflib.Graph().parse(example), set()
    for subject, kind in list(graph.subject_objects(RDF.type)):
        for rule, path in required(kind):
            missing.add(str(rule))
            graph.remove((subject, path, None))
    assert missing - {finding.shape for finding in found_in(graph.serialize(format="turtle"))} == set()


def test_valid_examples_show_every_class() -> None:
    shown = {kind for path in VALID for kind in rdflib.Graph().parse(path).objects(None, RDF.type)}
    refused = {FOAF.Person, rdflib.URIRef(PREFIXES["schema"] + "Person")}
    assert set(shapes().objects(None, SH.targetClass)) - shown == refused


def test_every_shape_says_why() -> None:
    nodes = shapes().subjects(RDF.type, SH.NodeShape)
    assert [n for n in nodes if not (shapes().value(n, RDFS.comment) and shapes().value(n, RDFS.label))] == []


def test_every_rule_says_what_to_do_in_english_and_swedish() -> None:
    graph = shapes()
    rules = {s for kind in (SH.PropertyShape, SH.SPARQLConstraint) for s in graph.subjects(RDF.type, kind)}
    rules |= set(graph.subjects(SH.closed))
    silent = {rule for rule in rules if not set(graph.objects(rule, SH.sparql))}
    tongues = {rule: {m.language for m in graph.objects(rule, SH.message)} for rule in silent}
    assert {rule: said for rule, said in tongues.items() if said != LANGUAGES} == {}


def test_property_shapes_have_addresses() -> None:
    assert [s for s in shapes().objects(None, SH.property) if not isinstance(s, rdflib.URIRef)] == []


def test_every_property_shape_is_used() -> None:
    used = set(shapes().objects(None, SH.property))
    assert set(shapes().subjects(RDF.type, SH.PropertyShape)) == used
