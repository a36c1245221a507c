"""What search engines ask for: which pages there are, and which to leave alone."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator

from flask import Flask, Response, current_app, url_for

from kb.backends import Backend
from kb.search import MAX_LIMIT
from kb.types import Query
from web.languages import ARGUMENT, LANGUAGES
from web.site import current_backend
from web.urls import CONCEPT_PATHS, absolute_url

SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
#: What one sitemap may hold. A base beyond it lists its newest practices.
MAX_PAGES = 50_000

#: A search has no end of addresses, and what is found stands on pages of its own. Exports are for people.
_NOT_FOR_ROBOTS = ("search", "suggest", "compare", "dossier", "api_export", "api_search")


def register(app: Flask) -> None:
    app.add_url_rule("/sitemap.xml", "sitemap", sitemap)
    app.add_url_rule("/robots.txt", "robots", robots)


def sitemap() -> Response:
    root = ET.Element("urlset", {"xmlns": SITEMAP})
    for number, (url, changed) in enumerate(pages(current_backend())):
        if number == MAX_PAGES:
            break
        page = ET.SubElement(root, "url")
        ET.SubElement(page, "loc").text = url
        if changed:
            ET.SubElement(page, "lastmod").text = changed
    text = ET.tostring(root, encoding="unicode")
    return Response(f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n', mimetype="application/xml")


def pages(backend: Backend) -> Iterator[tuple[str, str]]:
    """(address, day of the last change or nothing) of every page that says something of its own."""
    yield absolute_url("home"), ""
    yield absolute_url("browse"), ""
    yield absolute_url("coverage"), ""
    yield absolute_url("map"), ""
    offset, total = 0, 1
    while offset < total:
        results = backend.search(Query(limit=MAX_LIMIT, offset=offset))
        for hit in results.hits:
            yield absolute_url("practice", practice_id=hit.id), hit.practice.updated if hit.practice else ""
        offset, total = offset + MAX_LIMIT, results.total
    for facet in CONCEPT_PATHS:
        for id in backend.taxonomy().ids(facet):
            yield absolute_url("concept", facet=facet, concept_id=id), ""
    for id in backend.organisations():
        yield absolute_url("organisation", organisation_id=id), ""


def robots() -> Response:
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in _disallowed())]
    return Response("\n".join([*lines, "", f"Sitemap: {absolute_url('sitemap')}", ""]), mimetype="text/plain")


def _disallowed() -> list[str]:
    """Every address of what robots are to leave alone, in each language that it has."""
    expecting = current_app.url_map.is_endpoint_expecting
    paths = [
        url_for(name, **({ARGUMENT: code} if expecting(name, ARGUMENT) else {}))  # type: ignore[arg-type]
        for name in _NOT_FOR_ROBOTS
        for code in LANGUAGES
    ]
    return list(dict.fromkeys(paths))
