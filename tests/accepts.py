"""Accept headers as clients really send them, and what each is given at each kind of address.

A row is who sends it, the header (None: not sent), and the answers in the order of `PLACES`: the format, or 406.
"""

PLACES = ("home", "thing", "vocabulary", "list", "select", "construct", "error")

ROWS: list[tuple[str, str | None, str]] = [
    ("urllib, Go, libwww-perl", None, "html html ttl html json ttl problem"),
    ("a client with an empty header", "", "html html ttl html json ttl problem"),
    ("a client with nothing but commas", " , ,", "html html ttl html json ttl problem"),
    ("curl, wget, requests, Postman, bingbot", "*/*", "html html ttl html json ttl problem"),
    ("Ruby's open-uri", "*/*;q=0.6", "html html ttl html json ttl problem"),
    (
        "Java's URLConnection",
        "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2",
        "html html html html html html html",
    ),
    (
        "Firefox, Safari",
        "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "html html html html html html html",
    ),
    (
        "Firefox 92",
        "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
        "html html html html html html html",
    ),
    (
        "Firefox 128",
        "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/png,image/svg+xml,*/*;q=0.8",
        "html html html html html html html",
    ),
    (
        "Chrome",
        "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,"
        "application/signed-exchange;v=b3;q=0.7",
        "html html html html html html html",
    ),
    (
        "Googlebot",
        "text/html,application/xhtml+xml,application/signed-exchange;v=b3,application/xml;q=0.9,*/*;q=0.8",
        "html html html html html html html",
    ),
    ("Edge 18", "text/html, application/xhtml+xml, image/jxr, */*", "html html html html html html html"),
    (
        "Internet Explorer 8",
        "image/jpeg, application/x-ms-application, image/gif, application/xaml+xml, image/pjpeg,"
        " application/x-ms-xbap, application/msword, */*",
        "html html ttl html json ttl problem",
    ),
    (
        "Opera 12",
        "text/html, application/xml;q=0.9, application/xhtml+xml, image/png, image/webp, image/jpeg,"
        " image/gif, image/x-xbitmap, */*;q=0.1",
        "html html html html html html html",
    ),
    (
        "Lynx",
        "text/html, text/plain, text/sgml, text/css, application/xhtml+xml, */*;q=0.01",
        "html html html html html html html",
    ),
    ("w3m", "text/html, text/*;q=0.5, image/*, application/*", "html html html html html html html"),
    (
        "an old telephone",
        "application/xhtml+xml, application/vnd.wap.xhtml+xml;q=0.9",
        "html html html html html html html",
    ),
    (
        "a browser's <img>",
        "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8",
        "html html ttl html json ttl problem",
    ),
    ("Safari's <img>", "image/webp,image/avif,image/png,image/svg+xml,image/*;q=0.8", "406 406 406 406 406 406 text"),
    ("a browser's <link>", "text/css,*/*;q=0.1", "html html ttl html json ttl problem"),
    ("jQuery", "application/json, text/javascript, */*; q=0.01", "html json json json json ttl problem"),
    ("axios", "application/json, text/plain, */*", "html json json json json ttl problem"),
    ("httr", "application/json, text/xml, application/xml, */*", "rdf json json json json rdf problem"),
    ("OpenRefine", "application/json", "406 json json json json 406 problem"),
    (
        "rdflib",
        "text/turtle, application/rdf+xml;q=0.9, application/n-triples;q=0.9, text/n3;q=0.8,"
        " application/ld+json;q=0.7, text/html;q=0.5, */*;q=0.1",
        "ttl ttl ttl ttl json ttl html",
    ),
    ("rdflib asked for RDF/XML", "application/rdf+xml,*/*;q=0.1", "rdf rdf rdf rdf json rdf problem"),
    ("rdflib asked for N3", "text/n3,*/*;q=0.1", "ttl ttl ttl ttl json ttl problem"),
    ("SPARQLStore of rdflib", "application/sparql-results+xml, application/rdf+xml", "rdf rdf rdf rdf xml rdf text"),
    (
        "SPARQLWrapper for JSON",
        "application/sparql-results+json,application/json,text/javascript,application/javascript",
        "406 json json json json 406 problem",
    ),
    ("SPARQLWrapper for XML", "application/sparql-results+xml", "406 406 406 406 xml 406 text"),
    ("SPARQLWrapper for Turtle", "application/turtle,text/turtle", "ttl ttl ttl ttl 406 ttl text"),
    (
        "SPARQLWrapper for JSON-LD",
        "application/ld+json,application/x-json+ld",
        "jsonld jsonld jsonld jsonld 406 jsonld text",
    ),
    ("SPARQLWrapper for CSV", "text/csv", "406 406 406 csv csv 406 text"),
    ("SPARQLWrapper for TSV", "text/tab-separated-values", "406 406 406 406 tsv 406 text"),
    (
        "Jena's models",
        "text/turtle,application/n-triples;q=0.9,application/ld+json;q=0.8,application/rdf+xml;q=0.7,"
        "application/trix+xml;q=0.2,*/*;q=0.1",
        "ttl ttl ttl ttl json ttl problem",
    ),
    (
        "Jena's datasets",
        "application/trig,application/n-quads;q=0.9,application/ld+json;q=0.8,text/turtle;q=0.5,*/*;q=0.1",
        "jsonld jsonld jsonld jsonld json trig problem",
    ),
    (
        "Jena's results",
        "application/sparql-results+json, application/sparql-results+xml;q=0.9,"
        " text/tab-separated-values;q=0.7, text/csv;q=0.5, application/json;q=0.2, application/xml;q=0.2,"
        " */*;q=0.1",
        "rdf json json csv json rdf problem",
    ),
    (
        "RDF4J's results",
        "application/x-binary-rdf-results-table;q=0.8, application/sparql-results+json;q=0.8,"
        " application/json;q=0.8, application/sparql-results+xml;q=0.8, application/xml;q=0.8,"
        " text/tab-separated-values;q=0.8, text/csv;q=0.8",
        "rdf json json json json rdf problem",
    ),
    (
        "RDF4J's graphs",
        "application/x-binary-rdf;q=0.9, application/trig;q=0.8, text/turtle, application/n-triples;q=0.7,"
        " application/rdf+xml;q=0.5",
        "ttl ttl ttl ttl 406 ttl text",
    ),
    (
        "RDF4J's truth values",
        "text/boolean,application/sparql-results+xml;q=0.8,application/sparql-results+json;q=0.7",
        "406 406 406 406 xml 406 text",
    ),
    (
        "Comunica",
        "application/n-quads,application/trig;q=0.95,application/ld+json;q=0.9,application/n-triples;q=0.8,"
        "text/turtle;q=0.6,application/rdf+xml;q=0.5,text/n3;q=0.35,application/xml;q=0.3,"
        "image/svg+xml;q=0.3,text/html;q=0.2,application/xhtml+xml;q=0.18",
        "jsonld jsonld jsonld jsonld xml nq html",
    ),
    (
        "Comunica's results",
        "application/sparql-results+json;q=1.0,application/sparql-results+xml;q=0.7,text/turtle",
        "ttl ttl ttl ttl json ttl text",
    ),
    (
        "rdflib.js",
        "image/*;q=0.9, */*;q=0.1, application/rdf+xml;q=0.9, application/xhtml+xml, text/xml;q=0.5,"
        " application/xml;q=0.5, text/html;q=0.9, text/plain;q=0.5, text/n3;q=1.0, text/turtle;q=1",
        "ttl ttl ttl ttl xml ttl html",
    ),
    (
        "Tabulator",
        "application/rdf+xml, application/xhtml+xml;q=0.3, text/xml;q=0.2, application/xml;q=0.2,"
        " text/html;q=0.3, text/plain;q=0.1, text/n3, text/rdf+n3;q=0.5, application/x-turtle;q=0.2,"
        " text/turtle;q=1",
        "ttl ttl ttl ttl xml ttl html",
    ),
    (
        "the OWL API, Protégé",
        "application/rdf+xml, application/xml; q=0.7, text/xml; q=0.6, text/plain; q=0.1, */*; q=0.09",
        "rdf rdf rdf rdf xml rdf text",
    ),
    (
        "rapper",
        "application/rdf+xml, text/rdf;q=0.6, text/turtle, application/x-turtle, application/turtle,"
        " text/n3;q=0.3, application/n-triples, application/json;q=0.2, */*;q=0.1",
        "ttl ttl ttl ttl json ttl problem",
    ),
    (
        "RDF.rb",
        "text/turtle, text/rdf+turtle, application/turtle, application/x-turtle, application/n-triples,"
        " text/plain;q=0.2, application/n-quads, text/x-nquads;q=0.2, application/ld+json,"
        " application/rdf+xml, text/html;q=0.5, application/xhtml+xml;q=0.7, */*;q=0.1",
        "ttl ttl ttl ttl json ttl html",
    ),
    (
        "dotNetRDF",
        "application/rdf+xml,text/xml,application/xml,text/turtle,application/x-turtle,application/turtle,"
        "text/n3,text/rdf+n3,application/json,text/json,application/n-triples,text/plain,*/*;q=0.5",
        "ttl ttl ttl ttl json ttl problem",
    ),
    ("PyLD", "application/ld+json, application/json;q=0.5", "jsonld jsonld jsonld jsonld json jsonld problem"),
    (
        "PyLD that reads pages",
        "application/ld+json;profile=http://www.w3.org/ns/json-ld#context, application/ld+json,"
        " application/json;q=0.5, text/html;q=0.8, application/xhtml+xml;q=0.8",
        "jsonld jsonld jsonld jsonld json jsonld html",
    ),
    (
        "Mastodon",
        'application/activity+json, application/ld+json; profile="https://www.w3.org/ns/activitystreams"',
        "jsonld jsonld jsonld jsonld 406 jsonld text",
    ),
    (
        "F-UJI",
        "text/turtle, application/turtle, application/x-turtle;q=0.8, text/n3, text/rdf+n3,"
        " application/ld+json, application/rdf+xml, application/xml;q=0.5, text/html;q=0.1",
        "ttl ttl ttl ttl xml ttl html",
    ),
    (
        "F-UJI for JSON-LD",
        'application/ld+json;profile="http://www.w3.org/ns/json-ld#flattened", application/json;q=0.5',
        "jsonld jsonld jsonld jsonld json jsonld problem",
    ),
    ("YASGUI", "application/sparql-results+json,*/*;q=0.9", "html html ttl html json ttl problem"),
    (
        "GraphDB's workbench",
        "application/x-sparqlstar-results+json, application/sparql-results+json;q=0.9, */*;q=0.8",
        "html html ttl html json ttl problem",
    ),
    (
        "a feed reader",
        "application/rss+xml, application/rdf+xml;q=0.8, application/atom+xml;q=0.6, application/xml;q=0.4,"
        " text/xml;q=0.4",
        "rdf rdf rdf rdf xml rdf text",
    ),
    ("QGIS", "application/geo+json, application/json;q=0.8", "406 json json geojson json 406 problem"),
    ("a spreadsheet", "text/csv; header=present, text/plain;q=0.5", "406 406 406 csv csv 406 text"),
    ("a client with a charset", "text/turtle;charset=utf-8", "ttl ttl ttl ttl 406 ttl text"),
    (
        "a client with quoted commas",
        'application/ld+json;profile="a,b;q=0";q=0.9,text/html;q=0.1',
        "jsonld jsonld jsonld jsonld 406 jsonld html",
    ),
    ("a client that wants no HTML", "text/html;q=0, */*", "ttl ttl ttl ttl json ttl problem"),
    ("a client that wants nothing", "*/*;q=0", "406 406 406 406 406 406 text"),
    (
        "a client with a bad q",
        "text/html;q=2, text/turtle;q=high, application/rdf+xml;q=0.1",
        "rdf rdf rdf rdf 406 rdf text",
    ),
    ("a client in capitals", "TEXT/TURTLE;Q=0.9, Text/Html;q=0.1", "ttl ttl ttl ttl 406 ttl html"),
    ("a client with old names", "application/x-turtle, application/rdf;q=0.5", "ttl ttl ttl ttl 406 ttl text"),
    ("a client of plain text", "text/plain", "406 406 406 406 406 406 text"),
    ("a client of pictures", "image/png", "406 406 406 406 406 406 text"),
    ("a client of nonsense", "turtle", "406 406 406 406 406 406 text"),
]
