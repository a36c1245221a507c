"""The whole site as plain files, so that what is known outlives the server.

Every page in English, every practice as Markdown and JSON, one file with all data, and a search that runs in the
browser. Links are relative: the files work from a disk, a memory stick or below any address.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from flask import Flask

from kb.backends import Backend
from kb.errors import KbError
from kb.search import MAX_LIMIT
from kb.types import Query
from web.offline.folder import publish
from web.offline.index import DATA, PAGE, data_script, search_page
from web.offline.links import file_of, rewritten
from web.site import EXTENSION
from web.urls import CONCEPT_PATHS

File = tuple[str, bytes]

#: All data in one file, as ``kb export`` prints it.
EVERYTHING = "data.json"

_MOVED = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>This practice has moved</title>
<meta http-equiv="refresh" content="0; url={id}.html">
<p><a href="{id}.html">This practice has moved.</a></p>
</html>
"""


def export_site(app: Flask, backend: Backend, target: Path, *, everything: object) -> int:
    """Write the site into ``target``; how many files there are. ``everything`` becomes ``EVERYTHING``.

    Raises KbError where ``target`` holds files of somebody else's under our names, or cannot be written.
    """
    return publish(target, _files(app, backend, everything))


def _files(app: Flask, backend: Backend, everything: object) -> Iterator[File]:
    ids = _ids(backend)
    yield EVERYTHING, json.dumps(everything, ensure_ascii=False, indent=1).encode()
    address = app.extensions[EXTENSION].address
    with app.test_request_context("/search"):
        page = search_page()
        index = data_script(backend, ids)
    yield DATA, index.encode()
    search = rewritten(page, PAGE, address=address, own_scripts=True)
    yield PAGE, search.text.encode()
    yield from _pages(app, {*_seeds(app, backend, ids), *search.targets}, address)
    yield from _moved(backend, ids)


def _pages(app: Flask, seeds: Iterable[str], address: str | None) -> Iterator[File]:
    """Every page that can be reached, and what it is made of."""
    client = app.test_client()
    written = {DATA, EVERYTHING, PAGE}
    waiting = sorted(seeds)
    while waiting:
        url = waiting.pop()
        name = file_of(url)
        if name is None or name in written:
            continue
        written.add(name)
        response = client.get(url)
        if response.status_code != 200:
            raise KbError(f"{url} answers {response.status}; nothing was exported, look at the site with: kb serve")
        if response.mimetype == "text/html":
            page = rewritten(response.get_data(as_text=True), name, address=address)
            waiting += sorted(page.targets)
            yield name, page.text.encode()
        else:
            yield name, response.get_data()


def _seeds(app: Flask, backend: Backend, ids: Iterable[str]) -> Iterator[str]:
    """The pages and files that nothing may link to."""
    with app.test_request_context():
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


def _moved(backend: Backend, ids: Iterable[str]) -> Iterator[File]:
    """Pages at earlier ids that lead to where the practice is now."""
    for id in ids:
        for old in backend.practice(id).aliases:
            yield f"practices/{old}.html", _MOVED.format(id=id).encode()


def _ids(backend: Backend) -> list[str]:
    ids: list[str] = []
    while page := backend.search(Query(limit=MAX_LIMIT, offset=len(ids))).hits:
        ids += [hit.id for hit in page]
    return sorted(ids)
