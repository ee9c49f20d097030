"""The writer: what it writes means the same, is the same every time, and changes by a line for a fact."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import (
    BlankNode,
    CanonicalizationAlgorithm,
    Dataset,
    Literal,
    NamedNode,
    Quad,
    RdfFormat,
    Triple,
    parse,
)

from citygraph import dataset, positions, turtle
from citygraph.formatting import CommentInside, canonical_text, format_file

ROOT = Path(__file__).parents[1]
PREFIXES = {"e": "http://e.org/", "c": "http://e.org/c/", "xsd": "http://www.w3.org/2001/XMLSchema#"}

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
local = st.lists(st.sampled_from([*"abcXYZ019_-./:~!$&'()*+,;=?@éå", "%41"]), max_size=8).map("".join)
local = st.one_of(local, st.builds("{}#{}".format, local, local))
iris = st.builds(
    NamedNode, st.builds(str.__add__, st.sampled_from(["http://e.org/", "http://e.org/c/", "urn:x:"]), local)
)
nodes = st.one_of(iris, st.builds(BlankNode, st.sampled_from(["a", "b", "c"])))
literals = st.one_of(
    st.builds(Literal, text),
    st.builds(lambda value, tag: Literal(value, language=tag), text, st.sampled_from(["en", "zh-hant", "und"])),
    st.builds(Literal, st.integers()),
    st.builds(
        lambda value: Literal(value, datatype=NamedNode(PREFIXES["xsd"] + "decimal")),
        st.sampled_from(["1.5", "-0.0", "7.", "x"]),
    ),
    st.builds(lambda value: Literal(value, datatype=NamedNode("http://e.org/c/type")), text),
)
graphs = st.lists(st.builds(Triple, nodes, iris, st.one_of(nodes, literals)), max_size=12)


def canonical(triples: object) -> Dataset:
    made = Dataset(Quad(*triple) for triple in triples)  # type: ignore[attr-defined]
    made.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return made


def valid(triple: Triple) -> bool:
    try:
        list(parse(f"{triple} .".encode(), format=RdfFormat.N_TRIPLES))
    except SyntaxError:
        return False
    return True


@given(graphs)
def test_what_is_written_reads_back_as_the_same_graph(triples: list[Triple]) -> None:
    triples = [triple for triple in triples if valid(triple)]
    written = turtle.write(triples, PREFIXES)
    assert canonical(quad.triple for quad in parse(written.encode(), format=RdfFormat.TURTLE)) == canonical(triples)


@given(graphs, st.randoms())
def test_the_order_of_the_facts_is_no_matter(triples: list[Triple], random: object) -> None:
    triples = [t for t in triples if valid(t)]
    shuffled = list(triples)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert turtle.write(shuffled, PREFIXES) == turtle.write(triples, PREFIXES)


@given(graphs)
def test_each_fact_is_found_at_the_line_it_stands_at(triples: list[Triple]) -> None:
    named = [
        t for t in triples if valid(t) and isinstance(t.subject, NamedNode) and not isinstance(t.object, BlankNode)
    ]
    written = turtle.write(named, PREFIXES)
    lines = written.split("\n")
    found = list(positions.facts(written))
    assert len(found) == len(set(named))
    assert {str(t.subject) for t in named} == {fact.subject for fact in found}
    for fact in found:
        assert lines[fact.line - 1].startswith("    ")
        assert lines[fact.line - 1].endswith(" ;")


def test_type_and_labels_stand_first_and_one_fact_a_line() -> None:
    data = b"""@prefix e: <http://e.org/> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
        e:x e:p 1, 2 ; a e:C ; rdfs:label "b"@sv, "a"@en ; e:geo <http://e.org/x#geo> ."""
    names = PREFIXES | {"rdfs": "http://www.w3.org/2000/01/rdf-schema#"}
    assert turtle.write((q.triple for q in parse(data, format=RdfFormat.TURTLE)), names) == (
        "@prefix e: <http://e.org/> .\n"
        "@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .\n"
        "\n"
        "e:x\n"
        "    a e:C ;\n"
        '    rdfs:label "a"@en ;\n'
        '    rdfs:label "b"@sv ;\n'
        "    e:geo e:x\\#geo ;\n"
        "    e:p 1 ;\n"
        "    e:p 2 ;\n"
        "    .\n"
    )


def test_data_is_in_form_and_formatting_twice_changes_nothing(dataset: dataset.Dataset) -> None:
    files = sorted((ROOT / "data").rglob("*.ttl"))
    assert len(files) > 100
    wrong = [str(path) for path in files if canonical_text(path, dataset.prefixes) != path.read_text("utf-8")]
    assert not wrong, "run: python -m citygraph format"


def test_one_added_fact_is_one_added_line(dataset: dataset.Dataset, tmp_path: Path) -> None:
    file = tmp_path / "se.ttl"
    before = (ROOT / "data/cities/se.ttl").read_text("utf-8")
    file.write_text(before + '\ncity:norrkoping rdfs:label "Norčiopingas"@lt .\n', "utf-8")
    assert format_file(file, dataset.prefixes) is True
    after = file.read_text("utf-8")
    new = [line for line in after.splitlines() if line not in before.splitlines()]
    assert new == ['    rdfs:label "Norčiopingas"@lt ;']
    assert len(after.splitlines()) == len(before.splitlines()) + 1
    assert format_file(file, dataset.prefixes) is False


def test_the_comment_at_the_head_stays_and_one_inside_is_never_lost(tmp_path: Path) -> None:
    file = tmp_path / "x.ttl"
    file.write_text("# Checked in March.\n\n<urn:a> <urn:p> 1 .\n", "utf-8")
    format_file(file, {})
    assert file.read_text("utf-8") == "# Checked in March.\n\n<urn:a>\n    <urn:p> 1 ;\n    .\n"
    before = "<urn:a> <urn:p> 1 ; # doubtful\n <urn:q> 2 .\n"
    file.write_text(before, "utf-8")
    with pytest.raises(CommentInside) as refused:
        format_file(file, {})
    assert (refused.value.line, file.read_text("utf-8")) == (1, before)
