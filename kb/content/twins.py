"""Practices that say the same: passages shared word for word, and entries that are much alike.

By shingles (runs of words) in an index, without a model, in time that grows with the amount of text. A warning
stands at both entries, so that whoever checks one file alone sees it.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kb.content.model import Problem
from kb.markup import without_comments

#: So many words in a row, shared by two bodies, are no coincidence.
PASSAGE_WORDS = 12

SHINGLE_WORDS = 3
MIN_SHINGLES = 30

#: Two entries are near-twins when they share this part of the shingles of both together, or of the shorter one.
#: Every tenth word of a copy changed leaves a resemblance of about 0.55; unrelated entries stay below 0.1.
MIN_RESEMBLANCE = 0.35
MIN_CONTAINMENT = 0.55

# A shingle that so many entries have is compared with its first and its previous one only: pairs stay linear.
_MAX_PAIRED = 8

_WORD = re.compile(r"\w+(?:['\u2019]\w+)*")
_NO_WORDS = re.compile(r"\[\^[^\]\s]{1,100}\]|\]\([^()\s]*")


@dataclass(frozen=True, slots=True)
class Text:
    """What is compared: the body of a file, from ``line`` on, and the words before it (title, summary)."""

    path: str
    body: str
    line: int = 1
    lead: str = ""


@dataclass(frozen=True, slots=True)
class _Words:
    words: tuple[str, ...]
    lines: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Shared:
    """The longest passage that two texts share: where it begins in each, and how many words it has."""

    start: int
    other_start: int
    length: int


def check_twins(texts: Sequence[Text]) -> Iterator[Problem]:
    """A warning for each of two texts that are much alike or share a passage."""
    counted = [_words(text) for text in texts]
    alike = _near_twins(texts, counted)
    for (one, other), share in alike.items():
        for here, there in ((one, other), (other, one)):
            message = f"much the same text as {texts[there].path} ({share:.0%} of the word sequences)"
            remedy = "merge the two, or tell how they differ"
            yield Problem(texts[here].path, texts[here].line, message, remedy, "warning")
    for (one, other), shared in _shared_passages(counted).items():
        if (one, other) in alike:
            continue
        for here, there, start in ((one, other, shared.start), (other, one, shared.other_start)):
            words = counted[here]
            begin = " ".join(words.words[start : start + 6])
            message = f'{shared.length} words in a row as in {texts[there].path}: "{begin} ..."'
            remedy = "tell it in one of the two, or in other words"
            yield Problem(texts[here].path, words.lines[start], message, remedy, "warning")


def _words(text: Text) -> _Words:
    """The words of a body outside headings, comments, footnotes and the targets of links, each with its line."""
    words: list[str] = []
    lines: list[int] = []
    for number, line in enumerate(without_comments(text.body).split("\n"), start=text.line):
        if line.startswith("#"):
            continue
        found = _WORD.findall(_NO_WORDS.sub(" ", line).casefold().replace("\u2019", "'"))
        words.extend(found)
        lines.extend([number] * len(found))
    return _Words(tuple(words), tuple(lines))


def _shared_passages(counted: Sequence[_Words]) -> dict[tuple[int, int], _Shared]:
    """For each pair (a text, the first text that has the same passage): the longest passage that they share."""
    first: dict[tuple[str, ...], tuple[int, int]] = {}
    longest: dict[tuple[int, int], _Shared] = {}
    for number, text in enumerate(counted):
        run: _Shared | None = None
        run_with = -1
        for start in range(len(text.words) - PASSAGE_WORDS + 1):
            passage = text.words[start : start + PASSAGE_WORDS]
            owner, at = first.setdefault(passage, (number, start))
            if owner == number:
                run = None
                continue
            if run is not None and run_with == owner and at == run.other_start + run.length - PASSAGE_WORDS + 1:
                run = _Shared(run.start, run.other_start, run.length + 1)
            else:
                run, run_with = _Shared(start, at, PASSAGE_WORDS), owner
            pair = (number, owner)
            if pair not in longest or longest[pair].length < run.length:
                longest[pair] = run
    return longest


def _near_twins(texts: Sequence[Text], counted: Sequence[_Words]) -> dict[tuple[int, int], float]:
    """Pairs that are much alike (the later one first), with their resemblance."""
    shingled = [_shingles(text, words) for text, words in zip(texts, counted, strict=True)]
    having: defaultdict[int, list[int]] = defaultdict(list)
    common: Counter[tuple[int, int]] = Counter()
    for number, shingles in enumerate(shingled):
        for shingle in shingles:
            before = having[shingle]
            near = before if len(before) < _MAX_PAIRED else (before[0], before[-1])
            common.update((number, other) for other in near)
            before.append(number)
    alike: dict[tuple[int, int], float] = {}
    for (one, other), count in common.items():
        smaller, larger = sorted((len(shingled[one]), len(shingled[other])))
        if smaller < MIN_SHINGLES:
            continue
        resemblance = count / (smaller + larger - count)
        if resemblance >= MIN_RESEMBLANCE or count / smaller >= MIN_CONTAINMENT:
            alike[one, other] = count / smaller
    return alike


def _shingles(text: Text, words: _Words) -> set[int]:
    lead = tuple(_WORD.findall(text.lead.casefold().replace("\u2019", "'")))
    together = (*lead, *words.words)
    return {hash(together[start : start + SHINGLE_WORDS]) for start in range(len(together) - SHINGLE_WORDS + 1)}
