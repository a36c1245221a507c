"""What browsers and proxies may keep: everything, if they ask each time whether it still holds.

The ETag of a page says which generation of the index, which version of the program, which address and which language
it comes from, and the day where the page tells it. So "not changed" is answered before anything is rendered, and
nothing about the reader goes into it.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from hashlib import sha256
from pathlib import Path

from flask import Flask, Response, g, request

import kb
from kb.errors import KbError
from web.languages import language
from web.site import current_backend, current_site

#: Answers that say how things are at this moment.
NEVER_KEPT = frozenset({"health", "status", "version"})
#: What somebody asked for is nobody else's: a browser may keep it, a proxy between may not.
PRIVATE = frozenset({"search", "suggest", "api_search", "api_suggestions", "api_facets", "api_export"})

#: Pages that say which day it is hold until the next one.
DATED = frozenset({"practice"})


def register(app: Flask) -> None:
    app.before_request(_unchanged)
    app.after_request(_with_etag)


def _unchanged() -> Response | None:
    """The whole answer, where the reader has it already."""
    g.etag = None if request.endpoint in NEVER_KEPT | {"static", None} else _etag()
    if g.etag is None or not request.if_none_match.contains_weak(g.etag):
        return None
    return _kept(Response(status=304))


def _with_etag(response: Response) -> Response:
    # The generation was read before the page was made: a page newer than its ETag is asked for once more, no worse.
    if request.endpoint in NEVER_KEPT or response.status_code >= 400:
        response.headers.setdefault("Cache-Control", "no-store")
    elif response.status_code == 200 and g.get("etag"):
        return _kept(response)
    return response


def _kept(response: Response) -> Response:
    response.set_etag(g.etag, weak=True)
    response.headers["Cache-Control"] = "private, no-cache" if request.endpoint in PRIVATE else "no-cache"
    response.vary.add("Accept-Encoding")
    return response


def _etag() -> str | None:
    """None where there is no index; the view then tells."""
    try:
        manifest = current_backend().manifest()
    except KbError:
        return None
    site = current_site()
    # A part that may contain any character is written with its length, so that no two lists look the same.
    parts = (
        _program(),
        f"{manifest.generation} {manifest.built_at} {manifest.inputs}",
        f"{site.name} {site.contact} {site.repository} {site.address}",
        request.url,
        date.today().isoformat() if request.endpoint in DATED else "",  # that of the server's clock
        language(),
    )
    return sha256("".join(f"{len(part)}:{part}" for part in parts).encode("utf-8", "surrogatepass")).hexdigest()[:20]


@cache
def _program() -> str:
    """A digest of the code, templates and words that pages are made by."""
    found = sha256()
    for room in (Path(__file__).parent, Path(kb.__file__).parent):
        for file in sorted(room.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                found.update(file.relative_to(room).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return found.hexdigest()
