"""How the base is, for its operator: nothing secret, no folder of the machine, and nothing about any reader."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from flask import render_template

from kb.backends import Backend, encoder_names, encoder_way
from kb.errors import KbError
from kb.upkeep import links
from kb.upkeep.review import overdue
from web.discretion import model_name, without_folders
from web.site import current_backend, current_site


def status() -> str:
    backend = current_backend()
    manifest = backend.manifest()
    practices = backend.practices()
    organisations = backend.organisations()
    days = current_site().review_days
    way, failure = _way(backend)
    return render_template(
        "status.html",
        manifest=manifest,
        encoders=encoder_names(model_name(manifest.model)),
        way=way,
        failure=failure,
        left_out=[(name, _of(name, manifest.problems)) for name in manifest.left_out],
        warnings=[problem for problem in manifest.problems if not any(_of(n, [problem]) for n in manifest.left_out)],
        links=links.report(practices, organisations.values(), backend.folder),
        practices=frozenset(practice.id for practice in practices),
        organisations=len(organisations),
        overdue=overdue(practices, date.today(), days=days),
        days=days,
    )


def _way(backend: Backend) -> tuple[str | None, str | None]:
    """How questions are encoded, or why they cannot be."""
    try:
        return encoder_way(backend.encoder()), None
    except KbError as error:
        return None, without_folders(str(error))


def _of(name: str, problems: Iterable[str]) -> list[str]:
    """The problems of a file, without its name: ``9: topics must be ...``."""
    return [problem.removeprefix(f"{name}:") for problem in problems if problem.startswith(f"{name}:")]
