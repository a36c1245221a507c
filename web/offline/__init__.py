"""The whole site as plain files, so that what is known outlives the server.

Every page in every language that is asked for, every practice as Markdown and JSON, one file with all data, and a
search that runs in the browser. English stands at the top, other languages in a folder each, as in the addresses of
the site; what has no words of the interface is there once. Links are relative: the files work from a disk, a memory
stick or below any address.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from html import escape
from pathlib import Path

from flask import Flask

from kb.backends import Backend
from kb.errors import KbError
from kb.search import MAX_LIMIT
from kb.types import Query
from web.languages import DEFAULT, LANGUAGES, gettext
from web.offline.folder import publish
from web.offline.index import DATA, data_of, data_script, language_script, search_page
from web.offline.links import SEARCH, file_of, language_of, rewritten
from web.site import EXTENSION
from web.urls import CONCEPT_PATHS

File = tuple[str, bytes]

#: All data in one file, as ``kb export`` prints it.
EVERYTHING = "data.json"

_MOVED = """<!doctype html>
<html lang="{code}">
<meta charset="utf-8">
<title>{text}</title>
<meta http-equiv="refresh" content="0; url={id}.html">
<p><a href="{id}.html">{text}</a></p>
</html>
"""


def export_site(
    app: Flask,
    backend: Backend,
    target: Path,
    *,
    everything: object,
    interface: Sequence[str] = tuple(LANGUAGES),
    announce: Callable[[str], None] = lambda language: None,
) -> int:
    """Write the site into ``target``; how many files there are. ``everything`` becomes ``EVERYTHING``.

    ``interface``: the languages that ``app`` offers, by code; ``announce`` is told the name of each before its pages
    are made. Raises KbError where ``target`` holds files of somebody else's under our names, or cannot be written.
    """
    return publish(target, _files(app, backend, everything, interface, announce))


def _files(
    app: Flask, backend: Backend, everything: object, interface: Iterable[str], announce: Callable[[str], None]
) -> Iterator[File]:
    ids = _ids(backend)
    yield EVERYTHING, json.dumps(everything, ensure_ascii=False, indent=1).encode()
    yield DATA, data_script(backend, ids).encode()
    address = app.extensions[EXTENSION].address
    written = {EVERYTHING, DATA}
    for code in interface:
        announce(LANGUAGES[code])
        with app.test_request_context(_search_path(code)):
            page = search_page(len(ids))
            yield data_of(code), language_script(backend, ids).encode()
            yield from _moved(backend, ids, code)
            seeds = [*_seeds(app, backend, ids)]
        search = rewritten(page, SEARCH[code], address=address, own_scripts=True)
        yield SEARCH[code], search.text.encode()
        written |= {data_of(code), SEARCH[code]}
        yield from _pages(app, {*seeds, *search.targets}, code, address, written)


def _search_path(code: str) -> str:
    return "/search" if code == DEFAULT else f"/{code}/search"


def _pages(app: Flask, seeds: Iterable[str], code: str, address: str | None, written: set[str]) -> Iterator[File]:
    """Every page in a language that can be reached, and what it is made of, but what is written already."""
    client = app.test_client()
    waiting = sorted(seeds)
    while waiting:
        url = waiting.pop()
        name = file_of(url)
        if name is None or name in written or language_of(url) not in (code, DEFAULT):
            continue
        written.add(name)
        response = client.get(url)
        if response.status_code != 200:
            raise KbError(f"{url} answers {response.status}; nothing was exported, look at the site with: kb serve")
        if response.mimetype == "text/html":
            page = rewritten(response.get_data(as_text=True), name, address=address)
            waiting += sorted(target for target in page.targets if file_of(target) not in written)
            yield name, page.text.encode()
        else:
            yield name, response.get_data()


def _seeds(app: Flask, backend: Backend, ids: Iterable[str]) -> Iterator[str]:
    """The pages and files that nothing may link to, within a request in their language."""
    for id in ids:
        yield app.url_for("practice", practice_id=id)
        yield app.url_for("practice_source", practice_id=id)
        yield app.url_for("api_practice", practice_id=id)
    for facet in CONCEPT_PATHS:
        for id in backend.taxonomy().ids(facet):
            yield app.url_for("concept", facet=facet, concept_id=id)
    for id in backend.organisations():
        yield app.url_for("organisation", organisation_id=id)
    for endpoint in ("home", "browse"):
        yield app.url_for(endpoint)
    yield app.url_for("api_export", format="csv")


def _moved(backend: Backend, ids: Iterable[str], code: str) -> Iterator[File]:
    """Pages at earlier ids that lead to where the practice is now, within a request in their language."""
    folder = "" if code == DEFAULT else f"{code}/"
    text = escape(gettext("This practice has moved"))
    for id in ids:
        for old in backend.practice(id).aliases:
            yield f"{folder}practices/{old}.html", _MOVED.format(id=id, code=code, text=text).encode()


def _ids(backend: Backend) -> list[str]:
    ids: list[str] = []
    while page := backend.search(Query(limit=MAX_LIMIT, offset=len(ids))).hits:
        ids += [hit.id for hit in page]
    return sorted(ids)
