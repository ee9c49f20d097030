"""The query page in a browser: the plain form, and the editor on top of it where it is installed."""

import re

import pytest
from needed import unless_required
from playwright.sync_api import Page, expect
from watching import Watched

from citygraph import assets, queries

EXAMPLE = queries.load("members-by-field")
BY_FIELD = EXAMPLE.filled({})
TITLE = queries.load("members-by-field").title
WITHOUT_PREFIX = "SELECT ?city WHERE {\n  ?city a ccn:CreativeCity .\n}"


@pytest.fixture
def editor(watched: Watched) -> Watched:
    """The page with its editor."""
    if assets.installed() is None:
        unless_required(f"the query page has {assets.told()}")
    watched.page.goto("/sparql")
    expect(watched.page.locator(".editor .CodeMirror")).to_be_visible()
    return watched


@pytest.fixture
def form(watched: Watched) -> Watched:
    """The page where the editor's file cannot be had: the plain form, with its own scripts."""
    watched.page.route(re.compile("/assets/"), lambda route: route.abort())
    watched.page.goto("/sparql")
    return watched


def write(page: Page, text: str) -> None:
    """Type a query in place of what stands in the editor."""
    page.locator(".editor .CodeMirror-lines").click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.insert_text(text)


def at_home(watched: Watched) -> None:
    """Nothing left this machine, and nothing was against the rules of the page."""
    assert watched.requests
    assert watched.elsewhere == []
    assert watched.complaints == []


def test_without_scripts_a_question_is_asked_and_its_chart_seen(plain: Watched) -> None:
    page = plain.page
    page.goto("/sparql")
    page.get_by_label("SPARQL query").fill(BY_FIELD)
    page.get_by_role("button", name="Run the query").click()
    expect(page.get_by_role("cell", name="Gastronomy", exact=True)).to_be_visible()
    page.get_by_role("link", name="Chart").click()
    expect(page.locator(".drawn svg")).to_contain_text("Gastronomy")
    at_home(plain)


def test_without_the_editor_the_form_stays_and_ctrl_enter_runs_it(form: Watched) -> None:
    page = form.page
    text = page.get_by_label("SPARQL query")
    text.fill(BY_FIELD)
    text.press("Control+Enter")
    expect(page.get_by_role("cell", name="Gastronomy", exact=True)).to_be_visible()
    assert "timeout" not in page.url


def test_missing_prefixes_are_added(form: Watched) -> None:
    page = form.page
    text = page.get_by_label("SPARQL query")
    add = page.get_by_role("button", name="Add missing prefixes")
    expect(add).to_be_hidden()
    text.fill(WITHOUT_PREFIX)
    add.click()
    expect(text).to_have_value("PREFIX ccn: <https://w3id.org/creative-cities/ontology#>\n" + WITHOUT_PREFIX)
    expect(add).to_be_hidden()


def test_an_example_is_put_into_the_form_to_be_changed(form: Watched) -> None:
    page = form.page
    page.get_by_role("button", name=f"Edit: {TITLE}", exact=True).click()
    expect(page.get_by_label("SPARQL query")).to_have_value(re.compile("ccn:currentField"))
    assert page.url.endswith("/sparql")


def test_the_cursor_of_the_form_stands_where_the_mistake_is(form: Watched) -> None:
    page = form.page
    page.get_by_label("SPARQL query").fill(WITHOUT_PREFIX)
    page.get_by_label("SPARQL query").press("Control+Enter")
    expect(page.get_by_role("alert")).to_contain_text("line 2, column 11")
    text = page.get_by_label("SPARQL query")
    expect(text).to_be_focused()
    chosen = text.evaluate("text => text.value.slice(text.selectionStart, text.selectionEnd)")
    assert chosen == "ccn:CreativeCity"


def test_the_editor_stands_in_the_place_of_the_form(editor: Watched) -> None:
    page = editor.page
    expect(page.locator("#query")).to_be_hidden()
    expect(page.get_by_label("SPARQL query, in an editor")).to_be_attached()
    for hidden in (".tabsList", ".controlbar", ".yasqe_share"):
        expect(page.locator(hidden).first).to_be_hidden()
    at_home(editor)


def test_the_editor_runs_a_query_and_links_to_pages_here(editor: Watched) -> None:
    page = editor.page
    write(page, BY_FIELD)
    page.get_by_role("button", name="Run the query").click()
    link = page.locator("a.iri", has_text="field:music")
    expect(link).to_have_attribute("href", "/field/music")
    page.locator(".select_chart").click()
    expect(page.locator("#live .drawn svg")).to_contain_text("Gastronomy")
    expect(page.locator("#live .downloads")).to_contain_text("Download: JSON, XML, CSV, TSV")
    # The address is that of the question: whoever opens it sees the same result.
    page.goto(page.url)
    expect(page.locator("#result")).to_contain_text("Gastronomy")
    at_home(editor)


def test_the_editor_completes_the_names_of_this_graph_and_asks_nobody_else(editor: Watched) -> None:
    page = editor.page
    for query, offered in (
        ("PREFIX ccn: <https://w3id.org/creative-cities/ontology#>\nSELECT * { ?s a ccn:Creative", "ccn:CreativeCity"),
        ("PREFIX ccn: <https://w3id.org/creative-cities/ontology#>\nSELECT * { ?s ccn:currentF", "ccn:currentField"),
        ("PREFIX cc", "ccn: <https://w3id.org/creative-cities/ontology#>"),
        ("SELECT * { ?s a sett", ""),
        ("SELECT * { ?s ?name . ?n", "?name"),
    ):
        page.keyboard.press("Escape")
        write(page, query)
        page.keyboard.press("Control+Space")
        if offered:
            expect(page.locator(".CodeMirror-hints")).to_contain_text(offered)
        else:
            page.wait_for_timeout(300)
    at_home(editor)


def test_the_editor_marks_a_mistake_and_says_how_to_mend_it(editor: Watched) -> None:
    page = editor.page
    write(page, WITHOUT_PREFIX)
    page.keyboard.press("Control+Enter")
    alert = page.locator("#live").get_by_role("alert")
    expect(alert).to_contain_text("line 2, column 11")
    expect(alert).to_contain_text("Add: PREFIX ccn:")
    expect(page.locator(".mistake").first).to_be_visible()
    assert "".join(page.locator(".mistake").all_inner_texts()) == "ccn:CreativeCity"
    page.get_by_role("button", name="Add missing prefixes").click()
    page.keyboard.press("Control+Enter")
    expect(page.locator("a.iri").first).to_be_visible()
    expect(alert).to_have_count(0)
    at_home(editor)


def test_the_editor_shows_a_graph_as_turtle_with_links(editor: Watched) -> None:
    page = editor.page
    write(page, "DESCRIBE <https://w3id.org/creative-cities/city/norrkoping>")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#live .turtle").get_by_role("link", name="city:norrkoping").first).to_be_visible()
    at_home(editor)


def test_the_editor_keeps_nothing_in_the_browser(editor: Watched) -> None:
    page = editor.page
    write(page, BY_FIELD)
    page.keyboard.press("Control+Enter")
    expect(page.locator("a.iri").first).to_be_visible()
    assert page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]


def test_an_example_is_put_into_the_editor(editor: Watched) -> None:
    page = editor.page
    page.get_by_role("button", name=f"Edit: {TITLE}", exact=True).click()
    expect(page.locator(".editor")).to_contain_text("ccn:currentField")


def test_the_editor_speaks_swedish_where_the_page_does(editor: Watched) -> None:
    page = editor.page
    page.goto("/sparql?lang=sv")
    write(page, BY_FIELD)
    page.keyboard.press("Control+Enter")
    expect(page.locator("#live")).to_contain_text("Rader: 8")
    expect(page.locator("#live")).to_contain_text("Enkel vy")
    expect(page.get_by_placeholder("Sök i resultatet")).to_be_visible()
    assert "lang=sv" in page.url
