"""The feed of releases: Atom as RFC 4287 has it, whatever things are called."""

from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from releases import MORE, edited, harbours, released

from citygraph import changes, telling
from citygraph.changes import Changes

ATOM = "{http://www.w3.org/2005/Atom}"


def required(node: ElementTree.Element, *names: str) -> list[str]:
    """The texts of elements that have to be there once."""
    found = [node.findall(f"{ATOM}{name}") for name in names]
    assert [len(each) for each in found] == [1] * len(names)
    return [each[0].text or "" for each in found]


def checked(text: str) -> list[ElementTree.Element]:
    """The entries of a feed that has all that section 4 of RFC 4287 demands."""
    feed = ElementTree.fromstring(text.encode())  # noqa: S314 our own
    assert feed.tag == f"{ATOM}feed"
    iri, title, updated = required(feed, "id", "title", "updated")
    assert urlsplit(iri).scheme
    assert title
    [author] = feed.findall(f"{ATOM}author")
    assert required(author, "name") != [""]
    links = [(link.get("rel"), link.get("type"), link.get("href")) for link in feed.findall(f"{ATOM}link")]
    assert [link[0] for link in links] == ["self", "alternate"]
    entries = feed.findall(f"{ATOM}entry")
    names, days = [], []
    for entry in entries:
        name, _, day = required(entry, "id", "title", "updated")
        required(entry, "summary", "content")
        names.append(name)
        days.append(datetime.fromisoformat(day))
        assert entry.find(f"{ATOM}content").get("type") == "html"  # type: ignore[union-attr]
        assert [link for link in entry.findall(f"{ATOM}link") if link.get("rel") == "alternate"]
    assert len(set(names)) == len(names)
    assert datetime.fromisoformat(updated) == max(days)
    return entries


def test_the_file_beside_the_releases_is_a_feed_with_an_entry_for_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CITYGRAPH_RELEASES")
    root = harbours(tmp_path / "root")
    for number in (1, 2, 3):
        edited(root, f"2026.{number}", MORE if number == 2 else "")
        released(root)
    entries = checked((root / "releases" / "changes.atom").read_text("utf-8"))
    summaries = [required(entry, "summary")[0] for entry in entries]
    assert summaries[0].startswith("Since 2026.2: 2 facts added and 3 facts removed, in 2 things.")
    assert summaries[1].startswith("Since 2026.1: 3 facts added and 2 facts removed, in 2 things.")
    assert "harbour, changed: Åhus." in summaries[1]
    assert summaries[2].startswith("The first release: ")
    assert "(no longer said)" in required(entries[0], "content")[0]


texts = st.text(max_size=30)
terms = st.builds(lambda value: {"value": value}, texts)
facts = st.builds(
    lambda removed, added: {
        "subject": "https://example.org/a", "property": "https://example.org/p", "removed": removed, "added": added,
        "derived": False,
    },
    st.lists(terms, max_size=2), st.lists(terms, min_size=1, max_size=2),
)  # fmt: skip


@given(texts, texts, st.lists(facts, max_size=3))
def test_a_feed_is_well_formed_whatever_things_are_called(
    title: str, label: str, facts: list[dict[str, object]]
) -> None:
    thing = {"iri": "https://example.org/a", "classes": [], "state": "changed", "facts": facts}
    said = Changes("2", "1", 1, 1, [thing], {"https://example.org/a": {"en": label}})
    about = telling.About(title or "x", title, title, title)
    release = telling.Release("urn:r", "https://example.org/r", datetime(2026, 1, 1, tzinfo=UTC), said)
    [entry] = checked(telling.feed(about, "urn:f", "https://example.org/f", "https://example.org/", [release]))
    content = required(entry, "content")[0]
    assert content.count("<li>") == len(facts)
    # No text of the data can become an element of the page that a reader makes of the entry.
    assert {part.partition(">")[0].split(" ")[0] for part in content.split("<")[1:]} <= {
        "p", "/p", "h3", "/h3", "a", "/a", "ul", "/ul", "li", "/li",
    }  # fmt: skip
    assert changes.in_language(said, "en")[0].name == label
