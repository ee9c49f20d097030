"""Names as keys: what is left of a name when case, accents, spaces and the word "city" are no matter.

A name has one exact key and a few looser ones. Nothing here knows a place: the tables are about letters and about
words that say what kind of place is named.
"""

import re
from collections.abc import Iterator
from enum import IntEnum
from functools import lru_cache
from unicodedata import normalize

LONGEST = 200
"""Characters of a name that are looked at."""

PLAIN = str.maketrans({
    "ł": "l", "ø": "o", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i", "ə": "e", "þ": "th", "ð": "d", "ħ": "h", "ŋ": "ng",
    "ñ": "n", "أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ة": "ه", "ى": "ي", "ی": "ي", "ک": "ك", "ـ": None, "ё": "е",
    "ς": "σ", "&": " and ",
})  # fmt: skip
"""Letters that Unicode does not take apart, and those that are written one for the other."""
SPELT = str.maketrans({
    "ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe", "æ": "ae", "ş": "sh", "ș": "sh", "š": "sh", "ç": "ch",
    "č": "ch", "ž": "zh", "đ": "dj", "ñ": "ny",
})  # fmt: skip
"""Letters as they are written where they are missing."""
LATIN = str.maketrans({
    **dict(zip("абвгдезийклмнопрстуфыэєіїґјқҳөүғ", "abvgdeziiklmnoprstufyeeiigjqhoug", strict=True)),
    "ж": "zh", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": None, "ь": None, "ю": "yu", "я": "ya",
    "љ": "lj", "њ": "nj", "ђ": "dj", "ћ": "c", "џ": "dz", "ѓ": "gj", "ќ": "kj", "ў": "u",
    **dict(zip("αβγδεζηικλμνοπρστυφω", "avgdeziiklmnoprstyfo", strict=True)), "θ": "th", "ξ": "x", "χ": "ch", "ψ": "ps",
})  # fmt: skip
"""Cyrillic and Greek letters after accents were taken off."""
MARKS = re.compile("[\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670]+")
"""Accents and vowel points that are often left out; the vowel signs of Indic scripts are letters and stay."""
GLUE = re.compile("['’ʼ‘`´ʻ\u200b-\u200f\u00ad]+")
BREAKS = re.compile(r"[^\w\u0900-\u0e7f\u1000-\u109f\u1780-\u17ff]+|_")
WORDS = {"st": "saint", "ste": "sainte", "sta": "santa", "mt": "mount"}

LEADING = (
    "the city of", "city of", "town of", "municipality of", "metropolitan city of", "capital city", "ville de",
    "ville d", "commune de", "ciudad de", "ciudad", "municipio de", "ayuntamiento de", "cidade de", "municipio do",
    "comune di", "citta di", "stadt", "landeshauptstadt", "gemeinde", "gemeente", "staden", "gorod", "grad", "mesto",
    "miasto", "kota", "thanh pho", "город", "г", "місто", "м", "град", "orasul", "municipiul",
)  # fmt: skip
TRAILING = (
    "city", "town", "municipality", "metropolitan city", "kommun", "kommune", "stad", "shi", "si", "belediyesi",
    "city council", "kaupunki", "linn",
)  # fmt: skip
ENDINGS = ("市", "특별자치시", "광역시", "특별시", "시")


class Form(IntEnum):
    """How a key comes from its name; the lower, the closer."""

    EXACT = 0
    SPELT = 1
    """Other letters for the same sounds: oe for ö, Latin for Cyrillic."""
    SHORTENED = 2
    """Without the word that says that it is a city."""


@lru_cache(maxsize=1 << 14)
def words(name: str) -> str:
    """A name in small letters without accents and punctuation, its words set apart by single spaces."""
    return stripped(normalize("NFKC", name[:LONGEST]).casefold())


def stripped(text: str) -> str:
    text = MARKS.sub("", normalize("NFKD", GLUE.sub("", text).translate(PLAIN)).translate(PLAIN))
    return " ".join(BREAKS.sub(" ", text).split())


def key(name: str) -> str:
    """The exact key of a name: `words` without the spaces."""
    return words(name).replace(" ", "")


def keys(name: str) -> dict[str, Form]:
    """All keys of a name, each with the closest form that gives it; empty for a name without letters or digits."""
    found: dict[str, Form] = {}
    for text, form in forms(name):
        made = text.replace(" ", "")
        if made and form < found.get(made, Form.SHORTENED + 1):
            found[made] = form
    return found


def forms(name: str) -> Iterator[tuple[str, Form]]:
    exact = words(name)
    yield exact, Form.EXACT
    for text in (spelt := [spelling(name), romanised(exact), whole_words(exact)]):
        yield text, Form.SPELT
    for text in dict.fromkeys((exact, *spelt)):
        if (short := shortened(text)) != text:
            yield short, Form.SHORTENED
            yield whole_words(short), Form.SHORTENED


def spelling(name: str) -> str:
    """The words of a name with two letters for those that other keyboards lack."""
    return stripped(normalize("NFC", name[:LONGEST]).casefold().translate(SPELT))


def romanised(exact: str) -> str:
    return exact.translate(LATIN)


def whole_words(exact: str) -> str:
    return " ".join(WORDS.get(word, word) for word in exact.split())


# The tables are folded as names are, so that Hangul is taken apart in both.
_LEADING = tuple(sorted({stripped(words) + " " for words in LEADING}, key=len, reverse=True))
_TRAILING = tuple(sorted({" " + stripped(words) for words in TRAILING}, key=len, reverse=True))
_ENDINGS = tuple(stripped(words) for words in ENDINGS)


def shortened(text: str) -> str:
    """Words of a name without those that only say that it is a city; the same where nothing would be left."""
    for start in _LEADING:
        if text.startswith(start):
            return text.removeprefix(start)
    for end in _TRAILING:
        if text.endswith(end) and len(text) > len(end):
            return text.removesuffix(end)
    for end in _ENDINGS:
        if text.endswith(end) and len(text) > len(end) + 1:
            return text.removesuffix(end).rstrip()
    return text
