"""The small form of a student: the mean of a vector for each piece of a text, then a small network; how it is taught.

The network (two layers, after the deep averaging networks of Iyyer et al. 2015) begins as the identity:
silu(x) - silu(-x) = x. A piece's vector begins as the teacher's for the piece by itself, so that names which no pair
holds mean to the student what they mean to the teacher. How long a vector is, is how much its piece counts.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor, nn

from training.loss import similarity_loss
from training.pairs import Pair, weights
from training.teacher import Teacher, encode
from training.texts import numbers
from training.tokenizer import INNER, SPECIAL

#: Texts of one step; how often the English itself is read; how often a piece is dropped.
BATCH, ENGLISH_SHARE, DROPPED = 2048, 0.1, 0.05
#: The share of the time in which the learning rate rises.
WARM_UP = 0.02
#: How much a piece counts that makes up the share p of all text: A / (A + p) (Arora, Liang and Ma 2017).
COMMON = 1e-3
#: How much a special token counts, and texts in which pieces are counted.
_SPECIAL_COUNTS, _SAMPLE = 1e-3, 300_000


class Bag(nn.Module):
    def __init__(self, vectors: Tensor, hidden: int) -> None:
        """``vectors``: float32, shape (vocabulary, dimension). ``hidden``: units of the network, twice that or more."""
        super().__init__()
        dimension = vectors.shape[1]
        self.vectors = nn.EmbeddingBag.from_pretrained(vectors, freeze=False, mode="mean", sparse=True)
        self.first, self.last = nn.Linear(dimension, hidden), nn.Linear(hidden, dimension)
        both = torch.cat([torch.eye(dimension), -torch.eye(dimension)])
        with torch.no_grad():
            self.first.bias.zero_()
            self.last.bias.zero_()
            self.first.weight[: 2 * dimension] = both
            self.last.weight.mul_(0.1)
            self.last.weight[:, : 2 * dimension] = both.T

    def forward(self, ids: Tensor, starts: Tensor) -> Tensor:
        """``ids``: int64, those of all texts; ``starts``: int64, where each begins. Rows of unit length."""
        hidden = nn.functional.silu(self.first(self.vectors(ids, starts)))
        return nn.functional.normalize(self.last(hidden), dim=-1)


def new_bag(
    tokenizer: Tokenizer, pairs: Sequence[Pair], teacher: Teacher, teacher_tokenizer: Tokenizer, *, hidden: int
) -> Bag:
    """A bag that knows each piece as the teacher does, and how common it is in ``pairs``."""
    pieces = [piece.removeprefix(INNER) for piece, _ in sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])]
    vectors = torch.from_numpy(encode(teacher, teacher_tokenizer, pieces))
    sample = pairs[:: max(1, len(pairs) // _SAMPLE)]
    ids = numbers(tokenizer, [pair.foreign for pair in sample]).ids
    met = np.bincount(ids, minlength=len(pieces)).astype(np.float64)
    counting = COMMON / (COMMON + met / met.sum())
    counting[: len(SPECIAL)] = _SPECIAL_COUNTS
    return Bag((vectors * torch.from_numpy(counting)[:, None]).float(), hidden)


def teach(
    bag: Bag,
    pairs: Sequence[Pair],
    tokenizer: Tokenizer,
    found: NDArray[np.float16],
    place: NDArray[np.int64],
    *,
    minutes: float,
    rate: float,
    seed: int,
) -> int:
    """Teach until the time is up. ``found[place[i]]`` is the teacher's vector for the English of pair ``i``."""
    chance = np.random.default_rng(seed)
    foreign = numbers(tokenizer, [pair.foreign for pair in pairs])
    english = numbers(tokenizer, [pair.english for pair in pairs])
    chances = np.cumsum(weights(pairs))
    table = torch.optim.SparseAdam(bag.vectors.parameters(), lr=rate)
    network = torch.optim.AdamW([*bag.first.parameters(), *bag.last.parameters()], lr=rate / 5)
    begun, steps, losses = time.monotonic(), 0, 0.0
    bag.train()
    while (passed := (time.monotonic() - begun) / (60 * minutes)) < 1:
        drawn = np.searchsorted(chances, chance.random(BATCH) * chances[-1])
        own = chance.random(BATCH) < ENGLISH_SHARE
        rows = [(english if e else foreign)[i] for i, e in zip(drawn.tolist(), own.tolist(), strict=True)]
        rows = [_dropped(row, chance) for row in rows]
        starts = np.concatenate([[0], np.cumsum([len(row) for row in rows])[:-1]])
        target = torch.from_numpy(found[place[drawn]].astype(np.float32))
        ids = torch.from_numpy(np.concatenate(rows).astype(np.int64))
        with torch.autocast("cpu", torch.bfloat16):
            loss = similarity_loss(bag(ids, torch.from_numpy(starts)).float(), target)
        for optimiser, height in ((table, rate), (network, rate / 5)):
            for group in optimiser.param_groups:
                group["lr"] = height * min(1.0, passed / WARM_UP) * (1 - passed)
            optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        table.step()  # type: ignore[no-untyped-call]
        network.step()
        steps, losses = steps + 1, losses + loss.item()
        if steps % 200 == 0:
            print(f"{passed:6.1%} step {steps}: loss {losses / 200:.4f}", file=sys.stderr, flush=True)
            losses = 0.0
    return steps


def _dropped(row: NDArray[np.int32], chance: np.random.Generator) -> NDArray[np.int32]:
    if len(row) < 4:
        return row if len(row) else np.array([1], dtype=np.int32)
    kept = row[chance.random(len(row)) >= DROPPED]
    return kept if len(kept) else row
