"""What a transformer reads in each step, put together by other processes while the device is busy with the last.

Texts are joined now and then, half of them with what goes on behind them, so that long ones are learned too; pieces are
masked, left out, or cut in two (after Provilkov, Emelianenko and Voita 2020, "BPE-Dropout").
"""

from __future__ import annotations

import itertools
import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from multiprocessing.queues import Queue
from queue import Empty

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from training.lessons import Lessons
from training.packing import Names, Numbers, Packed, flat, pack
from training.texts import MAX_TOKENS
from training.tokenizer import INNER

#: How often the English itself is read; how many texts are read as one, and how often.
ENGLISH_SHARE = 0.12
JOINED = {1: 0.66, 2: 0.16, 4: 0.12, 8: 0.06}
#: How often texts are joined with those that go on behind them, and not with any.
GOES_ON = 0.5
#: How often a piece is masked, left out, and cut in two.
MASKED, LEFT_OUT, CUT = 0.03, 0.03, 0.05
#: How full rows are meant to be: short texts find room up to here.
FULL = 0.985
#: Steps that wait, for each process.
WAITING = 8


@dataclass(frozen=True)
class Step:
    """What is read at once: the different ``pieces`` of it, texts whose ``ids`` are places in these, and the numbers of
    the English that they stand for. ``joined``: texts whose English is several; ``whole``: these as the teacher reads
    them."""

    pieces: Numbers
    read: Packed
    places: Numbers
    joined: Numbers
    whole: Packed


@dataclass(frozen=True)
class Feed:
    """What steps are made from: ``names`` of the student and of the teacher, ``cut``: see :func:`halves`, and how many
    rows of :data:`~training.texts.MAX_TOKENS` pieces a step has."""

    lessons: Lessons
    names: tuple[Names, Names]
    cut: Numbers
    rows: int

    def steps(self, seed: int) -> Iterator[Step]:
        """Steps without end."""
        lessons, chance = self.lessons, np.random.default_rng(seed)
        chances = np.cumsum(lessons.weights)
        foreign, english, known = (np.diff(each.starts) for each in (lessons.foreign, lessons.english, lessons.teacher))
        sizes, often = np.array(list(JOINED)), np.cumsum(list(JOINED.values()))
        columns = np.arange(sizes.max())
        onward = _onward(lessons.follows)
        usual = float((foreign * lessons.weights).sum() / chances[-1])
        room = int(self.rows * MAX_TOKENS * FULL)
        count = max(8, int(1.5 * room / (usual * float((sizes * np.diff(often, prepend=0)).sum()) + 2)))
        while True:
            several = sizes[np.minimum(np.searchsorted(often, chance.random(count)), len(sizes) - 1)]
            drawn = np.searchsorted(chances, chance.random((count, len(columns))) * chances[-1])
            drawn = np.minimum(drawn, len(foreign) - 1)
            behind = onward[drawn[:, 0]]
            goes_on = (behind > 1) & (chance.random(count) < GOES_ON)
            drawn[goes_on] = np.minimum(drawn[goes_on, :1] + columns, len(foreign) - 1)
            several = np.where(goes_on, np.minimum(several, behind), several)
            wanted = columns < several[:, None]
            own = chance.random(count) < ENGLISH_SHARE
            places = lessons.place[drawn]
            read = np.where(own[:, None], english[places], foreign[drawn])
            # Of several texts the last are left out where they could not be read whole: half of them would stand for
            # all.
            most = 0.9 * MAX_TOKENS
            wanted[:, 1:] &= np.maximum((read * wanted).cumsum(1), (known[places] * wanted).cumsum(1))[:, 1:] < most
            wanted = np.logical_and.accumulate(wanted, axis=1)
            lengths = np.minimum((read * wanted).sum(1) + 2, MAX_TOKENS)
            taken = slice(0, max(1, int(np.searchsorted(lengths.cumsum(), room))))
            drawn, places = (np.where(wanted, each, -1)[taken] for each in (drawn, places))
            yield self._step(drawn, places, own[taken], chance)

    def _step(self, drawn: Numbers, places: Numbers, own: NDArray[np.bool_], chance: np.random.Generator) -> Step:
        sides = (
            flat(self.lessons.foreign, np.where(own[:, None], -1, drawn)),
            flat(self.lessons.english, np.where(own[:, None], places, -1)),
        )
        ids, row = (np.concatenate(each) for each in zip(*sides, strict=True))
        order = np.argsort(row, kind="stable")
        ids, row = disturbed(ids[order], row[order], self.cut, self.names[0].mask, chance)
        read, kept = pack(ids, row, len(own), self.names[0], rows=self.rows)
        places = places[kept]
        joined = np.flatnonzero(places[:, 1] >= 0)
        whole, _ = pack(*flat(self.lessons.teacher, places[joined]), len(joined), self.names[1])
        pieces, place = np.unique(read.ids, return_inverse=True)
        read = Packed(place.reshape(read.ids.shape).astype(np.int32), read.text, read.place)
        return Step(pieces.astype(np.int64), read, places[:, 0], joined, whole)


def _onward(follows: NDArray[np.bool_]) -> Numbers:
    """How many pairs, the first of them included, go on from each."""
    ends = np.append(np.flatnonzero(~follows), len(follows))
    numbers = np.arange(len(follows))
    return ends[np.searchsorted(ends, numbers, side="right")] - numbers


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
        yield (_taken(made, maker) for made, maker in itertools.cycle(zip(waiting, makers, strict=True)))
    finally:
        for maker in makers:
            maker.kill()
            maker.join()


def _taken(made: Queue[Step], maker: BaseProcess) -> Step:
    """The next step. Raises RuntimeError when its maker died."""
    while True:
        try:
            return made.get(timeout=10)
        except Empty:
            if not maker.is_alive():
                raise RuntimeError("a process that puts steps together died; is there memory for all?") from None


def _make(steps: Callable[[int], Iterator[Step]], seed: int, made: Queue[Step]) -> None:
    for step in steps(seed):
        made.put(step)
