"""Addresses of pages. Concept schemes have a path each; countries and languages are searches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flask import current_app, request, url_for

from kb.types import Query
from web.languages import language
from web.params import to_arguments
from web.site import current_site

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


_KEPT = "urls-kept"
_MOST_KEPT = 50_000


def search_url(query: Query) -> str:
    return url_for("search", **to_arguments(query))  # type: ignore[arg-type]


def filter_url(facet: str, value: str) -> str:
    """The search for everything with one value of a facet."""
    return search_url(Query(filters={facet: (value,)}))


def value_url(facet: str, value: str) -> str:
    """The page about a value where there is one, else the search for it."""
    return _kept((facet, value), lambda: _value_url(facet, value))


def practice_url(id: str) -> str:
    """The page of a practice."""
    return _kept(("practice", id), lambda: url_for("practice", practice_id=id))


def page_url(endpoint: str) -> str:
    """A page that there is one of in each language."""
    return _kept((endpoint,), lambda: url_for(endpoint))


def _kept(thing: tuple[str, ...], make: Callable[[], str]) -> str:
    """A page of results has a hundred addresses that depend on nothing else of a request than its language."""
    kept: dict[tuple[str, ...], str] = current_app.extensions.setdefault(_KEPT, {})
    key = (*thing, language(), request.script_root)
    found = kept.get(key)
    if found is None:
        if len(kept) >= _MOST_KEPT:
            kept.clear()
        found = kept[key] = make()
    return found


def _value_url(facet: str, value: str) -> str:
    if facet in CONCEPT_PATHS:
        return url_for("concept", facet=facet, concept_id=value)
    if facet == "organisation":
        return url_for("organisation", organisation_id=value)
    return filter_url(facet, value)


def absolute_url(endpoint: str, **values: Any) -> str:
    """The address for links from elsewhere: under the one that the site is configured with, else the one asked."""
    address = current_site().address
    if address is None:
        return url_for(endpoint, _external=True, **values)
    return address + url_for(endpoint, _external=False, **values).removeprefix(request.script_root)


def lasting_url(endpoint: str, **values: Any) -> str:
    """The address to cite. A copy of the site that knows no address of the original has none to give: it is empty."""
    site = current_site()
    return "" if site.offline and site.address is None else absolute_url(endpoint, **values)


def feed_url(query: Query) -> str:
    """The feed that follows a search. Order and page are the feed's own."""
    return url_for("feed", **to_arguments(replace(query, sort="relevance", offset=0)))  # type: ignore[arg-type]


def export_url(query: Query, form: str) -> str:
    """The whole result set of a search as a file."""
    return url_for("api_export", **to_arguments(replace(query, offset=0)), format=form)  # type: ignore[arg-type]


def absolute_path(path: str) -> str:
    """A path that ``url_for`` made, as :func:`absolute_url` writes it."""
    base = current_site().address or request.url_root.rstrip("/")
    return base + path.removeprefix(request.script_root)


def here() -> str:
    """The path of this page on the site, with its question."""
    return _with_question(request.path)


def alternate_url(path: str) -> str:
    """Where this page is in another language, of which ``path`` is the path: what programs are told.

    A copy of the site that knows no address of the original leads to its own files.
    """
    site = current_site()
    return _with_question(path) if site.offline and site.address is None else absolute_path(path)


def language_url(code: str, path: str) -> str:
    """What a reader follows to change the language. The site remembers the choice; a copy leads to the page itself."""
    if current_site().offline:
        return _with_question(path)
    return url_for("choose_language", code=code, page=here())


def _with_question(path: str) -> str:
    question = request.query_string.decode("ascii", "replace")
    return f"{path}?{question}" if question else path
