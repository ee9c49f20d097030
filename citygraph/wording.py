"""The words of the interface: English in templates and code, Swedish in `translations/sv/*.po`, a file for each topic.

Labels of things, properties and classes are the graph's own, in four languages; they do not stand here.
"""

import gettext as standard
import io
import re
from datetime import date
from functools import cache
from pathlib import Path

from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import g, has_request_context
from jinja2 import Environment
from markupsafe import Markup
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

FOLDER = Path(__file__).with_name("translations")
WRITTEN = "en"
"""The language that the templates are written in."""
INTERFACE = {WRITTEN: "English", "sv": "Svenska"}
"""The languages of the interface, each by its own name."""
LABELS = {**INTERFACE, "fr": "Français", "es": "Español"}
"""The languages that labels are asked for in when a browser says which it reads, likewise."""
KEPT = 1024
SENTENCES = {"en": ("y", "MMMM y", "d MMMM y"), "sv": ("y", "MMMM y", "'den' d MMMM y")}
"""How a year, a month and a day are said in the midst of a sentence, as Unicode's CLDR writes patterns."""


@cache
def catalogue(language: str) -> standard.NullTranslations:
    """The translations into a language, of all its files. Raises `ValueError` for a file that is not in order."""
    found = standard.NullTranslations()
    for path in sorted((FOLDER / language).glob("*.po"), reverse=True):
        compiled = io.BytesIO()
        with path.open("rb") as file:
            write_mo(compiled, read_po(file, locale=language, abort_invalid=True))
        compiled.seek(0)
        one = standard.GNUTranslations(compiled)
        one.add_fallback(found)
        found = one
    return found


def interface(language: str) -> str:
    """The language of the interface for one in which labels are shown."""
    base = language.partition("-")[0].lower()
    return base if base in INTERFACE else WRITTEN


def spoken() -> str:
    """The language of the interface in the page that is being made."""
    return interface(g.get("language", WRITTEN) if has_request_context() else WRITTEN)


def gettext(message: str) -> str:
    """A message of the interface in the language of the page."""
    return catalogue(spoken()).gettext(message) if message else ""


def message(text: str) -> str:
    """A message that is translated where it is said: here it is only marked, for whoever looks for all of them."""
    return text


def ngettext(one: str, many: str, number: int) -> str:
    """A message that depends on a number."""
    return catalogue(spoken()).ngettext(one, many, number)


@cache
def read_accept(header: str) -> str | None:
    """The language of labels that an Accept-Language header wants most, if it wants one of them."""
    return parse_accept_header(header, LanguageAccept).best_match(LABELS)


def accepted(header: str | None) -> str:
    """The language for a browser; English where it says nothing, or nothing that we have."""
    if not header or len(header) > KEPT:
        return WRITTEN
    if read_accept.cache_info().currsize > KEPT:
        read_accept.cache_clear()
    return read_accept(header) or WRITTEN


def marked(language: str | None) -> str:
    """The attribute of a text whose language is not that of the page around it, with a space before it."""
    return Markup(' lang="{}"').format(language) if language and language != spoken() else ""


def dated(text: str) -> str:
    """A day, a month or a year as a sentence says it; what is none of these as it is."""
    found = re.fullmatch(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?(?:T.*|Z|[+-]\d\d:\d\d)?", text)
    try:
        parts = [int(part) for part in found.groups() if part] if found else []
        day = date(*[*parts, 1, 1][:3]) if parts else None
    except ValueError:
        return text
    return format_date(day, SENTENCES[spoken()][len(parts) - 1], locale=spoken()) if day else text


def grouped(number: int) -> str:
    """A number as the language of the page groups its digits: by commas in English, by thin spaces in Swedish."""
    return f"{number:,}" if spoken() == WRITTEN else f"{number:,}".replace(",", "\u202f")


def install(environment: Environment) -> None:
    """Give templates the words: `_`, `{% trans %}`, `marked`, and how days and numbers are said."""
    environment.add_extension("jinja2.ext.i18n")
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_callables(gettext, ngettext, newstyle=True)  # type: ignore[attr-defined]
    environment.globals["marked"] = marked
    environment.filters.update(dated=dated, grouped=grouped)
