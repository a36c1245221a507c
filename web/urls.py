"""Addresses of pages. Concept schemes have a path each; countries and languages are searches."""

from __future__ import annotations

from flask import url_for

from kb.types import Query
from web.params import to_arguments

#: The first part of the address of a concept's page, by facet.
CONCEPT_PATHS = {
    "strand": "strands",
    "risk": "risks",
    "topic": "topics",
    "audience": "audiences",
    "kind": "kinds",
    "evidence": "evidence",
    "stage": "stages",
}


def search_url(query: Query) -> str:
    return url_for("search", **to_arguments(query))  # type: ignore[arg-type]


def filter_url(facet: str, value: str) -> str:
    """The search for everything with one value of a facet."""
    return search_url(Query(filters={facet: (value,)}))


def value_url(facet: str, value: str) -> str:
    """The page about a value where there is one, else the search for it."""
    if facet in CONCEPT_PATHS:
        return url_for("concept", facet=facet, concept_id=value)
    if facet == "organisation":
        return url_for("organisation", organisation_id=value)
    return filter_url(facet, value)
