"""A small root that is released again and again."""

import shutil
from pathlib import Path

from export.__main__ import main

ROOTS = Path(__file__).with_name("roots")
HEAD = """@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""
ABOUT = """<https://harbours.example.org/dataset> a dcat:Dataset ; rdfs:label "Harbours"@en ; dcat:version "{version}" ;
  dcterms:modified "{day}"^^xsd:date .
"""
MORE = '<https://harbours.example.org/harbour/%C3%85hus> rdfs:comment "In Scania."@en .\n'


def harbours(root: Path) -> Path:
    """The harbours as version 2026.1."""
    shutil.copytree(ROOTS / "harbours", root)
    edited(root, "2026.1")
    return root


def edited(root: Path, version: str, more: str = "") -> None:
    """Let the root be another version, with more facts."""
    month = version.rpartition(".")[2].zfill(2)
    text = HEAD + ABOUT.format(version=version, day=f"2026-{month}-01") + more
    (root / "data" / "dataset.ttl").write_text(text, "utf-8")


def released(root: Path, *options: str) -> None:
    """Make a release of a root."""
    assert main(["release", "--root", str(root), *options]) == 0
