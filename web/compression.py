"""Text goes compressed over the wire to whoever takes it. gzip, which every client has and Python too.

Nothing on a page is secret, so there is nothing that the length of an answer could tell.
"""

from __future__ import annotations

import gzip

from flask import Flask, Response, request

#: Shorter answers fit in one packet either way.
MIN_BYTES = 1024
LEVEL = 6
_TEXTS = (
    "text/",
    "application/json",
    "application/problem+json",
    "application/atom+xml",
    "application/xml",
    "image/svg",
)


def register(app: Flask) -> None:
    app.after_request(_compressed)


def _compressed(response: Response) -> Response:
    if response.is_streamed or response.direct_passthrough or response.content_encoding:
        return response
    if not (response.mimetype or "").startswith(_TEXTS):
        return response
    response.vary.add("Accept-Encoding")
    body = response.get_data()
    if request.accept_encodings["gzip"] and len(body) >= MIN_BYTES:
        response.set_data(gzip.compress(body, LEVEL, mtime=0))
        response.content_encoding = "gzip"
    return response
