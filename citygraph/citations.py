"""How to cite a page: as a sentence and as a BibTeX entry, with the day and the version of the data."""

import re
from dataclasses import dataclass

from citygraph.labels import folded
from citygraph.site import Site
from citygraph.views import Page

MEANT = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
         **{sign: "\\" + sign for sign in "&%$#_{}"}}  # fmt: skip
"""What BibTeX would not read as itself."""


@dataclass(frozen=True)
class Citation:
    """The same in two forms."""

    sentence: str
    bibtex: str


def of(site: Site, page: Page) -> Citation:
    """The citation of the page of a thing. Its name on the web lasts; what it says depends on the version."""
    day = str(site.modified.date()) if site.modified else ""
    stated = [site.title, f"version {site.dataset.version}", day]
    license = f" {site.license_name}." if site.license else ""
    sentence = f"“{page.title.text}”. {', '.join(filter(None, stated))}. {page.iri}.{license}"
    fields = {
        "title": "{" + escaped(page.title.text) + "}",
        "publisher": escaped(site.title),
        "year": day[:4],
        "version": escaped(site.dataset.version),
        "date": day,
        "url": page.iri,
        "note": escaped(license.strip().rstrip(".")),
    }
    lines = "".join(f",\n  {name} = {{{value}}}" for name, value in fields.items() if value)
    return Citation(sentence, f"@misc{{{key(site, page.iri)}{lines}\n}}")


def escaped(text: str) -> str:
    """A text as BibTeX reads it back."""
    return "".join(MEANT.get(sign, sign) for sign in text)


def key(site: Site, iri: str) -> str:
    """The key of an entry: the path of the thing in letters, digits and hyphens."""
    path = folded(iri.removeprefix(site.dataset.base))
    return re.sub(r"[^a-z0-9]+", "-", path).strip("-") or "thing"
