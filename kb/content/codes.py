"""Codes of languages (BCP 47) and countries (ISO 3166-1 alpha-2, ``EU``, ``INT``), and their names.

The only module that names babel.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from babel import Locale, UnknownLocaleError

from kb.content.wording import nearest

LANGUAGE_PATTERN = r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2}|-[0-9]{3})?$"
COUNTRY_PATTERN = r"^([A-Z]{2}|INT)$"

_LANGUAGE = re.compile(LANGUAGE_PATTERN.rstrip("$") + r"\Z")
_PRIVATE_LANGUAGES = frozenset({"und", "zxx", "mul", "mis", "root"})

# In the list of territories, but no country: groupings, pseudo-locales and codes that ISO 3166 only reserves.
_NO_COUNTRIES = frozenset({"AC", "CP", "CQ", "DG", "EA", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"})

_COMMON_MISTAKES: Mapping[str, str] = MappingProxyType({"UK": "GB", "EL": "GR", "WORLD": "INT", "GLOBAL": "INT"})

#: CLDR knows the world, but no word for what is at home in several countries: ours, in the languages of the pages.
INTERNATIONAL: Mapping[str, str] = MappingProxyType(
    {
        "en": "International",
        "de": "International",
        "fr": "International",
        "es": "Internacional",
        "it": "Internazionale",
        "pl": "Zasięg międzynarodowy",
    }
)


@cache
def languages(language: str = "en") -> Mapping[str, str]:
    """Every language code, with its name in ``language`` (in English where CLDR does not know that language)."""
    names = _locale(language).languages
    return MappingProxyType({code: name for code, name in names.items() if code not in _PRIVATE_LANGUAGES})


@cache
def countries(language: str = "en") -> Mapping[str, str]:
    """Every country code, ``EU`` and ``INT`` included, with its name in ``language``."""
    names = {
        code: name
        for code, name in _locale(language).territories.items()
        if len(code) == 2 and code.isalpha() and code not in _NO_COUNTRIES
    }
    international = INTERNATIONAL.get(language.split("-")[0], INTERNATIONAL["en"])
    return MappingProxyType({"EU": "European Union", **names, "INT": international})


def _locale(language: str) -> Locale:
    try:
        return Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale("en")


def is_language(code: str) -> bool:
    found = _LANGUAGE.match(code)
    if not found:
        return False
    region = code.rsplit("-", 1)[-1]
    known_region = not (len(region) == 2 and region.isupper()) or region in countries()
    return known_region and code.split("-")[0] in languages()


def is_country(code: str) -> bool:
    return code in countries()


def language_name(code: str, language: str = "en") -> str:
    """The name of a language; the code where none is known."""
    names = languages(language)
    return names.get(code.replace("-", "_")) or names.get(code.split("-")[0]) or code


def country_name(code: str, language: str = "en") -> str:
    """The name of a country; the code where none is known."""
    return countries(language).get(code, code)


def meant_language(text: str) -> str | None:
    """The code that was probably meant: ``German`` and ``DE`` mean ``de``."""
    parts = text.replace("_", "-").split("-")
    candidate = "-".join([parts[0].lower(), *(p.upper() if len(p) == 2 else p.title() for p in parts[1:])])
    if is_language(candidate):
        return candidate
    return _by_name(text, languages())


def meant_country(text: str) -> str | None:
    """The code that was probably meant: ``Germany`` and ``de`` mean ``DE``, ``UK`` means ``GB``."""
    upper = text.upper()
    if upper in _COMMON_MISTAKES:
        return _COMMON_MISTAKES[upper]
    return upper if is_country(upper) else _by_name(text, countries())


def _by_name(text: str, names: Mapping[str, str]) -> str | None:
    found = nearest(text, names.values()) if len(text) > 3 else None
    return next((code for code, name in names.items() if name == found), None) if found else None
