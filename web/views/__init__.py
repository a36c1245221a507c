"""The pages. A view is: parse, one call or a few, render."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from flask import Flask
from flask.typing import ResponseReturnValue

from web.urls import CONCEPT_PATHS
from web.views import browse, collecting, concepts, health, organisations, practices, search, styleguide

View = Callable[..., ResponseReturnValue]

#: (rule, endpoint, view). Removing a line breaks somebody's bookmark.
ROUTES: tuple[tuple[str, str, View], ...] = (
    ("/", "home", browse.home),
    ("/browse", "browse", browse.browse),
    ("/search", "search", search.search),
    ("/suggest", "suggest", search.suggest),
    ("/practices/<practice_id>", "practice", practices.practice),
    ("/practices/<practice_id>.md", "practice_source", practices.practice_source),
    ("/organisations/<organisation_id>", "organisation", organisations.organisation),
    ("/compare", "compare", collecting.compare),
    ("/dossier", "dossier", collecting.dossier),
    ("/dossier/print", "dossier_print", collecting.dossier_print),
    ("/dossier.html", "dossier_html", collecting.dossier_html),
    ("/dossier.md", "dossier_markdown", collecting.dossier_markdown),
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


def register_styleguide(app: Flask) -> None:
    """The components of the pages, for those who change them."""
    app.add_url_rule("/styleguide", "styleguide", styleguide.styleguide)
