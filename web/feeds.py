"""What is new, as Atom (RFC 4287): everything, or whatever a search or a filter finds.

An entry's id is a UUID made from the id of the practice: it is the same on every host and port, for ever.
"""

from __future__ import annotations

import re
import uuid
import xml.etree.ElementTree as ET
from dataclasses import replace

from flask import Flask, Response, request

from kb.content.model import Practice
from kb.search import MAX_LIMIT
from kb.types import Query, Results
from web.params import read_query, to_arguments
from web.site import current_backend, current_site, label
from web.urls import absolute_url

ATOM = "http://www.w3.org/2005/Atom"
MEDIA_TYPE = "application/atom+xml"
#: The newest so many; who reads less often searches the site.
MAX_ENTRIES = 50

#: Names our feeds and entries among all UUIDs. Never to be changed: every reader would show every entry again.
_NAMESPACE = uuid.UUID("6f1b0f0e-7b0e-5c57-9d3a-2f6f6d3f5a41")
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def register(app: Flask) -> None:
    app.add_url_rule("/feed.atom", "feed", feed)


def feed() -> Response:
    """The practices of a search, newest first. Of a question only what fits: what comes near is no news."""
    asked = replace(read_query(request.args), sort="newest", limit=MAX_LIMIT, offset=0)
    return Response(write_feed(current_backend().search(asked)), mimetype=MEDIA_TYPE)


def write_feed(results: Results) -> str:
    fitting = results.hits[: results.fitting] if results.query.text else results.hits
    practices = [hit.practice for hit in fitting if hit.practice]
    newest = sorted(practices, key=lambda practice: practice.id)
    newest.sort(key=lambda practice: (practice.updated, practice.added), reverse=True)
    arguments = to_arguments(replace(results.query, sort="relevance", offset=0))
    site = current_site()
    root = ET.Element("feed", {"xmlns": ATOM, "xml:lang": "en"})
    _text(root, "id", _urn("feed", *_pairs(arguments)))
    _text(root, "title", f"{site.name}: {_subject(results.query)}")
    _text(root, "updated", max((moment(practice.updated) for practice in newest), default=moment("2017")))
    _link(root, "self", absolute_url("feed", **arguments), MEDIA_TYPE)
    _link(root, "alternate", absolute_url("search", **arguments), "text/html")
    _author(root, site.name)
    for practice in newest[:MAX_ENTRIES]:
        _entry(root, practice)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def moment(date: str) -> str:
    """The first moment of a day or a year, as RFC 3339 writes it."""
    return f"{date}{'-01-01' if len(date) == 4 else ''}T00:00:00Z"


def _entry(root: ET.Element, practice: Practice) -> None:
    entry = ET.SubElement(root, "entry", {"xml:lang": practice.language})
    _text(entry, "id", _urn("practice", practice.id))
    _text(entry, "title", practice.title)
    _text(entry, "updated", moment(practice.updated))
    _text(entry, "published", moment(practice.added))
    _link(entry, "alternate", absolute_url("practice", practice_id=practice.id), "text/html")
    for organisation in practice.organisations:
        _author(entry, label("organisation", organisation))
    for facet, values in (("strand", practice.strand), ("risk", practice.risks), ("topic", practice.topics)):
        for value in values:
            scheme = absolute_url("browse", _anchor=facet)
            ET.SubElement(entry, "category", {"term": value, "scheme": scheme, "label": label(facet, value)})
    _text(entry, "summary", practice.summary)
    if practice.licence:
        _text(entry, "rights", practice.licence)


def _subject(query: Query) -> str:
    chosen = [label(facet, value) for facet, values in query.filters.items() for value in values]
    parts = [f"“{query.text}”"] if query.text else []
    return ", ".join([*parts, *chosen]) or "all practices"


def _pairs(arguments: dict[str, str | list[str]]) -> list[str]:
    return [
        f"{name}={one}"
        for name, value in arguments.items()
        for one in (sorted(value) if isinstance(value, list) else [value])
    ]


def _urn(*parts: str) -> str:
    return uuid.uuid5(_NAMESPACE, "\n".join(parts).encode("utf-8", "replace").decode()).urn


def _text(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, name).text = _NOT_XML.sub("\ufffd", text)


def _link(parent: ET.Element, relation: str, url: str, media_type: str) -> None:
    ET.SubElement(parent, "link", {"rel": relation, "type": media_type, "href": url})


def _author(parent: ET.Element, name: str) -> None:
    _text(ET.SubElement(parent, "author"), "name", name)
