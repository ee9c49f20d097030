"""Dumps in every syntax mean what the graph means, whatever stands in it; what a syntax cannot carry is refused."""

from collections.abc import Callable, Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from pyoxigraph import CanonicalizationAlgorithm, Dataset, Literal, NamedNode, Quad, RdfFormat, Triple, parse, serialize
from test_turtle import PREFIXES, graphs, valid

from citygraph import context, turtle
from citygraph.context import Context
from export import as_json_ld, as_rdf_xml, as_turtle
from export.facts import NotWritable, Section, gathered, literal, unescaped
from export.files import packed

PLAIN = context.read("v1", b'{"@context": {"id": "@id", "type": "@type", "value": "@value", "e": "http://e.org/"}}')
FORMED = context.read(
    "v1",
    b"""{"@context": {"@version": 1.1, "id": "@id", "type": "@type", "value": "@value", "C": "http://e.org/C",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#", "xsd": "http://www.w3.org/2001/XMLSchema#",
    "label": {"@id": "http://e.org/a", "@container": ["@language", "@set"]},
    "name": {"@id": "http://e.org/b", "@container": "@language"},
    "of": {"@id": "http://e.org/c", "@type": "@id"},
    "number": {"@id": "http://e.org/X", "@type": "xsd:integer"}}}""",
)


def meaning(triples: Iterable[Triple]) -> Dataset:
    made = Dataset(Quad(*triple) for triple in triples)
    made.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return made


def written(triples: list[Triple], folder: Path, write: Callable[[list[Section], Path], object]) -> Path:
    """What a writer makes of triples."""
    text = serialize(turtle.stable(triples), format=RdfFormat.N_TRIPLES) or b""
    lines = folder / "lines.nt"
    lines.write_bytes(b"".join(sorted(set(text.splitlines(keepends=True)))))
    out = folder / "out"
    write(gathered(lines, folder / "gathered", "http://e.org/c/"), out)
    return out


def as_turtle_file(sections: list[Section], out: Path) -> None:
    used = as_turtle.body(sections, PREFIXES, {}, out.with_name("body"))
    as_turtle.turtle_file(["A graph"], used, out.with_name("body"), out)


@settings(deadline=None)  # files are written
@given(graphs)
def test_turtle_means_what_the_graph_means(triples: list[Triple]) -> None:
    triples = list(filter(valid, triples))
    with TemporaryDirectory() as folder:
        out = written(triples, Path(folder), as_turtle_file)
        assert meaning(q.triple for q in parse(path=out, format=RdfFormat.TURTLE)) == meaning(triples)


@settings(deadline=None)  # files are written
@given(graphs)
def test_a_dump_has_the_lines_that_the_files_of_the_graph_have(triples: list[Triple]) -> None:
    triples = list(filter(valid, triples))
    with TemporaryDirectory() as folder:
        out = written(triples, Path(folder), as_turtle_file)
        dumped = [line for line in out.read_text("utf-8").split("\n") if line and not line.startswith("#")]
    assert sorted(dumped) == sorted(filter(None, turtle.write(triples, PREFIXES).split("\n")))


@pytest.mark.parametrize("known", [PLAIN, FORMED], ids=["plain", "formed"])
@settings(deadline=None)
@given(triples=graphs)
def test_json_ld_means_what_the_graph_means(known: Context, triples: list[Triple]) -> None:
    triples = list(filter(valid, triples))
    with TemporaryDirectory() as folder:
        out = written(triples, Path(folder), lambda sections, out: as_json_ld.file(sections, known, out))
        assert meaning(q.triple for q in parse(path=out, format=RdfFormat.JSON_LD)) == meaning(triples)


@settings(deadline=None)  # files are written
@given(graphs)
def test_rdf_xml_means_what_the_graph_means_or_is_refused(triples: list[Triple]) -> None:
    refused: list[str] = []
    triples = list(filter(valid, triples))
    with TemporaryDirectory() as folder:
        try:
            out = written(triples, Path(folder), lambda sections, out: as_rdf_xml.file(sections, PREFIXES, out))
        except NotWritable as error:
            refused.append(str(error))
        else:
            assert meaning(q.triple for q in parse(path=out, format=RdfFormat.RDF_XML)) == meaning(triples)
    assert all("XML" in why for why in refused)


def facts(text: str) -> list[Triple]:
    return [quad.triple for quad in parse(text.encode(), format=RdfFormat.TURTLE)]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('<urn:a> <http://e.org/1> "x" .', "no property"),
        ('<urn:a> <http://e.org/p/> "x" .', "no property"),
        ('<urn:a> <http://www.w3.org/1999/02/22-rdf-syntax-ns#li> "x" .', "no property"),
        ('<urn:a> <http://e.org/p> "\\u0001" .', "U\\+0001"),
        ('<urn:a> <http://e.org/p> "\\uFFFE" .', "U\\+FFFE"),
    ],
)
def test_what_xml_cannot_carry_is_refused_in_words(text: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(NotWritable, match=told):
        written(facts(text), tmp_path, lambda sections, out: as_rdf_xml.file(sections, PREFIXES, out))


@pytest.mark.parametrize("end", ["a\tb\nc\rd", " <&>\"']]> ", "\u2028\x85\x7f", "𐀀 é", "a\\b", ""])
def test_texts_come_back_as_they_were(end: str, tmp_path: Path) -> None:
    triples = [Triple(NamedNode("urn:a"), NamedNode("http://e.org/p"), Literal(end))]
    writers: list[tuple[RdfFormat, Callable[[list[Section], Path], object]]] = [
        (RdfFormat.TURTLE, as_turtle_file),
        (RdfFormat.JSON_LD, lambda sections, out: as_json_ld.file(sections, PLAIN, out)),
        (RdfFormat.RDF_XML, lambda sections, out: as_rdf_xml.file(sections, PREFIXES, out)),
    ]
    for number, (format, write) in enumerate(writers):
        folder = tmp_path / str(number)
        folder.mkdir()
        assert [q.triple for q in parse(path=written(triples, folder, write), format=format)] == triples


def test_things_stand_by_class_what_speaks_of_the_whole_first(tmp_path: Path) -> None:
    text = """@prefix o: <http://e.org/c/> . @prefix owl: <http://www.w3.org/2002/07/owl#> .
        <urn:a> a owl:Class . <urn:b> a o:Place, owl:Thing . <urn:c> <urn:p> 1 .
        <urn:d> a owl:Ontology . <urn:e> a o:Bay ."""
    lines = tmp_path / "lines.nt"
    lines.write_bytes(b"".join(sorted((serialize(facts(text), format=RdfFormat.N_TRIPLES) or b"").splitlines(True))))
    found = gathered(lines, tmp_path / "gathered", "http://e.org/c/")
    assert [section.kind.rpartition("/")[2] for section in found] == ["owl#Ontology", "Bay", "Place", "owl#Class", ""]
    assert [section.things for section in found] == [1] * 5


def test_the_parts_of_a_literal_are_told_apart() -> None:
    assert literal('"a\\"@b"') == ('a\\"@b', "", "")
    assert literal('"a"@sv-SE') == ("a", "sv-SE", "")
    assert literal('"1"^^<urn:n>') == ("1", "", "<urn:n>")
    assert unescaped('a\\"\\\\n\\n\\u00E5\\U0001F600') == 'a"\\n\nå😀'


def test_the_same_content_packs_to_the_same_bytes_under_any_name(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text("the same", "utf-8")
    one, other = packed(tmp_path / "a", "A", "text/plain"), packed(tmp_path / "b", "B", "text/plain")
    assert one[1].compress == "application/gzip"
    assert one[1].sha256 == other[1].sha256
    assert (tmp_path / "a.gz").read_bytes()[3:8] == b"\0\0\0\0\0"
