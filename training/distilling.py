"""How a transformer is taught, by the loss of :mod:`training.loss` with more texts than a step holds."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor, nn

from training import bert
from training.feeding import Feed, Names, Rows, Step, as_rows, flat, halves, made_ahead
from training.lessons import Lessons
from training.loss import similarity_loss
from training.quantisation import four_bits
from training.row_adam import RowAdam
from training.teacher import Teacher
from training.texts import MAX_TOKENS, numbers
from training.transformer import WORDS, Transformer

#: Texts beside those of a step from which a text is told apart.
OTHERS = 16_384
WARM_UP = 0.04
#: Steps between two lines of the log, and minutes between two times that what was learned is kept.
REPORTED, KEPT = 100, 1.0
#: The learning rate of the body beside that of the table.
BODY = 0.2


class Master:
    """The teacher on a device: its vectors of texts, and those of all English texts, made once."""

    def __init__(self, teacher: Teacher, known: NDArray[np.float16], device: torch.device) -> None:
        kind = torch.float16 if device.type == "cuda" else torch.float32
        self._weights = {name: value.detach().to(device, kind) for name, value in teacher.bert.named_parameters()}
        self._table = self._weights.pop(WORDS)
        self._heads = int(teacher.bert.config.num_attention_heads)
        self.known = torch.from_numpy(known).to(device)

    def __call__(self, ids: Tensor, lengths: Tensor) -> Tensor:
        with torch.no_grad():
            words = nn.functional.embedding(ids, self._table)
            return bert.vectors(words, _mask(ids, lengths), self._weights, heads=self._heads)


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
    keep: Callable[[], None] = lambda: None,
) -> int:
    """Teach until the time is up. ``tokenizers``: the student's and the teacher's. ``keep`` is called now and then, so
    that what was learned is not lost. Returns the number of steps."""
    half = torch.bfloat16 if device.type == "cuda" else torch.float32
    student.to(device)
    # Its plans are made for each shape of a batch, and no two steps have the same.
    torch.backends.cuda.enable_cudnn_sdp(False)
    master = Master(teacher, known, device)
    torch.manual_seed(seed)
    # Of the table only the rows that a step has read are touched: it has most of the weights.
    by_row = RowAdam(student.table.data)
    whole = torch.optim.AdamW(student.body, lr=rate, betas=(0.9, 0.98), weight_decay=0.01, fused=True)
    chance = torch.Generator(device=device).manual_seed(seed)
    chances = torch.from_numpy(lessons.weights).to(device).cumsum(0)
    place = torch.from_numpy(lessons.place).to(device)
    feed = Feed(lessons, (Names.of(tokenizers[0]), Names.of(tokenizers[1])), halves(tokenizers[0]), tokens)
    processes = max(1, min(6, (os.cpu_count() or 1) - 2))
    with made_ahead(feed.steps, seed, processes=processes) as made:
        step, kept, losses = next(made), 0.0, torch.zeros((), device=device)
        begun, steps = time.monotonic(), 0
        while (passed := (time.monotonic() - begun) / (60 * minutes)) < 1:
            pieces, *moved = _moved(_parts(step), device)
            rows = student.table.detach()[pieces].requires_grad_()
            found, wanted = _read(moved, student, four_bits(rows), student.weights(half), master)
            drawn = torch.rand(OTHERS, device=device, generator=chance, dtype=chances.dtype) * chances[-1]
            others = master.known[place[torch.searchsorted(chances, drawn).clamp_max(len(chances) - 1)]].float()
            loss = similarity_loss(found, wanted, others, kind=half)
            height = rate * min(1.0, passed / WARM_UP, (1 - passed) / (1 - WARM_UP))
            whole.param_groups[0]["lr"] = height * BODY
            whole.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(student.body, 1.0)
            whole.step()
            by_row.step(pieces, rows, rate=height)
            steps, losses = steps + 1, losses + loss.detach()
            if steps % REPORTED == 0:
                print(f"{passed:6.1%} step {steps}: loss {losses.item() / REPORTED:.4f}", file=sys.stderr, flush=True)
                losses.zero_()
            if passed * minutes - kept >= KEPT:
                kept = passed * minutes
                keep()
            step = next(made)
    return steps


def _parts(step: Step) -> list[NDArray[np.int64]]:
    parts = [step.pieces]
    for group in step.groups:
        parts += [
            group.rows.ids,
            group.rows.lengths,
            group.places,
            group.joined,
            group.whole.ids,
            group.whole.lengths,
        ]
    return parts


def _read(
    moved: Sequence[Tensor], student: Transformer, words: Tensor, weights: bert.Weights, master: Master
) -> tuple[Tensor, Tensor]:
    """What the student makes of a step, and what is wanted of it: rows of unit length."""
    found, wanted = [], []
    for ids, lengths, places, joined, whole, counts in zip(*[iter(moved)] * 6, strict=True):
        # The gradient of an embedding waits for the device; this one does not.
        read = words.index_select(0, ids.reshape(-1)).view(*ids.shape, -1)
        found.append(student.read(read, _mask(ids, lengths), weights))
        target = master.known[places].float()
        if len(joined):
            target[joined] = master(whole, counts)
        wanted.append(target)
    return torch.cat(found), torch.cat(wanted)


def _moved(parts: Sequence[NDArray[np.int64]], device: torch.device) -> list[Tensor]:
    """All at once: each transfer by itself would wait for what the device does."""
    whole = torch.from_numpy(np.concatenate([part.ravel() for part in parts]))
    if device.type == "cuda":
        whole = whole.pin_memory()
    split = torch.split(whole.to(device, non_blocking=True), [part.size for part in parts])
    return [tensor.view(part.shape) for tensor, part in zip(split, parts, strict=True)]


def _mask(ids: Tensor, lengths: Tensor) -> Tensor:
    """Which of ``ids``, shape (n, tokens), are text, and no padding."""
    return torch.arange(ids.shape[1], device=ids.device) < lengths[:, None]


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
        found[taken] = _encoded(student, as_rows(*flat(read, taken[:, None]), len(taken), names), device)
    return found


def _encoded(student: Transformer, rows: Rows, device: torch.device) -> NDArray[np.float32]:
    ids, counts = _moved([rows.ids, rows.lengths], device)
    with torch.no_grad():
        return np.asarray(student(ids, _mask(ids, counts)).cpu().numpy())
