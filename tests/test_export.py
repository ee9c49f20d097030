"""An export: the graph that is served in every syntax, the same bytes every time, nothing when it is not right."""

import csv
import gzip
import hashlib
import json
import random
import shutil
import sqlite3
import subprocess
from pathlib import Path

import pytest
import rdflib
from flask.testing import FlaskClient
from pyoxigraph import CanonicalizationAlgorithm, Quad, RdfFormat, parse, serialize
from pyoxigraph import Dataset as Quads

from citygraph import dataset as folders
from citygraph import distributions
from citygraph.dataset import Dataset
from export.__main__ import main
from export.dumps import write

ROOT = Path(__file__).parents[1]
LIGHTS = ROOT / "tests" / "roots" / "lighthouses"
HARBOURS = ROOT / "tests" / "roots" / "harbours"
GRAPHS = ("creative-cities", "data", "derived", "ontology", "shapes")
TABLES = ("cities", "conferences", "countries", "designations", "rounds")
SYNTAXES = (
    RdfFormat.TURTLE,
    RdfFormat.N_TRIPLES,
    RdfFormat.JSON_LD,
    RdfFormat.RDF_XML,
    RdfFormat.TRIG,
    RdfFormat.N_QUADS,
)
OXIGRAPH = {format.file_extension: format for format in SYNTAXES}
RDFLIB = {"ttl": "turtle", "nt": "nt", "jsonld": "json-ld", "rdf": "xml", "trig": "trig", "nq": "nquads"}
RAPPER = {"ttl": "turtle", "nt": "ntriples", "rdf": "rdfxml", "nq": "nquads"}


@pytest.fixture(scope="module")
def dist(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("export") / "dist"
    write(dataset, out)
    return out


def hashed(quads: object) -> tuple[str, int]:
    """The hash by RDFC-1.0 of a graph or of several, and their size."""
    made = Quads(quads)  # type: ignore[call-overload]
    made.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    lines = (serialize(made, format=RdfFormat.N_QUADS) or b"").splitlines(keepends=True)
    return hashlib.sha256(b"".join(sorted(lines))).hexdigest(), len(made)


def dumps() -> list[tuple[str, str]]:
    whole = [("creative-cities", suffix) for suffix in OXIGRAPH]
    return whole + [(name, suffix) for name in GRAPHS[1:] for suffix in ("ttl", "nt", "jsonld", "rdf")]


def test_the_files_are_there(dist: Path) -> None:
    expected = {f"{name}.{suffix}{packed}" for name, suffix in dumps() for packed in ("", ".gz")}
    expected |= {f"{name}.csv{end}" for name in TABLES for end in ("", ".gz", "-metadata.json")}
    expected |= {f"{name}{packed}" for name in ("cities.geojson", "creative-cities.sqlite") for packed in ("", ".gz")}
    expected |= {"void.ttl", "dcat.ttl", "manifest.json", "SHA256SUMS", "datasette-metadata.json"}
    assert expected <= {path.name for path in dist.iterdir()}


def test_the_checksums_are_true(dist: Path) -> None:
    checked = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=dist, capture_output=True, text=True, check=True)
    assert checked.stdout.count(": OK") == len(list(dist.iterdir())) - 1


def test_the_manifest_lists_every_file_as_it_is(dist: Path, dataset: Dataset) -> None:
    manifest = distributions.read(dist)
    named = {file.path for file in manifest.files}
    assert named == {path.name for path in dist.iterdir()} - {"manifest.json", "SHA256SUMS"}
    for file in manifest.files:
        content = (dist / file.path).read_bytes()
        assert (file.bytes, file.sha256) == (len(content), hashlib.sha256(content).hexdigest())
        if file.compress:
            assert gzip.decompress(content) == (dist / file.path.removesuffix(".gz")).read_bytes()
    assert {name: graph["triples"] for name, graph in manifest.graphs.items()} == dataset.counts
    assert manifest.hash == dataset.digest == hashlib.sha256((dist / "creative-cities.nq").read_bytes()).hexdigest()
    assert manifest.modified == "2026-11-22"
    assert manifest.validated is False, "nobody gave it a report"


@pytest.mark.parametrize("name", GRAPHS)
def test_each_dump_has_as_many_triples_as_the_endpoint_counts(name: str, dist: Path, client: FlaskClient) -> None:
    graph = f"<https://w3id.org/creative-cities/graph/{name}>"
    pattern = "?s ?p ?o" if name == "creative-cities" else f"GRAPH {graph} {{ ?s ?p ?o }}"
    query = f"SELECT (COUNT(*) AS ?n) {{ {pattern} }}"
    reply = client.get("/sparql", query_string={"query": query}, headers={"Accept": "text/csv"})
    counted = int(reply.get_data(as_text=True).split()[1])
    assert counted > 1000
    expected = hashed(parse(path=dist / f"{name}.nt", format=RdfFormat.N_TRIPLES))
    assert expected[1] == counted
    for suffix in ("ttl", "jsonld", "rdf"):
        assert hashed(parse(path=dist / f"{name}.{suffix}", format=OXIGRAPH[suffix])) == expected, suffix


def test_the_dump_has_what_the_default_graph_has(dist: Path, dataset: Dataset) -> None:
    dumped = {quad.triple for quad in parse(path=dist / "creative-cities.ttl", format=RdfFormat.TURTLE)}
    assert dumped == set(dataset.store.query("CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"))


def test_trig_has_the_graphs_that_the_quads_have(dist: Path, dataset: Dataset) -> None:
    found = hashed(parse(path=dist / "creative-cities.trig", format=RdfFormat.TRIG))
    assert found == (dataset.digest, sum(dataset.counts.values()))


@pytest.mark.skipif(shutil.which("rapper") is None, reason="rapper of Raptor is not installed")
@pytest.mark.parametrize(("name", "suffix"), [pair for pair in dumps() if pair[1] in RAPPER])
def test_rapper_reads_the_same_graph(name: str, suffix: str, dist: Path) -> None:
    quads = suffix == "nq"
    command = ["rapper", "-q", "-i", RAPPER[suffix], "-o", "nquads" if quads else "ntriples", dist / f"{name}.{suffix}"]
    ran = subprocess.run(command, capture_output=True, check=True)
    assert ran.stderr == b""
    source = dist / f"{name}.{'nq' if quads else 'nt'}"
    assert hashed(parse(ran.stdout, format=RdfFormat.N_QUADS)) == hashed(parse(path=source, format=RdfFormat.N_QUADS))


@pytest.mark.filterwarnings("ignore:Dataset.default_context", "ignore:.*:DeprecationWarning")
@pytest.mark.parametrize(("name", "suffix"), [("shapes", s) for s in ("ttl", "nt", "jsonld", "rdf")] + dumps()[:6])
def test_rdflib_reads_the_same_graph(name: str, suffix: str, dist: Path) -> None:
    quads = suffix in ("nq", "trig")
    graph = rdflib.Dataset() if quads else rdflib.Graph()
    graph.parse(dist / f"{name}.{suffix}", format=RDFLIB[suffix])
    read = graph.serialize(format="nquads" if quads else "nt", encoding="utf-8")
    source = dist / f"{name}.{'nq' if quads else 'nt'}"
    assert hashed(parse(read, format=RdfFormat.N_QUADS)) == hashed(parse(path=source, format=RdfFormat.N_QUADS))


def test_two_exports_are_the_same_bytes_whatever_the_order_of_the_files(
    dist: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = folders.files

    def shuffled(root: Path, part: str) -> list[Path]:
        return random.Random(7).sample(paths := found(root, part), len(paths))  # noqa: S311

    shutil.copytree(ROOT, tmp_path / "elsewhere", ignore=shutil.ignore_patterns(".*", "tests", "bench", "dist"))
    monkeypatch.setattr(folders, "files", shuffled)
    again = write(folders.load(tmp_path / "elsewhere"), tmp_path / "again", processes=1)
    assert [path.name for path in again] == sorted(path.name for path in dist.iterdir())
    for path in again:
        assert path.read_bytes() == (dist / path.name).read_bytes(), path.name


def test_turtle_tells_what_it_is_and_gathers_things_by_class(dist: Path) -> None:
    text = (dist / "creative-cities.ttl").read_text("utf-8")
    head = text[: text.index("@prefix")]
    assert "Creative Cities Graph, version 2026.11.22" in head
    assert "https://creativecommons.org/licenses/by/4.0/" in head
    sections = [line for line in text.splitlines() if line.startswith("# ")][3:]
    assert sections[0] == "# dcat:Dataset: 1"
    assert "# ccn:CreativeCity, creative city: 406" in sections
    declared = {line.split()[1] for line in text.splitlines() if line.startswith("@prefix")}
    assert "vcard:" not in declared
    city = text.split("\ncity:norrkoping\n")[1].split("\n    .\n")[0].splitlines()
    assert [line.split()[0] for line in city[:3]] == ["a", "rdfs:label", "rdfs:label"]


def test_json_ld_is_one_thing_a_line(dist: Path) -> None:
    first, *lines, last = (dist / "data.jsonld").read_text("utf-8").splitlines()
    assert '"@graph":[' in lines.pop(0)
    assert last == "]}"
    assert first.startswith('{"@context":{')
    [city] = [found for line in lines if (found := json.loads(line.rstrip(",")))["id"].endswith("/city/norrkoping")]
    assert city["type"] == ["CreativeCity"]
    assert city["label"]["sv"] == "Norrköping"


@pytest.mark.parametrize("name", TABLES)
def test_each_table_is_the_same_in_csv_and_in_the_database(name: str, dist: Path) -> None:
    with (dist / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    database = sqlite3.connect(dist / "creative-cities.sqlite")
    found = database.execute(f"SELECT * FROM {name} ORDER BY rowid")  # noqa: S608
    assert [column[0] for column in found.description] == head
    for row, cells in zip(found.fetchall(), rows, strict=True):
        for value, cell in zip(row, cells, strict=True):
            assert (float(cell) if isinstance(value, float) else cell) == ("" if value is None else value) or (
                str(value) == cell
            )
    described = json.loads((dist / f"{name}.csv-metadata.json").read_text("utf-8"))
    assert described["url"] == f"{name}.csv"
    assert [column["name"] for column in described["tableSchema"]["columns"]] == head
    database.close()


def test_the_database_knows_what_refers_to_what(dist: Path) -> None:
    database = sqlite3.connect(dist / "creative-cities.sqlite")
    refers = {(row[3], row[2]) for row in database.execute("PRAGMA foreign_key_list(designations)")}
    assert refers == {("city", "cities"), ("country", "countries"), ("round", "rounds")}
    assert database.execute("PRAGMA foreign_key_check").fetchall() == []
    text = """SELECT c.cityLabel FROM designations d JOIN cities c USING (city) JOIN rounds r USING (round)
        WHERE r.year = '2017' AND d.fieldLabel = 'Music' AND c.isoAlpha2 = 'SE'"""
    assert database.execute(text).fetchall() == [("Norrköping",)]
    assert dict(database.execute("SELECT * FROM metadata"))["version"] == "2026.11.22"
    database.close()


def test_the_map_has_the_cities(dist: Path) -> None:
    found = json.loads((dist / "cities.geojson").read_text("utf-8"))
    [city] = [f for f in found["features"] if f["id"].endswith("/city/norrkoping")]
    assert city["geometry"] == {"type": "Point", "coordinates": [16.17869, 58.59543]}
    assert city["properties"]["fieldLabel"] == "Music"
    assert len(found["features"]) == 406


def test_the_description_has_true_sizes_and_checksums(dist: Path) -> None:
    graph = rdflib.Graph().parse(dist / "dcat.ttl")
    dcat, spdx = rdflib.Namespace("http://www.w3.org/ns/dcat#"), rdflib.Namespace("http://spdx.org/rdf/terms#")
    sizes = 0
    for one, size in graph.subject_objects(dcat.byteSize):
        content = (dist / str(graph.value(one, dcat.downloadURL)).rpartition("/")[2]).read_bytes()
        value = graph.value(graph.value(one, spdx.checksum), spdx.checksumValue)
        assert (int(size), str(value).lower()) == (len(content), hashlib.sha256(content).hexdigest())
        sizes += 1
    assert sizes > 50
    void = rdflib.Graph().parse(dist / "void.ttl")
    [triples] = void.objects(rdflib.URIRef("https://w3id.org/creative-cities/dataset"), rdflib.VOID.triples)
    assert int(triples) == 45057


def test_nothing_is_written_when_validation_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "dist"
    out.mkdir()
    (out / "old").write_text("kept", "utf-8")
    assert main(["--root", str(LIGHTS), "--out", str(out)]) == 1
    assert "Nothing was written" in capsys.readouterr().err
    assert [path.name for path in out.iterdir()] == ["old"]


def test_an_export_that_nobody_validated_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--root", str(LIGHTS), "--out", str(tmp_path / "dist"), "--unvalidated"]) == 0
    assert "not validated" in capsys.readouterr().err
    assert distributions.read(tmp_path / "dist").validated is False


def test_some_syntaxes_are_enough(tmp_path: Path, dataset: Dataset) -> None:
    assert (
        main(["--root", str(LIGHTS), "--out", str(tmp_path / "dist"), "--unvalidated", "--syntaxes", "trig,rdf"]) == 0
    )
    manifest = distributions.read(tmp_path / "dist")
    suffixes = {file.path.split(".", 3 if file.path.startswith("lights") else 1)[-1] for file in manifest.files}
    assert suffixes == {"trig", "trig.gz", "rdf", "rdf.gz", "ttl"}, "what describes it is Turtle"
    assert manifest.hash == folders.load(LIGHTS).digest, "though there are no N-Quads"
    trig = tmp_path / "dist" / "lights.example.org.trig"
    assert hashed(parse(path=trig, format=RdfFormat.TRIG))[0] == manifest.hash


def test_an_unknown_syntax_is_refused_with_those_that_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--syntaxes", "ttl,hdt"])
    assert "such as ttl,nq" in capsys.readouterr().err


@pytest.mark.parametrize("root", [LIGHTS, HARBOURS], ids=["lights", "harbours"])
def test_a_root_of_another_vocabulary_exports_too(root: Path, tmp_path: Path) -> None:
    copy, out = tmp_path / "root", tmp_path / "dist"
    shutil.copytree(root, copy)
    shutil.rmtree(copy / "shapes", ignore_errors=True)
    assert main(["--root", str(copy), "--out", str(out)]) == 0
    manifest = distributions.read(out)
    assert manifest.validated is True
    whole = hashed(parse(path=out / f"{manifest.name}.nt", format=RdfFormat.N_TRIPLES))
    for suffix in ("ttl", "jsonld", "rdf"):
        assert hashed(parse(path=out / f"{manifest.name}.{suffix}", format=OXIGRAPH[suffix])) == whole, suffix
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_root_with_nothing_but_shapes_exports_too(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    shutil.copytree(LIGHTS / "shapes", tmp_path / "root" / "shapes")
    assert main(["--root", str(tmp_path / "root"), "--out", str(tmp_path / "dist")]) == 0
    manifest = distributions.read(tmp_path / "dist")
    assert list(manifest.graphs) == ["shapes"]
    for suffix in ("ttl", "nt", "jsonld", "rdf"):
        path = tmp_path / "dist" / f"{manifest.name}.{suffix}"
        assert list(parse(path=path, format=OXIGRAPH[suffix])) == [], "the default graph has no shapes"
        assert next(parse(path=tmp_path / "dist" / f"shapes.{suffix}", format=OXIGRAPH[suffix]))


def test_what_a_syntax_cannot_carry_is_left_out_and_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = tmp_path / "root" / "data"
    data.mkdir(parents=True)
    (data / "x.ttl").write_text('<http://e.org/a>\n    <http://e.org/1> "x" ;\n    .\n', "utf-8")
    assert main(["--root", str(data.parent), "--out", str(tmp_path / "dist")]) == 0
    assert "e.org.rdf is left out: http://e.org/1 is no property that RDF/XML can name" in capsys.readouterr().err
    assert not (tmp_path / "dist" / "e.org.rdf").exists()
    assert [quad.triple for quad in parse(path=tmp_path / "dist" / "e.org.ttl", format=RdfFormat.TURTLE)] == [
        Quad(*fact).triple for fact in (q.triple for q in parse(path=data / "x.ttl", format=RdfFormat.TURTLE))
    ]
