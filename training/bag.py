"""The small form of a student: the mean of a vector for each piece of a text, then a small network; how it is taught.

The network (two layers, after the deep averaging networks of Iyyer et al. 2015) begins as the identity:
silu(x) - silu(-x) = x. A piece's vector begins as its gloss: the mean of the teacher's for the English pieces that it
stands beside (:mod:`training.alignment`). How long a vector is, is how much its piece counts. The table is most of
it, and is read in four bits while it is taught, as it is shipped (see :mod:`training.quantisation`).
"""

from __future__ import annotations

import sys
import time

import numpy as np
import scipy.sparse as sparse
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor, nn

from training.feeding import disturbed, halves
from training.lessons import Lessons
from training.loss import similarity_loss
from training.packing import Numbers, flat
from training.quantisation import four_bits
from training.row_adam import RowAdam
from training.teacher import Teacher, encode
from training.tokenizer import INNER, SPECIAL, UNKNOWN_ID

#: Texts of one step; how often the English itself is read; how often two texts are read as one.
BATCH, ENGLISH_SHARE, JOINED = 2048, 0.1, 0.1
#: How many of these are told apart from each other: all of them would take most of the time.
APART = 1024
#: The share of the time in which the learning rate rises.
WARM_UP = 0.02
#: The share of the time at the end in which pairs are met as :data:`training.pairs.LAST_SOURCES` says, and how much
#: lower the learning rate begins there.
LAST, LOWER = 0.22, 0.4
#: How much a piece counts that makes up the share p of all text: A / (A + p) (Arora, Liang and Ma 2017).
COMMON = 1e-4
#: How much a special token counts.
_SPECIAL_COUNTS = 1e-3


class Bag(nn.Module):
    def __init__(self, vectors: Tensor, hidden: int) -> None:
        """``vectors``: float32, shape (vocabulary, dimension). ``hidden``: units of the network, twice that or more."""
        super().__init__()
        dimension = vectors.shape[1]
        self.vectors = nn.Parameter(vectors)
        self.first, self.last = nn.Linear(dimension, hidden), nn.Linear(hidden, dimension)
        both = torch.cat([torch.eye(dimension), -torch.eye(dimension)])
        with torch.no_grad():
            self.first.bias.zero_()
            self.last.bias.zero_()
            self.first.weight[: 2 * dimension] = both
            self.last.weight.mul_(0.1)
            self.last.weight[:, : 2 * dimension] = both.T

    def read(self, words: Tensor, ids: Tensor, starts: Tensor) -> Tensor:
        """Texts by the ``words`` of their pieces, float32, shape (pieces, dimension), of which ``ids`` are numbers."""
        mean = nn.functional.embedding_bag(ids, words, starts, mode="mean")
        return nn.functional.normalize(self.last(nn.functional.silu(self.first(mean))), dim=-1)

    def forward(self, ids: Tensor, starts: Tensor) -> Tensor:
        """``ids``: int64, those of all texts; ``starts``: int64, where each begins. Rows of unit length."""
        pieces, place = np.unique(ids.numpy(), return_inverse=True)
        return self.read(four_bits(self.vectors[torch.from_numpy(pieces)]), torch.from_numpy(place), starts)


def new_bag(
    glosses: sparse.csr_matrix, lessons: Lessons, teacher: Teacher, teacher_tokenizer: Tokenizer, *, hidden: int
) -> Bag:
    """A bag that reads each piece as the teacher reads the English of its gloss, and knows how common it is."""
    names = [name for name, _ in sorted(teacher_tokenizer.get_vocab().items(), key=lambda item: item[1])]
    known = encode(teacher, teacher_tokenizer, [name.removeprefix(INNER) for name in names])
    # What all have in common says nothing of any.
    vectors = glosses @ (known - known.mean(axis=0))
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    met = np.bincount(lessons.foreign.ids, minlength=len(vectors)).astype(np.float64)
    counting = COMMON / (COMMON + met / met.sum())
    counting[: len(SPECIAL)] = _SPECIAL_COUNTS
    return Bag(torch.from_numpy(vectors / np.maximum(lengths, 1e-9) * counting[:, None]).float(), hidden)


def teach(
    bag: Bag,
    lessons: Lessons,
    tokenizer: Tokenizer,
    known: NDArray[np.float16],
    *,
    minutes: float,
    rate: float,
    seed: int,
) -> int:
    """Teach until the time is up. ``known[lessons.place[i]]`` is the teacher's vector for the English of pair ``i``."""
    chance = np.random.default_rng(seed)
    chances, cut = np.cumsum(lessons.weights), halves(tokenizer)
    table = RowAdam(bag.vectors.data)
    network = torch.optim.AdamW([*bag.first.parameters(), *bag.last.parameters()], lr=rate / 5)
    begun, steps, losses = time.monotonic(), 0, 0.0
    while (passed := (time.monotonic() - begun) / (60 * minutes)) < 1:
        ids, starts, target = _batch(lessons, chances, cut, known, chance)
        pieces, place = np.unique(ids, return_inverse=True)
        rows = bag.vectors.detach()[torch.from_numpy(pieces)].requires_grad_()
        found = bag.read(four_bits(rows), torch.from_numpy(place), torch.from_numpy(starts))
        parts = zip(torch.split(found, APART), torch.split(target, APART), strict=True)
        loss = torch.stack([similarity_loss(*part) for part in parts]).mean()
        height = rate * min(1.0, passed / WARM_UP) * (1 - passed)
        network.param_groups[0]["lr"] = height / 5
        network.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        network.step()
        table.step(torch.from_numpy(pieces), rows, rate=height)
        steps, losses = steps + 1, losses + loss.item()
        if steps % 200 == 0:
            print(f"{passed:6.1%} step {steps}: loss {losses / 200:.4f}", file=sys.stderr, flush=True)
            losses = 0.0
    return steps


def _batch(
    lessons: Lessons,
    chances: NDArray[np.float64],
    cut: Numbers,
    known: NDArray[np.float16],
    chance: np.random.Generator,
) -> tuple[Numbers, Numbers, Tensor]:
    """Pieces one behind the other, where each text begins, and what is wanted of each.

    Where two texts are joined, the mean of both is wanted: of what a bag can say, that comes nearest to the teacher.
    """
    drawn = np.searchsorted(chances, chance.random((BATCH, 2)) * chances[-1])
    places = lessons.place[drawn]
    own, alone = chance.random(BATCH) < ENGLISH_SHARE, chance.random(BATCH) >= JOINED
    drawn[alone, 1] = -1
    sides = (
        flat(lessons.foreign, np.where(own[:, None], -1, drawn)),
        flat(lessons.english, np.where(own[:, None] & (drawn >= 0), places, -1)),
    )
    ids, row = (np.concatenate(each) for each in zip(*sides, strict=True))
    order = np.argsort(row, kind="stable")
    ids, row = disturbed(ids[order], row[order], cut, UNKNOWN_ID, chance)
    target = torch.from_numpy(known[places].astype(np.float32))
    target[alone, 1] = 0
    return ids, np.searchsorted(row, np.arange(BATCH)), nn.functional.normalize(target.sum(1), dim=1)
