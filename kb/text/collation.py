"""The order of names in a language: what a reader of it would look for, and where.

Capitals, accents and signs make no difference, and a letter stands with the one that it is made of: Ö with O, Ł with L,
ß as ss. Where a language counts such a letter as one of its own, it comes after all words with the other: in Polish
Łotwa comes after Luksemburg.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache
from types import MappingProxyType
from unicodedata import normalize

#: Letters that Unicode does not take apart, folded to lower case.
_MADE_OF = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "ŧ": "t", "ŋ": "n", "æ": "ae", "œ": "oe", "þ": "th"}
)
#: Letters that languages of the pages count as their own, in the order after the one that they are made of.
_OWN: Mapping[str, str] = MappingProxyType({"pl": "ąćęłńóśźż", "es": "ñ"})
#: Comes after every letter and digit.
_AFTER = "{"


@lru_cache(maxsize=20_000)
def sort_key(name: str, language: str = "en") -> str:
    """What names are sorted by in ``language``; begins with the letter that a name is listed under."""
    own = _own(language.split("-")[0])
    return "".join(own.get(letter) or _folded(letter) for letter in normalize("NFC", name.casefold())).strip()


@cache
def _own(language: str) -> Mapping[str, str]:
    made: dict[str, str] = {}
    for letter in _OWN.get(language, ""):
        base = _folded(letter)
        made[letter] = base + _AFTER * (1 + sum(other.startswith(base) for other in made.values()))
    return made


def _folded(letter: str) -> str:
    return "".join(c for c in normalize("NFKD", letter).translate(_MADE_OF) if c.isalnum() or c == " ")
