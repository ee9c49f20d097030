"""Loading: what is in the store, what is derived, and what happens to a folder that is not ours or not right."""

import hashlib
import os
import random
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyld import jsonld
from pyoxigraph import (
    BlankNode,
    CanonicalizationAlgorithm,
    DefaultGraph,
    Literal,
    NamedNode,
    Quad,
    QueryBoolean,
    RdfFormat,
    Store,
    Triple,
    parse,
    serialize,
)
from pyoxigraph import Dataset as Quads

from citygraph import dataset as folders
from citygraph import digest
from citygraph.dataset import Dataset, ParseErrors, load
from citygraph.digest import canonical

ROOT = Path(__file__).parents[1]
LIGHTS = ROOT / "tests" / "roots" / "lighthouses"


def test_the_default_graph_is_ontology_data_and_derived_but_not_shapes(dataset: Dataset) -> None:
    def ask(text: str) -> bool:
        result = dataset.store.query(text)
        assert isinstance(result, QueryBoolean)
        return bool(result)

    base = dataset.base
    for part in ("ontology", "data", "derived"):
        assert not ask(f"ASK {{ GRAPH <{base}graph/{part}> {{ ?s ?p ?o }} FILTER NOT EXISTS {{ ?s ?p ?o }} }}")
    assert not ask("PREFIX sh: <http://www.w3.org/ns/shacl#> ASK { ?shape a sh:NodeShape }")
    assert ask(
        f"PREFIX sh: <http://www.w3.org/ns/shacl#> ASK {{ GRAPH <{base}graph/shapes> {{ ?shape a sh:NodeShape }} }}"
    )


def test_what_can_be_derived_is_not_written_in_data(dataset: Dataset) -> None:
    result = dataset.store.query(
        f"ASK {{ GRAPH <{dataset.graph('derived')}> {{ ?s ?p ?o }} GRAPH <{dataset.graph('data')}> {{ ?s ?p ?o }} }}"
    )
    assert not result


def test_the_digest_is_that_of_the_sorted_canonical_quads_and_comes_out_again(dataset: Dataset) -> None:
    assert dataset.digest == hashlib.sha256(b"".join(canonical(dataset.store))).hexdigest()
    assert dataset.digest == load(ROOT).digest
    assert dataset.version == "2026.11.22"


def test_a_changed_fact_changes_the_digest(tmp_path: Path) -> None:
    shutil.copytree(LIGHTS, tmp_path / "root")
    before = load(tmp_path / "root").digest
    file = tmp_path / "root/data/lights.ttl"
    file.write_text(file.read_text("utf-8").replace("17", "18"), "utf-8")
    assert load(tmp_path / "root").digest != before


def test_a_folder_that_is_not_ours_loads_with_a_base_of_its_own() -> None:
    lights = load(LIGHTS)
    assert lights.base == "https://lights.example.org/"
    assert lights.counts == {"ontology": 13, "data": 6, "shapes": 7, "derived": 0}
    assert lights.prefixes["l"] == "https://lights.example.org/light/"
    assert lights.version == lights.digest[:12]


def test_any_part_may_be_missing_but_not_all(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/a.ttl").write_text("<https://a.example.org/x> <https://a.example.org/p> 1 .", "utf-8")
    assert load(tmp_path).counts == {"ontology": 0, "data": 1, "shapes": 0, "derived": 0}
    with pytest.raises(FileNotFoundError, match="no Turtle in ontology/, data/ or shapes/"):
        load(tmp_path / "data")


def test_all_files_that_are_no_turtle_are_named_with_line_and_column(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/a.ttl").write_text("<urn:a> <urn:p> 1 .\n<urn:a> ex:p 1 .\n", "utf-8")
    (tmp_path / "data/b.ttl").write_text("<urn:a> <urn:p> \n", "utf-8")
    (tmp_path / "data/c.ttl").write_bytes(b'<urn:a> <urn:p> "\xff" .\n')
    (tmp_path / "data/d.ttl").write_text("<urn:a> <urn:p> 1 .\n", "utf-8")
    with pytest.raises(ParseErrors) as refused:
        load(tmp_path)
    found = {problem.file: problem for problem in refused.value.problems}
    assert sorted(found) == ["data/a.ttl", "data/b.ttl", "data/c.ttl"]
    assert (found["data/a.ttl"].line, found["data/a.ttl"].column) == (2, 9)
    assert found["data/a.ttl"].message == "The prefix ex: has not been declared"


def test_a_rule_that_is_no_sparql_is_named(tmp_path: Path) -> None:
    shutil.copytree(LIGHTS, tmp_path / "root")
    (tmp_path / "root/ontology/rules").mkdir()
    (tmp_path / "root/ontology/rules/bad.rq").write_text("CONSTRUCT { ?a ?b }", "utf-8")
    with pytest.raises(ParseErrors, match=r"ontology/rules/bad\.rq:1"):
        load(tmp_path / "root")


def test_rules_do_not_see_what_rules_derive(tmp_path: Path) -> None:
    shutil.copytree(LIGHTS, tmp_path / "root")
    rules = tmp_path / "root/ontology/rules"
    rules.mkdir()
    (rules / "a.rq").write_text(
        "CONSTRUCT { ?b <urn:seen> ?a } WHERE { ?a <https://lights.example.org/terms#sees> ?b }", "utf-8"
    )
    (rules / "b.rq").write_text("CONSTRUCT { ?a <urn:twice> ?b } WHERE { ?a <urn:seen> ?b }", "utf-8")
    assert load(tmp_path / "root").counts["derived"] == 1


def test_blank_nodes_of_different_files_stay_apart_and_the_digest_is_stable(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    for name in "ab":
        (tmp_path / f"data/{name}.ttl").write_text(f'<urn:{name}> <urn:p> _:x . _:x <urn:q> "{name}" .', "utf-8")
    loaded = load(tmp_path, base="urn:base:")
    assert loaded.counts["data"] == 4
    blanks = {q.subject for q in loaded.store if not isinstance(q.subject, NamedNode)}
    assert len(blanks) == 2
    assert load(tmp_path, base="urn:base:").digest == loaded.digest


def test_the_checkout_is_the_root_unless_another_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CITYGRAPH_ROOT", raising=False)
    assert folders.checkout() == ROOT
    monkeypatch.setenv("CITYGRAPH_ROOT", str(LIGHTS))
    assert folders.checkout() == LIGHTS


def test_a_folder_that_cannot_be_read_is_an_error_and_not_half_a_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: object) -> object:
        if str(path).endswith("data"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)  # type: ignore[call-overload]

    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(PermissionError):
        load(LIGHTS)


def test_a_few_subjects_elsewhere_do_not_move_the_base(tmp_path: Path) -> None:
    shutil.copytree(LIGHTS, tmp_path / "root")
    (tmp_path / "root/ontology/more.ttl").write_text(
        "<http://purl.org/dc/terms/title> a <http://www.w3.org/2002/07/owl#AnnotationProperty> .", "utf-8"
    )
    assert load(tmp_path / "root").base == "https://lights.example.org/"


def test_a_graph_without_web_addresses_has_a_base_that_is_nobodys(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/a.ttl").write_text("<urn:isbn:1> <urn:p> 1 .", "utf-8")
    assert load(tmp_path).base == "http://localhost/"


def test_a_rule_is_a_construct(tmp_path: Path) -> None:
    shutil.copytree(LIGHTS, tmp_path / "root")
    (tmp_path / "root/ontology/rules").mkdir()
    (tmp_path / "root/ontology/rules/ask.rq").write_text("ASK {}", "utf-8")
    with pytest.raises(ParseErrors, match="a rule is a CONSTRUCT; write one"):
        load(tmp_path / "root")


INTEGER, DECIMAL = (NamedNode(f"http://www.w3.org/2001/XMLSchema#{name}") for name in ("integer", "decimal"))
names = st.builds(lambda n: NamedNode(f"https://a.example.org/{n}"), st.integers(0, 9))
texts = st.text(st.sampled_from('ab_:"\\\n\r\t .<>é\u2028'), max_size=6)
literals = st.one_of(st.builds(Literal, texts), st.builds(lambda t: Literal(t, language="sv"), texts))
numbers = st.sampled_from([Literal("01", datatype=INTEGER), Literal("2.50", datatype=DECIMAL), Literal(True)])
facts = st.builds(Triple, names, names, names | literals | numbers)
blanks = st.builds(lambda n: BlankNode(f"b{n}"), st.integers(0, 3))
loose = st.builds(Triple, blanks, names, names | literals | numbers | blanks)


def write(folder: Path, ground: list[Triple], loose: list[Triple], order: random.Random) -> None:
    """Facts in any order over some files; those with blank nodes, called otherwise each time, stand in one file."""
    (folder / "data").mkdir()
    renamed = {f"b{n}": BlankNode(f"x{order.randrange(10**9)}y{n}") for n in range(4)}
    loose = [
        Triple(renamed[t.subject.value], t.predicate, renamed[t.object.value] if isinstance(t.object, BlankNode)
               else t.object) for t in loose
    ]  # fmt: skip
    files = {name: order.sample(ground, order.randint(0, len(ground))) for name in ("a", "b/c")}
    files |= {"d": order.sample(ground, len(ground)), "e": order.sample(loose, len(loose))}
    for name, triples in files.items():
        (folder / "data" / name).parent.mkdir(exist_ok=True)
        serialize(triples, str(folder / "data" / f"{name}.ttl"), RdfFormat.TURTLE)


@settings(max_examples=40, deadline=None)
@given(st.lists(facts, min_size=1), st.lists(loose, max_size=5), st.integers())
def test_the_digest_is_the_same_whatever_the_order_and_the_files(
    ground: list[Triple], loose: list[Triple], seed: int
) -> None:
    order = random.Random(seed)  # noqa: S311 (orders, no secrets)
    found = set()
    for _ in range(2):
        with TemporaryDirectory() as folder:
            write(Path(folder), ground, loose, order)
            loaded = load(Path(folder), base="urn:base:")
            found.add(loaded.digest)
            assert loaded.counts["data"] == len(set(ground) | set(loose))
            assert loaded.digest == hashlib.sha256(b"".join(canonical(loaded.store))).hexdigest()
    assert len(found) == 1


@settings(max_examples=40, deadline=None)
@given(st.lists(facts), st.lists(loose, max_size=5), st.integers(1, 200), st.integers(1, 200))
def test_lines_are_sorted_in_pieces_as_they_would_be_at_once(
    ground: list[Triple], loose: list[Triple], run: int, block: int
) -> None:
    graph = NamedNode("urn:graph")
    store = Store()
    store.extend(Quad(*triple, graph) for triple in [*ground, *loose])
    store.extend(Quad(*triple) for triple in ground)
    named = Quads(quad for quad in store if quad.graph_name != DefaultGraph())
    named.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    at_once = sorted((serialize(named, format=RdfFormat.N_QUADS) or b"").splitlines(keepends=True))
    before = digest.RUN, digest.BLOCK
    digest.RUN, digest.BLOCK = run, block
    try:
        assert b"".join(canonical(store)) == b"".join(at_once)
    finally:
        digest.RUN, digest.BLOCK = before


def test_blank_nodes_of_several_graphs_have_the_labels_that_another_library_gives_them() -> None:
    lines = (
        "<urn:a> <urn:p> _:x <urn:g1> .", "_:x <urn:p> _:y <urn:g1> .", '_:y <urn:q> "é\\n\\t" <urn:g1> .',
        '_:z <urn:q> "1" <urn:g2> .', "<urn:b> <urn:p> _:z <urn:g2> .", "_:x <urn:p> _:z <urn:g2> .",
        "_:w <urn:p> _:w <urn:g2> .",
    )  # fmt: skip
    store = Store()
    store.extend(parse("\n".join(lines).encode(), format=RdfFormat.N_QUADS))
    options = {"algorithm": "URDNA2015", "inputFormat": "application/n-quads", "format": "application/n-quads"}
    ours = b"".join(canonical(store)).decode()
    assert ours == jsonld.normalize(ours, options)
    assert ours.count("\n") == 7


def test_the_digest_of_a_graph_of_ours_is_what_it_has_always_been() -> None:
    assert load(LIGHTS).digest == "f17ca96ad3e00f8de196ec2dc8827a5dd571a4cd8fd1a91e88c01031e430f9c2"


def test_blank_nodes_are_the_same_nodes_in_the_part_and_in_the_default_graph(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/a.ttl").write_text("<urn:a> <urn:p> [ <urn:q> 1 ] , _:x . _:x <urn:q> 2 .", "utf-8")
    store = load(tmp_path, base="urn:base:").store
    part = {q.triple for q in store.quads_for_pattern(None, None, None, NamedNode("urn:base:graph/data"))}
    assert {q.triple for q in store.quads_for_pattern(None, None, None, DefaultGraph())} == part


def test_a_fact_that_a_rule_derives_and_a_file_states_is_authored(tmp_path: Path) -> None:
    shutil.copytree(LIGHTS, tmp_path / "root")
    rules = tmp_path / "root/ontology/rules"
    rules.mkdir()
    (rules / "a.rq").write_text("CONSTRUCT { ?a ?p ?b } WHERE { ?a ?p ?b }", "utf-8")
    (rules / "b.rq").write_text("CONSTRUCT { ?a <urn:seen> 1 } WHERE { ?a ?p ?b }", "utf-8")
    (rules / "c.rq").write_text("CONSTRUCT { ?a <urn:seen> 1 } WHERE { ?a a ?b }", "utf-8")
    loaded = load(tmp_path / "root")
    assert 0 < loaded.counts["derived"] < loaded.counts["data"] + loaded.counts["ontology"]


@pytest.mark.parametrize(
    ("text", "prefixes"),
    [
        ("@prefix a: <urn:a:> .\na:x a:p 1 .\n", {"a": "urn:a:"}),
        ("a:x <urn:p> 1 .\n@prefix a: <urn:a:> .\n", {}),
        ("<urn:x> <urn:p> 1 .\nPREFIX a: <urn:a:>\na:x a:p 1 .\n", {"a": "urn:a:"}),
        (
            "PREFIX a:# a comment\n<urn:a:> a:x a:p 1 . @prefix b: <urn:b:> . b:x a:p 1 .",
            {"a": "urn:a:", "b": "urn:b:"},
        ),
        ('<urn:x> <urn:p> "@prefix c: <urn:c:> ." .\n@prefix a: <urn:a:> .', {"a": "urn:a:"}),
        ("@prefix a: <urn:a:> .\n@prefix a: <urn:b:> .\na:x a:p 1 .\n@prefix a: <urn:c:> .\n", {"a": "urn:c:"}),
    ],
)
def test_prefixes_are_found_wherever_a_file_declares_them(tmp_path: Path, text: str, prefixes: dict[str, str]) -> None:
    (tmp_path / "a.ttl").write_text(text, "utf-8")
    assert folders.prefixes_in(tmp_path / "a.ttl") == prefixes


def test_the_base_is_the_shortest_that_is_stated(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/a.ttl").write_text(
        "@prefix void: <http://rdfs.org/ns/void#> . "
        '<urn:d> void:uriSpace "https://a.example.org/part/" . <urn:e> void:uriSpace "https://a.example.org/" .',
        "utf-8",
    )
    assert load(tmp_path).base == "https://a.example.org/"
