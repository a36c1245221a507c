"""Headers that every response carries, error pages included."""

from __future__ import annotations

from flask import Flask, Response, request

POLICY = (
    "default-src 'none'",
    "style-src 'self'",
    "script-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
)

HEADERS = {
    "Content-Security-Policy": "; ".join(POLICY),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # What somebody searched for is in the URL; the sites that sources link to are not told.
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

#: What programs and feed readers fetch: public, only to be read, so pages of any origin may.
OPEN_PATHS = ("/api/", "/feed.atom")
OPEN_HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS",
    "Access-Control-Allow-Headers": "If-None-Match",
    "Access-Control-Expose-Headers": "ETag",
    "Access-Control-Max-Age": "86400",
    "Cross-Origin-Resource-Policy": "cross-origin",
}


def headers_of(path: str) -> dict[str, str]:
    """The headers that an answer to ``path`` carries, whatever it is."""
    return {**HEADERS, **OPEN_HEADERS} if path.startswith(OPEN_PATHS) else HEADERS


def register(app: Flask) -> None:
    app.after_request(_with_headers)


def _with_headers(response: Response) -> Response:
    for name, value in headers_of(request.path).items():
        response.headers.setdefault(name, value)
    return response
