"""Releases: each a whole export that never changes, with exactly what came and went, from folders or from git."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import BlankNode, Literal, NamedNode, Quad, RdfFormat, Store, Triple, parse
from rdflib import PROV, Graph, Namespace, URIRef
from releases import MORE, edited, harbours, released

from citygraph import difference
from citygraph.digest import canonical
from export.__main__ import main

BASE = "https://harbours.example.org/"
DCAT = Namespace("http://www.w3.org/ns/dcat#")
COMMENT = f'<{BASE}harbour/%C3%85hus> <http://www.w3.org/2000/01/rdf-schema#comment> "In Scania."@en .'


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("CITYGRAPH_RELEASES")
    return harbours(tmp_path / "root")


def lines(path: Path) -> list[str]:
    return path.read_text("utf-8").splitlines()


def test_one_fact_added_is_exactly_that_fact_beside_the_new_version(root: Path) -> None:
    released(root)
    edited(root, "2026.2", MORE)
    released(root)
    made = root / "releases" / "2026.2"
    added, removed = lines(made / "added.nt"), lines(made / "removed.nt")
    about = f"<{BASE}dataset> "
    assert [line for line in added if not line.startswith(about)] == [COMMENT]
    assert [line for line in removed if not line.startswith(about)] == []
    assert sorted(line.split(" ")[1].rpartition("/")[2] for line in added if line.startswith(about)) == [
        "dcat#version>",
        "modified>",
    ]
    assert added == sorted(added)
    told = (made / "changes.md").read_text("utf-8")
    assert "- harbour, changed: Åhus" in told
    assert "- comment: In Scania. (en)" in told
    assert "- version: was 2026.1, is 2026.2" in told
    said = json.loads((made / "changes.json").read_text("utf-8"))
    assert (said["previous"], said["added"], said["removed"]) == ("2026.1", len(added), len(removed))


def test_the_old_graph_without_what_went_and_with_what_came_is_the_new_graph(root: Path) -> None:
    released(root)
    edited(root, "2026.2", MORE)
    harbour = root / "data" / "harbours.ttl"
    harbour.write_text(harbour.read_text("utf-8").replace('"Rusty"@en', '"Rusty quay"@en'), "utf-8")
    released(root)
    releases = root / "releases"

    def graph(version: str) -> set[Triple]:
        path = releases / version / "harbours.example.org.ttl"
        return {quad.triple for quad in parse(path=path, format=RdfFormat.TURTLE)}

    def changed(name: str) -> set[Triple]:
        return {quad.triple for quad in parse(path=releases / "2026.2" / name, format=RdfFormat.N_TRIPLES)}

    assert graph("2026.1") - changed("removed.nt") | changed("added.nt") == graph("2026.2")
    assert changed("removed.nt") <= graph("2026.1")
    assert not changed("added.nt") & graph("2026.1")


def test_the_checksums_of_a_release_are_true(root: Path) -> None:
    released(root)
    edited(root, "2026.2", MORE)
    released(root)
    made = root / "releases" / "2026.2"
    ran = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=made, capture_output=True, text=True, check=True)
    assert ran.stdout.count(": OK") == len(list(made.iterdir())) - 1
    listed = {file["path"] for file in json.loads((made / "manifest.json").read_text("utf-8"))["files"]}
    assert listed == {path.name for path in made.iterdir()} - {"manifest.json", "SHA256SUMS"}


def test_the_catalogue_of_a_release_says_what_it_is_a_revision_of_and_where_its_files_are(root: Path) -> None:
    released(root)
    edited(root, "2026.2", MORE)
    released(root)
    made = root / "releases" / "2026.2"
    for name in ("dcat.ttl", "void.ttl"):
        graph = Graph().parse(made / name)
        old, new = (URIRef(f"{BASE}releases/{version}") for version in ("2026.1", "2026.2"))
        assert (new, PROV.wasRevisionOf, old) in graph
        assert (new, DCAT.previousVersion, old) in graph
        assert str(graph.value(new, DCAT.version)) == "2026.2"
        assert f"{BASE}dump/" not in (made / name).read_text("utf-8")
    graph = Graph().parse(made / "dcat.ttl")
    sizes = {str(graph.value(one, DCAT.downloadURL)): int(size) for one, size in graph.subject_objects(DCAT.byteSize)}
    for path in ("added.nt", "changes.md", "data.ttl.gz", "validation.json"):
        assert sizes[f"{BASE}releases/2026.2/{path}"] == (made / path).stat().st_size


def test_a_release_that_is_there_stays_as_it_is(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    released(root)
    made = root / "releases" / "2026.1"
    before = {path.name: path.read_bytes() for path in made.iterdir()}
    assert main(["release", "--root", str(root)]) == 0
    assert "stays as it is" in capsys.readouterr().out
    edited(root, "2026.1", MORE)
    assert main(["release", "--root", str(root)]) == 1
    told = capsys.readouterr().err
    assert "raise dcat:version" in told
    assert "data/dataset.ttl" in told
    assert {path.name: path.read_bytes() for path in made.iterdir()} == before


def test_what_is_half_a_release_is_not_overwritten(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "releases" / "2026.1").mkdir(parents=True)
    (root / "releases" / "2026.1" / "mine").write_text("kept", "utf-8")
    assert main(["release", "--root", str(root)]) == 1
    assert "no whole release" in capsys.readouterr().err
    assert [path.name for path in (root / "releases" / "2026.1").iterdir()] == ["mine"]


def test_versions_go_forward(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edited(root, "2026.11")
    released(root)
    edited(root, "2026.9")
    assert main(["release", "--root", str(root)]) == 1
    assert "comes before release 2026.11" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (' ; dcat:version "2026.1"', "", "say it in data/dataset.ttl"),
        ('"2026.1"', '"latest"', "can name no release"),
        ('"2026.1"', '"../evil"', "can name no release"),
        ('  dcterms:modified "2026-01-01"^^xsd:date .', "  .", "dcterms:modified"),
    ],
)
def test_what_a_release_needs_to_know_is_asked_for(
    root: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, told: str
) -> None:
    path = root / "data" / "dataset.ttl"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")
    assert main(["release", "--root", str(root)]) == 1
    assert told in capsys.readouterr().err
    assert list((root / "releases").glob("**/*")) == []


def test_nothing_is_released_that_does_not_validate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = tmp_path / "root"
    shutil.copytree(Path(__file__).with_name("roots") / "lighthouses", root)
    (root / "data" / "about.ttl").write_text(
        "<https://lights.example.org/dataset> a <http://www.w3.org/ns/dcat#Dataset> ;\n"
        '  <http://www.w3.org/ns/dcat#version> "1" .\n',
        "utf-8",
    )
    assert main(["release", "--root", str(root), "--releases", str(tmp_path / "r")]) == 1
    assert "Nothing was released" in capsys.readouterr().err
    assert not (tmp_path / "r").exists()


def git(root: Path, *arguments: str) -> None:
    name = ["-c", "user.name=Curator", "-c", "user.email=curator@example.org"]
    subprocess.run(["git", *name, "-C", str(root), *arguments], capture_output=True, check=True)


def test_two_tags_of_git_make_a_release(root: Path, tmp_path: Path) -> None:
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-qm", "First")
    git(root, "tag", "v1")
    edited(root, "2026.2", MORE)
    git(root, "commit", "-qam", "Second")
    git(root, "tag", "v2")
    edited(root, "2026.3", "and this is no Turtle")
    releases = tmp_path / "releases"
    released(root, "--from", "v1", "--to", "v2", "--releases", str(releases))
    assert COMMENT in lines(releases / "2026.2" / "added.nt")
    assert json.loads((releases / "2026.2" / "changes.json").read_text("utf-8"))["previous"] == "2026.1"


def test_two_folders_make_a_release(root: Path, tmp_path: Path) -> None:
    newer = tmp_path / "newer"
    shutil.copytree(root, newer)
    edited(newer, "2026.2", MORE)
    releases = tmp_path / "releases"
    released(root, "--from", str(root), "--to", str(newer), "--releases", str(releases))
    assert COMMENT in lines(releases / "2026.2" / "added.nt")


def test_what_is_neither_a_folder_nor_a_revision_is_said_to_be_neither(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["release", "--root", str(root), "--from", "v1"]) == 1
    assert "neither a folder nor a revision" in capsys.readouterr().err
    monkeypatch.setenv("PATH", "")
    assert main(["release", "--root", str(root), "--from", "v1"]) == 1
    assert "git is not installed" in capsys.readouterr().err


def test_the_same_release_twice_is_the_same_bytes(root: Path, tmp_path: Path) -> None:
    for folder in ("a", "b"):
        released(root, "--releases", str(tmp_path / folder))
    for path in (tmp_path / "a" / "2026.1").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / "2026.1" / path.name).read_bytes()
    assert (tmp_path / "a" / "changes.atom").read_bytes() == (tmp_path / "b" / "changes.atom").read_bytes()


THING, PROPERTY = (NamedNode(f"{BASE}{path}") for path in ("thing", "ontology#says"))
nodes = st.sampled_from([BlankNode(name) for name in "abcd"])
subjects = nodes | st.just(THING)
values = nodes | st.sampled_from([Literal("x"), Literal("x", language="en"), Literal("_:c14n0"), THING])
facts = st.sets(st.builds(lambda s, o: Triple(s, PROPERTY, o), subjects, values), max_size=8)


def quads(facts: set[Triple], path: Path, swapped: bool = False) -> Path:
    """The canonical quads of some facts; swapped, their blank nodes have other names first."""
    names = {BlankNode(a): BlankNode(b) for a, b in zip("abcd", "dcba" if swapped else "abcd", strict=True)}
    store = Store()
    for s, p, o in facts:
        store.add(Quad(names.get(s, s), p, names.get(o, o), NamedNode(f"{BASE}graph/data")))
    path.write_bytes(b"".join(canonical(store)))
    return path


@settings(deadline=None)
@given(facts)
def test_the_names_of_blank_nodes_are_no_change(tmp_path_factory: pytest.TempPathFactory, facts: set[Triple]) -> None:
    folder = tmp_path_factory.mktemp("same")
    old, new = quads(facts, folder / "old.nq"), quads(facts, folder / "new.nq", swapped=True)
    assert list(difference.compare(old, new, BASE)) == []


@settings(deadline=None)
@given(facts, facts)
def test_of_facts_with_names_only_the_difference_is_that_of_the_sets(
    tmp_path_factory: pytest.TempPathFactory, before: set[Triple], after: set[Triple]
) -> None:
    folder = tmp_path_factory.mktemp("sets")
    old, new = quads(before, folder / "old.nq"), quads(after, folder / "new.nq")
    found = list(difference.compare(old, new, BASE))
    assert [change.line.text for change in found] == sorted(change.line.text for change in found)

    def named(facts: set[Triple]) -> set[str]:
        return {str(f) for f in facts if not isinstance(f.subject, BlankNode) and not isinstance(f.object, BlankNode)}

    def told(added: bool) -> set[str]:
        texts = (str(difference.fact(c.line.text)) for c in found if c.added is added)
        return {text for text in texts if "_:b" not in text}

    assert told(True) == named(after) - named(before)
    assert told(False) == named(before) - named(after)


def test_a_change_at_one_blank_node_leaves_the_others_alone(tmp_path: Path) -> None:
    one, other = BlankNode("a"), BlankNode("b")
    kept = {Triple(THING, PROPERTY, one), Triple(one, PROPERTY, Literal("same"))}
    old = quads(kept | {Triple(THING, PROPERTY, other), Triple(other, PROPERTY, Literal("old"))}, tmp_path / "old.nq")
    new = quads(kept | {Triple(THING, PROPERTY, other), Triple(other, PROPERTY, Literal("new"))}, tmp_path / "new.nq")
    found = list(difference.compare(old, new, BASE))
    assert sorted(change.added for change in found) == [False, False, True, True]
    assert not any(b'"same"' in change.line.text for change in found)
