"""How a transformer is taught, by the loss of :mod:`training.loss` with more texts than a step holds."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor, nn

from training import bert
from training.feeding import Feed, Step, halves, made_ahead
from training.lessons import Lessons
from training.loss import similarity_loss
from training.packing import Names, Packed, flat, pack
from training.quantisation import four_bits
from training.row_adam import RowAdam
from training.texts import Texts, numbers
from training.transformer import WORDS, Transformer

#: Texts beside those of a step from which a text is told apart.
OTHERS = 16_384
WARM_UP = 0.04
#: Steps between two lines of the log, and shares of the time after which what was learned is kept.
REPORTED, KEPT = 100, (0.5, 0.8)
#: The learning rate of the body beside that of the table.
BODY = 0.2
#: Texts that are read at once where nothing is learned.
_TOGETHER = 2048

Body = Callable[[Tensor, Tensor, Tensor, Sequence[Tensor]], Tensor]


@dataclass(frozen=True)
class Pace:
    """How long and how fast is learned: ``rate`` at its height, ``rows`` of each step, ``compiled`` where the device
    repays it."""

    minutes: float
    rate: float
    rows: int
    seed: int
    compiled: bool = False


class Master:
    """The teacher on a device: its vectors of texts, and those of all English texts, made once."""

    def __init__(
        self, weights: Mapping[str, Tensor], heads: int, english: Texts, names: Names, device: torch.device
    ) -> None:
        kind = torch.float16 if device.type == "cuda" else torch.float32
        self._weights = {name: value.detach().to(device, kind) for name, value in weights.items()}
        self._table, self._heads = self._weights.pop(WORDS), heads
        parts = [self(packed, texts) for packed, texts in _packed(english, names)]
        self.known = torch.cat([part.half() for part in parts])

    def __call__(self, packed: Packed, texts: int) -> Tensor:
        ids, text, place = _moved([packed.ids, packed.text, packed.place], self._table.device)
        return self.read(ids, text, place, texts)

    def read(self, ids: Tensor, text: Tensor, place: Tensor, texts: int) -> Tensor:
        with torch.no_grad():
            words = nn.functional.embedding(ids, self._table)
            found = bert.states(words, text, place, self._weights, heads=self._heads)
            return bert.pooled(found, text, texts)


def distil(
    student: Transformer,
    teacher: Mapping[str, Tensor],
    lessons: Lessons,
    tokenizers: tuple[Tokenizer, Tokenizer],
    pace: Pace,
    *,
    device: torch.device,
    keep: Callable[[], None] = lambda: None,
) -> int:
    """Teach until the time is up. ``teacher``: the weights of a BERT. ``tokenizers``: the student's and the teacher's.
    ``keep`` is called now and then, so that what was learned is not lost. Returns the number of steps."""
    half = torch.bfloat16 if device.type == "cuda" else torch.float32
    student.to(device)
    # Its plans are made for each shape of a batch, and what the teacher reads has another in each step.
    torch.backends.cuda.enable_cudnn_sdp(False)
    torch.manual_seed(pace.seed)
    names = Names.of(tokenizers[0]), Names.of(tokenizers[1])
    feed = Feed(lessons, names, halves(tokenizers[0]), pace.rows)
    processes = max(1, min(12, (os.cpu_count() or 1) - 3))
    with made_ahead(feed.steps, pace.seed, processes=processes) as made:
        master = Master(teacher, student.heads, lessons.teacher, names[1], device)
        body = _body(student, half, compiled=pace.compiled)
        # Of the table only the rows that a step has read are touched: it has most of the weights.
        by_row = RowAdam(student.table.data)
        whole = torch.optim.AdamW(student.body, lr=pace.rate, betas=(0.9, 0.98), weight_decay=0.01, fused=True)
        chance = torch.Generator(device=device).manual_seed(pace.seed)
        chances = torch.from_numpy(lessons.weights).to(device).cumsum(0)
        place = torch.from_numpy(lessons.place).to(device)
        parameters, losses = list(student.body), torch.zeros((), device=device)
        ready = time.monotonic()
        _learn_once(next(made), student, body, master)  # what is compiled at first use is no part of the time
        print(f"first step after {time.monotonic() - ready:.0f} s", file=sys.stderr, flush=True)
        begun, steps, kept = time.monotonic(), 0, 0
        while (passed := (time.monotonic() - begun) / (60 * pace.minutes)) < 1:
            rows, pieces, found, wanted = _read(next(made), student, body, master)
            drawn = torch.rand(OTHERS, device=device, generator=chance, dtype=chances.dtype) * chances[-1]
            others = master.known[place[torch.searchsorted(chances, drawn).clamp_max(len(chances) - 1)]].float()
            loss = similarity_loss(found, wanted, others, kind=half)
            height = pace.rate * min(1.0, passed / WARM_UP, (1 - passed) / (1 - WARM_UP))
            whole.param_groups[0]["lr"] = height * BODY
            whole.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(parameters, 1.0)
            whole.step()
            by_row.step(pieces, rows, rate=height)
            steps, losses = steps + 1, losses + loss.detach()
            if steps % REPORTED == 0:
                print(f"{passed:6.1%} step {steps}: loss {losses.item() / REPORTED:.4f}", file=sys.stderr, flush=True)
                losses.zero_()
            if kept < len(KEPT) and passed > KEPT[kept]:
                kept += 1
                keep()
    return steps


def _body(student: Transformer, kind: torch.dtype, *, compiled: bool) -> Body:
    """What the student's layers make of words, in numbers of ``kind``, of which gradients reach the weights."""
    names, heads = student.names, student.heads

    def read(words: Tensor, text: Tensor, place: Tensor, weights: Sequence[Tensor]) -> Tensor:
        named = {name: value.to(kind) for name, value in zip(names, weights, strict=True)}
        return bert.states(words.to(kind), text, place, named, heads=heads)

    return torch.compile(read, dynamic=False) if compiled else read


def _read(step: Step, student: Transformer, body: Body, master: Master) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The rows of the table that were read and their numbers; what the student makes of the texts, and what is wanted
    of it: rows of unit length."""
    read, whole = step.read, step.whole
    pieces, ids, text, place, places, joined, *several = _moved(
        [step.pieces, read.ids, read.text, read.place, step.places, step.joined, whole.ids, whole.text, whole.place],
        student.table.device,
    )
    rows = student.table.detach()[pieces].requires_grad_()
    # The gradient of an embedding waits for the device; this one does not.
    words = four_bits(rows).index_select(0, ids.reshape(-1)).view(*ids.shape, -1)
    found = bert.pooled(body(words, text, place, list(student.body)), text, len(step.places))
    wanted = master.known[places].float()
    if len(step.joined):
        wanted[joined] = master.read(several[0], several[1], several[2], len(step.joined))
    return rows, pieces, found, wanted


def _learn_once(step: Step, student: Transformer, body: Body, master: Master) -> None:
    """One step of which nothing stays."""
    _, _, found, wanted = _read(step, student, body, master)
    similarity_loss(found, wanted).backward()  # type: ignore[no-untyped-call]
    for parameter in student.body:
        parameter.grad = None


def _moved(parts: Sequence[NDArray[np.integer]], device: torch.device) -> list[Tensor]:
    """All at once: each transfer by itself would wait for what the device does. int64."""
    whole = torch.from_numpy(np.concatenate([part.astype(np.int32).ravel() for part in parts]))
    if device.type == "cuda":
        whole = whole.pin_memory()
    split = torch.split(whole.to(device, non_blocking=True).long(), [part.size for part in parts])
    return [tensor.view(part.shape) for tensor, part in zip(split, parts, strict=True)]


def _packed(texts: Texts, names: Names) -> Iterator[tuple[Packed, int]]:
    """All of ``texts`` in their order, and how many there are in each."""
    count = len(texts.starts) - 1
    for start in range(0, count, _TOGETHER):
        part = np.arange(start, min(start + _TOGETHER, count))[:, None]
        yield pack(*flat(texts, part), len(part), names)[0], len(part)


def encode_with(student: Transformer, tokenizer: Tokenizer, texts: Sequence[str]) -> NDArray[np.float32]:
    """float32, shape (len(texts), dimension), rows of unit length."""
    if not texts:
        return np.empty((0, student.table.shape[1]), dtype=np.float32)
    device, found = student.table.device, []
    for packed, count in _packed(numbers(tokenizer, texts), Names.of(tokenizer)):
        with torch.no_grad():
            found.append(student(*_moved([packed.ids, packed.text, packed.place], device), count).cpu().numpy())
    return np.asarray(np.concatenate(found))
