"""The pages. A view is: parse, one call or a few, render."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from flask import Flask
from flask.typing import ResponseReturnValue

from web.languages import rules_for
from web.urls import CONCEPT_PATHS
from web.views import (
    about,
    browse,
    collecting,
    concepts,
    health,
    maps,
    organisations,
    practices,
    search,
    status,
    styleguide,
)

View = Callable[..., ResponseReturnValue]

#: (rule, endpoint, view). Removing a line breaks somebody's bookmark.
ROUTES: tuple[tuple[str, str, View], ...] = (
    ("/", "home", browse.home),
    ("/browse", "browse", browse.browse),
    ("/coverage", "coverage", maps.coverage),
    ("/map", "map", maps.semantic_map),
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
    ("/help", "help", about.help),
    ("/contribute", "contribute", about.contribute),
    ("/privacy", "privacy", about.privacy),
    ("/accessibility", "accessibility", about.accessibility),
    ("/status", "status", status.status),
    ("/healthz", "health", health.health),
)

#: What has no words of ours in it: one address is enough.
WITHOUT_LANGUAGE = frozenset({"practice_source", "health"})


def rules() -> Iterator[tuple[str, str, View, dict[str, str]]]:
    """Every (rule, endpoint, view, defaults): ``ROUTES``, and a page for the concepts of each scheme."""
    for rule, endpoint, view in ROUTES:
        for one in (rule,) if endpoint in WITHOUT_LANGUAGE else rules_for(rule):
            yield one, endpoint, view, {}
    for facet, path in CONCEPT_PATHS.items():
        for one in rules_for(f"/{path}/<concept_id>"):
            yield one, "concept", concepts.concept, {"facet": facet}


def register(app: Flask) -> None:
    for rule, endpoint, view, defaults in rules():
        app.add_url_rule(rule, endpoint, view, defaults=defaults or None)


def register_styleguide(app: Flask) -> None:
    """The components of the pages, for those who change them."""
    app.add_url_rule("/styleguide", "styleguide", styleguide.styleguide)
