"""What search engines ask for: which pages there are, and which to leave alone."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from itertools import islice

from flask import Flask, Response, current_app, url_for

from kb.backends import Backend
from kb.search import MAX_LIMIT
from kb.types import Query
from web.languages import ARGUMENT, LANGUAGES
from web.site import current_backend
from web.urls import CONCEPT_PATHS, absolute_url

SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
XHTML = "http://www.w3.org/1999/xhtml"
#: What one sitemap may hold. A base beyond it lists its newest practices.
MAX_PAGES = 50_000

#: A search has no end of addresses, and what is found stands on pages of its own. Exports are for people.
_NOT_FOR_ROBOTS = ("search", "suggest", "compare", "dossier", "api_export", "api_search")


def register(app: Flask) -> None:
    app.add_url_rule("/sitemap.xml", "sitemap", sitemap)
    app.add_url_rule("/robots.txt", "robots", robots)


def sitemap() -> Response:
    """Every page once, under its English address, with those in the other languages beside it."""
    root = ET.Element("urlset", {"xmlns": SITEMAP, "xmlns:xhtml": XHTML})
    for endpoint, values, changed in islice(pages(current_backend()), MAX_PAGES):
        page = ET.SubElement(root, "url")
        ET.SubElement(page, "loc").text = absolute_url(endpoint, **values)
        if changed:
            ET.SubElement(page, "lastmod").text = changed
        for code in LANGUAGES:
            url = absolute_url(endpoint, **values, **{ARGUMENT: code})
            ET.SubElement(page, "xhtml:link", {"rel": "alternate", "hreflang": code, "href": url})
    text = ET.tostring(root, encoding="unicode")
    return Response(f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n', mimetype="application/xml")


def pages(backend: Backend) -> Iterator[tuple[str, dict[str, str], str]]:
    """(endpoint, its values, day of the last change or nothing) of every page that says something of its own."""
    yield from ((endpoint, {}, "") for endpoint in ("home", "browse", "coverage", "map", "help", "contribute"))
    offset, total = 0, 1
    while offset < total:
        results = backend.search(Query(limit=MAX_LIMIT, offset=offset))
        for hit in results.hits:
            yield "practice", {"practice_id": hit.id}, hit.practice.updated if hit.practice else ""
        offset, total = offset + MAX_LIMIT, results.total
    for facet in CONCEPT_PATHS:
        yield from (("concept", {"facet": facet, "concept_id": id}, "") for id in backend.taxonomy().ids(facet))
    yield from (("organisation", {"organisation_id": id}, "") for id in backend.organisations())


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
