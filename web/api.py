"""The same answers as JSON, for programs. Shapes are those of the command line's ``--json``."""

from __future__ import annotations

from flask import Flask, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue

from kb.content.codec import practice_to_json
from kb.serialise import hit_to_json, results_to_json
from web.params import read_limit, read_query, with_limit
from web.site import current_backend

PREFIX = "/api/v1"
SIMILAR = 5


def search() -> ResponseReturnValue:
    """What ``/search`` shows, and what ``kb search --json`` prints. ``limit`` sets the size of a page."""
    query = with_limit(read_query(request.args), read_limit(request.args))
    return jsonify(results_to_json(current_backend().search(query)))


def practice(practice_id: str) -> ResponseReturnValue:
    backend = current_backend()
    if current := backend.alias(practice_id):
        return redirect(url_for("api_practice", practice_id=current), 301)
    return jsonify(practice_to_json(backend.practice(practice_id)))


def similar(practice_id: str) -> ResponseReturnValue:
    backend = current_backend()
    if current := backend.alias(practice_id):
        return redirect(url_for("api_similar", practice_id=current), 301)
    found = backend.similar(practice_id, limit=read_limit(request.args, default=SIMILAR))
    return jsonify({"id": practice_id, "hits": [hit_to_json(hit) for hit in found]})


#: (rule, endpoint, view). Programs rely on them: a change of shape is a new version.
ROUTES = (
    (f"{PREFIX}/search", "api_search", search),
    (f"{PREFIX}/practices/<practice_id>", "api_practice", practice),
    (f"{PREFIX}/practices/<practice_id>/similar", "api_similar", similar),
)


def register(app: Flask) -> None:
    for rule, endpoint, view in ROUTES:
        app.add_url_rule(rule, endpoint, view)
