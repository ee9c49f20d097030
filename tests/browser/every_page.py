"""One address of each kind of page."""

from urllib.parse import quote

QUERY = quote("SELECT ?city ?name WHERE { ?city a ccn:CreativeCity ; rdfs:label ?name } ORDER BY ?name LIMIT 20")
PREFIXES = quote(
    "PREFIX ccn: <https://w3id.org/creative-cities/ontology#>\nPREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>\n"
)

PAGES = {
    "home": "/",
    "home in Swedish": "/?lang=sv",
    "explore": "/explore",
    "explore, narrowed": "/explore?field=music&q=no",
    "map": "/map",
    "map on a day": "/map?field=music&at=2017-12-31",
    "statistics": "/statistics",
    "cities": "/cities",
    "countries": "/countries",
    "fields": "/fields",
    "rounds": "/rounds",
    "conferences": "/conferences",
    "regions": "/regions",
    "sources": "/sources",
    "city": "/city/norrkoping.html",
    "city that changed field": "/city/lyon.html",
    "city in Swedish": "/city/norrkoping.html?lang=sv",
    "country": "/country/se.html",
    "field": "/field/music.html",
    "region": "/region/arab-states.html",
    "round": "/round/2017.html",
    "round with a gap": "/round/2021.html",
    "conference": "/conference/2024.html",
    "source": "/source/uccn-tables.html",
    "designation": "/designation/norrkoping-music.html",
    "network": "/network.html",
    "dataset": "/dataset.html",
    "ontology": "/ontology.html",
    "shapes": "/shapes.html",
    "links": "/links",
    "names": "/reconcile/table",
    "query": "/sparql",
    "query with a result": f"/sparql?query={PREFIXES}{QUERY}",
    "query with an error": "/sparql?query=SELECT%20*%20WHERE%20%7B",
    "queries": "/queries/",
    "a query": "/queries/members-by-field",
    "downloads": "/downloads",
    "validation": "/validation",
    "short links": "/q/",
    "preview of a thing": "/reconcile/preview?id=city/norrkoping",
    "nothing": "/nothing-here",
    "a parameter that nobody knows": "/cities?colour=red",
}
"""By kind: the address."""
