"""A page of a large list costs a page: what is put in order first gives the same pages as reading everything."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from listed import LISTS

from citygraph import filters, lists, paging, queries
from citygraph.engine import Embedded
from citygraph.names import Index
from citygraph.narrowing import narrowed

FILTERS = st.fixed_dictionaries({}, optional={
    "field": st.lists(st.sampled_from(["music", "film"]), min_size=1, max_size=2, unique=True),
    "region": st.lists(st.sampled_from(["africa", "arab-states"]), min_size=1, max_size=2, unique=True),
    "at": st.sampled_from(["2012-06-30", "2021-01-01"]),
    "q": st.sampled_from(["a", "an", "in"]),
    "near": st.just("1,1"),
})  # fmt: skip


def asked(name: str, said: dict[str, list[str] | str], index: Index) -> lists.Wanted:
    known = {parameter.name for parameter in lists.parameters(name)}
    given = [(key, value) for key, values in said.items() if key in known
             for value in (values if isinstance(values, list) else [values])]  # fmt: skip
    return lists.read(name, given, index)


@settings(max_examples=40, deadline=None)
@given(name=st.sampled_from(LISTS), said=FILTERS, place=st.integers(0, 30), page=st.integers(1, 3))
def test_large_lists_have_the_pages_that_small_ones_have(
    engine: Embedded, name: str, said: dict[str, list[str] | str], place: int, page: int
) -> None:
    index = Index(engine)
    columns = [sort for column in lists.sortable(name) for sort in (column, f"-{column}", "")]
    more = {"per_page": "15", "page": str(page), "sort": columns[place % len(columns)]}
    wanted = asked(name, {**said, **more}, index)
    whole = paging.page(engine, index, wanted)
    usual, paging.LARGE = paging.LARGE, 0
    try:
        first, again = (paging.page(engine, index, wanted, lasting=True) for _ in range(2))
    finally:
        paging.LARGE = usual
    assert (first.items, first.total) == (whole.items, whole.total)
    assert sorted(map(str, first.rows)) == sorted(map(str, whole.rows))
    assert again == first


def test_what_is_kept_of_orders_is_bounded(engine: Embedded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "LARGE", 0)
    monkeypatch.setattr(paging, "KEPT", 900)
    index = Index(engine)
    for sort in ("city", "-city", "start", "-start", "field"):
        paging.page(engine, index, asked("cities", {"sort": sort}, index), lasting=True)
        assert sum(map(len, index.orders.values())) <= 900
    assert len(index.orders) == 2
    paging.page(engine, index, asked("cities", {"sort": "country"}, index))
    assert len(index.orders) == 2


@pytest.mark.parametrize("name", LISTS)
def test_a_query_that_tells_one_column_tells_the_same_in_it(engine: Embedded, name: str) -> None:
    query = queries.load(f"pages/{name}")
    text = filters.filled(query, {}, "en")
    rows = engine.select(text)
    for column in lists.sortable(name):
        narrow = engine.select(narrowed(text, f"DISTINCT ?{column}", [column]))
        assert {str(row.get(column)) for row in narrow} == {str(row.get(column)) for row in rows}


def test_only_what_serves_nothing_is_left_out() -> None:
    text = """SELECT ?a ?b ?c ?label
WHERE {
  ?a a <http://x/{A}> .
  OPTIONAL { ?a <http://x/b> ?b }
  OPTIONAL { ?a <http://x/c> ?c } FILTER(?c > 1)
  OPTIONAL { ?a <http://x/d> ?d }
  FILTER(!BOUND(?d))
  OPTIONAL {
    ?a <http://x/e> ?e . # with a } brace
  }
  BIND(COALESCE(?e, "}") AS ?label)
}
ORDER BY ?b"""
    narrow = narrowed(text, "?a", ["a"])
    assert "?b" not in narrow
    assert "?e" not in narrow
    assert "?c > 1" in narrow
    assert "?d" in narrow
    assert "?e" in narrowed(text, "?label", ["label"])
    assert narrowed(text, "?a", ["a"], ordered=True).endswith("ORDER BY ?b")
