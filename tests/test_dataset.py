"""Loading: what is in the store, what is derived, and what happens to a folder that is not ours or not right."""

import hashlib
import os
import shutil
from pathlib import Path

import pytest
from pyoxigraph import NamedNode, QueryBoolean

from citygraph import dataset as folders
from citygraph.dataset import Dataset, ParseErrors, canonical, load

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
