"""What the values of facets are called: concepts from the taxonomy, countries and languages from CLDR."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches

from kb.content.codes import countries, country_name, language_name, languages, meant_country, meant_language
from kb.content.model import Organisation, Taxonomy
from kb.errors import UsageError
from kb.facets import ages
from kb.types import FACETS

#: Names that are kept at most: values come from addresses that anybody can make up.
_KEPT = 100_000
#: What somebody meant who wrote a name instead of a code.
_MEANT: Mapping[str, Callable[[str], str | None]] = {"country": meant_country, "language": meant_language}


class Labels:
    """Names of facet values in any language, those in English where there is no other."""

    def __init__(self, taxonomy: Taxonomy, organisations: Mapping[str, Organisation]) -> None:
        self._taxonomy = taxonomy
        self._organisations = organisations
        # A page of results asks for four hundred names, nearly all of them again.
        self._names: dict[tuple[str, str, str], str] = {}

    def label(self, facet: str, value: str, language: str = "en") -> str:
        """The name of ``value``; the value itself where it has none."""
        key = (facet, value, language)
        found = self._names.get(key)
        if found is None:
            found = self._label(*key)
            if len(self._names) < _KEPT:
                self._names[key] = found
        return found

    def _label(self, facet: str, value: str, language: str) -> str:
        if facet == "organisation":
            organisation = self._organisations.get(value)
            return organisation.name if organisation else value
        if facet == "country":
            return country_name(value, language)
        if facet == "language":
            return language_name(value, language)
        if facet == ages.FACET:
            return ages.label(value)
        concept = self._taxonomy.get(facet, value)
        return concept.label(language) if concept else value

    def position(self, facet: str, value: str) -> int:
        """Where a value stands in a facet whose values have an order of their own; 0 in the others."""
        return ages.position(value) if facet == ages.FACET else 0

    def require(self, facet: str, value: str) -> None:
        """Raise UsageError for a facet or a value that does not exist, with the nearest one that does."""
        if facet not in FACETS:
            raise UsageError(f"unknown filter {facet!r}; use one of {', '.join(FACETS)}")
        known = self.values(facet)
        if value not in known:
            meant = _MEANT[facet](value) if facet in _MEANT else _nearest(value, known)
            if meant:
                raise UsageError(
                    "unknown %(facet)s %(value)s; did you mean %(meant)s?",
                    facet=facet,
                    value=repr(value),
                    meant=repr(meant),
                )
            raise UsageError(
                "unknown %(facet)s %(value)s; search without it to see the values of %(facet)s",
                facet=facet,
                value=repr(value),
            )

    def values(self, facet: str) -> tuple[str, ...]:
        """Every value that a filter by ``facet`` can take, whether some practice has it or not."""
        if facet == "organisation":
            return tuple(self._organisations)
        if facet == "country":
            return tuple(countries())
        if facet == "language":
            return tuple(languages())
        if facet == ages.FACET:
            return tuple(ages.BANDS)
        return self._taxonomy.ids(facet)


def _nearest(value: str, known: Iterable[str]) -> str | None:
    folded = {name.casefold(): name for name in known}
    near = get_close_matches(value.casefold(), folded, n=1)
    return folded[near[0]] if near else None
