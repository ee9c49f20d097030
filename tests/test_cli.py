"""The command line as a curator uses it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import rdflib

from citygraph.__main__ import main

ROOT = Path(__file__).parents[1]
LIGHTS = ROOT / "tests" / "roots" / "lighthouses"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A small root that may be broken."""
    return Path(shutil.copytree(LIGHTS, tmp_path / "root"))


def lights(root: Path) -> Path:
    return root / "data" / "lights.ttl"


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


@pytest.mark.parametrize("command", [[], ["serve"], ["validate"], ["format"], ["query"], ["stats"]])
def test_each_command_has_help_that_names_root(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*command, "--help"])
    assert ended.value.code == 0
    assert "--root" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nothing"],
        ["serve", "--workers", "0"],
        ["serve", "--timeout", "-1"],
        ["validate", "--json", "--turtle"],
    ],
)
def test_wrong_use_is_exit_code_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_validate_says_file_line_subject_and_what_to_do(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", "--root", str(root)]) == 1
    out, err = capsys.readouterr()
    assert out == "data/lights.ttl:12: l:plymouth-hoe: Say how far the light reaches\n"
    assert "1 violation, 0 warnings" in err


def test_validate_is_silent_and_0_when_all_is_right(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(lights(root), '"Plymouth Hoe"@en ;', '"Plymouth Hoe"@en ;\n    t:range 10 ;')
    assert main(["validate", "--root", str(root)]) == 0
    assert capsys.readouterr().out == ""


def test_parse_errors_come_out_in_the_same_form(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(lights(root), "t:range 17", "x:range 17")
    assert main(["validate", "--root", str(root)]) == 1
    assert capsys.readouterr().out.startswith("data/lights.ttl:8: column 5: The prefix x: has not been declared")


def test_form_is_a_warning_with_the_command_to_run(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(lights(root), "    .\n\nl:plymouth", ".\nl:plymouth")
    main(["validate", "--root", str(root)])
    assert "data/lights.ttl:10: warning: is not in form; run: python -m citygraph format" in capsys.readouterr().out


def test_the_report_as_json_and_as_turtle_says_the_same(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", "--root", str(root), "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["conforms"] is False
    [result] = report["results"]
    assert (result["file"], result["line"], result["severity"]) == ("data/lights.ttl", 12, "Violation")
    assert result["subject"] == "https://lights.example.org/light/plymouth-hoe"
    assert result["path"] == "https://lights.example.org/terms#range"
    assert result["shape"] == "https://lights.example.org/shapes#Light-range"
    assert main(["validate", "--root", str(root), "--turtle"]) == 1
    graph = rdflib.Graph().parse(data=capsys.readouterr().out, format="turtle")
    sh = rdflib.Namespace("http://www.w3.org/ns/shacl#")
    [node] = graph.subjects(rdflib.RDF.type, sh.ValidationResult)
    assert str(graph.value(node, sh.resultPath)) == result["path"]
    assert str(graph.value(node, sh.focusNode)) == result["subject"]
    assert [bool(value) for value in graph.objects(None, sh.conforms)] == [False]


def test_format_writes_once_and_check_writes_nothing(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = lights(root)
    good = file.read_text("utf-8")
    file.write_text(good.replace("    .\n", "").replace(";\n\nl:", ".\nl:").rstrip().rstrip(";") + ".\n", "utf-8")
    bad = file.read_text("utf-8")
    assert main(["format", "--check", "--root", str(root)]) == 1
    assert file.read_text("utf-8") == bad
    assert main(["format", "--root", str(root)]) == 0
    assert file.read_text("utf-8") == good
    assert main(["format", "--check", "--root", str(root)]) == 0
    assert "formatted" in capsys.readouterr().out


def test_format_leaves_a_broken_file_and_one_with_comments_as_they_were(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = root / "data" / "broken.ttl"
    broken.write_text("<urn:a> <urn:b> .\n", "utf-8")
    change(lights(root), "    t:range 17 ;", "    t:range 17 ; # measured")
    before = lights(root).read_text("utf-8")
    assert main(["format", "--root", str(root)]) == 1
    err = capsys.readouterr().err
    assert "broken.ttl:1: " in err
    assert "lights.ttl:8: a comment between facts would be lost" in err
    assert (lights(root).read_text("utf-8"), broken.read_text("utf-8")) == (before, "<urn:a> <urn:b> .\n")


def test_query_prints_a_table_csv_or_json(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "SELECT ?light ?name { ?light t:range ?r ; rdfs:label ?name }"
    assert main(["query", "--root", str(root), text]) == 0
    assert capsys.readouterr().out == "light        name\nl:eddystone  Eddystone\n"
    assert main(["query", "--root", str(root), text, "--format", "csv"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "light,name",
        "https://lights.example.org/light/eddystone,Eddystone",
    ]
    assert main(["query", "--root", str(root), text, "--format", "json"]) == 0
    [row] = json.loads(capsys.readouterr().out)["results"]["bindings"]
    assert row["name"] == {"type": "literal", "value": "Eddystone", "xml:lang": "en"}


def test_query_runs_files_named_queries_graphs_and_asks(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "q.rq"
    file.write_text("# Lights\n# $range = 17\nASK { ?light <https://lights.example.org/terms#range> $range }", "utf-8")
    assert main(["query", "--root", str(root), str(file)]) == 0
    assert "true" in capsys.readouterr().out
    assert main(["query", "--root", str(root), str(file), "--with", "range=3"]) == 0
    assert "false" in capsys.readouterr().out
    assert main(["query", "--root", str(root), "CONSTRUCT { ?s t:range ?o } { ?s t:range ?o }"]) == 0
    assert "l:eddystone\n    t:range 17 ;\n    ." in capsys.readouterr().out
    assert main(["query", "members-on-a-day", "--with", 'day="2017-12-31"^^xsd:date', "--format", "csv"]) == 0
    assert capsys.readouterr().out.splitlines() == ["cities,countries", "180,72"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["SELECT ?s { ?s t:rangee 3 . FILTERR(?s) }"], "line 1, column 29"),
        (["SELECT ?s {\n ?s nowhere:city ?c }"], "line 2, column 5: The prefix nowhere: is not declared"),
        (["SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }"], "SERVICE"),
        (["nothing.rq"], "there is no such file"),
        (["members-on-a-day", "--with", "year=3"], "its parameters: day"),
        (["members-on-a-day", "--with", "day=2017-13"], "write it as Turtle does"),
        (["CONSTRUCT WHERE { ?s ?p ?o }", "--format", "csv"], "no table"),
    ],
)
def test_what_cannot_be_asked_says_why(
    arguments: list[str], told: str, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["query", "--root", str(root), *arguments]) == 1
    err = capsys.readouterr().err
    assert told in err
    assert "Traceback" not in err


def test_stats_counts_triples_and_things(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stats", "--root", str(root)]) == 0
    out = capsys.readouterr().out
    assert "https://lights.example.org/terms#Lighthouse" in out
    assert "data" in out


def test_a_folder_without_turtle_says_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command in (["validate"], ["stats"], ["query", "ASK {}"]):
        assert main([*command, "--root", str(tmp_path)]) == 1
        assert "point --root at such a folder" in capsys.readouterr().err


def test_it_runs_as_a_module_without_colour_in_a_pipe() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "citygraph", "validate", "--root", str(LIGHTS)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    assert "\x1b" not in ran.stdout + ran.stderr
    assert "Say how far the light reaches" in ran.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["serve", "--port", "99999"], "no port from 0 to 65535"),
        (["stats", "--base", "nowhere"], "no absolute IRI, such as https://example.org/"),
    ],
)
def test_wrong_values_say_what_would_be_right(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(arguments)
    assert told in capsys.readouterr().err


def test_with_needs_a_query_that_has_parameters(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["query", "--root", str(root), "ASK { ?s ?p $day }", "--with", "day=3"]) == 1
    assert "--with is for a .rq file or a named query" in capsys.readouterr().err
    assert main(["query", "--root", str(root), "no-such-query"]) == 1
    assert "no query is called 'no-such-query'; there are: " in capsys.readouterr().err


def test_a_reader_that_has_enough_is_no_error(root: Path) -> None:
    command = f"{sys.executable} -m citygraph query --root {root} 'SELECT ?s ?p ?o {{ ?s ?p ?o }}' | head -n 1"
    ran = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ran.stdout.startswith("s ")
    assert "pipe" not in ran.stderr


def test_windows_line_ends_and_byte_order_marks_are_seen(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = lights(root).read_bytes()
    lights(root).write_bytes(good.replace(b"\n", b"\r\n"))
    main(["validate", "--root", str(root)])
    assert "is not in form" in capsys.readouterr().out
    assert main(["format", "--root", str(root)]) == 0
    assert lights(root).read_bytes() == good
    lights(root).write_bytes(b"\xef\xbb\xbf" + good)
    capsys.readouterr()
    assert main(["validate", "--root", str(root)]) == 1
    assert "starts with a byte order mark; save it as UTF-8 without one" in capsys.readouterr().out


def test_a_forgotten_semicolon_is_pointed_at(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(lights(root), "t:range 17 ;", "t:range 17")
    assert main(["validate", "--root", str(root)]) == 1
    assert "A dot is expected at the end of statements, or ; at the end of the line before" in capsys.readouterr().out


def test_a_date_that_is_none_is_a_finding_and_no_traceback(tmp_path: Path) -> None:
    for part in ("ontology", "data", "shapes"):
        shutil.copytree(ROOT / part, tmp_path / part)
    change(tmp_path / "data/cities/se.ttl", '"2017-10-31"^^xsd:date', '"2017-13-31"^^xsd:date')
    ran = subprocess.run(
        [sys.executable, "-m", "citygraph", "validate", "--root", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    assert "data/cities/se.ttl:" in ran.stdout
    assert "designation:norrkoping-music" in ran.stdout
    assert "Traceback" not in ran.stderr
    assert len(set(ran.stdout.splitlines())) == len(ran.stdout.splitlines())
