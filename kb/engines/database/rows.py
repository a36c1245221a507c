"""A document and its passages as rows of the index: everything that can be worked out before it is written.

Pure, and made of plain values, so that it can be done in another process (:mod:`kb.workers`).
"""

from __future__ import annotations

import json
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from kb.content.codec import practice_to_json
from kb.engines.database.postings import FIELDS
from kb.text.analysis import analysed, distinct_words, translated_tokens
from kb.text.letters import pieces
from kb.types import Document, Passage, PassageKind

#: The fields of postings in which passages stand that are not of the text.
_FIELDS: Mapping[PassageKind, str] = {
    "title": "title",
    "translated-title": "translated title",
    "translation": "translation",
}


class PassageRow(NamedTuple):
    """``heading`` is JSON, ``length`` counts terms. ``terms`` are title and text, analysed, as phrases are sought.

    ``hash`` and ``encoded_text`` are those of :class:`kb.types.Passage`.
    """

    kind: PassageKind
    language: str
    heading: str
    text: str
    hash: bytes
    length: int
    checksum: int
    context: str
    terms: tuple[str, str]

    @property
    def encoded_text(self) -> str:
        return f"{self.context}\n{self.text}" if self.context else self.text


@dataclass(frozen=True, slots=True)
class Rows:
    """``practice`` is JSON. ``keywords`` are analysed; ``words``: the distinct words of letters, as they are written.

    ``counts``: for each field (its number in postings.FIELDS) the terms, and how often each stands there.
    """

    id: str
    title: str
    language: str
    date: str
    practice: str | None
    source: str
    checksum: int
    passages: tuple[PassageRow, ...]
    keywords: str
    words: str
    counts: tuple[tuple[int, tuple[str, ...], tuple[int, ...]], ...]
    tags: tuple[tuple[str, str], ...]


def rows_of(document: Document, passages: Sequence[Passage]) -> Rows:
    """What is stored of ``document``, which was cut into ``passages``."""
    practice = json.dumps(practice_to_json(document.practice), ensure_ascii=False) if document.practice else None
    texts = [_analysed(passage) for passage in passages]
    keywords = analysed(" ".join(document.keywords), document.language)
    fields: dict[str, list[str]] = {"keywords": [keywords]}
    for passage, text in zip(passages, texts, strict=True):
        fields.setdefault(_FIELDS.get(passage.kind, "text"), []).append(text)
    own = [passage for passage in passages if not passage.is_translated]
    fields["letters"] = [" ".join(pieces(passage.text, passage.language)) for passage in own]
    return Rows(
        id=document.id,
        title=document.title,
        language=document.language,
        date=document.date,
        practice=practice,
        source=document.source,
        checksum=row_checksum(document.id, document.title, document.language, practice, document.source),
        passages=tuple(_row(passage, text) for passage, text in zip(passages, texts, strict=True)),
        keywords=keywords,
        words=_words(*(passage.text for passage in own), *document.keywords),
        counts=tuple(term_counts({field: " ".join(parts) for field, parts in fields.items()})),
        tags=tuple((facet, value) for facet, values in document.tags.items() for value in values),
    )


def term_counts(fields: Mapping[str, str]) -> list[tuple[int, tuple[str, ...], tuple[int, ...]]]:
    """The terms of analysed texts by field: see :class:`Rows`."""
    counted = ((FIELDS.index(field), Counter(text.split())) for field, text in fields.items())
    return [(number, tuple(counts), tuple(counts.values())) for number, counts in counted if counts]


def row_checksum(*values: str | None) -> int:
    """What is stored beside a row, to tell when it was altered."""
    return zlib.crc32("\0".join(value or "" for value in values).encode("utf-8", "surrogatepass"))


def _row(passage: Passage, text: str) -> PassageRow:
    heading = json.dumps(passage.heading, ensure_ascii=False)
    return PassageRow(
        kind=passage.kind,
        language=passage.language,
        heading=heading,
        text=passage.text,
        hash=passage.hash,
        length=text.count(" ") + 1 if text else 0,
        checksum=row_checksum(passage.kind, passage.language, heading, passage.text),
        context=passage.context,
        terms=_terms(passage, text),
    )


def _analysed(passage: Passage) -> str:
    if passage.is_translated:
        return " ".join(token.term for token in translated_tokens(passage.text, passage.language))
    return analysed(passage.text, passage.language)


def _terms(passage: Passage, text: str) -> tuple[str, str]:
    """Title and text, analysed. A translation holds its title as well: which words it has says whether it is shown."""
    if passage.kind == "translation":
        return _analysed(replace(passage, text=passage.title)), text
    return (text, "") if passage.kind in _FIELDS else ("", text)


def _words(*texts: str) -> str:
    """The distinct words of texts, those of letters only."""
    return " ".join(sorted(word for word in distinct_words(*texts) if word.isalpha()))
