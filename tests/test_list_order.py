"""Lists are sorted by any column, the same in every format, and a filter may have several values."""

import re
from html import unescape
from itertools import pairwise

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from listed import BASE, HTML, LISTS, as_json, ids, rows, total

from citygraph import lists, queries
from citygraph.labels import folded
from citygraph.ordering import by_column

SORTS = [(name, sort) for name in LISTS for column in lists.sortable(name) for sort in (column, f"-{column}")]


def shown(client: FlaskClient, address: str) -> list[str]:
    """The things of a page's table in their order, as the paths that the first column with a link of their kind has."""
    text = client.get(address, headers=HTML).get_data(as_text=True)
    body = text[text.index("<tbody>") : text.index("</tbody>")]
    return [unescape(path) for path in re.findall(r'href="/([^"?]+)', body)]


@settings(max_examples=40, deadline=None)
@given(chosen=st.sampled_from(SORTS), page=st.integers(1, 3))
def test_a_list_is_sorted_the_same_in_html_csv_and_json(app: Flask, chosen: tuple[str, str], page: int) -> None:
    client, (name, sort) = app.test_client(), chosen
    variable, _ = lists.item(queries.load(f"pages/{name}").text)
    size = max(2, total(client, f"/{name}") // 3)
    question = f"/{name}?sort={sort}&per_page={size}&page={page}"
    table = [row[variable] for row in rows(client, question)]
    assert list(dict.fromkeys(table)) == ids(client, question)
    listed = [path for path in shown(client, question) if BASE + path in set(table)]
    assert [path for path, after in pairwise([*listed, ""]) if path != after] == [
        path.removeprefix(BASE) for path in dict.fromkeys(table)
    ]


@settings(max_examples=30, deadline=None)
@given(chosen=st.sampled_from(SORTS))
def test_a_sorted_column_goes_one_way_and_what_is_missing_comes_last(app: Flask, chosen: tuple[str, str]) -> None:
    client, (name, sort) = app.test_client(), chosen
    column = sort.removeprefix("-")
    variable, _ = lists.item(queries.load(f"pages/{name}").text)
    first: dict[str, str] = {}
    for row in rows(client, f"/{name}?sort={sort}&per_page=1000"):
        # A thing of several rows stands where the first of them does.
        first.setdefault(row[variable], row.get(f"{column}Label") or row[column])
    values = list(first.values())
    there = [value for value in values if value]
    assert values == there + [""] * (len(values) - len(there))
    number = all(re.fullmatch(r"-?\d+(\.\d+)?", value) for value in there) and column not in ("date", "since")
    keys: list[float] | list[str] = [float(v) for v in there] if number else [folded(v) for v in there]
    assert keys == sorted(keys, reverse=sort.startswith("-"))


def test_what_is_equal_stays_in_the_order_of_the_list(client: FlaskClient) -> None:
    usual = {city: place for place, city in enumerate(ids(client, "/cities"))}
    for sort in ("field", "-field", "country", "-start"):
        column = sort.removeprefix("-")
        found = rows(client, f"/cities?sort={sort}")
        for one, other in pairwise(found):
            if one.get(f"{column}Label", one[column]) == other.get(f"{column}Label", other[column]):
                assert usual[one["city"]] < usual[other["city"]]


@given(st.lists(st.sampled_from(["a", "Å", "z", "B", ""]), max_size=8))
def test_sorting_up_and_down_are_one_another_but_for_equals(values: list[str]) -> None:
    from pyoxigraph import Literal

    made = [{"n": Literal(str(n)), **({"x": Literal(value)} if value else {})} for n, value in enumerate(values)]
    up, down = by_column(made, "x"), by_column(made, "-x")
    assert [folded(row["x"].value) for row in up if "x" in row] == sorted(folded(v) for v in values if v)
    assert [row["x"].value for row in up if "x" in row].count("a") == values.count("a")
    assert [folded(r["x"].value) for r in down if "x" in r] == [folded(r["x"].value) for r in up if "x" in r][::-1]
    assert [row for row in up if "x" not in row] == [row for row in down if "x" not in row]


def test_a_list_may_be_sorted_beside_its_filters_search_and_pages(client: FlaskClient) -> None:
    found = rows(client, "/cities?field=music&at=2020-01-01&sort=-start&per_page=10")
    starts = [row["start"] for row in found]
    assert starts == sorted(starts, reverse=True)
    assert {row["fieldLabel"] for row in found} == {"Music"}
    away = [float(row["km"]) for row in rows(client, "/cities?near=58.59,16.18&sort=-km")]
    assert away == sorted(away, reverse=True)


def test_the_head_of_a_column_leads_to_the_list_sorted_by_it_and_back(client: FlaskClient) -> None:
    text = client.get("/cities?country=se", headers=HTML).get_data(as_text=True)
    assert len(re.findall(r'aria-sort="ascending"', text)) == 1
    assert re.search(r'aria-sort="ascending"><a href="/cities\?country=se&amp;sort=-city"', text)
    assert 'href="/cities?country=se&amp;sort=start"' in text
    text = client.get("/cities?country=se&sort=start", headers=HTML).get_data(as_text=True)
    assert 'aria-sort="ascending"><a href="/cities?country=se&amp;sort=-start"' in text
    text = client.get("/cities?country=se&sort=-city&page=1", headers=HTML).get_data(as_text=True)
    assert 'aria-sort="descending"><a href="/cities?country=se"' in text


def test_a_wrong_column_is_400_with_those_there_are_the_nearest_first(client: FlaskClient) -> None:
    reply = client.get("/cities.csv?sort=contry")
    assert (reply.status_code, reply.get_json()["allowed"][0]) == (400, "country")


@pytest.mark.parametrize("name", [name for name in LISTS if name != "sources"])
def test_several_values_of_a_filter_let_through_what_has_any_of_them(client: FlaskClient, name: str) -> None:
    values = {"field": ("music", "film"), "region": ("africa", "arab-states"), "round": ("2017", "2019"),
              "country": ("se", "fr"), "host": ("santa-fe", "fabriano")}  # fmt: skip
    for parameter in queries.load(f"pages/{name}").declared:
        if parameter.name not in values:
            continue
        one, other = values[parameter.name]
        question = f"{parameter.name}={one}&{parameter.name}={other}"
        both = {*ids(client, f"/{name}?{parameter.name}={one}"), *ids(client, f"/{name}?{parameter.name}={other}")}
        assert set(ids(client, f"/{name}?{question}&per_page=1000")) == both
        assert len(rows(client, f"/{name}?{question}&per_page=1000")) >= len(both)
        assert total(client, f"/{name}?{question}") == len(both)


def test_several_values_are_kept_in_links_and_named_once(client: FlaskClient) -> None:
    reply = client.get(f"/cities.csv?field=music&field={BASE}field/music&field=film&round=2017")
    assert 'href="/' not in reply.get_data(as_text=True)
    assert any("field=music&field=film&round=2017" in link for link in reply.headers.getlist("Link"))
    said = as_json(client, "/cities?field=music&field=film")
    assert said["id"].endswith("/cities?field=music&field=film")
    text = client.get("/cities?field=music&field=film", headers=HTML).get_data(as_text=True)
    assert '<option value="music" selected>' in text
    assert '<option value="film" selected>' in text


def test_figures_beside_a_list_count_any_of_the_values(client: FlaskClient) -> None:
    whole = {row["country"]: int(row["cities"]) for row in rows(client, "/countries?field=music&field=film")}
    found = rows(client, "/cities?field=music&field=film")
    assert whole == {country: len({row["city"] for row in found if row["country"] == country}) for country in whole}
    assert sum(whole.values()) == len({row["city"] for row in found})
