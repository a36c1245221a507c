"""Run by test_crash.py in a process of its own: a reindex that is killed by SIGKILL as a step begins.

Arguments: entries, data, the step, and how many passages of "encoding" to let pass.
"""

import os
import signal
import sys
from pathlib import Path

from indexer import build as building
from indexer.build import Silent
from indexer.reindex import reindex
from kb.engines.database.writer import Writer
from tests.conftest import FakeEncoder


class Killer(Silent):
    def __init__(self, step: str, passages: int) -> None:
        self._step, self._passages = step, passages

    def step(self, name: str) -> None:
        if name == self._step and not self._passages:
            os.kill(os.getpid(), signal.SIGKILL)

    def advance(self, done: int, total: int) -> None:
        if self._step == "encoding" and self._passages and done >= self._passages:
            os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    entries, data, step, passages = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
    if step == "inside the transaction":
        publish = Writer.publish

        def killed(writer: Writer, manifest: object) -> None:
            publish(writer, manifest)  # type: ignore[arg-type]
            os.kill(os.getpid(), signal.SIGKILL)

        Writer.publish = killed  # type: ignore[method-assign, assignment]
    building.BATCH = 16
    reindex(entries, data, "fake", lambda _: FakeEncoder(), progress=Killer(step, passages))


if __name__ == "__main__":
    main()
