"""Which part of a long passage to show in a list of results."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

from kb.types import HitPassage

Spans = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A run of whole words from a passage; ``spans`` are offsets into ``text``."""

    text: str
    spans: Spans
    cut_before: bool
    cut_after: bool


def excerpt(passage: HitPassage, max_characters: int = 340) -> Excerpt:
    """The stretch of the passage that holds the most highlighted characters, the earliest of equals."""
    text, spans = passage.text, passage.highlights
    if len(text) <= max_characters:
        return Excerpt(text, spans, cut_before=False, cut_after=False)
    start = _word_start(text, _best_start(spans, max_characters))
    end = _word_end(text, start, start + max_characters)
    kept = tuple((a - start, b - start) for a, b in spans if start <= a and b <= end)
    return Excerpt(text[start:end], kept, cut_before=start > 0, cut_after=end < len(text))


def _best_start(spans: Spans, width: int) -> int:
    """Where a window of ``width`` should begin: a little before a highlight, so that its words have a context."""
    lead = width // 5
    if not spans or spans[-1][1] <= width:
        return 0
    starts = [start for start, _ in spans]

    def covered(first: int) -> int:
        window_end = max(0, starts[first] - lead) + width
        last = bisect_left(starts, window_end)
        return sum(end - start for start, end in spans[first:last] if end <= window_end)

    best = max(range(len(spans)), key=lambda first: (covered(first), -first))
    return max(0, starts[best] - lead)


def _word_start(text: str, at: int) -> int:
    """The start of the first word that begins at ``at`` or after it."""
    if at == 0:
        return 0
    space = text.find(" ", at - 1)
    return at if space < 0 or space - at > 40 else space + 1


def _word_end(text: str, start: int, at: int) -> int:
    """The end of the last word that ends at ``at`` or before it, but after ``start``."""
    if at >= len(text):
        return len(text)
    space = text.rfind(" ", start + 1, at + 1)
    return at if space < 0 or at - space > 40 else space
