"""What the page of a practice shows, from the practice alone: the site and the preview of a file share it."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from kb.content.model import Practice, Taxonomy
from kb.text import markup
from web.facts import facts
from web.languages import language

DEFAULT_LICENCE = "CC BY 4.0"
LICENCE_URL = "https://creativecommons.org/licenses/by/4.0/"


def practice_context(
    practice: Practice, taxonomy: Taxonomy, *, base: str = "", within: str = "", deeper: int = 0
) -> dict[str, Any]:
    """The variables of ``practice.html`` that need no index; the others are those of :func:`kb.text.markup.render`."""
    evidence = taxonomy.get("evidence", practice.evidence.kind)
    return {
        "practice": practice,
        "facts": [fact for fact in facts(practice) if fact.values],
        # kb.text.markup lets only an allow-list of elements through.
        "body": Markup(markup.render(practice.body, practice.sources, base=base, within=within, deeper=deeper)),  # noqa: S704
        "prefix": f"{within}--" if within else "",
        "contents": [heading for heading in markup.headings(practice.body) if heading.level <= 2],
        "sources": markup.in_order_of_use(practice.body, practice.sources),
        "evidence_meaning": evidence.defined(language()) if evidence else None,
        "licence": practice.licence or DEFAULT_LICENCE,
        "licence_url": LICENCE_URL if practice.licence in (None, DEFAULT_LICENCE) else None,
    }
