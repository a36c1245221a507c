"""The addresses of the site. Removing one breaks somebody's bookmark or program: it needs a decision."""

from __future__ import annotations

import re

from flask import Flask

RULES = {
    "/accessibility",
    "/",
    "/api/v1/concepts",
    "/api/v1/concepts/<facet>/<concept_id>",
    "/api/v1/export",
    "/api/v1/facets",
    "/api/v1/openapi.json",
    "/api/v1/organisations",
    "/api/v1/organisations/<organisation_id>",
    "/api/v1/practices/<practice_id>",
    "/api/v1/practices/<practice_id>/similar",
    "/api/v1/search",
    "/api/v1/suggestions",
    "/audiences/<concept_id>",
    "/browse",
    "/compare",
    "/coverage",
    "/dossier",
    "/dossier.html",
    "/dossier.md",
    "/dossier/print",
    "/evidence/<concept_id>",
    "/feed.atom",
    "/healthz",
    "/help",
    "/in/<any(en, de, fr, es, it, pl):code>",
    "/kinds/<concept_id>",
    "/map",
    "/organisations/<organisation_id>",
    "/practices/<practice_id>",
    "/practices/<practice_id>.md",
    "/privacy",
    "/contribute",
    "/risks/<concept_id>",
    "/robots.txt",
    "/search",
    "/sitemap.xml",
    "/stages/<concept_id>",
    "/suggest",
    "/static/<path:filename>",
    "/status",
    "/strands/<concept_id>",
    "/topics/<concept_id>",
}
#: Those of them that have one address only; the others are there in every language.
ALONE = re.compile(r"/(api|static|in)/|/(feed\.atom|healthz|robots\.txt|sitemap\.xml)|.*<practice_id>\.md")


def test_the_routes_are_these(app: Flask) -> None:
    translated = {f"/<any(de, fr, es, it, pl):interface>{rule}" for rule in RULES if not ALONE.match(rule)}
    assert {rule.rule for rule in app.url_map.iter_rules()} == RULES | translated


def test_every_route_is_only_read(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        assert rule.methods == {"GET", "HEAD", "OPTIONS"}
