"""Comparing practices side by side, and taking a dossier of them away. Addresses say which; nothing is kept here."""

from __future__ import annotations

from flask import Response, render_template, request

from web.collecting import MOST_COLLECTED, MOST_COMPARED, Chosen, each_without, gather, read_ids
from web.comparison import rows
from web.documents import to_markdown
from web.languages import language_prefix
from web.practice_page import practice_context
from web.site import current_backend, current_site, label

#: How many similar practices are offered to compare with.
OFFERED = 4


def compare() -> str:
    backend = current_backend()
    chosen = gather(backend, read_ids(request.args), MOST_COMPARED)
    offered = backend.similar(chosen.ids[0], limit=OFFERED + MOST_COMPARED) if chosen.practices else ()
    return render_template(
        "compare.html",
        chosen=chosen,
        columns=list(each_without(chosen)),
        rows=rows(chosen.practices, base=request.script_root + language_prefix()),
        offered=[hit for hit in offered if hit.id not in chosen.ids][:OFFERED],
    )


def dossier() -> str:
    chosen = _collected()
    return render_template("dossier.html", chosen=chosen, items=list(each_without(chosen)))


def dossier_print() -> str:
    chosen = _collected()
    return render_template("dossier_print.html", chosen=chosen, documents=_documents(chosen))


def dossier_html() -> Response:
    """One file that needs no other, to keep and to send."""
    chosen = _collected()
    return _attached(
        render_template("dossier_file.html", chosen=chosen, documents=_documents(chosen)), "text/html", "dossier.html"
    )


def dossier_markdown() -> Response:
    text = to_markdown(_collected().practices, site_name=current_site().name, base=request.url_root, label=label)
    return _attached(text, "text/markdown", "dossier.md")


def _collected() -> Chosen:
    return gather(current_backend(), read_ids(request.args), MOST_COLLECTED)


def _documents(chosen: Chosen) -> list[dict[str, object]]:
    taxonomy = current_backend().taxonomy()
    return [
        practice_context(practice, taxonomy, base=request.url_root.rstrip("/"), within=practice.id, deeper=1)
        for practice in chosen.practices
    ]


def _attached(text: str, kind: str, name: str) -> Response:
    return Response(text, mimetype=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})
