"""How a transformer is taught, by the loss of :mod:`training.loss` with more texts than a step holds.

Texts are joined now and then, so that long ones are learned too; pieces are masked, left out, or cut in two (after
Provilkov, Emelianenko and Voita 2020, "BPE-Dropout"). What is read next is put together while the device is busy with
the last.
"""

from __future__ import annotations

import queue
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor, nn

from training import bert
from training.lessons import Lessons
from training.loss import similarity_loss
from training.teacher import Teacher
from training.texts import Texts, numbers
from training.tokenizer import CLS, INNER, MASK, PAD, SEP
from training.transformer import MAX_TOKENS, WORDS, Transformer

#: How often the English itself is read; how many texts are read as one, and how often.
ENGLISH_SHARE = 0.1
JOINED = {1: 0.78, 2: 0.12, 4: 0.07, 8: 0.03}
#: How often a piece is masked, left out, and cut in two.
MASKED, LEFT_OUT, CUT = 0.03, 0.03, 0.05
#: Texts beside those of a step from which a text is told apart.
OTHERS = 16_384
WARM_UP = 0.04
#: Steps between two lines of the log.
REPORTED = 25
#: Groups of like length in a step, about: fewer are quicker to start on an accelerator, more have less padding.
GROUPS = 10
#: The learning rate of the body beside that of the table.
BODY = 0.15

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
    """Texts ready to be read: ``ids``, int64, shape (n, tokens), and how many of each row are text."""

    ids: Numbers
    lengths: Numbers

    def on(self, device: torch.device) -> tuple[Tensor, Tensor]:
        ids, lengths = torch.from_numpy(self.ids), torch.from_numpy(self.lengths)
        mask = torch.arange(ids.shape[1]) < lengths[:, None]
        return ids.to(device, non_blocking=True), mask.to(device, non_blocking=True)


@dataclass(frozen=True)
class Group:
    """Texts of like length, and the numbers of the English that they stand for.

    ``joined``: rows whose English is several texts; ``whole``: these as the teacher reads them.
    """

    rows: Rows
    places: Numbers
    joined: Numbers
    whole: Rows | None


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


def steps_of(
    lessons: Lessons, names: tuple[Names, Names], cut: Numbers, *, tokens: int, seed: int
) -> Iterator[list[Group]]:
    """What is read in each step: about ``tokens`` pieces, in groups of like length. ``names``: student's, teacher's."""
    chance = np.random.default_rng(seed)
    chances = np.cumsum(lessons.weights)
    foreign, english, known = (np.diff(each.starts) for each in (lessons.foreign, lessons.english, lessons.teacher))
    sizes, often = np.array(list(JOINED)), np.cumsum(list(JOINED.values()))
    usual = float((foreign * lessons.weights).sum() / chances[-1]) * float((sizes * np.diff(often, prepend=0)).sum())
    count = max(8, int(tokens / (usual + 2)))
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
        order = np.argsort(-(read * wanted).sum(1), kind="stable")
        lengths = (read * wanted).sum(1)
        groups = []
        while len(order):
            most = max(1, tokens // GROUPS // (int(lengths[order[0]]) + 2))
            taken, order = order[:most], order[most:]
            groups.append(_group(lessons, names, cut, drawn[taken], places[taken], own[taken], chance))
        yield groups


def _group(
    lessons: Lessons,
    names: tuple[Names, Names],
    cut: Numbers,
    drawn: Numbers,
    places: Numbers,
    own: NDArray[np.bool_],
    chance: np.random.Generator,
) -> Group:
    sides = (
        flat(lessons.foreign, np.where(own[:, None], -1, drawn)),
        flat(lessons.english, np.where(own[:, None], places, -1)),
    )
    ids, row = (np.concatenate(each) for each in zip(*sides, strict=True))
    order = np.argsort(row, kind="stable")
    ids, row = disturbed(ids[order], row[order], cut, names[0].mask, chance)
    joined = np.flatnonzero(places[:, 1] >= 0)
    whole = as_rows(*flat(lessons.teacher, places[joined]), len(joined), names[1]) if len(joined) else None
    return Group(as_rows(ids, row, len(own), names[0]), places[:, 0], joined, whole)


class Master:
    """The teacher on a device: its vectors of texts, and those of all English texts, made once."""

    def __init__(self, teacher: Teacher, known: NDArray[np.float16], device: torch.device) -> None:
        kind = torch.float16 if device.type == "cuda" else torch.float32
        self._weights = {name: value.detach().to(device, kind) for name, value in teacher.bert.named_parameters()}
        self._table = self._weights.pop(WORDS)
        self._heads = int(teacher.bert.config.num_attention_heads)
        self.known = torch.from_numpy(known).to(device)

    def __call__(self, ids: Tensor, mask: Tensor) -> Tensor:
        with torch.no_grad():
            return bert.vectors(nn.functional.embedding(ids, self._table), mask, self._weights, heads=self._heads)


def distil(
    student: Transformer,
    teacher: Teacher,
    known: NDArray[np.float16],
    lessons: Lessons,
    tokenizers: tuple[Tokenizer, Tokenizer],
    *,
    minutes: float,
    rate: float,
    tokens: int,
    seed: int,
    device: torch.device,
) -> int:
    """Teach until the time is up. ``tokenizers``: the student's and the teacher's. Returns the number of steps."""
    half = torch.bfloat16 if device.type == "cuda" else torch.float32
    student.to(device)
    # Its plans are made for each shape of a batch, and no two steps have the same.
    torch.backends.cuda.enable_cudnn_sdp(False)
    names = (Names.of(tokenizers[0]), Names.of(tokenizers[1]))
    master = Master(teacher, known, device)
    torch.manual_seed(seed)
    # Of the table only the rows that a step has read are touched: it has most of the weights.
    optimisers = {
        torch.optim.SparseAdam([student.table], lr=rate, betas=(0.9, 0.98)): rate,
        torch.optim.AdamW(student.body, lr=rate, betas=(0.9, 0.98), weight_decay=0.01, fused=True): rate * BODY,
    }
    chance = torch.Generator(device=device).manual_seed(seed)
    chances = torch.from_numpy(lessons.weights).to(device).cumsum(0)
    place = torch.from_numpy(lessons.place).to(device)
    begun, steps, losses = time.monotonic(), 0, torch.zeros((), device=device)
    for groups in _ahead(steps_of(lessons, names, halves(tokenizers[0]), tokens=tokens, seed=seed)):
        passed = (time.monotonic() - begun) / (60 * minutes)
        if passed >= 1:
            break
        weights = student.weights(half)
        pieces, place_of = np.unique(np.concatenate([group.rows.ids.ravel() for group in groups]), return_inverse=True)
        words = student.words(torch.from_numpy(pieces).to(device))
        found, wanted, begin = [], [], 0
        for group in groups:
            size = group.rows.ids.size
            rows = Rows(place_of[begin : begin + size].reshape(group.rows.ids.shape), group.rows.lengths)
            begin += size
            places, mask = rows.on(device)
            found.append(student.read(nn.functional.embedding(places, words), mask, weights))
            target = master.known[torch.from_numpy(group.places).to(device)].float()
            if group.whole is not None:
                target[torch.from_numpy(group.joined).to(device)] = master(*group.whole.on(device))
            wanted.append(target)
        drawn = torch.rand(OTHERS, device=device, generator=chance, dtype=chances.dtype) * chances[-1]
        others = master.known[place[torch.searchsorted(chances, drawn).clamp_max(len(chances) - 1)]].float()
        loss = similarity_loss(torch.cat(found), torch.cat(wanted), others, kind=half)
        for optimiser, height in optimisers.items():
            optimiser.param_groups[0]["lr"] = height * min(1.0, passed / WARM_UP, (1 - passed) / (1 - WARM_UP))
            optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(student.body, 1.0)
        for optimiser in optimisers:
            optimiser.step()
        steps, losses = steps + 1, losses + loss.detach()
        if steps % REPORTED == 0:
            print(f"{passed:6.1%} step {steps}: loss {losses.item() / REPORTED:.4f}", file=sys.stderr, flush=True)
            losses.zero_()
    return steps


def _ahead(items: Iterator[list[Group]], *, most: int = 8) -> Iterator[list[Group]]:
    """Items made by another thread, some ahead."""
    made: queue.Queue[list[Group]] = queue.Queue(most)

    def make() -> None:
        for item in items:
            made.put(item)

    threading.Thread(target=make, daemon=True).start()
    while True:
        yield made.get()


def encode_with(
    student: Transformer, tokenizer: Tokenizer, texts: Sequence[str], *, tokens: int = 8192
) -> NDArray[np.float32]:
    """float32, shape (len(texts), dimension), rows of unit length."""
    read, names, device = numbers(tokenizer, texts), Names.of(tokenizer), student.table.device
    lengths = np.diff(read.starts)
    order = np.argsort(-lengths, kind="stable")
    found = np.empty((len(texts), student.table.shape[1]), dtype=np.float32)
    while len(order):
        taken, order = np.split(order, [max(1, tokens // (min(int(lengths[order[0]]), MAX_TOKENS) + 8))])
        rows = as_rows(*flat(read, taken[:, None]), len(taken), names)
        with torch.no_grad():
            found[taken] = student(*rows.on(device)).cpu().numpy()
    return found
