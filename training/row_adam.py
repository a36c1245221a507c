"""Adam for tables of which a step reads few rows."""

from __future__ import annotations

import torch
from torch import Tensor


class RowAdam:
    """Adam (Kingma and Ba 2015) of those rows of a table that were read, which are 1 in 5.

    torch's own for sparse gradients sorts the rows anew at each of its sums, and waits for the device to do so.
    """

    def __init__(self, table: Tensor, *, betas: tuple[float, float] = (0.9, 0.98)) -> None:
        self._table, self._betas, self._steps = table, betas, 0
        self._first, self._second = torch.zeros_like(table), torch.zeros_like(table)

    @torch.no_grad()
    def step(self, places: Tensor, rows: Tensor, *, rate: float) -> None:
        """Change the rows of the table at ``places``, each there once, by the gradient of ``rows``."""
        gradient = rows.grad
        assert gradient is not None
        self._steps += 1
        (one, two), steps = self._betas, self._steps
        first = self._first[places].lerp_(gradient, 1 - one)
        second = self._second[places].mul_(two).addcmul_(gradient, gradient, value=1 - two)
        self._first[places], self._second[places] = first, second
        length = second.div_(1 - two**steps).sqrt_().add_(1e-8)
        self._table[places] = rows.detach().addcdiv(first, length, value=-rate / (1 - one**steps))
