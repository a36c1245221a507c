"""The ways in without a question: the home page, and everything there is to browse."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby

from flask import render_template

from kb.content.model import Organisation
from kb.facets import ages
from kb.text.collation import sort_key
from kb.types import FacetValue, Query, Results
from web.browsing import counts, most_first, tree
from web.languages import language
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
        countries=sorted(_used(everything, "country"), key=lambda value: sort_key(value.label, language())),
        languages=most_first(_used(everything, "language")),
        letters=_by_letter(backend.organisations().values()),
        practices_of=counts(everything, "organisation"),
    )


def _used(results: Results, facet: str) -> list[FacetValue]:
    return [replace(value, label=label(facet, value.id)) for value in results.facets.get(facet, ()) if value.count]


def _by_letter(organisations: Iterable[Organisation]) -> list[tuple[str, list[Organisation]]]:
    ordered = sorted(organisations, key=lambda organisation: sort_key(organisation.name, language()))
    return [(letter, list(group)) for letter, group in groupby(ordered, key=lambda o: _letter(o.name))]


def _letter(name: str) -> str:
    first = sort_key(name, language())[:1].upper()
    return first if "A" <= first <= "Z" else "0–9"
