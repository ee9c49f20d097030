"""`python -m citygraph link`: what is proposed, what is written, what has drifted, and which labels are missing."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import link_roots
import pytest
import rdflib
import wikidata_server as server
from link_roots import SETTLEMENT, city, country, link
from pyoxigraph import NamedNode
from rdflib.namespace import DCTERMS, OWL, SH
from wikidata_server import World, claim

from citygraph import dataset, validation
from citygraph.__main__ import main

ROOT = Path(__file__).parents[1]
CCN = rdflib.Namespace("https://w3id.org/creative-cities/ontology#")
BASE = "https://w3id.org/creative-cities/"
WD = "http://www.wikidata.org/entity/"
Out = pytest.CaptureFixture[str]


@pytest.fixture
def world() -> World:
    return link_roots.world()


@pytest.fixture
def options(world: World, tmp_path: Path) -> Iterator[list[str]]:
    with server.serving(world) as found:
        yield [*found, "--cache", str(tmp_path / "cache"), "--date", "2026-11-23"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return link_roots.unlinked(tmp_path / "root")


def proposals(root: Path, options: list[str], out: Out, *more: str) -> dict[str, dict[str, object]]:
    assert main(["link", "propose", "--root", str(root), "--json", *options, *more]) == 0
    return {found["thing"].removeprefix(BASE): found for found in json.loads(out.readouterr().out)}


def links(root: Path) -> rdflib.Graph:
    return rdflib.Graph().parse(root / "data" / "links" / "wikidata.ttl")


# propose


def test_a_city_is_proposed_with_the_evidence_for_it(root: Path, options: list[str], capsys: Out) -> None:
    found = proposals(root, options, capsys)["city/norrkoping"]
    best, second = found["candidates"][:2]
    assert (found["safe"], best["item"], best["score"]) == ("Q25724", "Q25724", 1.0)
    assert {name: feature["value"] for name, feature in best["features"].items()} == {
        "name": 1.0, "country": 1.0, "distance": 1.0, "type": 1.0, "identifier": 1.0,
    }  # fmt: skip
    assert "“Norrköping” (en) is “Norrköping” (en)" in best["features"]["name"]["evidence"]
    assert set(best["found_by"]) == {"search (en)", "P1566 2688368", "reconciliation"}
    assert second["item"] == "Q999002"
    assert second["features"]["type"] == {"value": 0.0, "evidence": f"is not of class {SETTLEMENT}"}


def test_a_namesake_in_another_country_is_not_safe(root: Path, options: list[str], world: World, capsys: Out) -> None:
    found = proposals(root, options, capsys)["city/granada"]
    assert found["safe"] == "Q8810"
    other = next(one for one in found["candidates"] if one["item"] == "Q734")
    assert other["features"]["country"]["value"] == 0.0
    assert other["taken"] == BASE + "city/granada-nicaragua"
    del world.entities["Q8810"]
    assert proposals(root, [*options, "--refresh"], capsys)["city/granada"]["safe"] is None


def test_a_name_alone_is_never_safe(root: Path, options: list[str], capsys: Out) -> None:
    found = proposals(root, options, capsys)["field/music"]
    assert found["safe"] is None
    assert found["candidates"][0]["item"] == "Q638"
    assert found["candidates"][0]["score"] > 0.9


def test_the_table_is_for_people_and_nothing_is_written(root: Path, options: list[str], capsys: Out) -> None:
    assert main(["link", "propose", "--root", str(root), *options]) == 0
    out, err = capsys.readouterr()
    line = next(line for line in out.splitlines() if "Q25724" in line)
    assert line.split()[:4] == ["city:norrkoping", "yes", "1.00", "Q25724"]
    assert "country is Q34" in line
    assert "3 unlinked, 3 with candidates, 2 safe" in err
    assert not (root / "data" / "links").exists()


def test_write_adds_safe_links_with_their_evidence(root: Path, options: list[str], capsys: Out) -> None:
    assert main(["link", "propose", "--root", str(root), "--write", *options]) == 0
    assert "2 links added to data/links/wikidata.ttl" in capsys.readouterr().err
    graph = links(root)
    thing, evidence = rdflib.URIRef(BASE + "city/norrkoping"), rdflib.URIRef(BASE + "city/norrkoping#wikidata")
    assert set(graph.objects(thing)) == {rdflib.URIRef(WD + "Q25724")}
    assert graph.value(evidence, CCN.status) == CCN.singleSource
    assert graph.value(evidence, CCN.supports) == OWL.sameAs
    assert str(graph.value(evidence, CCN.checked)) == "2026-11-23"
    assert "by name, country, distance" in str(graph.value(evidence, CCN.method))
    assert "country is Q34" in str(graph.value(evidence, rdflib.RDFS.comment))
    assert rdflib.URIRef(BASE + "field/music") not in set(graph.subjects())
    assert main(["format", "--check", "--root", str(root), str(root / "data" / "links" / "wikidata.ttl")]) == 0


def test_what_a_person_picks_is_written_and_nothing_else(root: Path, options: list[str], capsys: Out) -> None:
    arguments = ["link", "propose", "--root", str(root), "--write", "--pick", "field/music=Q638", *options]
    assert main(arguments) == 0
    graph = links(root)
    assert {str(s) for s in graph.subjects()} == {BASE + "field/music", BASE + "field/music#wikidata"}
    method = graph.value(rdflib.URIRef(BASE + "field/music#wikidata"), CCN.method)
    assert "chosen by a person" in str(method)


@pytest.mark.parametrize(
    ("pick", "words"),
    [
        ("city/granada=Q734", "Q734 is linked to https://w3id.org/creative-cities/city/granada-nicaragua already"),
        ("city/granada=Q25724", "Q25724 is no candidate for"),
        ("city/granada-nicaragua=Q734", "is linked already"),
        ("city/nowhere=Q1", "city/nowhere"),
        ("city/granada", "write it as city/norrkoping=Q25724"),
    ],
)
def test_a_wrong_pick_is_refused(root: Path, options: list[str], capsys: Out, pick: str, words: str) -> None:
    assert main(["link", "propose", "--root", str(root), "--write", "--pick", pick, *options]) == 1
    assert words in capsys.readouterr().err
    assert not (root / "data" / "links").exists()


def test_a_closed_way_of_finding_is_told_and_the_others_go_on(root: Path, options: list[str], capsys: Out) -> None:
    found = proposals(root, [*options, "--attempts", "1", "--reconciliation", "http://127.0.0.1:9/"], capsys)
    assert found["city/norrkoping"]["safe"] == "Q25724"
    main(
        ["link", "propose", "--root", str(root), *options, "--attempts", "1", "--reconciliation", "http://127.0.0.1:9/"]
    )
    assert "without candidates reconciled: 127.0.0.1:9: no connection" in capsys.readouterr().err


def test_a_graph_of_others_is_linked_by_class(tmp_path: Path, options: list[str], world: World, capsys: Out) -> None:
    root = Path(shutil.copytree(ROOT / "tests" / "roots" / "lighthouses", tmp_path / "lights"))
    assert main(["link", "propose", "--root", str(root), *options]) == 1
    assert "name one with --class" in capsys.readouterr().err
    world.add("Q546122", {"en": "Eddystone"}, types=("Q39715",))
    arguments = ["link", "propose", "--root", str(root), "--class", "t:Lighthouse", "--type", "Q39715", *options]
    assert main(arguments) == 0
    assert "is of class Q39715" in capsys.readouterr().out


def test_the_real_graph_stays_valid_with_what_is_written(
    tmp_path: Path, options: list[str], world: World, capsys: Out
) -> None:
    root = tmp_path / "real"
    for part in ("ontology", "data", "shapes"):
        shutil.copytree(ROOT / part, root / part)
    world.add("Q999777", {"en": "Kargopol", "ja": "カルゴポリ"}, claim("P17", "Q159"), claim("P625", (61.5, 38.95)),
              types=(SETTLEMENT,))  # fmt: skip
    common = ["--root", str(root), *options]
    assert main(["link", "propose", "--only", "city/kargopol", "--write", *common]) == 0
    assert main(["link", "labels", "--only", "city/kargopol", "--languages", "en,ja", "--write", *common]) == 0
    loaded = dataset.load(root)
    kargopol = NamedNode(BASE + "city/kargopol")
    found = {quad.object.value for quad in loaded.store.quads_for_pattern(kargopol, None, None)}
    assert {WD + "Q999777", "カルゴポリ"} <= found
    assert list(validation.check(loaded).lines()) == []


# check


@pytest.fixture
def linked(tmp_path: Path, world: World) -> Path:
    """One city for each kind of drift, and one that is as it was."""
    world.add("Q1", {"en": "Steady", "sv": "Steady"}, claim("P17", "Q34"), claim("P625", (58.0, 16.0)),
              types=(SETTLEMENT,))  # fmt: skip
    world.add("Q3", {"en": "Merged", "sv": "Merged"}, claim("P17", "Q34"), types=(SETTLEMENT,))
    world.redirects["Q2"] = "Q3"
    world.add("Q5", {"en": "Lake", "sv": "Lake"}, claim("P17", "Q34"), claim("P31", "Q23397"))
    world.add("Q6", {"en": "Abroad", "sv": "Abroad"}, claim("P17", "Q29"), claim("P17", "Q34", rank="deprecated"),
              types=(SETTLEMENT,))  # fmt: skip
    world.add("Q7", {"en": "Far", "sv": "Far"}, claim("P17", "Q34"), claim("P625", (60.0, 16.0)), types=(SETTLEMENT,))
    world.add("Q8", {"en": "Renamed", "sv": "Ny"}, claim("P17", "Q34"), types=(SETTLEMENT,),
              aliases={"en": ["Named"]})  # fmt: skip
    world.never.add("Q9")
    named = {"Q1": "Steady", "Q2": "Merged", "Q4": "Gone", "Q5": "Lake", "Q6": "Abroad", "Q7": "Far", "Q8": "Named",
             "Q9": "Never"}  # fmt: skip
    parts = [city(name.lower(), name, "se", 58.0, 16.0) + link(f"city:{name.lower()}", q) for q, name in named.items()]
    return link_roots.write(tmp_path / "linked", country("se", "Q34"), *parts)


EXPECTED = {
    ("gone", "city/gone", "Q4", ""),
    ("gone", "city/never", "Q9", ""),
    ("redirect", "city/merged", "Q2", ""),
    ("type", "city/lake", "Q5", ""),
    ("country", "city/abroad", "Q6", ""),
    ("distance", "city/far", "Q7", ""),
    ("label", "city/named", "Q8", "en"),
    ("label", "city/named", "Q8", "sv"),
}


def test_each_kind_of_drift_is_found_and_nothing_else(linked: Path, options: list[str], capsys: Out) -> None:
    assert main(["link", "check", "--root", str(linked), "--json", *options]) == 1
    out, err = capsys.readouterr()
    report = json.loads(out)
    found = {(d["kind"], d["thing"].removeprefix(BASE), d["item"], d["language"]) for d in report["results"]}
    assert found == EXPECTED
    assert (report["conforms"], report["checked"], report["date"]) == (False, 9, "2026-11-23")
    assert "9 links checked: 2 gone, 1 redirect, 1 type, 1 country, 1 distance, 2 label" in err


def test_the_report_in_words_says_what_to_do(linked: Path, options: list[str], capsys: Out) -> None:
    assert main(["link", "check", "--root", str(linked), *options]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert "city:merged: redirect: Q2 leads to Q3 now; link to that one" in lines
    assert "city:far: warning: distance: Q7 lies 222.4 km away, more than 50" in lines
    assert "city:named: info: label: Q8 is called “Renamed” in en, not “Named”; ours is an alias there" in lines
    assert "city:abroad: country: Q6 lies in Q29, not in Q34" in lines


def test_the_report_in_turtle_is_a_validation_report(linked: Path, options: list[str], capsys: Out) -> None:
    assert main(["link", "check", "--root", str(linked), "--turtle", *options]) == 1
    graph = rdflib.Graph().parse(data=capsys.readouterr().out, format="turtle")
    [report] = graph.subjects(rdflib.RDF.type, SH.ValidationReport)
    results = list(graph.objects(report, SH.result))
    found = {(str(graph.value(r, DCTERMS.type)), str(graph.value(r, SH.value))) for r in results}
    assert found == {(kind, WD + item) for kind, _, item, _ in EXPECTED}
    assert len(results) == len(EXPECTED)
    assert graph.value(report, SH.conforms).toPython() is False  # type: ignore[union-attr]


def test_within_moves_the_border(linked: Path, options: list[str], capsys: Out) -> None:
    main(["link", "check", "--root", str(linked), "--json", "--within", "250", *options])
    assert "distance" not in {d["kind"] for d in json.loads(capsys.readouterr().out)["results"]}


def test_links_that_hold_are_exit_code_0(linked: Path, options: list[str], capsys: Out) -> None:
    assert (
        main(["link", "check", "--root", str(linked), "--only", "city/steady", "--only", "city:named", *options]) == 0
    )


def test_a_class_that_could_not_be_asked_for_is_no_good_report(linked: Path, options: list[str], capsys: Out) -> None:
    arguments = ["link", "check", "--root", str(linked), "--only", "city/steady", "--attempts", "1", *options]
    assert main([*arguments, "--sparql", "http://127.0.0.1:9/sparql"]) == 1
    assert "could not be asked: whether items are of class Q486972: " in capsys.readouterr().err


def test_an_error_of_the_api_is_told_and_not_kept(
    linked: Path, options: list[str], world: World, capsys: Out, tmp_path: Path
) -> None:
    arguments = ["link", "check", "--root", str(linked), "--only", "city/steady", *options]
    for fault in (server.wrong("no-such-entity"), server.wrong("badvalue")):
        world.faults = [fault]
        assert main(arguments) == 1
        assert "Wikidata's API: Something is wrong." in capsys.readouterr().err
    assert not (tmp_path / "cache").exists()
    assert main(arguments) == 0


# labels


def test_labels_are_those_that_are_missing_and_written_with_their_source(
    tmp_path: Path, options: list[str], capsys: Out
) -> None:
    root = link_roots.write(
        tmp_path / "labels", country("se", "Q34"), city("norrkoping", "Norrköping", "se", 58.6, 16.2),
        link("city:norrkoping", "Q25724"),
    )  # fmt: skip
    arguments = ["link", "labels", "--root", str(root), "--languages", "en,ja,fi", *options]
    assert main(arguments) == 0
    assert [line.split() for line in capsys.readouterr().out.splitlines()][1:] == [
        ["city:norrkoping", "ja", "ノーショーピング", "Q25724"]
    ]
    assert not (root / "data" / "links").exists()
    assert main([*arguments, "--write"]) == 0
    graph = rdflib.Graph().parse(root / "data" / "links" / "wikidata-labels.ttl")
    thing, evidence = rdflib.URIRef(BASE + "city/norrkoping"), rdflib.URIRef(BASE + "city/norrkoping#name-wikidata-ja")
    assert list(graph.objects(thing)) == [rdflib.Literal("ノーショーピング", lang="ja")]
    assert graph.value(evidence, DCTERMS.source) == rdflib.URIRef(BASE + "source/wikidata")
    assert main(arguments) == 0
    assert "ノーショーピング" not in capsys.readouterr().out.splitlines()[-1]
