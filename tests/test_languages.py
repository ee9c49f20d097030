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
