"""Releases in words: what changed as a sentence, as Markdown, and as the entries of an Atom feed (RFC 4287)."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from xml.sax.saxutils import escape, quoteattr

from citygraph import changes
from citygraph.archive import Export
from citygraph.changes import Changes, Fact, Thing, counts, in_language

ATOM, FEED = "application/atom+xml", "changes.atom"
LANGUAGE = "en"
NAMED = 12
"""Things of a class that a summary names before it only counts."""
STATES = {"new": "new", "changed": "changed", "gone": "gone"}
NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
SPECIAL = re.compile(r"([\\`*_\[\]<>#|])")


class About(NamedTuple):
    """What a dataset says of itself, as far as a feed needs it; empty where it says nothing."""

    title: str
    description: str
    publisher: str
    rights: str


class Release(NamedTuple):
    """What is told of a release: its IRI, its page, the day of its data, and what it changed."""

    iri: str
    address: str
    modified: datetime
    changes: Changes


def number(count: int, noun: str) -> str:
    """So many things."""
    return f"{count:,} {noun}{'s'[: count != 1]}"


def opening(said: Changes) -> str:
    """A sentence on the size of a change."""
    if said.previous is None:
        return f"The first release: {number(said.added, 'fact')}."
    size = f"{number(said.added, 'fact')} added and {number(said.removed, 'fact')} removed"
    where = f", in {number(len(said.things), 'thing')}" if said.things else ""
    return f"Since {said.previous}: {size}{where}."


def short(things: Iterable[Thing]) -> list[str]:
    """A line for each class and state: which things are new, changed or gone."""
    lines = []
    for kind, states in counts(things).items():
        for state in STATES:
            if found := states.get(state):
                names = ", ".join(thing.name for thing in found[:NAMED])
                more = f" and {number(len(found) - NAMED, 'more')[:-1]}" if len(found) > NAMED + 1 else ""
                more = more or (f" and {found[NAMED].name}" if len(found) == NAMED + 1 else "")
                lines.append(f"{kind or 'other'}, {STATES[state]}: {names}{more}")
    return lines


def sentence(fact: Fact) -> str:
    """What became of one property: was and is, or what came, or what went."""
    head = f"{fact.part}: {fact.property}" if fact.part else fact.property
    came, went = ", ".join(fact.added), ", ".join(fact.removed)
    if came and went:
        said = f"{head}: was {went}, is {came}"
    else:
        said = f"{head}: {came or went}{'' if came else ' (no longer said)'}"
    return f"{said} (derived)" if fact.derived else said


def markdown(said: Changes, title: str, modified: str, there: Sequence[str] = ()) -> str:
    """A release's changes for a reader; `there` are lines on what is in it."""
    things = in_language(said, LANGUAGE)
    lines = [f"# {plain(title)}, release {plain(said.version)}", "", f"Data of {modified}. {opening(said)}"]
    if not said.told:
        lines += ["", "Too many to list; `added.nt` and `removed.nt` have them all."]
    lines += ["", *(f"- {plain(line)}" for line in there)] if there else []
    if things:
        lines += ["", *(f"- {plain(line)}" for line in short(things))]
    kind = None
    for thing in things:
        if thing.kind != kind:
            kind = thing.kind
            lines += ["", f"## {plain(kind or 'other').capitalize()}"]
        name = f"[{plain(thing.name)}](<{thing.iri}>)" if thing.iri else "Nodes without a name"
        lines += ["", f"### {name}, {STATES[thing.state]}", ""]
        lines += [f"- {plain(sentence(fact))}" for fact in thing.facts]
    return "\n".join(lines) + "\n"


def plain(text: str) -> str:
    """A text in Markdown, where nothing of it means anything but itself."""
    return SPECIAL.sub(r"\\\1", " ".join(text.split()))


def of_releases(about: About, base: str, public_url: str, found: Sequence[Export]) -> str:
    """The feed of releases; `public_url` is where the site stands on the web. Raises `ValueError` where none of them
    can be told of."""
    told = []
    for one in found:
        changed, modified = changes.read(one.folder), one.modified
        if changed and modified:
            path = f"releases/{one.version}"
            told.append(Release(f"{base}{path}", f"{public_url}{path}", modified, changed))
    if not told:
        raise ValueError("there is no release to tell of")
    return feed(about, f"{base}{FEED}", f"{public_url}{FEED}", f"{public_url}downloads", told)


def feed(about: About, iri: str, address: str, home: str, found: Sequence[Release]) -> str:
    """The releases as Atom, the newest first. `iri` names the feed, `address` is where it stands, `home` the page of
    all releases."""
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{LANGUAGE}">',
        element("id", iri),
        element("title", about.title),
        *([element("subtitle", about.description)] if about.description else []),
        element("updated", stamp(max(release.modified for release in found))),
        f"<author>{element('name', about.publisher or about.title)}</author>",
        f'<link rel="self" type="{ATOM}" href={quoteattr(address)}/>',
        f'<link rel="alternate" type="text/html" href={quoteattr(home)}/>',
        *([element("rights", about.rights)] if about.rights else []),
    ]
    for release in found:
        lines += entry(about.title, release)
    return "\n".join([*lines, "</feed>", ""])


def entry(title: str, release: Release) -> list[str]:
    """One release: a summary, the whole list of changes as HTML, and where its page and its differences are."""
    said = release.changes
    things = in_language(said, LANGUAGE)
    files = [(f"{release.address}/{name}.nt", name) for name in ("added", "removed") if said.previous]
    return [
        "<entry>",
        element("id", release.iri),
        element("title", f"{title} {said.version}"),
        element("updated", stamp(release.modified)),
        f'<link rel="alternate" type="text/html" href={quoteattr(release.address)}/>',
        *(
            f'<link rel="related" type="application/n-triples" title="{name}" href={quoteattr(address)}/>'
            for address, name in files
        ),
        element("summary", " ".join([opening(said), *(f"{line}." for line in short(things))])),
        f'<content type="html">{escape(html(said, things))}</content>',
        "</entry>",
    ]


def html(said: Changes, things: Iterable[Thing]) -> str:
    """The list of changes as the content of an entry."""
    lines = [f"<p>{text(opening(said))}</p>"]
    for thing in things:
        name = f"<a href={quoteattr(clean(thing.iri))}>{text(thing.name)}</a>" if thing.iri else "Nodes without a name"
        facts = "".join(f"<li>{text(sentence(fact))}</li>" for fact in thing.facts)
        kind = f"{text(thing.kind)}, " if thing.kind else ""
        lines.append(f"<h3>{name} ({kind}{STATES[thing.state]})</h3>\n<ul>{facts}</ul>")
    return "\n".join(lines)


def element(name: str, content: str) -> str:
    """An element with text in it."""
    return f"<{name}>{text(content)}</{name}>"


def text(content: str) -> str:
    """A text in XML, without what XML cannot say."""
    return escape(clean(content))


def clean(content: str) -> str:
    """A text without the characters that XML 1.0 has no way to write."""
    return NOT_XML.sub("\ufffd", content)


def stamp(day: datetime) -> str:
    """A time as RFC 3339 writes it."""
    return day.strftime("%Y-%m-%dT%H:%M:%SZ")
