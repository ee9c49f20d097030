"""python -m bench.clients: what other people's tools read from a running site, each in its own way. Without an address
it starts the server of this checkout. Comunica is fetched from npm into a temporary folder with --npm, or taken from
the folder that --comunica names."""

import argparse
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.crawl import started

COMUNICA = "@comunica/query-sparql@4.5.0"
PATIENCE = 300.0
CCN = "https://w3id.org/creative-cities/ontology#"
CITY = "https://w3id.org/creative-cities/city/norrkoping"
LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
MEMBERS = f"SELECT (COUNT(DISTINCT ?city) AS ?n) WHERE {{ ?city <{CCN}currentField> ?field }}"


class Misread(Exception):
    """A tool read something else than what is there, or nothing."""


@dataclass(frozen=True)
class Site:
    """A running site: its address with a slash at the end, and the folder of Comunica, if there is one."""

    url: str
    comunica: Path | None = None

    @property
    def members(self) -> int:
        """How many cities are members now, as its own results say."""
        body = run("curl", "-sS", "--get", "--data-urlencode", f"query={MEMBERS}", self.url + "sparql")
        return int(json.loads(body)["results"]["bindings"][0]["n"]["value"])


def run(*command: str, text: str | None = None, **environment: str) -> str:
    """What a command prints. Raises `Misread` with its words when it fails."""
    done = subprocess.run(
        command, input=text, capture_output=True, encoding="utf-8", timeout=PATIENCE, env={**os.environ, **environment}
    )
    if done.returncode:
        raise Misread(f"{Path(command[0]).name} says: {(done.stderr or done.stdout).strip()[-500:]}")
    return done.stdout


def same(what: str, found: object, expected: object) -> str:
    """A line that says what was read. Raises `Misread` when it is something else than expected."""
    if found != expected:
        raise Misread(f"{what}: {found!r} instead of {expected!r}")
    return f"{what}: {found}"


def curl(site: Site) -> Iterator[str]:
    """Redirects, negotiation, conditional requests, compression, queries by GET and POST, tables."""
    for accept, media_type in (
        ("text/turtle", "text/turtle"),
        ("application/rdf+xml;q=0.9, application/ld+json", "application/ld+json"),
        ("application/json", "application/json"),
        ("*/*", "text/html"),
    ):
        found = run("curl", "-sSL", "-o", "/dev/null", "-w", "%{content_type} %{http_code} %{num_redirects}",
                    "-H", f"Accept: {accept}", site.url + "city/norrkoping")  # fmt: skip
        kind, _, status = found.partition(" ")
        yield same(f"curl -L -H 'Accept: {accept}' /city/norrkoping", kind.rstrip(";"), media_type)
        yield same("  status and redirects", status.removeprefix("charset=utf-8 "), "200 1")
    head = run("curl", "-sSI", site.url + "city/norrkoping.ttl")
    tag = re.search(r"(?im)^etag: (\S+)", head)
    again = run("curl", "-sS", "-o", "/dev/null", "-w", "%{http_code} %{size_download}",
                "-H", f"If-None-Match: {tag[1] if tag else ''}", site.url + "city/norrkoping.ttl")  # fmt: skip
    yield same("curl with the ETag of the first visit: status and bytes", again, "304 0")
    whole = run("curl", "-sS", site.url + "city/norrkoping.ttl")
    packed = run("curl", "-sS", "--compressed", site.url + "city/norrkoping.ttl")
    yield same("curl --compressed gives the same text", packed == whole, True)
    asked = run("curl", "-sS", "--data-urlencode", f"query=ASK {{ <{CITY}> a <{CCN}CreativeCity> }}",
                "-H", "Accept: text/csv", site.url + "sparql")  # fmt: skip
    yield same("curl --data-urlencode query=ASK…", asked.strip(), "true")
    table = run("curl", "-sS", site.url + "cities.csv?field=music&country=se")
    yield same("curl /cities.csv?field=music&country=se has Norrköping", "Norrköping" in table, True)


def rapper(site: Site) -> Iterator[str]:
    """Raptor reads three syntaxes of one document, and finds them by negotiation too."""
    counts = set()
    for syntax, suffix in (("turtle", "ttl"), ("ntriples", "nt"), ("rdfxml", "rdf")):
        lines = run("rapper", "-q", "-i", syntax, "-o", "ntriples", f"{site.url}city/norrkoping.{suffix}").splitlines()
        counts.add(len(set(lines)))
        yield f"rapper -i {syntax} /city/norrkoping.{suffix}: {len(set(lines))} triples"
    yield same("  the same number in all three", len(counts), 1)
    lines = run("rapper", "-q", "-g", "-o", "ntriples", f"{site.url}city/norrkoping").splitlines()
    yield same("rapper -g /city/norrkoping (by its Accept): triples", len(set(lines)), counts.pop())


def rdflib(site: Site) -> Iterator[str]:
    """rdflib follows a thing to its document, reads every syntax and the tidy JSON, and asks the endpoint."""
    code = """
import sys, warnings
warnings.simplefilter("ignore")
from rdflib import Graph, URIRef
from rdflib.compare import isomorphic
from rdflib.plugins.stores.sparqlstore import SPARQLStore
url, city, members = sys.argv[1:]
graph = Graph().parse(url + "city/norrkoping")
print("Graph().parse('/city/norrkoping'): triples", len(graph))
for suffix, syntax in (("ttl", "turtle"), ("nt", "nt"), ("rdf", "xml"), ("jsonld", "json-ld"), ("json", "json-ld")):
    same = isomorphic(graph, Graph().parse(f"{url}city/norrkoping.{suffix}", format=syntax))
    print(f"parse('/city/norrkoping.{suffix}'): isomorphic", same)
print("SPARQLStore: member cities", next(iter(SPARQLStore(url + "sparql").query(members)))[0])
facts = list(Graph(SPARQLStore(url + "sparql")).triples((URIRef(city), None, None)))
print("SPARQLStore: more than twenty facts about the city", len(facts) > 20)
"""
    lines = run(sys.executable, "-c", code, site.url, CITY, MEMBERS).splitlines()
    yield from lines
    yield same("  all isomorphic", sum(line.endswith("isomorphic True") for line in lines), 5)
    yield same("  members, of the store", lines[-2].rpartition(" ")[2], str(site.members))
    yield same("  facts, of the store", lines[-1].rpartition(" ")[2], "True")


def pandas(site: Site) -> Iterator[str]:
    """pandas makes tables of the list as CSV, of results as CSV, and of the tidy JSON."""
    code = """
import sys
import pandas
url, members = sys.argv[1:]
cities = pandas.read_csv(url + "cities.csv?per_page=1000")
print("read_csv('/cities.csv'): rows", len(cities), "columns", *cities.columns)
from urllib.parse import quote
print("read_csv of a query: member cities", pandas.read_csv(f"{url}sparql?format=csv&query={quote(members)}")["n"][0])
items = pandas.json_normalize(pandas.read_json(url + "cities.json?per_page=1000", typ="series")["items"])
print("read_json('/cities.json'): items", len(items))
"""
    lines = run(sys.executable, "-c", code, site.url, MEMBERS).splitlines()
    yield from lines
    yield same("  members, of the results", lines[1].rpartition(" ")[2], str(site.members))
    yield same("  as many items as rows", lines[2].rpartition(" ")[2], lines[0].split()[2])


def comunica(site: Site) -> Iterator[str]:
    """Comunica asks the endpoint, and follows a thing to its document to query that."""
    binary = str((site.comunica or Path()) / "node_modules" / ".bin" / "comunica-sparql")
    rows = json.loads(run(binary, f"sparql@{site.url}sparql", MEMBERS, "-t", "application/sparql-results+json"))
    yield same(
        "comunica-sparql /sparql: member cities", int(rows["results"]["bindings"][0]["n"]["value"]), site.members
    )
    for source in ("city/norrkoping", "city/norrkoping.jsonld", "city/norrkoping.rdf", "city/norrkoping.json"):
        query = f"SELECT ?name WHERE {{ <{CITY}> <{LABEL}> ?name FILTER(LANG(?name) = 'sv') }}"
        rows = json.loads(run(binary, site.url + source, query, "-t", "application/sparql-results+json"))
        names = {row["name"]["value"] for row in rows["results"]["bindings"]}
        yield same(f"comunica-sparql /{source}: its name in Swedish", ", ".join(names), "Norrköping")


CLIENTS: dict[str, Callable[[Site], Iterator[str]]] = {
    "curl": curl, "rapper": rapper, "rdflib": rdflib, "pandas": pandas, "comunica": comunica,
}  # fmt: skip


def missing(name: str, site: Site) -> str | None:
    """Why a tool is left out; None when it is there."""
    if name in ("curl", "rapper"):
        return None if shutil.which(name) else f"{name} is not installed"
    if name == "comunica":
        found = site.comunica and (site.comunica / "node_modules" / ".bin" / "comunica-sparql").exists()
        return None if found else "no folder has it; say --npm, or --comunica and a folder"
    return None if importlib.util.find_spec(name) else f"{name} is not installed beside this Python"


def fetched(folder: Path) -> Path | None:
    """The folder, with Comunica in it; None where npm or its registry is not to be had."""
    if not shutil.which("npm"):
        return None
    try:
        run("npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder), COMUNICA)
    except (Misread, subprocess.TimeoutExpired) as error:
        print(f"npm could not install {COMUNICA}: {error}")
        return None
    return folder


def main(arguments: list[str] | None = None) -> int:
    """Let each tool read, print what it read; the exit code is 1 when one misread."""
    made = argparse.ArgumentParser(prog="python -m bench.clients", description=__doc__)
    made.add_argument("url", nargs="?", help="where a site stands, with a slash at the end (default: one is started)")
    made.add_argument("--only", choices=CLIENTS, help="one tool")
    made.add_argument("--comunica", type=Path, metavar="DIR", help="a folder in which npm has installed Comunica")
    made.add_argument("--npm", action="store_true", help="install Comunica into a temporary folder first")
    given = made.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="clients-") as name:
        comunica = fetched(Path(name)) if given.npm else given.comunica
        process, url = (None, given.url) if given.url else started()
        try:
            return report(Site(url, comunica), [given.only] if given.only else list(CLIENTS))
        finally:
            if process:
                process.terminate()
                process.wait(15)


def report(site: Site, names: list[str]) -> int:
    """Print what each tool reads. 1 when one misread, else 0."""
    wrong = 0
    for name in names:
        print(f"\n{name}: {CLIENTS[name].__doc__}")
        if reason := missing(name, site):
            print(f"  left out: {reason}")
            continue
        try:
            for line in CLIENTS[name](site):
                print(f"  {line}")
        except Misread as error:
            wrong = 1
            print(f"  WRONG: {error}")
    return wrong


if __name__ == "__main__":
    sys.exit(main())
