"""The statistics: every chart with the numbers it is drawn from, known ones, and the query that gives the same."""

import csv
import io
import re
from datetime import date
from html import unescape
from itertools import pairwise
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient
from listed import page

from citygraph import queries
from citygraph.dataset import Dataset, load
from citygraph.engine import Embedded
from server import create_app

NETWORK = {
    "growth", "fields", "joining", "rounds", "countries", "regions", "retention", "changes", "intervals"
}  # fmt: skip
ANY_GRAPH = {"classes", "properties"}
TOTALS = {2013: 41, 2014: 69, 2015: 116, 2017: 180, 2019: 246, 2021: 295, 2023: 350, 2025: 406}
COUNTRIES = {2013: 22, 2014: 32, 2015: 54, 2017: 72, 2019: 84, 2021: 92, 2023: 105, 2025: 108}

Cells = list[list[str]]


def figures(text: str) -> dict[str, str]:
    """The figures of a page by name."""
    return dict(re.findall(r'<figure class="plot[^"]*" id="(\w+)">(.*?)</figure>', text, re.DOTALL))


def test_the_words_of_a_chart_count_cities_in_whole_numbers(client: FlaskClient) -> None:
    shown = figures(page(client, "/statistics"))
    told = {name: plain(re.search(r"<desc.*?</desc>", shown[name], re.DOTALL)[0]) for name in ("growth", "joining")}  # type: ignore[index]
    assert told["growth"] == "member cities: from 1 (2004) to 406 (2025)."
    assert told["joining"] == "countries: from 1 (2004) to 108 (2025)."


def plain(markup: str) -> str:
    return unescape(re.sub(r"<[^>]+>", "", markup)).strip()


def table(figure: str) -> tuple[list[str], Cells]:
    """Headings and cells of the table in a figure."""
    head, body = re.search(r"<thead>(.*?)</thead>\s*<tbody>(.*?)</tbody>", figure, re.DOTALL).groups()  # type: ignore[union-attr]
    rows = re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL)
    return [plain(h) for h in re.findall(r"<th.*?</th>", head, re.DOTALL)], [
        [plain(cell) for cell in re.findall(r"<td.*?</td>", row, re.DOTALL)] for row in rows
    ]


def links(figure: str) -> list[str]:
    found = re.search(r'<p class="from">(.*?)</p>', figure, re.DOTALL)
    assert found
    return [unescape(href) for href in re.findall(r'href="([^"]+)"', found[1])]


def asked(client: FlaskClient, figure: str) -> list[dict[str, str]]:
    """What the CSV beside a figure says."""
    reply = client.get(links(figure)[1])
    assert (reply.status_code, reply.mimetype) == (200, "text/csv")
    return list(csv.DictReader(io.StringIO(reply.get_data(as_text=True))))


def drawn_bars(figure: str) -> list[tuple[str, str]]:
    """The bars of a figure: label and value."""
    found = re.findall(r"<g><title>(.*?)</title>", figure)
    return [tuple(unescape(title).rsplit(": ", 1)) for title in found]  # type: ignore[misc]


@pytest.fixture
def shown(client: FlaskClient) -> dict[str, str]:
    return figures(page(client, "/statistics"))


def test_there_is_a_chart_for_each_question(shown: dict[str, str]) -> None:
    assert shown.keys() == NETWORK | ANY_GRAPH


def test_the_growth_adds_up_to_what_is_known_of_each_year(shown: dict[str, str]) -> None:
    headings, rows = table(shown["growth"])
    assert headings[-1] == "all"
    assert [int(row[0]) for row in rows] == list(range(2004, 2026))
    totals = {int(row[0]): int(row[-1]) for row in rows}
    assert {year: totals[year] for year in TOTALS} == TOTALS
    assert (totals[2004], totals[2010], totals[2016], totals[2024]) == (1, 27, 116, 350)
    assert all(int(row[-1]) == sum(map(int, row[1:-1])) for row in rows)


def test_the_last_year_of_the_growth_is_what_each_field_has_today(shown: dict[str, str]) -> None:
    headings, rows = table(shown["growth"])
    assert dict(zip(headings[1:-1], rows[-1][1:-1], strict=True)) == {
        "Music": "84", "Crafts and folk art": "78", "Gastronomy": "66", "Literature": "63", "Design": "53",
        "Film": "30", "Media arts": "27", "Architecture": "5",
    }  # fmt: skip


def test_the_growth_says_what_its_query_says(client: FlaskClient, shown: dict[str, str]) -> None:
    headings, rows = table(shown["growth"])
    told = {(row[0], name): int(n) for row in rows for name, n in zip(headings[1:-1], row[1:-1], strict=True) if int(n)}
    assert told == {(r["year"], r["fieldLabel"]): int(r["members"]) for r in asked(client, shown["growth"])}


def test_the_small_charts_have_the_numbers_of_the_large_one(shown: dict[str, str]) -> None:
    assert table(shown["fields"]) == table(shown["growth"])
    assert links(shown["fields"]) == links(shown["growth"])
    names = re.findall(r"<li><p><a [^>]+>(.*?)</a></p>", shown["fields"])
    assert names == table(shown["growth"])[0][1:-1]
    last = re.findall(r'class="value"[^>]*>(\d+)</text></svg>', shown["fields"])
    assert last == table(shown["growth"])[1][-1][1:-1]


def test_countries_after_each_round(shown: dict[str, str]) -> None:
    headings, rows = table(shown["joining"])
    of = {int(row[0]): dict(zip(headings, row, strict=True)) for row in rows}
    assert {year: int(of[year]["countries"]) for year in COUNTRIES} == COUNTRIES
    for row in of.values():
        assert int(row["earlier countries"]) + int(row["new countries"]) == int(row["countries"])
    assert sum(int(row["new countries"]) for row in of.values()) == 108


def test_the_stacked_columns_say_every_number_when_pointed_at(shown: dict[str, str]) -> None:
    for name in ("growth", "joining"):
        _, rows = table(shown[name])
        told = re.findall(r"<rect class=\"catch\".*?<title>(.*?): (\d+)\n", shown[name], re.DOTALL)
        assert len(told) == 2 * len(rows)  # in each layout
        last = {"growth": -1, "joining": 4}[name]
        assert told[: len(rows)] == [(row[0], row[last]) for row in rows]


@pytest.mark.parametrize(
    ("name", "label", "value"),
    [
        ("rounds", "year", "countedCities"), ("countries", "countryLabel", "cities"),
        ("regions", "regionLabel", "cities"), ("retention", "fieldLabel", "stillHeld"), ("intervals", "years", "days"),
    ],
)  # fmt: skip
def test_bars_show_what_their_query_says(
    client: FlaskClient, shown: dict[str, str], name: str, label: str, value: str
) -> None:
    rows = asked(client, shown[name])
    bars = drawn_bars(shown[name])
    assert [(row[label], row[value]) for row in rows[: len(bars)]] == [(text, n.split(" of ")[0]) for text, n in bars]
    assert len(bars) == min(len(rows), 19 if name == "countries" else 20)
    assert len(table(shown[name])[1]) == len(rows)


def test_every_table_has_the_rows_and_numbers_of_its_query(client: FlaskClient, shown: dict[str, str]) -> None:
    for name in shown.keys() - {"growth", "fields"}:
        rows = asked(client, shown[name])
        columns = [column for column in rows[0] if column.removesuffix("Label") not in rows[0] or "Label" not in column]
        headings, cells = table(shown[name])
        assert (len(headings), len(cells)) == (len(columns), len(rows)), name
        for row, told in zip(rows, cells, strict=True):
            for column, cell in zip(columns, told, strict=True):
                said = row.get(f"{column}Label") or row[column]
                if said.isdigit():
                    assert cell.replace("\u202f", "") == said, name


def test_members_by_country_and_region_add_up(client: FlaskClient, shown: dict[str, str]) -> None:
    assert sum(int(row["cities"]) for row in asked(client, shown["countries"])) == 406
    assert len(asked(client, shown["countries"])) == 108
    regions = asked(client, shown["regions"])
    assert (sum(int(r["cities"]) for r in regions), sum(int(r["countries"]) for r in regions)) == (406, 108)
    assert "The first 19 of 108" in shown["countries"]


def test_no_country_is_left_out_of_the_chart_that_has_as_many_as_one_in_it(
    client: FlaskClient, shown: dict[str, str]
) -> None:
    bars = drawn_bars(shown["countries"])
    left_out = asked(client, shown["countries"])[len(bars) :]
    assert min(int(number) for _, number in bars) > max(int(row["cities"]) for row in left_out)


def test_one_city_of_all_has_changed_its_field(client: FlaskClient, shown: dict[str, str]) -> None:
    rows = asked(client, shown["retention"])
    assert sum(int(row["designated"]) for row in rows) == 406
    assert [(r["fieldLabel"], r["changedField"]) for r in rows if r["stillHeld"] != r["designated"]] == [
        ("Media arts", "1")
    ]
    assert all(row["leftNetwork"] == "0" for row in rows)
    assert dict(drawn_bars(shown["retention"]))["Media arts"] == "27 of 28"
    assert table(shown["changes"])[1] == [["Lyon", "Media arts", "Literature", "2023-10-31"]]


def test_the_days_between_rounds_are_those_of_the_calendar(client: FlaskClient, shown: dict[str, str]) -> None:
    rows = asked(client, shown["intervals"])
    days = [date(2014, 12, 1), *(date.fromisoformat(row["date"]) for row in rows)]
    assert [row["days"] for row in rows] == [str((b - a).days) for a, b in pairwise(days)]
    assert [row["years"] for row in rows][0::5] == ["2014-2015", "2023-2025"]


def test_what_was_announced_and_what_is_counted_differ_in_the_open(shown: dict[str, str]) -> None:
    told = {name: plain(" ".join(re.findall(r'<p class="gap">.*?</p>', f, re.DOTALL))) for name, f in shown.items()}
    assert "408 members were announced, 406 are known by name" in told["growth"]
    assert "90 countries were announced, 92 are counted here" in told["joining"]
    assert "58 cities were announced, 56 are known by name" in told["rounds"]
    assert {name for name, words in told.items() if words} == {"growth", "joining", "rounds"}
    assert dict(drawn_bars(shown["rounds"]))["2025"] == "56 of 58"


def test_each_chart_is_said_to_those_who_do_not_see_it(shown: dict[str, str]) -> None:
    for name, figure in shown.items():
        svgs = re.findall(r"<svg .*?</svg>", figure, re.DOTALL)
        assert bool(svgs) is (name != "changes")
        for svg in svgs:
            named, told = re.search(r'aria-labelledby="(\w+)" aria-describedby="(\w+)"', svg).groups()  # type: ignore[union-attr]
            assert re.search(f'<title id="{named}">[^<]+</title><desc id="{told}">[^<]+</desc>', svg)
            assert f' role="{"group" if "<a " in svg else "img"}"' in svg
        assert "<details>" in figure or name == "changes"


def test_nothing_on_the_page_has_a_style_or_a_script_of_its_own(client: FlaskClient) -> None:
    for address in ("/statistics", "/"):
        assert not re.search(r" style=|<script>|<script (?!src=)|\son\w+=", page(client, address))


def test_no_two_things_on_the_page_have_one_id(client: FlaskClient) -> None:
    for address in ("/statistics", "/"):
        found = re.findall(r'\sid="([^"]+)"', page(client, address))
        assert len(found) == len(set(found))


def test_it_speaks_swedish(client: FlaskClient) -> None:
    text = page(client, "/statistics?lang=sv")
    shown = figures(text)
    assert "<h1>Statistik</h1>" in text
    assert "Hantverk och folkkonst" in table(shown["growth"])[0]
    assert table(shown["retention"])[0][1:] == [
        "utnämnda", "har kvar området", "har bytt område", "har lämnat nätverket"
    ]  # fmt: skip


def test_each_text_of_the_page_is_translated(client: FlaskClient) -> None:
    english, swedish = (figures(page(client, f"/statistics?lang={tag}")) for tag in ("en", "sv"))
    for name in english:
        for part in ("h2", "p", "summary"):
            one, other = (re.findall(f"<{part}[^>]*>(.*?)</{part}>", f[name], re.DOTALL) for f in (english, swedish))
            for told, said in zip(one, other, strict=True):
                if re.search(r"[a-z]{4}", plain(told)) and "CSV" not in told and "<a " not in told:
                    assert told != said, name
        for told, said in zip(table(english[name])[0], table(swedish[name])[0], strict=True):
            assert told != said or told in ("status", "Design", "Film", "region", "land"), (name, told)


def test_the_query_of_each_chart_can_be_edited(client: FlaskClient, shown: dict[str, str]) -> None:
    for figure in shown.values():
        edit = links(figure)[0]
        text = parse_qs(urlsplit(edit).query)["query"][0]
        assert text.startswith("# ")
        assert 'name="query"' in page(client, edit)


def test_a_parameter_that_there_is_not_is_refused(client: FlaskClient) -> None:
    reply = client.get("/statistics?field=music")
    assert reply.status_code == 400
    assert reply.json is None or "lang" in reply.json["detail"]


def test_the_graph_is_asked_once_for_all_readers(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Embedded(dataset, workers=1)
    client = create_app(dataset=dataset, engine=engine, public_url="https://once.example/").test_client()
    page(client, "/statistics")
    count: list[str] = []
    select = engine.select
    monkeypatch.setattr(engine, "select", lambda text: count.append(text) or select(text))  # type: ignore[func-returns-value]
    page(client, "/statistics")
    assert [text for text in count if "statistics" in text or "?members" in text] == []
    engine.close()


@pytest.mark.parametrize("root", ["harbours", "lighthouses"])
@pytest.mark.parametrize("language", ["en", "sv"])
def test_another_graph_is_counted_as_far_as_it_can_be(root: str, language: str) -> None:
    dataset = load(Path(__file__).parent / "roots" / root)
    engine = Embedded(dataset, workers=1)
    client = create_app(dataset=dataset, engine=engine, path="/below").test_client()
    shown = figures(page(client, f"/below/statistics?lang={language}"))
    assert shown.keys() == ANY_GRAPH
    assert all(link.startswith("/below/sparql?") for figure in shown.values() for link in links(figure))
    for name, column in (("classes", "things"), ("properties", "statements")):
        rows = asked(client, shown[name])
        bars = drawn_bars(shown[name])
        assert [value for _, value in bars] == [row[column] for row in rows[: len(bars)]]
        assert bars
    engine.close()


def test_a_graph_with_nothing_in_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/nothing.ttl").write_text("# Nothing yet.\n", "utf-8")
    dataset = load(tmp_path)
    engine = Embedded(dataset, workers=1)
    client = create_app(dataset=dataset, engine=engine).test_client()
    assert "nothing to count" in page(client, "/statistics")
    assert page(client, "/")
    engine.close()


@pytest.mark.parametrize("name", queries.names("statistics"))
def test_each_query_of_statistics_runs_alone_and_says_what_it_is(engine: Embedded, name: str) -> None:
    query = queries.load(name)
    assert query.title != name
    assert query.comment
    assert query.defaults.keys() == query.parameters
    assert engine.select(query.text)
