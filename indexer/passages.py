"""Documents to passages: cut at headings, then paragraphs, sentences and tokens, to what the model can read."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Generic, TypeVar

from kb.engines.database.rows import Rows, rows_of
from kb.types import Document, Measure, Parted, Passage, PassageKind, Section

_Kept = TypeVar("_Kept")

Span = tuple[int, int]

_PARAGRAPHS = re.compile(r"\n\s*\n")
_SENTENCES = re.compile(r"(?<=[.!?…:;])\s+|\n")
#: No word of a natural language needs so many characters a token; a text that does is bounded by them.
_CHARACTERS_PER_TOKEN = 12


def cut(document: Document, encoder: Measure) -> tuple[Passage, ...]:
    """The passages of a document: summary, body, questions, title, translations. At least one is of summary or body.

    Title and heading path go before the text of the body as context; a question stands by itself, as a query does,
    and so does the title, which often says best what the whole is about. A translation is cut as title and summary are.
    """
    return (*_own(document, encoder), *_translated(document, encoder))


@dataclass(frozen=True, slots=True)
class Cutting(Generic[_Kept]):
    """From a document as it is kept to its rows in the index. Can be sent to another process where its parts can."""

    make: Callable[[_Kept], Document]
    measure: Measure

    def __call__(self, kept: _Kept) -> Rows:
        document = self.make(kept)
        return rows_of(document, cut(document, self.measure))


def _own(document: Document, encoder: Measure) -> tuple[Passage, ...]:
    encoder = _reader(encoder, document.language)
    found: list[Passage] = []
    summary = (Section((), document.summary),) if document.summary else ()
    kinds: tuple[tuple[PassageKind, tuple[Section, ...]], ...] = (("summary", summary), ("body", document.sections))
    for kind, sections in kinds:
        for section in sections:
            context, room = _context(document.title, section.heading, encoder)
            found += [
                Passage(kind, document.title, section.heading, piece, document.language, context)
                for piece in pieces(section.text, room, encoder)
            ]
    if not found:
        context, _ = _context(document.title, (), encoder)
        found.append(Passage("body", document.title, (), "", document.language, context))
    questions = (Passage("question", document.title, (), text, document.language) for text in document.questions)
    title = (Passage("title", document.title, (), document.title, document.language),) if document.title else ()
    return (*found, *questions, *title)


def _translated(document: Document, encoder: Measure) -> Iterator[Passage]:
    for language, translation in document.translations.items():
        reader = _reader(encoder, language)
        title = translation.title
        context, room = _context(title, (), reader)
        for piece in pieces(translation.summary, room, reader):
            yield Passage("translation", title, (), piece, language, context)
        yield Passage("translated-title", title, (), title, language)


def _reader(measure: Measure, language: str) -> Measure:
    """The part of ``measure`` that reads ``language``, where it has parts."""
    return measure.reader(language) if isinstance(measure, Parted) else measure


def pieces(text: str, max_tokens: int, encoder: Measure) -> list[str]:
    """``text`` in order, in pieces of at most ``max_tokens`` tokens, cut at the best places that there are."""
    offsets = encoder.token_offsets(text)
    starts = [start for start, _ in offsets]

    def size(span: Span) -> int:
        tokens = bisect_left(starts, span[1]) - bisect_left(starts, span[0])
        return max(tokens, (span[1] - span[0]) // _CHARACTERS_PER_TOKEN)

    spans = _packed(_split(text, (0, len(text)), [_PARAGRAPHS, _SENTENCES], starts, size, max_tokens), size, max_tokens)
    return [piece for piece in (text[start:end].strip() for start, end in spans) if piece]


def _context(title: str, heading: tuple[str, ...], encoder: Measure) -> tuple[str, int]:
    """Title and heading path, at most half of what the model reads, and the tokens that are left for the text."""
    context = " - ".join(part for part in (title, *heading) if part)
    offsets = encoder.token_offsets(context)
    half = encoder.max_tokens // 2
    if len(offsets) > half:  # what is cut off may have parted other tokens, so that it is counted anew
        context = context[: offsets[half - 1][1]]
        offsets = encoder.token_offsets(context)
    return context, encoder.max_tokens - len(offsets)


def _split(
    text: str,
    span: Span,
    separators: list[re.Pattern[str]],
    starts: list[int],
    size: Callable[[Span], int],
    most: int,
) -> Iterator[Span]:
    """Spans that fit, cut at the first separator where that is enough, else at the next, else between tokens."""
    if size(span) <= most:
        yield span
    elif separators:
        ends = [match.end() for match in separators[0].finditer(text, *span)]
        for part in pairwise((span[0], *ends, span[1])):
            yield from _split(text, part, separators[1:], starts, size, most)
    else:
        yield from _between_tokens(span, starts, most)


def _between_tokens(span: Span, starts: list[int], most: int) -> Iterator[Span]:
    start, end = span
    while start < end:
        first = bisect_left(starts, start)
        after = starts[first + most] if first + most < len(starts) else end
        stop = min(after, end, start + most * _CHARACTERS_PER_TOKEN)
        yield start, max(stop, start + 1)
        start = max(stop, start + 1)


def _packed(spans: Iterable[Span], size: Callable[[Span], int], most: int) -> Iterator[Span]:
    """Neighbours joined as long as they fit together."""
    current: Span | None = None
    for span in spans:
        if current and size((current[0], span[1])) <= most:
            current = (current[0], span[1])
        else:
            if current:
                yield current
            current = span
    if current:
        yield current
