"""`python -m export quickstatements`: what Wikidata lacks, in commands that QuickStatements reads; nothing is sent."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import wikidata_server as server
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode
from quickstatements_syntax import Command, read
from wikidata_server import World, claim

from citygraph.dataset import Dataset
from citygraph.namespaces import name
from citygraph.wikidata import ENTITY
from export.__main__ import main
from export.quickstatements import NotWritable, Statement, gather, value

Out = pytest.CaptureFixture[str]
NETWORK = "Q4115189"
"""Wikidata's sandbox: no test needs the real one."""
ADDRESS = "https://example.org/"


def commands(text: str) -> dict[str, Command]:
    """The commands by item; each line is one that QuickStatements reads."""
    found = [read(line) for line in text.splitlines()]
    assert len({command.item for command in found}) == len(found)
    return {command.item: command for command in found}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Command]:
    """The commands for the real graph."""
    out = tmp_path_factory.mktemp("statements") / "all.txt"
    assert main(["quickstatements", "--all", "--network", NETWORK, "--out", str(out)]) == 0
    return commands(out.read_text("utf-8"))


def test_the_real_graph_gives_one_statement_a_city_that_is_surely_linked(told: dict[str, Command]) -> None:
    assert len(told) > 350
    assert {command.main for command in told.values()} == {("P463", "item", NETWORK)}


def test_a_statement_has_field_and_start_as_qualifiers(told: dict[str, Command]) -> None:
    assert told["Q25724"].qualifiers == [("P101", "item", "Q638"), ("P580", "time", "+2017-10-31T00:00:00Z/11")]


def test_every_statement_has_a_reference_with_an_address_first(told: dict[str, Command]) -> None:
    for command in told.values():
        assert command.references
        for reference in command.references:
            property, _, text = reference[0]
            assert property == "P854"
            assert re.match(r'"https?://', text)
            assert "wikipedia.org" not in text
            assert {property for property, _, _ in reference} <= {"P854", "P1476", "P577"}


def test_dates_are_as_exact_as_the_graph(told: dict[str, Command], dataset: Dataset) -> None:
    precisions = {re.sub(r".*/", "", text) for c in told.values() for p, _, text in c.qualifiers if p == "P580"}
    assert {"9", "11"} <= precisions <= {"9", "10", "11"}


def test_two_memberships_of_one_city_are_left_to_a_person(told: dict[str, Command], capsys: Out) -> None:
    assert "Q456" not in told
    assert main(["quickstatements", "--all", "--network", NETWORK]) == 0
    err = capsys.readouterr().err
    assert "designation/lyon-literature is one of several of its item" in err
    assert "field/gastronomy has no item: " in err


def test_doubtful_links_are_left_out_unless_wanted(told: dict[str, Command], capsys: Out) -> None:
    assert "Q18341" not in told
    assert main(["quickstatements", "--all", "--doubtful", "--network", NETWORK]) == 0
    assert "Q18341" in commands(capsys.readouterr().out)


def test_the_network_must_be_named(capsys: Out) -> None:
    for arguments in ([], ["--network", "network"]):
        assert main(["quickstatements", "--all", *arguments]) == 1
        assert "name the item of the network with --network QID" in capsys.readouterr().err


def test_things_without_an_item_make_a_table_for_mix_n_match(tmp_path: Path) -> None:
    table = tmp_path / "table.tsv"
    assert main(["quickstatements", "--all", "--network", NETWORK, "--out", str(tmp_path / "x"),
                 "--mix-n-match", str(table)]) == 0  # fmt: skip
    header, *lines = [line.split("\t") for line in table.read_text("utf-8").splitlines()]
    assert header == ["id", "name", "desc", "url", "lat", "lon"]
    rows = {line[0]: dict(zip(header, line, strict=True)) for line in lines}
    assert rows["city/evian"]["name"] == "Evian"
    assert rows["city/evian"]["url"] == "https://w3id.org/creative-cities/city/evian"
    assert float(rows["city/evian"]["lat"]) > 46
    assert "city/norrkoping" not in rows


# Which are lacking


@pytest.fixture
def world(dataset: Dataset) -> World:
    """Every linked city, without any statement about the network."""
    made = World()
    for statement in gather(dataset, NETWORK, doubtful=False).statements:
        made.add(statement.item, {"en": statement.item})
    return made


@pytest.fixture
def options(world: World, tmp_path: Path) -> Iterator[list[str]]:
    with server.serving(world) as found:
        reconciled = found.index("--reconciliation")
        yield [*found[:reconciled], *found[reconciled + 2 :], "--cache", str(tmp_path / "cache"), "--network", NETWORK]


def member(*qualifiers: tuple[str, str], references: bool = True, rank: str = "normal") -> dict[str, object]:
    made = claim("P463", NETWORK, rank=rank, **dict(qualifiers))
    return made | ({"references": [{"hash": "1", "snaks": {}}]} if references else {})


START, FIELD = ("P580", "+2017-10-31T00:00:00Z/11"), ("P101", "Q638")


@pytest.mark.parametrize(
    ("statement", "lacking"),
    [
        (member(START, FIELD), False),
        (member(("P580", "+2017-00-00T00:00:00Z/9"), FIELD), False),
        (member(START), True),
        (member(START, FIELD, references=False), True),
        (member(START, FIELD, rank="deprecated"), True),
        (member(("P580", "+2015-12-11T00:00:00Z/11"), FIELD), False),
        (member(START, ("P101", "Q8242")), False),
        (claim("P463", "Q7809"), True),
    ],
    ids=["whole", "year", "no-field", "no-reference", "deprecated", "other-start", "other-field", "other-network"],
)
def test_only_what_wikidata_lacks_is_written(
    options: list[str], world: World, capsys: Out, statement: dict[str, object], lacking: bool
) -> None:
    world.add("Q25724", {"en": "Norrköping"}, statement)
    assert main(["quickstatements", *options]) == 0
    out, err = capsys.readouterr()
    assert ("Q25724" in commands(out)) is lacking
    contradicted = "designation/norrkoping-music Q25724 says otherwise in P" in err
    there = " 1 there already" in err
    assert [lacking, contradicted, there].count(True) == 1
    assert len(commands(out)) == len(world.entities) - (not lacking)


def test_items_that_are_gone_or_moved_get_no_statement(options: list[str], world: World, capsys: Out) -> None:
    del world.entities["Q25724"]
    world.redirects["Q1891"] = "Q1"
    world.add("Q1", {"en": "Bologna"})
    assert main(["quickstatements", *options]) == 0
    out, err = capsys.readouterr()
    assert not {"Q25724", "Q1891", "Q1"} & commands(out).keys()
    assert "Q1891 is gone or a redirect; run: python -m citygraph link check" in err


def test_nobody_but_the_api_is_asked_and_nothing_is_sent(options: list[str], world: World) -> None:
    assert main(["quickstatements", *options]) == 0
    assert {(request["path"], request["method"]) for request in world.requests} == {("/w/api.php", "GET")}
    assert {request["action"] for request in world.requests} == {"wbgetentities"}


# What is written parses back

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
TERMS = st.one_of(
    st.integers(1, 10**9).map(lambda n: NamedNode(f"{ENTITY}Q{n}")),
    st.dates().map(lambda d: Literal(d.isoformat(), datatype=name("xsd:date"))),
    st.integers(1, 9999).map(lambda y: Literal(f"{y:04}", datatype=name("xsd:gYear"))),
    TEXTS.map(Literal),
    st.tuples(TEXTS, st.sampled_from(["en", "sv", "zh-hant"])).map(lambda p: Literal(p[0], language=p[1])),
    st.text("abc/?=&-ü", max_size=20).map(lambda t: NamedNode(ADDRESS + t)),
    st.integers().map(Literal),
)
SNAKS = st.tuples(st.integers(1, 99_999).map(lambda n: f"P{n}"), TERMS)


def written(snak: tuple[str, NamedNode | Literal]) -> bool:
    try:
        value(snak[1])
    except NotWritable:
        return False
    return True


@given(SNAKS.filter(written), st.lists(SNAKS.filter(written), max_size=3),
       st.lists(st.lists(SNAKS.filter(written), min_size=1, max_size=3), max_size=3))  # fmt: skip
def test_what_is_written_parses_back(main_: tuple[str, Literal], qualifiers: list[tuple[str, Literal]],
                                     references: list[list[tuple[str, Literal]]]) -> None:  # fmt: skip
    line = Statement("", "Q1", main_, tuple(qualifiers), tuple(map(tuple, references))).line()
    command = read(line)
    assert command.item == "Q1"
    assert (command.main[0], command.main[2]) == (main_[0], value(main_[1]))
    assert [(p, text) for p, _, text in command.qualifiers] == [(p, value(t)) for p, t in qualifiers]
    assert [[(p, t) for p, _, t in r] for r in command.references] == [
        [(p, value(t)) for p, t in r] for r in references
    ]


@pytest.mark.parametrize("text", ["a|b", "a /* b", "*/", " ", "", "a\x00b"])
def test_a_text_that_would_be_read_as_something_else_is_not_written(text: str) -> None:
    with pytest.raises(NotWritable):
        value(Literal(text, language="en"))


@pytest.mark.parametrize(
    "line",
    [
        "Q1\tP2", "Q1\tP2\tx", "P1\tP2\tQ3", "Q1\tS2\tQ3", 'Q1\tP2\tQ3\t!S854\t"x"', 'Q1\tP2\tQ3\tS854\t"x"\tP3\tQ4',
        'Q1\tP2\t"a|b"', "Q1\tP2\t+2017-10-31T00:00:00Z",
    ],
)  # fmt: skip
def test_the_checker_refuses_what_is_no_command(line: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read(line)


def test_the_api_of_the_test_speaks_as_the_real_one() -> None:
    made = claim("P463", "Q1", P580="+2017-10-31T00:00:00Z/11")
    assert json.loads(json.dumps(made))["qualifiers"]["P580"][0]["datavalue"]["value"]["precision"] == 11
