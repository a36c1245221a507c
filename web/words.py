"""Values in plain English words. Nothing here knows HTML."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from kb.content.model import Ages, Practice
from kb.types import Why

SITE_LANGUAGE = "en"

FACET_NAMES = {
    "strand": "Strand of action",
    "risk": "Risk",
    "topic": "Topic",
    "audience": "For whom",
    "kind": "Kind of organisation",
    "organisation": "Organisation",
    "country": "Country",
    "language": "Language",
    "evidence": "Evidence",
    "stage": "Stage",
}

BANDS = {"strong": "Strong match", "fair": "Fair match", "weak": "Weak match"}

MODES = {
    "hybrid": "Meaning and words",
    "lexical": "Words only",
    "dense": "Meaning only",
}

SORTS = {
    "relevance": "Relevance",
    "newest": "Newest",
    "evidence": "Strength of evidence",
}

#: What is suggested while somebody types; a concept is called by the name of its facet.
SUGGESTED = {
    "question": "Question",
    "practice": "Practice",
    "organisation": "Organisation",
}

#: The facts of a practice, by the keys of :mod:`web.facts`.
FACTS = {
    "who": "Who",
    "with": "With",
    "where": "Where",
    "for": "For whom",
    "ages": "Ages",
    "when": "When",
    "stage": "Stage",
    "against": "Against",
    "strand": "Strand of action",
    "topics": "Topics",
    "evidence": "Evidence",
    "findings": "Findings",
}

FINDINGS = {
    "positive": "What was found is positive.",
    "mixed": "What was found is mixed: some things worked, others did not.",
    "no-effect": "No effect was found.",
    "negative": "What was found is negative: it did harm, or did worse than doing nothing.",
}

_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def counted(number: int, one: str, many: str | None = None) -> str:
    """``1 practice``, ``14 practices``, ``1,204 practices``."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def joined(items: Sequence[str], last: str = "and") -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return f" {last} ".join(part for part in (", ".join(items[:-1]), *items[-1:]) if part)


def dossier_title(practices: int) -> str:
    return f"Dossier: {counted(practices, 'practice')}"


def dossier_from(site_name: str, url: str) -> str:
    return f"From {site_name}, <{url}>. Entries are under CC BY 4.0 unless they say otherwise."


def report_subject(title: str, id: str) -> str:
    """What a message about an error in an entry is headed."""
    return f"Error in “{shortened(title, 80)}” ({id})"


def day(text: str) -> str:
    """``7 February 2017`` for an ISO date; a year, or anything else, stays as it is."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return text
    return f"{found.day} {_MONTHS[found.month - 1]} {found.year}"


def year(text: str) -> str:
    return text[:4]


def period(practice: Practice) -> str:
    """When the practice ran, in years; empty where nothing is known."""
    started, ended = (year(text) if text else "" for text in (practice.started, practice.ended))
    if started and ended:
        return started if started == ended else f"{started} to {ended}"
    if ended:
        return f"Until {ended}"
    if started:
        return f"From {started}" if practice.stage == "ended" else f"Since {started}"
    return ""


def ages(found: Ages) -> str:
    """``8 to 12``, ``up to 17``, ``13 and over``, with the note if there is one."""
    bounds = _bounds(found.start, found.end)
    if bounds and found.note:
        return f"{bounds} ({found.note})"
    return bounds or found.note or ""


def _bounds(start: int | None, end: int | None) -> str:
    if start is not None and end is not None:
        if start == 0:
            return f"up to {end}"
        return str(start) if start == end else f"{start} to {end}"
    if end is not None:
        return f"up to {end}"
    return "" if start is None else f"{start} and over"


def shares(why: Why) -> tuple[int, int]:
    """The shares of words and of meaning in per cent; they add up to 100."""
    words = round(why.lexical * 100)
    return words, 100 - words


def shortened(text: str, max_characters: int = 120) -> str:
    """``text``, cut at a word where it is too long for a heading or a title."""
    if len(text) <= max_characters:
        return text
    cut = text[: max_characters + 1]
    whole_words, blank, _ = cut.rpartition(" ")
    return f"{whole_words if blank else cut[:max_characters]}…"
