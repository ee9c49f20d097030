"""Names as people write them: hard ones with the right answer, a thousand mixed ones, and names nobody thought of."""

import csv
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from live import ROOT

from bench import reconcile as bench
from citygraph.dataset import Dataset
from citygraph.engine import Embedded
from citygraph.reconciliation.answers import Reconciliation
from citygraph.reconciliation.candidates import Query
from citygraph.reconciliation.folding import Form, key, keys
from citygraph.reconciliation.index import build

BASE = "https://w3id.org/creative-cities/"
CITY = BASE + "ontology#CreativeCity"


@dataclass(frozen=True)
class Row:
    """A name with the thing that it means. `match` says whether that must be sure, must not, or may be either."""

    name: str
    country: str
    expected: str
    match: str


def rows(file: str) -> list[Row]:
    with (ROOT / "tests" / "names" / file).open(encoding="utf-8", newline="") as table:
        return [Row(r["name"], r["country"], r["expected"], r["match"]) for r in csv.DictReader(table)]


HARD, TUNING = rows("hard.csv"), rows("tuning.csv")


@pytest.fixture(scope="module")
def service(dataset: Dataset, engine: Embedded) -> Reconciliation:
    return Reconciliation(engine, dataset.base)


def asked(row: Row) -> Query:
    return Query(row.name, (CITY,), 5, (("country", (row.country,)),) if row.country else ())


def answer(service: Reconciliation, row: Row) -> tuple[str, bool]:
    """The last piece of the IRI of the first candidate, and whether it is sure."""
    found = service.candidates(asked(row))
    return (
        (service.register.iris[found[0].thing].removeprefix(f"{BASE}city/"), found[0].match) if found else ("", False)
    )


def right(row: Row, found: str, match: bool) -> bool:
    """No match is right for a name that means nothing here, whatever is proposed."""
    told = found == row.expected if row.expected else not match
    return told and row.match in ("any", "yes" if match else "no")


def test_the_hard_names_are_many_and_none_is_one_that_the_index_was_tuned_on() -> None:
    assert len(HARD) >= 150
    assert sum(not row.expected for row in HARD) >= 30
    assert not {(row.name, row.country) for row in HARD} & {(row.name, row.country) for row in TUNING}


def test_no_hard_name_is_called_sure_wrongly(service: Reconciliation) -> None:
    told = [(row, *answer(service, row)) for row in HARD]
    assert [(row, found) for row, found, match in told if match and (found != row.expected or row.match == "no")] == []


def test_hard_names_are_answered_rightly(service: Reconciliation) -> None:
    wrong = [(row, found, match) for row in HARD if not right(row, *(told := answer(service, row)))
             for found, match in [told]]  # fmt: skip
    assert len(wrong) <= 0.02 * len(HARD), wrong


@pytest.mark.parametrize("row", TUNING, ids=lambda row: row.name)
def test_names_that_the_index_was_tuned_on(service: Reconciliation, row: Row) -> None:
    assert right(row, *answer(service, row))


@pytest.mark.parametrize("seed", [7, 8, 9])
def test_a_thousand_mixed_names_in_a_batch(service: Reconciliation, seed: int) -> None:
    mixed = bench.mix(*bench.of_graph(service, CITY), 1_000, seed)
    alone = bench.measured(service, mixed, (CITY,), countries=False)
    assert alone.precision >= 0.99, alone.wrong
    assert alone.first >= 0.95
    assert alone.fifth >= 0.97
    assert alone.by_kind["noise"][2] <= 0.01
    assert alone.by_kind["correct"][2] >= 0.8
    helped = bench.measured(service, mixed, (CITY,), countries=True)
    assert helped.precision >= 0.99, helped.wrong
    assert helped.by_kind["correct"][2] >= 0.98
    assert max(alone.seconds, helped.seconds) < 60


def test_every_name_that_is_held_finds_its_thing(service: Reconciliation) -> None:
    names, _ = bench.of_graph(service, CITY)
    for iri, held in names.items():
        for literal in held:
            for text in (literal.value, literal.value.upper(), f"  {literal.value} "):
                listed = service.candidates(Query(text, (CITY,), 50))
                assert iri in {service.register.iris[c.thing] for c in listed if c.score >= 95}, text


@given(st.text(max_size=40))
@settings(max_examples=300, deadline=None)
def test_any_text_has_ordered_candidates_of_which_at_most_the_first_is_sure(service: Reconciliation, text: str) -> None:
    found = service.candidates(Query(text, limit=5))
    scores = [candidate.score for candidate in found]
    assert len(found) <= 5
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score <= 100 for score in scores)
    assert not any(candidate.match for candidate in found[1:])


@given(st.text(max_size=40))
@settings(deadline=None)
def test_keys_hold_no_space_and_the_exact_one_is_among_them(text: str) -> None:
    found = keys(text)
    assert not any(" " in made or not made for made in found)
    assert not key(text) or found[key(text)] is Form.EXACT


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_one_error_in_a_name_leaves_it_among_the_five_nearest(service: Reconciliation, data: st.DataObject) -> None:
    index = service.register.index
    name = data.draw(st.sampled_from([made for made in index.keys if len(made) >= 6 and made.isascii()]))
    place = data.draw(st.integers(1, len(name) - 1))
    letter = data.draw(st.sampled_from("aeinorstx"))
    error = data.draw(st.sampled_from([name[:place] + name[place + 1 :], name[:place] + letter + name[place:],
                                       name[:place] + letter + name[place + 1 :]]))  # fmt: skip
    assert name in [index.keys[number] for number, _ in index.near(error, 5)]


def test_an_index_of_nothing_finds_nothing() -> None:
    empty = build([])
    assert (empty.exact("a"), empty.near("abc", 5), list(empty.beginning("a"))) == ([], [], [])


def test_a_search_reads_a_bounded_number_of_keys() -> None:
    names = [(f"sansebastian{number:05}", number, Form.EXACT) for number in range(20_000)]
    index = build(names)
    assert len(index.sharing("sansebastian00777")) <= 1_500
    assert index.keys[index.near("sansebastian00777", 1)[0][0]] == "sansebastian00777"


def test_the_bench_prints_its_figures(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.main(["--names", "40", "--cities", "300", "--queries", "40"]) == 0
    printed = capsys.readouterr().out
    for head in ("recall@1", "precision of match", "300 synthetic cities", "p99", "made of pieces", "numbered copies"):
        assert head in printed
