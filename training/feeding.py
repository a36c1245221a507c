"""What a transformer reads in each step, put together by other processes while the device is busy with the last.

Texts are joined now and then, so that long ones are learned too; pieces are masked, left out, or cut in two (after
Provilkov, Emelianenko and Voita 2020, "BPE-Dropout").
"""

from __future__ import annotations

import itertools
import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.queues import Queue

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from training.lessons import Lessons
from training.texts import MAX_TOKENS, Texts
from training.tokenizer import CLS, INNER, MASK, PAD, SEP

#: How often the English itself is read; how many texts are read as one, and how often.
ENGLISH_SHARE = 0.1
JOINED = {1: 0.78, 2: 0.12, 4: 0.07, 8: 0.03}
#: How often a piece is masked, left out, and cut in two.
MASKED, LEFT_OUT, CUT = 0.03, 0.03, 0.05
#: Groups of like length in a step, about: fewer are quicker to start on an accelerator, more have less padding.
GROUPS = 4
#: Steps that wait, for each process.
WAITING = 8

Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Names:
    """Numbers of special tokens in a vocabulary."""

    pad: int
    cls: int
    sep: int
    mask: int

    @classmethod
    def of(cls, tokenizer: Tokenizer) -> Names:
        return cls(*(int(tokenizer.token_to_id(name) or 0) for name in (PAD, CLS, SEP, MASK)))


@dataclass(frozen=True)
class Rows:
    """Texts ready to be read: ``ids``, shape (n, tokens), and how many of each row are text."""

    ids: Numbers
    lengths: Numbers


@dataclass(frozen=True)
class Group:
    """Texts of like length, and the numbers of the English that they stand for.

    ``joined``: rows whose English is several texts; ``whole``: these as the teacher reads them.
    """

    rows: Rows
    places: Numbers
    joined: Numbers
    whole: Rows


@dataclass(frozen=True)
class Step:
    """What is read at once: the different ``pieces`` of it, and groups whose ``ids`` are places in these."""

    pieces: Numbers
    groups: tuple[Group, ...]


@dataclass(frozen=True)
class Feed:
    """What steps are made from: ``names`` of the student and of the teacher, ``cut``: see :func:`halves`, and how many
    pieces a step has, about."""

    lessons: Lessons
    names: tuple[Names, Names]
    cut: Numbers
    tokens: int

    def steps(self, seed: int) -> Iterator[Step]:
        """Steps without end."""
        lessons, chance = self.lessons, np.random.default_rng(seed)
        chances = np.cumsum(lessons.weights)
        foreign, english, known = (np.diff(each.starts) for each in (lessons.foreign, lessons.english, lessons.teacher))
        sizes, often = np.array(list(JOINED)), np.cumsum(list(JOINED.values()))
        usual = float((foreign * lessons.weights).sum() / chances[-1]) * float(
            (sizes * np.diff(often, prepend=0)).sum()
        )
        count = max(8, int(self.tokens / (usual + 2)))
        while True:
            several = sizes[np.minimum(np.searchsorted(often, chance.random(count)), len(sizes) - 1)]
            drawn = np.full((count, sizes.max()), -1)
            wanted = np.arange(sizes.max()) < several[:, None]
            drawn[wanted] = np.searchsorted(chances, chance.random(int(several.sum())) * chances[-1])
            own = chance.random(count) < ENGLISH_SHARE
            places = np.where(wanted, lessons.place[drawn], -1)
            read = np.where(own[:, None], english[places], foreign[drawn])
            # Several texts are taken apart where they could not be read whole, or half of them would stand for all.
            long = np.maximum((read * wanted).sum(1), (known[places] * wanted).sum(1)) > 0.9 * MAX_TOKENS
            wanted[long, 1:] = False
            drawn[~wanted], places[~wanted] = -1, -1
            lengths = (read * wanted).sum(1)
            order = np.argsort(-lengths, kind="stable")
            groups = []
            while len(order):
                most = max(1, self.tokens // GROUPS // (int(lengths[order[0]]) + 2))
                taken, order = order[:most], order[most:]
                groups.append(self._group(drawn[taken], places[taken], own[taken], chance))
            yield _step(groups)

    def _group(self, drawn: Numbers, places: Numbers, own: NDArray[np.bool_], chance: np.random.Generator) -> Group:
        sides = (
            flat(self.lessons.foreign, np.where(own[:, None], -1, drawn)),
            flat(self.lessons.english, np.where(own[:, None], places, -1)),
        )
        ids, row = (np.concatenate(each) for each in zip(*sides, strict=True))
        order = np.argsort(row, kind="stable")
        ids, row = disturbed(ids[order], row[order], self.cut, self.names[0].mask, chance)
        joined = np.flatnonzero(places[:, 1] >= 0)
        whole = as_rows(*flat(self.lessons.teacher, places[joined]), len(joined), self.names[1])
        return Group(as_rows(ids, row, len(own), self.names[0]), places[:, 0], joined, whole)


def _step(groups: list[Group]) -> Step:
    ids = [group.rows.ids for group in groups]
    pieces, place = np.unique(np.concatenate([each.ravel() for each in ids]), return_inverse=True)
    ends = itertools.accumulate(each.size for each in ids)
    return Step(
        pieces,
        tuple(
            Group(
                Rows(place[end - group.rows.ids.size : end].reshape(group.rows.ids.shape), group.rows.lengths),
                group.places,
                group.joined,
                group.whole,
            )
            for group, end in zip(groups, ends, strict=True)
        ),
    )


def as_rows(flat: Numbers, row: Numbers, n: int, names: Names) -> Rows:
    """Pieces one behind the other, the row of each, as rows with special tokens, cut where they are too long."""
    counts = np.bincount(row, minlength=n)
    column = np.arange(len(row)) - (counts.cumsum() - counts)[row] + 1
    counts = np.minimum(counts, MAX_TOKENS - 2)
    fits = column < MAX_TOKENS - 1
    longest = int(counts.max(initial=0)) + 2
    ids = np.full((n, longest), names.pad, dtype=np.int64)
    ids[row[fits], column[fits]] = flat[fits]
    ids[:, 0] = names.cls
    ids[np.arange(n), counts + 1] = names.sep
    return Rows(ids, counts + 2)


def flat(texts: Texts, numbers: Numbers) -> tuple[Numbers, Numbers]:
    """The pieces of ``numbers`` (shape (n, k), -1 for none) one behind the other, and the row of each."""
    used = np.maximum(numbers, 0).ravel()
    starts = texts.starts[used]
    lengths = np.where(numbers.ravel() >= 0, texts.starts[used + 1] - starts, 0)
    ends = lengths.cumsum()
    part = np.repeat(np.arange(len(lengths)), lengths)
    return texts.ids[np.arange(len(part)) + (starts - ends + lengths)[part]].astype(np.int64), part // numbers.shape[1]


def halves(tokenizer: Tokenizer) -> Numbers:
    """For each piece two others that it may be cut into, the first as long as can be; -1 where there are none."""
    vocabulary = tokenizer.get_vocab()
    found = np.full((len(vocabulary), 2), -1, dtype=np.int64)
    for piece, number in vocabulary.items():
        begun = len(INNER) if piece.startswith(INNER) else 0
        for end in range(len(piece) - 2, begun + 1, -1):
            first, last = vocabulary.get(piece[:end]), vocabulary.get(INNER + piece[end:])
            if first is not None and last is not None:
                found[number] = first, last
                break
    return found


def disturbed(
    ids: Numbers, row: Numbers, cut: Numbers, mask: int, chance: np.random.Generator
) -> tuple[Numbers, Numbers]:
    """Pieces, some of which are masked, left out or cut in two; texts of three pieces or fewer lose none."""
    draw = chance.random(len(ids))
    enough = np.bincount(row)[row] > 3
    gone = enough & (draw < LEFT_OUT)
    hidden = enough & (draw > 1 - MASKED)
    parted = (draw > 0.5) & (draw < 0.5 + CUT) & (cut[ids, 0] >= 0)
    found = np.where(hidden, mask, np.where(parted, cut[ids, 0], ids))
    at = np.repeat(np.arange(len(ids)), 1 + parted - gone)
    again = np.flatnonzero(at[1:] == at[:-1]) + 1
    pieces = found[at]
    pieces[again] = cut[ids[at[again]], 1]
    return pieces, row[at]


@contextmanager
def made_ahead(steps: Callable[[int], Iterator[Step]], seed: int, *, processes: int) -> Iterator[Iterator[Step]]:
    """Steps without end, taken in turn from ``processes`` others, so that the same seed gives the same ones."""
    # A new interpreter: a fork of a process in which threads compute may never come to itself.
    context = multiprocessing.get_context("spawn")
    waiting: list[Queue[Step]] = [context.Queue(WAITING) for _ in range(processes)]
    makers = [
        context.Process(target=_make, args=(steps, seed * processes + number, made), daemon=True)
        for number, made in enumerate(waiting)
    ]
    for maker in makers:
        maker.start()
    try:
        yield (made.get() for made in itertools.cycle(waiting))
    finally:
        for maker in makers:
            maker.kill()
            maker.join()


def _make(steps: Callable[[int], Iterator[Step]], seed: int, made: Queue[Step]) -> None:
    for step in steps(seed):
        made.put(step)
