"""Small roots with things to link, and the world of items that stands beside them."""

from pathlib import Path

from wikidata_server import World, claim

PREFIXES = """@prefix ccn: <https://w3id.org/creative-cities/ontology#> .
@prefix city: <https://w3id.org/creative-cities/city/> .
@prefix country: <https://w3id.org/creative-cities/country/> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix field: <https://w3id.org/creative-cities/field/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix schema: <https://schema.org/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix source: <https://w3id.org/creative-cities/source/> .
@prefix wd: <http://www.wikidata.org/entity/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""
SETTLEMENT, COUNTRY = "Q486972", "Q6256"


def city(slug: str, name: str, country: str, latitude: float, longitude: float, more: str = "") -> str:
    return f"""
city:{slug} a ccn:CreativeCity ; rdfs:label "{name}"@en , "{name}"@sv ; ccn:country country:{country} ;
    ccn:coordinates city:{slug}\\#geo {more} .
city:{slug}\\#geo schema:latitude {latitude} ; schema:longitude {longitude} .
"""


def link(thing: str, item: str, property: str = "owl:sameAs") -> str:
    return f"\n{thing} {property} wd:{item} .\n"


def country(slug: str, item: str) -> str:
    return f'\ncountry:{slug} a ccn:Country ; rdfs:label "{slug.upper()}"@en ; owl:sameAs wd:{item} .\n'


def write(root: Path, *parts: str) -> Path:
    """A root with these facts in one file."""
    (root / "data").mkdir(parents=True)
    (root / "data" / "facts.ttl").write_text(PREFIXES + "".join(parts), "utf-8")
    return root


def unlinked(root: Path) -> Path:
    """Norrköping, two Granadas (one of them linked), and a field."""
    geonames = "; owl:sameAs <https://sws.geonames.org/2688368/>"
    return write(
        root,
        country("se", "Q34"), country("es", "Q29"), country("ni", "Q811"),
        city("norrkoping", "Norrköping", "se", 58.59419, 16.1826, geonames),
        city("granada", "Granada", "es", 37.18817, -3.60667),
        city("granada-nicaragua", "Granada", "ni", 11.92988, -85.95602), link("city:granada-nicaragua", "Q734"),
        '\nfield:music a ccn:CreativeField ; rdfs:label "Music"@en , "Musik"@sv .\n',
    )  # fmt: skip


def world() -> World:
    """Items for `unlinked`, with a district that shares a name, and a ship."""
    made = World()
    made.add("Q34", {"en": "SE"}, types=(COUNTRY,))
    made.add("Q29", {"en": "ES"}, types=(COUNTRY,))
    made.add("Q811", {"en": "NI"}, types=(COUNTRY,))
    made.add("Q25724", {"en": "Norrköping", "sv": "Norrköping", "ja": "ノーショーピング"}, claim("P17", "Q34"),
             claim("P625", (58.6, 16.2)), claim("P1566", "2688368"), types=(SETTLEMENT,))  # fmt: skip
    made.add("Q999001", {"en": "Norrköping Symphony Orchestra"}, claim("P17", "Q34"))
    made.add("Q999002", {"en": "Norrköping"}, claim("P17", "Q34"), claim("P31", "Q11446"))
    made.add("Q8810", {"en": "Granada", "es": "Granada"}, claim("P17", "Q29"), claim("P625", (37.178, -3.6008)),
             types=(SETTLEMENT,))  # fmt: skip
    made.add("Q734", {"en": "Granada"}, claim("P17", "Q811"), claim("P625", (11.93, -85.956)), types=(SETTLEMENT,))
    made.add("Q638", {"en": "music", "sv": "musik"})
    return made
