"""Whether all is well, for a monitor: each part answers for itself. Anybody may ask, so no folder is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import jsonify
from flask.typing import ResponseReturnValue

from kb.backends import Backend
from kb.errors import KbError
from kb.types import Query
from web.discretion import model_name, reason
from web.site import current_backend


def health() -> ResponseReturnValue:
    backend = current_backend()
    parts = {name: _answer(check, backend) for name, check in CHECKS.items()}
    healthy = all(part["ok"] for part in parts.values())
    return jsonify({"ok": healthy, **parts}), 200 if healthy else 503


def _store(backend: Backend) -> Mapping[str, Any]:
    manifest = backend.manifest()
    return {
        "generation": manifest.generation,
        "documents": manifest.documents,
        "passages": manifest.passages,
        "built_at": manifest.built_at,
        "left_out": list(manifest.left_out),
    }


def _encoder(backend: Backend) -> Mapping[str, Any]:
    """A question by meaning alone goes through the model and the vectors."""
    backend.search(Query(text="is all well", mode="dense", limit=1))
    manifest = backend.manifest()
    return {"model": model_name(manifest.model), "fingerprint": manifest.fingerprint}


CHECKS: Mapping[str, Callable[[Backend], Mapping[str, Any]]] = {"store": _store, "encoder": _encoder}


def _answer(check: Callable[[Backend], Mapping[str, Any]], backend: Backend) -> dict[str, Any]:
    try:
        return {"ok": True, **check(backend)}
    except KbError as error:
        return {"ok": False, "reason": reason(error)}
