"""The pages. A view is: parse, one call or a few, render."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from flask import Flask
from flask.typing import ResponseReturnValue

from web.urls import CONCEPT_PATHS
from web.views import browse, concepts, health, organisations, practices, search

View = Callable[..., ResponseReturnValue]

#: (rule, endpoint, view). Removing a line breaks somebody's bookmark.
ROUTES: tuple[tuple[str, str, View], ...] = (
    ("/", "home", browse.home),
    ("/browse", "browse", browse.browse),
    ("/search", "search", search.search),
    ("/practices/<practice_id>", "practice", practices.practice),
    ("/practices/<practice_id>.md", "practice_source", practices.practice_source),
    ("/organisations/<organisation_id>", "organisation", organisations.organisation),
    ("/healthz", "health", health.health),
)


def rules() -> Iterator[tuple[str, str, View, dict[str, str]]]:
    """Every (rule, endpoint, view, defaults): ``ROUTES``, and a page for the concepts of each scheme."""
    yield from ((rule, endpoint, view, {}) for rule, endpoint, view in ROUTES)
    for facet, path in CONCEPT_PATHS.items():
        yield f"/{path}/<concept_id>", "concept", concepts.concept, {"facet": facet}


def register(app: Flask) -> None:
    for rule, endpoint, view, defaults in rules():
        app.add_url_rule(rule, endpoint, view, defaults=defaults or None)
