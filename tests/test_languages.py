"""The interface speaks English and Swedish: as the address says, else as the browser does, else English."""

import re

import pytest
from flask.testing import FlaskClient

from citygraph import wording

HTML = "text/html"


def page(client: FlaskClient, address: str, accept_language: str | None = None) -> str:
    headers = {"Accept": HTML} | ({"Accept-Language": accept_language} if accept_language else {})
    reply = client.get(address, headers=headers)
    assert reply.status_code == 200
    assert "Accept-Language" in reply.headers["Vary"]
    return reply.get_data(as_text=True)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (None, "en"),
        ("", "en"),
        ("sv", "sv"),
        ("sv-SE,sv;q=0.9,en;q=0.8", "sv"),
        ("en-GB,en;q=0.9,sv;q=0.8", "en"),
        ("de,sv;q=0.3", "sv"),
        ("de", "en"),
        ("fr", "en"),
        ("*", "en"),
        ("sv;q=0,en;q=0.1", "en"),
        (";;,=;q=x", "en"),
        ("sv," * 5000, "en"),
    ],
)
def test_a_page_speaks_what_the_browser_wants(client: FlaskClient, asked: str | None, told: str) -> None:
    assert f'<html lang="{told}">' in page(client, "/cities", asked)


def test_the_address_goes_before_the_browser(client: FlaskClient) -> None:
    assert '<html lang="en">' in page(client, "/cities?lang=en", "sv")
    assert '<html lang="sv">' in page(client, "/cities?lang=sv", "en")


def test_labels_of_data_come_in_languages_that_the_interface_has_not(client: FlaskClient) -> None:
    text = page(client, "/country/se.html", "fr")
    assert '<html lang="en">' in text
    assert '<h1 lang="fr">Suède</h1>' in text


def test_what_is_in_the_language_of_the_page_is_not_marked_and_what_is_not_is(client: FlaskClient) -> None:
    assert "<h1>Sverige</h1>" in page(client, "/country/se.html", "sv")
    assert "<h1>Sweden</h1>" in page(client, "/country/se.html", "en")


def test_links_go_on_in_the_language_of_the_address_and_only_of_it(client: FlaskClient) -> None:
    assert 'href="/country/se?lang=sv"' in page(client, "/cities?lang=sv")
    assert 'href="/country/se"' in page(client, "/cities", "sv")


def test_every_page_names_itself_in_the_other_languages(client: FlaskClient) -> None:
    text = page(client, "/cities?field=music")
    found = dict(re.findall(r'<link rel="alternate" hreflang="([\w-]+)" href="([^"]+)">', text))
    assert found == {
        **{tag: f"/cities?field=music&amp;lang={tag}" for tag in wording.LABELS},
        "x-default": "/cities?field=music",
    }


def test_the_two_languages_of_a_page_have_two_etags(client: FlaskClient) -> None:
    tags = {
        client.get("/cities", headers={"Accept": HTML, "Accept-Language": tag}).headers["ETag"] for tag in ("sv", "en")
    }
    assert len(tags) == 2


def test_data_do_not_depend_on_the_browser(client: FlaskClient) -> None:
    replies = [client.get("/cities.csv", headers={"Accept-Language": tag}) for tag in ("sv", "en")]
    assert replies[0].data == replies[1].data
    assert "Accept-Language" not in replies[0].headers.get("Vary", "")


def test_an_error_page_speaks_too(client: FlaskClient) -> None:
    reply = client.get("/city/atlantis", headers={"Accept": HTML, "Accept-Language": "sv"})
    assert (reply.status_code, '<html lang="sv">' in reply.get_data(as_text=True)) == (404, True)


def test_a_page_names_its_language_in_its_headers_and_data_do_not(client: FlaskClient) -> None:
    told = {tag: client.get("/cities", headers={"Accept": HTML, "Accept-Language": tag}) for tag in ("sv", "en", "fr")}
    assert {tag: reply.headers["Content-Language"] for tag, reply in told.items()} == {
        "sv": "sv",
        "en": "en",
        "fr": "en",
    }
    assert "Content-Language" not in client.get("/cities.csv?lang=sv").headers


def test_an_error_page_can_be_had_in_the_other_language_and_says_what_stays_in_english(client: FlaskClient) -> None:
    text = client.get("/cities?field=nothing&lang=sv", headers={"Accept": HTML}).get_data(as_text=True)
    assert "<h1>Felaktig begäran</h1>" in text
    assert re.search(r'<p class="lead" lang="en">\w+', text)
    assert '<a href="/cities?field=nothing&amp;lang=en" hreflang="en" lang="en">English</a>' in text
    assert 'rel="alternate" hreflang' not in text


def test_the_links_of_an_error_page_do_not_go_on_in_a_language_that_there_cannot_be(client: FlaskClient) -> None:
    reply = client.get("/cities?lang=%22x", headers={"Accept": HTML})
    assert reply.status_code == 400
    assert 'href="/cities"' in reply.get_data(as_text=True)
    assert "lang=%22x" not in reply.get_data(as_text=True)


def test_the_page_of_names_speaks_what_the_browser_wants_too(client: FlaskClient) -> None:
    text = page(client, "/reconcile/table", "sv")
    assert "<h1>Matcha namn</h1>" in text
    assert ">kreativ stad</option>" in text


@pytest.mark.parametrize(
    "address", ["/", "/cities", "/explore", "/map", "/sparql", "/queries/members-by-field", "/reconcile/table"]
)
def test_forms_go_on_in_the_language_of_the_address(client: FlaskClient, address: str) -> None:
    text = page(client, f"{address}?lang=sv")
    forms = re.findall(r"<form\b([^>]*)>(.*?)</form>", text, re.DOTALL)
    assert forms
    for attributes, inside in forms:
        assert 'name="lang" value="sv"' in inside or "lang=sv" in attributes, attributes


def test_the_page_of_the_data_says_in_which_languages_names_come(client: FlaskClient) -> None:
    text = page(client, "/dataset.html?lang=sv")
    assert "annars på engelska" in text
    assert '<a href="/dataset.html?lang=es" hreflang="es">Español</a>' in text


def test_what_the_shapes_ask_is_said_in_swedish_too(client: FlaskClient) -> None:
    text = page(client, "/ontology.html?lang=sv")
    assert "av klassen <a" in text
    assert "exakt ett" in text
    assert "at least one" not in text


def test_names_inside_sentences_are_marked_too(client: FlaskClient) -> None:
    text = page(client, "/country/se.html", "fr")
    assert '<span lang="fr">Suède</span>, in the UNESCO region' in text


def test_digits_are_grouped_as_the_language_does(client: FlaskClient) -> None:
    assert "2,000 at most" in page(client, "/reconcile/table", "en")
    assert "högst 2\u202f000" in page(client, "/reconcile/table", "sv")
