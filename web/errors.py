"""Errors as pages, and as JSON where JSON was asked for. A user sees one line, never a traceback."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import quote

from flask import Flask, Response, current_app, jsonify, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from kb.errors import ContentError, KbError, ModelError, NotFound, StoreError, UsageError
from kb.understanding.query import MAX_CHARACTERS
from web.discretion import without_folders
from web.languages import DEFAULT, gettext, language, lazy
from web.words import FACET_NAMES

STATUS: dict[type, int] = {
    UsageError: 400,
    NotFound: 404,
    StoreError: 503,
    ModelError: 503,
    ContentError: 503,
}

#: Heading and advice by status; other statuses take the words of the nearest hundred.
PAGES = {
    400: (
        lazy("This request cannot be answered"),
        lazy("Change the search, or start again from the home page."),
    ),
    404: (
        lazy("Page not found"),
        lazy(
            "The address may be mistyped, or what was here may have gone. "
            "Searching is the quickest way to what you need."
        ),
    ),
    405: (lazy("This page can only be read"), lazy("Go back, and follow a link or use the search.")),
    500: (
        lazy("Something went wrong here"),
        lazy("It is our fault, not yours, and it has been noted. Please try again."),
    ),
    503: (lazy("Not available just now"), lazy("Nothing is lost. Please try again in a few minutes.")),
}

#: What is wrong with a request, as the errors that readers meet say it (``KbError.pattern``), for the catalogues. Of
#: what was not found, the part before the advice.
REASONS = (
    lazy("unknown %(facet)s %(value)s; did you mean %(meant)s?"),
    lazy("unknown %(facet)s %(value)s; search without it to see the values of %(facet)s"),
    lazy("the query has %(count)s characters, at most %(most)s are read; ask in a sentence or two"),
    lazy("%(name)s must be %(others)s or %(last)s, found %(found)s"),
    lazy("%(name)s must be 1, or left out, found %(found)s"),
    lazy("%(name)s must be a whole number from 1, found %(found)s"),
    lazy("%(name)s must be a whole number from 0 to 100, found %(found)s"),
    lazy("rows and columns are both %(facet)s; choose two that differ"),
    lazy("no practice %(id)s"),
    lazy("no organisation %(id)s"),
    lazy("there is no %(facet)s called %(id)s"),
)

#: Headers that belong to an error and outlive its page.
KEPT_HEADERS = frozenset({"Allow", "Retry-After"})


def register(app: Flask) -> None:
    app.register_error_handler(KbError, _known_error)
    app.register_error_handler(HTTPException, _http_error)


def _known_error(error: KbError) -> Response:
    status = next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)
    # What to type next is for the command line; a reader who went astray gets the advice of the page.
    message = _wanted(str(error)) if isinstance(error, NotFound) else str(error)
    # Of a request that is wrong the message repeats what was asked; of a failure it may name folders.
    return _page(status, without_folders(message) if status >= 500 else message, _said(error))


def _wanted(message: str) -> str:
    """What was not found, without the advice."""
    return message.split("; ")[0]


def _said(error: KbError) -> str | None:
    """What is wrong in the language of the page; None where it is to be said as it is, in English."""
    if language() == DEFAULT or not error.values:
        return None
    pattern = _wanted(error.pattern) if isinstance(error, NotFound) else error.pattern
    facet = error.values.get("facet")
    named = {"facet": FACET_NAMES[facet]} if isinstance(facet, str) and facet in FACET_NAMES else {}
    said = gettext(pattern, **{**error.values, **named})
    return None if said == pattern % error.values else said


def _http_error(error: HTTPException) -> ResponseReturnValue:
    status = error.code or 500
    if status < 400:
        return error.get_response()  # a redirect, which Werkzeug raises
    if status == 404 and (moved := _without_slash()):
        return moved
    page = _page(status, "")
    page.headers.extend((name, value) for name, value in error.get_headers() if name in KEPT_HEADERS)
    return page


def _without_slash() -> ResponseReturnValue | None:
    """A permanent redirect where there is a page of this address but for slashes at its end."""
    bare = "/" + request.path.strip("/")  # never two slashes in front, which would name another host
    if bare == request.path or request.method not in ("GET", "HEAD"):
        return None
    try:
        current_app.create_url_adapter(request).match(bare, method="GET")  # type: ignore[union-attr]
    except HTTPException:
        return None
    query = request.query_string.decode("ascii", "replace")
    return redirect(f"{request.script_root}{quote(bare)}{'?' if query else ''}{query}", 301)


def _page(status: int, message: str, said: str | None = None) -> Response:
    """``message`` is in English; ``said`` is the same in the language of the page, where that is another."""
    heading, advice = PAGES.get(status) or PAGES[500 if status >= 500 else 400]
    if request.path.startswith("/api/"):
        response = _problem(status, message or str(heading))
    else:
        response = make_response(
            render_template(
                "error.html",
                status=status,
                heading=heading,
                message=said or message,
                message_language=language() if said else DEFAULT,
                advice=advice,
                **_asked(status),
            )
        )
    response.status_code = status
    return response


def _asked(status: int) -> dict[str, str]:
    """The question of a search that was refused, so that it can be changed where the error stands."""
    if status == 400 and request.endpoint == "search":
        return {"asked": request.args.get("q", "")[:MAX_CHARACTERS]}
    return {}


def _problem(status: int, detail: str) -> Response:
    """Problem details in the form of RFC 9457; ``error`` is the same line under its earlier name."""
    title = HTTPStatus(status).phrase
    response = jsonify({"type": "about:blank", "title": title, "status": status, "detail": detail, "error": detail})
    response.mimetype = "application/problem+json"
    return response
