"""The page of a thing says in a sentence what it is, also of a city that left, or that never was a member."""

import re
import shutil
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from listed import page

from citygraph.dataset import load
from citygraph.engine import Embedded
from server import create_app

ROOT = Path(__file__).parents[1]
MEMBERS = """@prefix ccn: <https://w3id.org/creative-cities/ontology#> .
@prefix city: <https://w3id.org/creative-cities/city/> .
@prefix country: <https://w3id.org/creative-cities/country/> .
@prefix d: <https://w3id.org/creative-cities/designation/> .
@prefix field: <https://w3id.org/creative-cities/field/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .

country:xx a ccn:Country ; rdfs:label "Exland"@en .
country:yy a ccn:Country ; rdfs:label "Whyland"@en .
city:gone a ccn:CreativeCity ; rdfs:label "Gone"@en ; ccn:country country:xx .
d:gone-film a ccn:Designation ; ccn:city city:gone ; ccn:field field:film ;
  ccn:start "2011-03"^^xsd:gYearMonth ; ccn:end "2019-10-30"^^xsd:date .
city:twice a ccn:CreativeCity ; rdfs:label "Twice"@en ; ccn:country country:xx .
d:twice-film a ccn:Designation ; ccn:city city:twice ; ccn:field field:film ; ccn:start "2012"^^xsd:gYear .
d:twice-music a ccn:Designation ; ccn:city city:twice ; ccn:field field:music ; ccn:start "2015-12-11"^^xsd:date .
city:never a ccn:CreativeCity ; rdfs:label "Never"@en ; ccn:country country:yy .
city:nowhere a ccn:CreativeCity ; rdfs:label "Nowhere"@en .
"""


def lead(client: FlaskClient, path: str) -> str:
    """The sentence that begins a page, without its links."""
    found = re.search(r'<div class="lead">\s*<p>(.*?)</p>', page(client, path), re.DOTALL)
    assert found
    return " ".join(unescape(re.sub(r"<[^>]*>", "", found[1])).split())


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (
            "/city/norrkoping.html",
            "Norrköping is a city in Sweden and has been a UNESCO City of Music since 31 October 2017. "
            "First City of Music in the Nordic countries.",
        ),
        (
            "/city/norrkoping.html?lang=sv",
            "Norrköping är en stad i Sverige och har varit en av Unescos kreativa städer inom musik "
            "sedan den 31 oktober 2017. Nordens första musikstad i nätverket.",
        ),
        (
            "/city/lyon.html",
            "Lyon is a city in France and has been a UNESCO City of Literature since 31 October 2023. "
            "It was a UNESCO City of Media Arts from 2008 to 31 October 2023.",
        ),
        (
            "/city/lyon.html?lang=sv",
            "Lyon är en stad i Frankrike och har varit en av Unescos kreativa städer inom litteratur "
            "sedan den 31 oktober 2023. Den var en av Unescos kreativa städer inom mediekonst från 2008 "
            "till den 31 oktober 2023.",
        ),
        (
            "/city/edinburgh.html",
            "Edinburgh is a city in the United Kingdom and has been a UNESCO City of Literature since October 2004.",
        ),
        (
            "/city/edinburgh.html?lang=sv",
            "Edinburgh är en stad i Storbritannien och har varit en av Unescos kreativa städer inom litteratur "
            "sedan oktober 2004.",
        ),
        ("/city/beijing.html", "Beijing is a city in China and has been a UNESCO City of Design since 2012."),
        (
            "/city/al-ahsa.html",
            "Al-Ahsa is a city in Saudi Arabia and has been a UNESCO City of Crafts and Folk Art "
            "since 11 December 2015.",
        ),
        (
            "/country/se.html",
            "Sweden, in the UNESCO region Europe and North America, has 4 cities "
            "in the UNESCO Creative Cities Network. The first was Östersund, a member since 2010.",
        ),
        (
            "/country/cr.html?lang=sv",
            "Costa Rica, i Unescos region Latinamerika och Karibien, har 1 stad i Unescos nätverk för kreativa städer. "
            "Det är San José, medlem sedan den 30 oktober 2019.",
        ),
        (
            "/round/2017.html",
            "64 cities in 44 countries were designated on 31 October 2017. "
            "The network then had 180 members in 72 countries.",
        ),
        (
            "/round/2025.html",
            "56 cities in 47 countries were designated on 31 October 2025. 58 were announced. "
            "The network then had 406 members in 108 countries.",
        ),
        (
            "/round/2008.html?lang=sv",
            "7 städer i 6 länder utnämndes år 2008. Nätverket hade därefter 16 medlemmar i 13 länder.",
        ),
        (
            "/conference/2024.html",
            "The annual conference of the UNESCO Creative Cities Network was held in Braga, Portugal, "
            "from 1 July 2024 to 5 July 2024. It is number 16 in the list of conferences.",
        ),
        (
            "/designation/lyon-media-arts.html",
            "Lyon in France was a UNESCO City of Media Arts from 2008 to 31 October 2023. "
            "Designated in: Admissions of 2008.",
        ),
        (
            "/network.html",
            "Founded in 2004, the network has 406 member cities in 108 countries and 8 creative fields.",
        ),
    ],
)
def test_a_page_begins_with_a_sentence_made_of_the_data(client: FlaskClient, path: str, said: str) -> None:
    assert lead(client, path) == said


def test_the_sentence_of_a_page_is_its_description_for_others(client: FlaskClient) -> None:
    text = page(client, "/city/norrkoping.html")
    sentence = "Norrköping is a city in Sweden and has been a UNESCO City of Music since 31 October 2017."
    for attribute in ('name="description"', 'property="og:description"'):
        assert f'<meta {attribute} content="{sentence}' in text
    assert '<link rel="canonical" href="https://w3id.org/creative-cities/city/norrkoping.html">' in text
    assert 'property="og:image" content="https://w3id.org/creative-cities/card.png"' in text


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    """A network with members that have left, that have two fields, and that never were."""
    root = tmp_path_factory.mktemp("few")
    shutil.copytree(ROOT / "ontology", root / "ontology")
    (root / "data").mkdir()
    (root / "data" / "members.ttl").write_text(MEMBERS, "utf-8")
    dataset = load(root)
    engine = Embedded(dataset, workers=1)
    yield create_app(dataset=dataset, engine=engine).test_client()
    engine.close()


@pytest.mark.parametrize(
    ("city", "said"),
    [
        (
            "gone",
            "Gone is a city in Exland. It was a UNESCO City of Film from March 2011 to 30 October 2019. "
            "It is not a member now.",
        ),
        (
            "twice",
            "Twice is a city in Exland and has been a UNESCO City of Film since 2012. "
            "It has also been a City of Music since 11 December 2015.",
        ),
        ("never", "Never is a city in Whyland."),
    ],
)
def test_a_city_that_left_or_has_two_fields_or_none_is_told_as_it_is(few: FlaskClient, city: str, said: str) -> None:
    assert lead(few, f"/city/{city}.html") == said


def test_what_is_not_known_is_left_out(few: FlaskClient) -> None:
    text = page(few, "/city/nowhere.html")
    assert "<h1>Nowhere</h1>" in text
    assert "is a city in" not in text
    assert "<circle" not in text
    assert "has no city in the UNESCO" not in page(few, "/country/xx.html")
