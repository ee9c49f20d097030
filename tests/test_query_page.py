"""The query page: results as table, map, chart or graph, and mistakes where they are; all of it without scripts."""

import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from babel.messages.extract import extract
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode
from werkzeug.test import TestResponse

from citygraph import queries, results, wording
from citygraph.answering import fault
from citygraph.errors import QueryError
from citygraph.namespaces import PREFIXES
from citygraph.site import CODE

HTML = {"Accept": "text/html"}
CCN = "PREFIX ccn: <https://w3id.org/creative-cities/ontology#>\n"
BY_FIELD = queries.load("members-by-field").filled({})
ON_A_MAP = queries.load("members-on-a-map").filled({})


def ask(client: FlaskClient, query: str, **said: str) -> TestResponse:
    return client.get("/sparql", query_string={"query": query, **said}, headers=HTML)


def links(text: str) -> list[str]:
    return [unescape(found) for found in re.findall(r'href="([^"]+)"', text)]


def words(text: str) -> str:
    """The text of a page without its tags, as it is read."""
    return " ".join(unescape(re.sub(r"<[^>]+>", "", text)).split())


def test_the_empty_page_has_a_query_that_any_graph_can_answer(client: FlaskClient) -> None:
    text = client.get("/sparql", headers=HTML).get_data(as_text=True)
    written = unescape(re.search(r"<textarea[^>]*>\n(.*?)</textarea>", text, re.DOTALL)[1])  # type: ignore[index]
    assert "things" in ask(client, written).get_data(as_text=True)
    assert 'id="answer"' in ask(client, written).get_data(as_text=True)


def test_a_result_is_a_table_with_links_to_pages_here(client: FlaskClient) -> None:
    text = ask(client, BY_FIELD).get_data(as_text=True)
    assert '<a href="/field/music">field:music</a>' in text
    assert re.search(r"8 rows, in \d+ ms, [\d.]+ kB", words(text))


def test_a_result_says_which_views_it_has_and_each_is_a_link(client: FlaskClient) -> None:
    text = ask(client, BY_FIELD).get_data(as_text=True)
    views = {parse_qs(urlsplit(link).query)["view"][0] for link in links(text) if "&view=" in link or "?view=" in link}
    assert views == {"table", "chart"}
    views = {
        parse_qs(urlsplit(link).query)["view"][0]
        for link in links(ask(client, ON_A_MAP).get_data(as_text=True))
        if "view=" in link
    }
    assert views == {"table", "map"}


def test_a_chart_shows_each_row_with_its_number(client: FlaskClient) -> None:
    text = ask(client, BY_FIELD, view="chart").get_data(as_text=True)
    drawn = text[text.index('<div class="drawn">') : text.index('<p class="downloads">')]
    assert "<svg" in drawn
    assert "Gastronomy" in drawn
    assert re.search(r">\s*66\b", drawn)


def test_a_chart_of_several_numbers_shows_the_one_that_is_asked_for(client: FlaskClient) -> None:
    query = queries.load("members-after-each-round").filled({})
    first, other = (
        ask(client, query, view="chart", **said).get_data(as_text=True) for said in ({}, {"column": "cities"})
    )
    assert 'aria-current="true">newCities</a>' in first
    assert 'aria-current="true">cities</a>' in other
    assert "406" in other[other.index("<svg") : other.index("</svg>")]
    wrong = ask(client, query, view="chart", column="name")
    assert wrong.status_code == 400
    assert "column is one of newCities, cities" in words(wrong.get_data(as_text=True))


def test_a_map_has_a_point_for_each_row_and_a_link_to_its_page(client: FlaskClient) -> None:
    text = ask(client, ON_A_MAP, view="map").get_data(as_text=True)
    drawn = text[text.index('<div class="drawn">') : text.index('<p class="downloads">')]
    assert "<svg" in drawn
    assert 'href="/city/norrkoping"' in drawn
    assert "Norrköping" in drawn


def test_points_in_wkt_make_a_map_too(client: FlaskClient) -> None:
    point = "'POINT(16.19 58.59)'^^<http://www.opengis.net/ont/geosparql#wktLiteral>"
    query = f"SELECT ?where WHERE {{ VALUES ?where {{ {point} }} }}"
    assert "<svg" in ask(client, query, view="map").get_data(as_text=True)


@pytest.mark.parametrize(
    ("query", "view", "told"),
    [
        ("SELECT ?s WHERE { ?s ?p ?o } LIMIT 3", "map", "no columns of latitudes and longitudes"),
        ("SELECT ?s WHERE { ?s ?p ?o } LIMIT 3", "chart", "a column of numbers"),
        ("ASK { ?s ?p ?o }", "chart", "a column of numbers"),
        ("SELECT ?s WHERE { ?s ?p ?o } LIMIT 3", "turtle", "no graph"),
        ("CONSTRUCT WHERE { ?s ?p ?o } LIMIT 3", "map", "no columns of latitudes and longitudes"),
    ],
)
def test_a_view_that_a_result_has_not_is_explained_and_the_result_shown(
    client: FlaskClient, query: str, view: str, told: str
) -> None:
    reply = ask(client, query, view=view)
    assert reply.status_code == 200
    assert told in words(reply.get_data(as_text=True))
    assert re.search(r'class="(result|turtle)"', reply.get_data(as_text=True))


def test_a_view_that_nobody_has_is_refused_on_the_page_with_the_query_kept(client: FlaskClient) -> None:
    reply = ask(client, BY_FIELD, view="pie")
    assert reply.status_code == 400
    assert "view is one of table, map, chart, turtle" in words(reply.get_data(as_text=True))
    assert "ccn:currentField" in reply.get_data(as_text=True)


def test_a_graph_is_shown_as_turtle_with_links_to_pages_here(client: FlaskClient) -> None:
    text = ask(client, "DESCRIBE <https://w3id.org/creative-cities/city/norrkoping>").get_data(as_text=True)
    shown = text[text.index('<pre class="turtle"') :].split("</pre>")[0]
    assert '<a href="/city/norrkoping">city:norrkoping</a>' in shown
    assert "@prefix ccn: <https://w3id.org/creative-cities/ontology#> ." in words(shown)
    assert '"Norrköping"@sv' in words(shown)


def test_turtle_on_the_page_is_turtle(client: FlaskClient) -> None:
    """What is copied from the page is the graph that was asked for."""
    from pyoxigraph import RdfFormat, parse

    query = "CONSTRUCT { ?s ?p ?o } WHERE { VALUES ?s { <https://w3id.org/creative-cities/city/norrkoping> } ?s ?p ?o }"
    text = ask(client, query).get_data(as_text=True)
    shown = unescape(re.sub(r"<[^>]+>", "", re.search(r'<pre class="turtle".*?</pre>', text, re.DOTALL)[0]))  # type: ignore[index]
    asked = client.get("/sparql", query_string={"query": query}, headers={"Accept": "text/turtle"}).data
    assert {q.triple for q in parse(shown, format=RdfFormat.TURTLE)} == {
        q.triple for q in parse(asked, format=RdfFormat.TURTLE)
    }


def test_a_graph_has_a_table_too(client: FlaskClient) -> None:
    text = ask(client, "CONSTRUCT WHERE { ?s ?p ?o } LIMIT 5", view="table").get_data(as_text=True)
    assert "5 triples" in words(text)
    assert words(re.search(r"<thead>.*?</thead>", text, re.DOTALL)[0]) == "subjectpredicateobject"  # type: ignore[index]


def test_ask_is_answered_in_a_word(client: FlaskClient) -> None:
    assert "<td><span>yes</span></td>" in ask(client, "ASK { ?s ?p ?o }").get_data(as_text=True)
    assert "<td><span>ja</span></td>" in ask(client, "ASK { ?s ?p ?o }", lang="sv").get_data(as_text=True)


def test_a_long_result_is_shown_in_part_and_says_so(client: FlaskClient) -> None:
    text = ask(client, "SELECT ?s ?p ?o WHERE { ?s ?p ?o } LIMIT 1500").get_data(as_text=True)
    assert "1500 rows" in words(text)
    assert "The first 1000 are shown" in words(text)
    assert text.count("<tr>") == 1001


def test_a_result_without_rows_says_what_to_look_for(client: FlaskClient) -> None:
    text = words(ask(client, "SELECT ?s WHERE { ?s a <urn:x:nothing> }").get_data(as_text=True))
    assert "0 rows" in text
    assert "Is a name misspelt" in text


def test_downloads_ask_the_same_question_of_the_same_graphs(client: FlaskClient) -> None:
    graph = "https://w3id.org/creative-cities/graph/ontology"
    query = "SELECT ?s ?o WHERE { ?s a ?o }"
    said = {"default-graph-uri": graph, "timeout": "5"}
    text = ask(client, query, **said).get_data(as_text=True)
    for name in ("json", "xml", "csv", "tsv"):
        [link] = [found for found in links(text) if f"format={name}" in found]
        asked = {key: value[0] for key, value in parse_qs(urlsplit(link).query).items()}
        assert asked == {"query": query, **said, "format": name}
        assert client.get(link).status_code == 200
    assert f'<input type="hidden" name="default-graph-uri" value="{graph}">' in text


MISTAKES = [
    (CCN + "SELECT ?c WHERE {\n  ?c a ccn:City ; rdfs:label ?n .\n}", 3, "rdfs:label", "PREFIX rdfs:"),
    ("SELECT ?s WHERE { ?s ?p ?o", 1, "⏎", "bracket"),
    ("SELEC ?s WHERE { ?s ?p ?o }", 1, "SELEC", "Did you mean SELECT?"),
    ("SELECT ?s WHERE {\r\n  ?s ?p 'a\r\n}", 2, "'a", "quote"),
]


@pytest.mark.parametrize(("query", "line", "marked", "hint"), MISTAKES)
def test_a_mistake_is_shown_in_its_line_and_where_the_cursor_goes(
    client: FlaskClient, query: str, line: int, marked: str, hint: str
) -> None:
    reply = ask(client, query)
    text = reply.get_data(as_text=True)
    assert reply.status_code == 400
    assert unescape(re.search(r"<mark>(.*?)</mark>", text)[1]) == marked  # type: ignore[index]
    assert re.search(rf'data-line="{line}" data-column="\d+"', text)
    assert f"line {line}, column" in words(text)
    assert hint in words(text)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60), st.integers(-3, 9), st.integers(-3, 70))
def test_the_pieces_of_a_line_are_the_line(text: str, line: int, column: int) -> None:
    found = fault(text, QueryError("wrong", line=line, column=column))
    if found:
        assert found.before + found.marked + found.after == text.split("\n")[line - 1]


@pytest.mark.parametrize(
    ("query", "status", "told"),
    [
        ("SELECT * WHERE { SERVICE <https://example.org/> { ?s ?p ?o } }", 403, "SERVICE"),
        ("DELETE WHERE { ?s ?p ?o }", 403, "read-only"),
        ("# " + "x" * 1100 + "\nSELECT ?s FROM <https://example.org/> WHERE { ?s ?p ?o }", 403, "graph"),
    ],
)
def test_what_is_not_allowed_is_said_on_the_page(client: FlaskClient, query: str, status: int, told: str) -> None:
    reply = ask(client, query)
    assert reply.status_code == status
    assert told in words(reply.get_data(as_text=True))
    assert "<textarea" in reply.get_data(as_text=True)


def test_a_query_that_runs_out_of_time_says_its_limit_and_what_to_do(client: FlaskClient) -> None:
    reply = ask(client, "SELECT (COUNT(*) AS ?n) WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }", timeout="0.2")
    assert reply.status_code == 503
    told = words(reply.get_data(as_text=True))
    assert "The limit was 0.2 seconds." in told
    assert "add LIMIT" in told


def test_a_parameter_that_cannot_be_read_keeps_the_query(client: FlaskClient) -> None:
    reply = ask(client, BY_FIELD, timeout="soon")
    assert reply.status_code == 400
    assert "timeout is a number of seconds" in words(reply.get_data(as_text=True))
    assert "ccn:currentField" in reply.get_data(as_text=True)


def test_programs_get_their_errors_as_before(client: FlaskClient) -> None:
    reply = client.get("/sparql", query_string={"query": BY_FIELD, "timeout": "soon"})
    assert (reply.status_code, reply.content_type) == (400, "application/problem+json")


def test_a_long_query_by_post_has_a_page_without_links_that_would_be_too_long(client: FlaskClient) -> None:
    query = f"# {'x' * 20000}\n{BY_FIELD}"
    reply = client.post("/sparql", data={"query": query}, headers=HTML)
    text = reply.get_data(as_text=True)
    assert reply.status_code == 200
    assert "field:music" in text
    assert max(map(len, links(text))) < 8000


def test_the_same_question_twice_is_answered_by_304(client: FlaskClient) -> None:
    tag = ask(client, BY_FIELD).headers["ETag"]
    again = client.get("/sparql", query_string={"query": BY_FIELD}, headers={**HTML, "If-None-Match": tag})
    assert again.status_code == 304
    assert ask(client, BY_FIELD, view="chart").headers["ETag"] != tag


def test_a_query_of_chance_or_of_the_clock_is_not_kept(client: FlaskClient) -> None:
    assert ask(client, "SELECT (NOW() AS ?now) WHERE {}").headers["Cache-Control"] == "no-store"


def test_every_example_has_a_topic_and_an_explanation_in_both_languages(client: FlaskClient) -> None:
    english, swedish = (client.get(f"/sparql?lang={tag}", headers=HTML).get_data(as_text=True) for tag in ("en", "sv"))
    for name in queries.names():
        query = queries.load(name)
        assert query.topic, name
        assert query.title in unescape(english)
        assert query.title not in unescape(swedish)
    assert "<h3>Growth</h3>" in english
    assert "<h3>Tillväxt</h3>" in swedish


def test_every_text_of_the_page_is_there_in_swedish() -> None:
    options = {"extensions": "jinja2.ext.i18n", "trimmed": "true", "silent": "false", "trim_blocks": "true"}
    with (CODE / "citygraph/templates/query.html").open("rb") as template:
        found = [message for _, message, *_ in extract("jinja2", template, options=options)]
    single = {message if isinstance(message, str) else message[0] for message in found} - {"API", "Turtle", "Status"}
    assert len(single) > 40
    swedish = wording.catalogue("sv")
    assert [m for m in single if m == swedish.gettext(m) == swedish.ngettext(m, m, 2)] == []


def test_links_of_a_swedish_page_stay_swedish(client: FlaskClient) -> None:
    text = ask(client, BY_FIELD, lang="sv").get_data(as_text=True)
    assert '<input type="hidden" name="lang" value="sv">' in text
    assert all("lang=sv" in link for link in links(text) if "view=" in link)


def test_a_short_link_is_offered_where_the_site_makes_them(app: Flask, client: FlaskClient) -> None:
    offered = 'id="permalink"' in client.get("/sparql", headers=HTML).get_data(as_text=True)
    assert offered is ("permalinks.create" in app.view_functions)


def test_editors_learn_the_names_that_the_graph_uses(client: FlaskClient) -> None:
    told = client.get("/sparql/terms.json").get_json()
    assert {"iri": "https://w3id.org/creative-cities/ontology#CreativeCity", "label": "creative city"} in told[
        "classes"
    ]
    assert "https://w3id.org/creative-cities/ontology#currentField" in {term["iri"] for term in told["properties"]}
    assert told["prefixes"]["ccn"] == "https://w3id.org/creative-cities/ontology#"


def test_numbers_that_are_years_or_no_numbers_make_no_chart() -> None:
    year, endless, wrong = (
        Literal(text, datatype=NamedNode(PREFIXES["xsd"] + kind))
        for text, kind in (("2017", "gYear"), ("INF", "double"), ("many", "integer"))
    )
    word = Literal("a")
    for other in (year, endless, wrong, word):
        assert results.Solutions(["n", "v"], [{"n": word, "v": other}] * 2).views == ["table"]


def test_a_number_that_is_none_is_shown_as_it_is_written(client: FlaskClient) -> None:
    number = '"many"^^<http://www.w3.org/2001/XMLSchema#integer>'
    reply = ask(client, f"SELECT ({number} AS ?latitude) ({number} AS ?longitude) WHERE {{ VALUES ?n {{ 1 2 }} }}")
    assert reply.status_code == 200
    assert reply.text.count("<span>many</span>") == 4


@given(st.floats(-90, 90), st.floats(-180, 180))
def test_a_point_in_wkt_is_longitude_first(latitude: float, longitude: float) -> None:
    point = results.point_of({"w": Literal(f"POINT({longitude:.6f} {latitude:.6f})")}, ("w",))
    assert point is not None
    assert point == pytest.approx((latitude, longitude), abs=1e-6)
