"""What the graph must answer: each query file with its expected result, on the real data."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from pyoxigraph import Literal

from citygraph import queries, sparql
from citygraph.dataset import load, solutions
from citygraph.engine import Embedded

Rows = list[dict[str, str]]
Ask = Callable[..., Rows]
ROOT = Path(__file__).parents[1]


@pytest.fixture
def ask(engine: Embedded) -> Ask:
    """Runs a named query with its defaults and the given terms; rows of plain strings."""

    def run(name: str, **terms: object) -> Rows:
        query = queries.load(name)
        rows = engine.select(query.filled(terms))
        return [{key: str(getattr(term, "value", term)) for key, term in row.items()} for row in rows]

    return run


def iri(path: str) -> str:
    return f"https://w3id.org/creative-cities/{path}"


def column(rows: Rows, *names: str) -> list[tuple[str, ...]]:
    return [tuple(row.get(name, "") for name in names) for row in rows]


FOLDERS = (
    "",
    "checks",
    "documents",
    "documents/tables",
    "lists",
    "maps",
    "named",
    "pages",
    "pages/home",
    *(f"pages/about/{path.name}" for path in sorted((queries.FOLDER / "pages/about").iterdir())),
    "pages/thing",
    "stats",
    "description",
    "tables",
)
ALL = [name for folder in FOLDERS for name in queries.names(folder)]


@pytest.mark.parametrize("name", ALL)
def test_each_file_has_a_title_and_parses_alone(name: str, engine: Embedded) -> None:
    query = queries.load(name)
    assert query.title
    assert query.title != name
    assert sparql.form(query.text) in {"select", "construct", "ask"}
    engine.query(query.text)
    assert query.defaults.keys() <= query.parameters


@pytest.mark.parametrize("name", queries.names())
def test_each_query_for_users_runs_with_its_defaults(name: str, ask: Ask, engine: Embedded) -> None:
    query = queries.load(name)
    assert {parameter.name for parameter in query.declared} == query.parameters
    assert query.defaults.keys() <= query.parameters
    if sparql.form(query.text) == "construct":
        assert engine.construct(query.filled({}))
    else:
        assert ask(name)


def test_an_unknown_or_hostile_name_is_a_key_error() -> None:
    for name in ("nothing", "../queries", "../../server", "/etc/passwd"):
        with pytest.raises(KeyError):
            queries.load(name)


def test_members_and_countries_after_each_round(ask: Ask) -> None:
    rows = {row["year"]: row for row in ask("members-after-each-round")}
    totals = {year: (int(row["cities"]), int(row["countries"])) for year, row in rows.items()}
    assert totals["2013"] == (41, 22)
    assert totals["2014"] == (69, 32)
    assert totals["2015"] == (116, 54)
    assert totals["2017"] == (180, 72)
    assert totals["2019"] == (246, 84)
    assert totals["2021"] == (295, 92)
    assert totals["2023"] == (350, 105)
    assert totals["2025"] == (406, 108)
    assert (rows["2025"]["announcedTotal"], rows["2021"]["announcedCountries"]) == ("408", "90")
    assert [row["newCities"] for row in rows.values()][-7:] == ["28", "47", "64", "66", "49", "55", "56"]


@pytest.mark.parametrize(
    ("day", "cities", "countries"),
    [
        ("2004-09-30", 0, 0),
        ("2004-10-01", 1, 1),
        ("2010-10-31", 25, 17),
        ("2010-11-30", 26, 17),
        ("2010-12-31", 27, 17),
        ("2013-12-31", 41, 22),
        ("2014-11-30", 41, 22),
        ("2014-12-01", 69, 32),
        ("2017-10-30", 116, 54),
        ("2017-10-31", 180, 72),
        ("2023-10-30", 295, 92),
        ("2023-10-31", 350, 105),
        ("2026-11-22", 406, 108),
    ],
)
def test_the_network_as_it_stood_on_a_day(ask: Ask, day: str, cities: int, countries: int) -> None:
    [row] = ask("members-on-a-day", day=Literal(day, datatype=queries.term("xsd:date")))
    assert (row["cities"], row["countries"]) == (str(cities), str(countries))


def test_current_members_by_field(ask: Ask) -> None:
    assert dict(column(ask("members-by-field"), "fieldLabel", "cities")) == {
        "Crafts and folk art": "78",
        "Design": "53",
        "Film": "30",
        "Gastronomy": "66",
        "Literature": "63",
        "Media arts": "27",
        "Music": "84",
        "Architecture": "5",
    }


def test_members_by_field_and_region_add_up_to_all_members(ask: Ask) -> None:
    rows = ask("members-by-field-and-region")
    assert sum(int(row["cities"]) for row in rows) == 406
    assert len({row["regionLabel"] for row in rows}) == 5


def test_ostersund_is_the_first_swedish_member(ask: Ask) -> None:
    [row] = ask("first-member-of-a-country")
    assert (row["city"], row["fieldLabel"], row["start"]) == (iri("city/ostersund"), "Gastronomy", "2010")


def test_norrkoping_is_the_first_nordic_city_of_music(ask: Ask) -> None:
    [row] = ask("first-nordic-city-of-a-field")
    assert (row["city"], row["start"]) == (iri("city/norrkoping"), "2017-10-31")


def test_the_field_of_each_city_that_the_founding_text_names(ask: Ask) -> None:
    assert dict(column(ask("fields-of-cities-in-a-text"), "cityLabel", "fieldLabel")) == {
        "Bologna": "Music",
        "Montreal": "Design",
        "Beijing": "Design",
        "Berlin": "Design",
        "Seoul": "Design",
        "Santa Fe": "Crafts and folk art",
        "Edinburgh": "Literature",
        "Melbourne": "Literature",
        "Buenos Aires": "Design",
        "Krakow": "Literature",
        "Norrköping": "Music",
        "Östersund": "Gastronomy",
    }


def test_lyon_alone_changed_its_field(ask: Ask) -> None:
    [row] = ask("changes-of-field")
    assert (row["cityLabel"], row["fromLabel"], row["toLabel"], row["day"]) == (
        "Lyon",
        "Media arts",
        "Literature",
        "2023-10-31",
    )


def test_countries_that_joined_in_each_round(ask: Ask) -> None:
    rows = ask("new-countries-by-round")
    years = [row["year"] for row in rows]
    assert len(rows) == 108
    assert (years.count("2015"), years.count("2017")) == (22, 18)
    assert [row["countryLabel"] for row in rows if row["year"] == "2021"][:2] == ["Georgia", "Greece"]


def test_norrkoping_is_nearest_to_linkoping(ask: Ask) -> None:
    rows = ask("nearest-members")
    assert len(rows) == 10
    assert rows[0]["city"] == iri("city/norrkoping")
    assert 36 <= float(rows[0]["km"]) <= 40  # 38.3 km on the ellipsoid
    assert [float(row["km"]) for row in rows] == sorted(float(row["km"]) for row in rows)


def test_a_point_beyond_the_date_line_has_near_neighbours(ask: Ask) -> None:
    rows = ask("nearest-members", latitude=queries.term("-41.3"), longitude=queries.term("-179.9"))
    assert {row["cityLabel"] for row in rows[:3]} <= {"Hastings", "Auckland", "Whanganui", "Dunedin", "Wellington"}


def test_twelve_cities_are_without_a_wikidata_item_each_with_a_reason(ask: Ask) -> None:
    rows = ask("cities-without-wikidata")
    assert [row["city"].rpartition("/")[2] for row in rows] == [
        "al-ahsa", "angouleme", "enghien-les-bains", "evian", "hohr-grenzhausen", "kargopol", "lusail", "shunde",
        "sifnos", "tongyeong", "varazdin", "vranje",
    ]  # fmt: skip
    assert all(row["reason"] for row in rows)


def test_hosts_of_the_annual_conferences(ask: Ask) -> None:
    rows = column(ask("conference-hosts"), "number", "year", "hostLabel")
    assert ("16", "2024", "Braga") in rows
    assert ("1", "2008", "Paris (UNESCO Headquarters)") in rows
    assert [host for number, _, host in rows if number == "12"] == ["Katowice", "Krakow"]
    assert len({number for number, _, _ in rows}) == 16


def test_the_members_of_music_began_with_seville_and_bologna(ask: Ask) -> None:
    rows = ask("members-of-a-field")
    assert len(rows) == 84
    assert [row["cityLabel"] for row in rows[:2]] == ["Seville", "Bologna"]
    assert iri("city/norrkoping") in {row["city"] for row in rows}


def test_the_cities_of_sweden_with_field_and_start(ask: Ask) -> None:
    assert column(ask("cities-of-a-country"), "cityLabel", "fieldLabel", "start") == [
        ("Östersund", "Gastronomy", "2010"),
        ("Norrköping", "Music", "2017-10-31"),
        ("Gothenburg", "Literature", "2021-11-08"),
        ("Lund", "Literature", "2025-10-31"),
    ]


def test_a_designation_has_each_of_its_sources(ask: Ask) -> None:
    rows = ask("designations-of-a-city")
    assert {row["fieldLabel"] for row in rows} == {"Music"}
    assert iri("source/norrkoping-uccn") in {row["source"] for row in rows}
    assert len(rows) == 6


def test_the_round_of_2017_designated_64_cities_each_with_sources(ask: Ask) -> None:
    rows = ask("cities-of-a-round")
    assert len(rows) == 64
    assert all(int(row["sources"]) >= 1 for row in rows)
    assert next(row["sources"] for row in rows if row["city"] == iri("city/norrkoping")) == "6"


def test_members_by_country_add_up_to_all_members(ask: Ask) -> None:
    rows = ask("members-by-country")
    assert (len(rows), sum(int(row["cities"]) for row in rows)) == (108, 406)
    assert next(row["cities"] for row in rows if row["country"] == iri("country/se")) == "4"


def test_the_graph_of_links_has_every_city_with_an_item_and_no_other(engine: Embedded, ask: Ask) -> None:
    linked = {
        str(fact.subject)[1:-1]
        for fact in engine.construct(queries.load("links-with-wikidata").filled({}))
        if fact.predicate.value.endswith("sameAs")
    }
    assert iri("city/norrkoping") in linked
    assert not linked & {row["city"] for row in ask("cities-without-wikidata")}


def test_gaps_and_doubts_are_said_openly(ask: Ask) -> None:
    told = " ".join(row["gap"] for row in ask("gaps-and-doubts"))
    for words in (
        "Costa Rica",
        "90 countries were announced, 92",
        "Harbin",
        "Istanbul was selected",
        "ODbL",
        "Two datasets name different items",
    ):
        assert words in told


def test_every_fact_of_every_city_leads_to_a_source_in_two_steps(ask: Ask) -> None:
    assert ask("checks/facts-without-source") == []


def test_a_fact_without_a_source_would_be_found(tmp_path: Path) -> None:
    for part in ("ontology", "data"):
        shutil.copytree(ROOT / part, tmp_path / part)
    evidence = tmp_path / "data/links/geonames.ttl"
    text = evidence.read_text("utf-8")
    evidence.write_text(text.replace("ccn:linkTarget gn:2688368", "ccn:linkTarget gn:1"), "utf-8")
    loaded = load(tmp_path)
    rows = list(solutions(loaded.store, queries.load("checks/facts-without-source").text))
    assert [row["value"].value for row in rows] == ["https://sws.geonames.org/2688368/"]


def test_every_text_says_its_language(ask: Ask) -> None:
    assert ask("checks/texts-without-language") == []
