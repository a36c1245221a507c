"""The ways in without a question: the home page, and everything there is to browse."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby
from unicodedata import normalize

from flask import render_template

from kb.content.model import Organisation
from kb.facets import ages
from kb.types import FacetValue, Query, Results
from web.browsing import counts, tree
from web.site import current_backend, label
from web.urls import CONCEPT_PATHS

NEWEST = 6
#: Values of the facet ``country`` that are no country.
WIDER_THAN_A_COUNTRY = frozenset({"EU", "INT"})


def home() -> str:
    backend = current_backend()
    everything = backend.search(Query(limit=NEWEST))
    taxonomy = backend.taxonomy()
    return render_template(
        "home.html",
        total=everything.total,
        organisations=len(_used(everything, "organisation")),
        countries=sum(value.id not in WIDER_THAN_A_COUNTRY for value in _used(everything, "country")),
        trees={
            facet: tree(taxonomy, facet, counts(everything, facet)) for facet in ("strand", "risk", "topic", "audience")
        },
        ages=_used(everything, ages.FACET),
        newest=everything.hits,
    )


def browse() -> str:
    backend = current_backend()
    everything = backend.search(Query(limit=1))
    taxonomy = backend.taxonomy()
    return render_template(
        "browse.html",
        total=everything.total,
        trees={facet: tree(taxonomy, facet, counts(everything, facet)) for facet in CONCEPT_PATHS},
        ages=_used(everything, ages.FACET),
        countries=sorted(_used(everything, "country"), key=lambda value: _sorting(value.label)),
        languages=_used(everything, "language"),
        letters=_by_letter(backend.organisations().values()),
        practices_of=counts(everything, "organisation"),
    )


def _used(results: Results, facet: str) -> list[FacetValue]:
    return [replace(value, label=label(facet, value.id)) for value in results.facets.get(facet, ()) if value.count]


def _by_letter(organisations: Iterable[Organisation]) -> list[tuple[str, list[Organisation]]]:
    ordered = sorted(organisations, key=lambda organisation: _sorting(organisation.name))
    return [(letter, list(group)) for letter, group in groupby(ordered, key=lambda o: _letter(o.name))]


def _letter(name: str) -> str:
    first = _sorting(name)[:1].upper()
    return first if "A" <= first <= "Z" else "0–9"


def _sorting(name: str) -> str:
    """Capitals and accents make no difference: Ö stands with O."""
    return "".join(c for c in normalize("NFKD", name.casefold()) if c.isalnum() or c == " ").strip()
