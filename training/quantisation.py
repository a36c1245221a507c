"""Weights in few bits: whole numbers, and one scale for each row or for each group of a row."""

from __future__ import annotations

import torch
from torch import Tensor

from kb.engines.encoders.pieces import MIDDLE

#: How many values of a row in four bits share a scale, and the largest whole number.
GROUP, LARGEST = 32, 7


def in_eight_bits(table: Tensor) -> tuple[Tensor, Tensor]:
    """Rows as int8 and their scales as float16, symmetric: the largest value of a row is 127."""
    scale = (table.abs().amax(1) / 127).clamp_min(1e-7).half()
    return (table / scale.float()[:, None]).round().clamp(-127, 127).to(torch.int8), scale


def in_four_bits(table: Tensor) -> tuple[Tensor, Tensor]:
    """Whole numbers from -7 to 7 as int8, in the shape of ``table``, and float16 scales, shape (rows, groups)."""
    groups = table.detach().float().reshape(len(table), -1, GROUP)
    scale = _scale(groups)
    return _whole(groups, scale).flatten(1).to(torch.int8), scale.squeeze(-1).half()


def four_bits(values: Tensor) -> Tensor:
    """``values`` as four bits keep them, their last axis in groups; the gradient passes as if nothing was done."""
    groups = values.detach().reshape(*values.shape[:-1], -1, GROUP)
    scale = _scale(groups)
    kept = (_whole(groups, scale) * scale).flatten(-2)
    return values + (kept - values.detach())


def packed(whole: Tensor) -> Tensor:
    """Two whole numbers of :func:`in_four_bits` in one byte, uint8, shape (rows, dimension / 2): even places low."""
    shifted = (whole + MIDDLE).to(torch.uint8)
    return shifted[:, 0::2] | (shifted[:, 1::2] << 4)


def _scale(groups: Tensor) -> Tensor:
    return (groups.abs().amax(-1, keepdim=True) / LARGEST).clamp_min(1e-6).half().float()


def _whole(groups: Tensor, scale: Tensor) -> Tensor:
    return (groups / scale).round().clamp(-LARGEST, LARGEST)
