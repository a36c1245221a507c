"""Work for test_workers.py, in a module that is imported soon: every worker does it anew."""

import os
import signal
from dataclasses import dataclass


@dataclass(frozen=True)
class Plus:
    """Adds, and says in which process."""

    number: int

    def __call__(self, item: int) -> tuple[int, int]:
        return item + self.number, os.getpid()


@dataclass(frozen=True)
class Fails:
    at: int
    error: Exception

    def __call__(self, item: int) -> int:
        if item == self.at:
            raise self.error
        return item


def ends_at_a_thousand(item: int) -> int:
    if item == 1000:
        os.kill(os.getpid(), signal.SIGKILL)
    return item
