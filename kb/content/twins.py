"""Practices that say the same: passages shared word for word, and entries that are much alike.

Without a model, and without comparing each with each. Every text has fingerprints, chosen by what it says alone
(winnowing: Schleimer, Wilkerson and Aiken 2003); texts that share one are compared word for word. So what is told of
two texts depends on texts that share something with them and on nothing else, and a change of one file is a small
thing. A warning stands at both entries, so that whoever checks one file alone sees it.
"""

from __future__ import annotations

import re
import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from kb.content.model import Problem
from kb.text.markup import without_comments

#: So many words in a row, shared by two bodies, are no coincidence.
PASSAGE_WORDS = 12

SHINGLE_WORDS = 3
MIN_SHINGLES = 30

#: Two entries are near-twins when they share this part of the shingles of both together, or of the shorter one.
#: Every tenth word of a copy changed leaves a resemblance of about 0.55; unrelated entries stay below 0.1.
MIN_RESEMBLANCE = 0.35
MIN_CONTAINMENT = 0.55

#: A text is compared with the first so many, by path, that share a fingerprint: pairs stay linear.
MAX_PAIRED = 8

#: Words that are hashed together, and how many such hashes in a row give one fingerprint, the least of them. A passage
#: of PASSAGE_WORDS is long enough for one, wherever it stands.
_GRAM = 6
_WINDOW = PASSAGE_WORDS - _GRAM + 1

_WORD = re.compile(r"\w+(?:['\u2019]\w+)*")
_NO_WORDS = re.compile(r"\[\^[^\]\s]{1,100}\]|\]\([^()\s]*")


@dataclass(frozen=True, slots=True)
class Text:
    """What is compared: the body of a file, from ``line`` on, and the words before it (title, summary)."""

    path: str
    body: str
    line: int = 1
    lead: str = ""


@dataclass(frozen=True)
class Words:
    """The words of a text: those of the body, each with its line, and those of the lead."""

    path: str
    line: int
    body: tuple[str, ...]
    lines: tuple[int, ...]
    lead: tuple[str, ...]

    @cached_property
    def shingles(self) -> frozenset[tuple[str, ...]]:
        together = (*self.lead, *self.body)
        return frozenset(together[at : at + SHINGLE_WORDS] for at in range(len(together) - SHINGLE_WORDS + 1))

    @property
    def fingerprints(self) -> NDArray[np.int64]:
        """int64, shape (any,), distinct: the same in every process for the same words."""
        return np.unique(np.concatenate([_fingerprints(self.lead), _fingerprints(self.body)]))


def check_twins(texts: Sequence[Text]) -> Iterator[Problem]:
    """A warning for each of two texts that are much alike or share a passage. ``texts`` are in the order of paths."""
    read = [words_of(text) for text in texts]
    holders: defaultdict[int, list[int]] = defaultdict(list)
    for number, words in enumerate(read):
        for fingerprint in words.fingerprints.tolist():
            holders[fingerprint].append(number)
    pairs = {
        (max(one, other), min(one, other))
        for holding in holders.values()
        for one in holding
        for other in holding[:MAX_PAIRED]
        if one != other
    }
    for later, earlier in sorted(pairs):
        yield from compare(read[later], read[earlier])


def words_of(text: Text) -> Words:
    """The words of a body outside headings, comments, footnotes and the targets of links, and those before it."""
    words: list[str] = []
    lines: list[int] = []
    for number, line in enumerate(without_comments(text.body).split("\n"), start=text.line):
        if line.startswith("#"):
            continue
        found = _WORD.findall(_NO_WORDS.sub(" ", line).casefold().replace("\u2019", "'"))
        words.extend(found)
        lines.extend([number] * len(found))
    lead = _WORD.findall(text.lead.casefold().replace("\u2019", "'"))
    return Words(text.path, text.line, tuple(words), tuple(lines), tuple(lead))


def compare(later: Words, earlier: Words) -> Iterator[Problem]:
    """The warnings for two texts, by the order of their paths: one at each, or none."""
    share = _likeness(later, earlier)
    if share is not None:
        for here, there in ((later, earlier), (earlier, later)):
            message = f"much the same text as {there.path} ({share:.0%} of the word sequences)"
            yield Problem(here.path, here.line, message, "merge the two, or tell how they differ", "warning")
        return
    shared = _shared_passage(later.body, earlier.body)
    if shared is not None:
        start, earlier_start, length = shared
        for here, there, at in ((later, earlier, start), (earlier, later, earlier_start)):
            begin = " ".join(here.body[at : at + 6])
            message = f'{length} words in a row as in {there.path}: "{begin} ..."'
            remedy = "tell it in one of the two, or in other words"
            yield Problem(here.path, here.lines[at], message, remedy, "warning")


def _likeness(one: Words, other: Words) -> float | None:
    """The part of the shorter text's shingles that two texts share, if they are near-twins."""
    smaller, larger = sorted((len(one.shingles), len(other.shingles)))
    if smaller < MIN_SHINGLES:
        return None
    common = len(one.shingles & other.shingles)
    alike = common / (smaller + larger - common) >= MIN_RESEMBLANCE or common / smaller >= MIN_CONTAINMENT
    return common / smaller if alike else None


def _shared_passage(words: Sequence[str], others: Sequence[str]) -> tuple[int, int, int] | None:
    """The longest passage that two bodies share: where it begins in each, and how many words it has."""
    first: dict[tuple[str, ...], int] = {}
    for at in range(len(others) - PASSAGE_WORDS + 1):
        first.setdefault(tuple(others[at : at + PASSAGE_WORDS]), at)
    longest: tuple[int, int, int] | None = None
    run: tuple[int, int, int] | None = None
    for start in range(len(words) - PASSAGE_WORDS + 1):
        found = first.get(tuple(words[start : start + PASSAGE_WORDS]))
        if found is None:
            run = None
            continue
        if run is not None and found == run[1] + run[2] - PASSAGE_WORDS + 1:
            run = (run[0], run[1], run[2] + 1)
        else:
            run = (start, found, PASSAGE_WORDS)
        if longest is None or longest[2] < run[2]:
            longest = run
    return longest


def _fingerprints(words: Sequence[str]) -> NDArray[np.int64]:
    if len(words) < PASSAGE_WORDS:
        return np.empty(0, dtype=np.int64)
    hashes = np.array([zlib.crc32(word.encode("utf-8", "surrogatepass")) for word in words], dtype=np.uint64)
    grams = np.zeros(len(words) - _GRAM + 1, dtype=np.uint64)
    for offset in range(_GRAM):
        # A polynomial in an odd number, then a mix of its bits, so that every gram may be the least of its window.
        grams = grams * np.uint64(0x9E3779B97F4A7C15) + hashes[offset : offset + len(grams)]
    grams ^= grams >> np.uint64(29)
    grams *= np.uint64(0xBF58476D1CE4E5B9)
    grams ^= grams >> np.uint64(32)
    return np.unique(np.lib.stride_tricks.sliding_window_view(grams, _WINDOW).min(axis=1)).view(np.int64)
