"""The pages. A view is: parse, one call or a few, render."""

from __future__ import annotations

from flask import Flask

from web.urls import CONCEPT_PATHS
from web.views import browse, concepts, health, organisations, practices, search

#: (rule, endpoint, view). Removing a line breaks somebody's bookmark.
ROUTES = (
    ("/", "home", browse.home),
    ("/browse", "browse", browse.browse),
    ("/search", "search", search.search),
    ("/practices/<practice_id>", "practice", practices.practice),
    ("/practices/<practice_id>.md", "practice_source", practices.practice_source),
    ("/organisations/<organisation_id>", "organisation", organisations.organisation),
    ("/healthz", "health", health.health),
)


def register(app: Flask) -> None:
    for rule, endpoint, view in ROUTES:
        app.add_url_rule(rule, endpoint, view)
    for facet, path in CONCEPT_PATHS.items():
        app.add_url_rule(f"/{path}/<concept_id>", "concept", concepts.concept, defaults={"facet": facet})
