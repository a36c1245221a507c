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
from web.languages import lazy

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

#: Headers that belong to an error and outlive its page.
KEPT_HEADERS = frozenset({"Allow", "Retry-After"})


def register(app: Flask) -> None:
    app.register_error_handler(KbError, _known_error)
    app.register_error_handler(HTTPException, _http_error)


def _known_error(error: KbError) -> Response:
    status = next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)
    # What to type next is for the command line; a reader who went astray gets the advice of the page.
    message = str(error).split("; ")[0] if isinstance(error, NotFound) else str(error)
    # Of a request that is wrong the message repeats what was asked; of a failure it may name folders.
    return _page(status, without_folders(message) if status >= 500 else message)


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


def _page(status: int, message: str) -> Response:
    heading, advice = PAGES.get(status) or PAGES[500 if status >= 500 else 400]
    if request.path.startswith("/api/"):
        response = _problem(status, message or str(heading))
    else:
        response = make_response(
            render_template(
                "error.html", status=status, heading=heading, message=message, advice=advice, **_asked(status)
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
