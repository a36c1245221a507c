"""Work for all cores: a pure function applied in processes of its own, with the results in order.

A worker is a fresh interpreter that reads pickles from a pipe. A fork would copy locks that threads of this process
hold (FAISS, OpenVINO and tokenizers have threads), and a start by :mod:`multiprocessing` runs the main program again
and leaves workers behind when that is killed. This one ends with the pipe, however the other end of that ended; it
imports what the function needs, and nothing else.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import traceback
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from itertools import islice
from queue import SimpleQueue
from typing import Any, TypeVar

from kb.cores import CORES
from kb.errors import KbError, WorkerLost

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

#: Below so many items, starting the workers takes longer than they save, at some milliseconds an item.
LEAST = 800
#: Each holds what the function needs (about 70 MB for reading entries), so that a large machine is not filled by them.
MOST_WORKERS = 8
#: Items that are sent at a time, and how often that many are on their way for each worker: the bound of the memory.
CHUNK = 32
_IN_FLIGHT = 2

#: A worker is one thread: others at its side would take the cores of its neighbours.
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_PROGRAM = "import sys; sys.path[:] = sys.argv[1:]; from kb.workers import serve; serve()"


def spread(
    work: Callable[[_Item], _Result], items: Iterable[_Item], count: int, *, workers: int | None = None
) -> Generator[_Result, None, None]:
    """``work`` applied to each of ``items``, of which there are ``count``, in their order.

    From LEAST items on this is done by processes, ``workers`` of them or one for each core.

    ``work``, items and results are pickled, and ``work`` must be pure: the results are those of ``map(work, items)``.
    What it raises is raised here. Raises WorkerLost when a worker ends on the way. Whatever ends the iteration ends the
    workers.
    """
    number = min(CORES, MOST_WORKERS) if workers is None else workers
    if number < 2 or count < LEAST:
        yield from map(work, items)
        return
    source = iter(items)
    waiting: deque[Future[list[_Result]]] = deque()
    with _Team(work, number) as team:
        while chunk := list(islice(source, CHUNK)):
            waiting.append(team.submit(chunk))
            if len(waiting) >= number * _IN_FLIGHT:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()


class _Team:
    """Some workers, each with a thread here that talks to it."""

    def __init__(self, work: Callable[[Any], Any], number: int) -> None:
        self._pickled = pickle.dumps(work)
        self._number = number
        self._workers: list[_Worker] = []
        self._idle: SimpleQueue[_Worker] = SimpleQueue()
        self._threads = ThreadPoolExecutor(number, thread_name_prefix="kb-worker")

    def __enter__(self) -> _Team:
        try:
            for _ in range(self._number):
                self._workers.append(worker := _Worker(self._pickled))
                self._idle.put(worker)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.end()
        self._threads.shutdown(cancel_futures=True)
        for worker in self._workers:
            worker.close()

    def submit(self, chunk: list[Any]) -> Future[list[Any]]:
        return self._threads.submit(self._ask, chunk)

    def _ask(self, chunk: list[Any]) -> list[Any]:
        worker = self._idle.get()
        try:
            return worker.ask(chunk)
        finally:
            self._idle.put(worker)


class _Worker:
    def __init__(self, pickled: bytes) -> None:
        try:
            self._process = subprocess.Popen(  # noqa: S603  # this program itself
                [sys.executable, "-c", _PROGRAM, *sys.path],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**os.environ, **_ONE_THREAD},
                process_group=0,  # Ctrl-C in a terminal is for the program, which ends its workers
            )
        except OSError as error:
            raise WorkerLost(f"a worker process cannot be started ({error.strerror}); {_AGAIN}") from error
        self._work: bytes | None = pickled

    def ask(self, chunk: list[Any]) -> list[Any]:
        sent, received = self._process.stdin, self._process.stdout
        assert sent is not None
        assert received is not None
        try:
            if self._work is not None:
                sent.write(self._work)
                self._work = None
            pickle.dump(chunk, sent, protocol=pickle.HIGHEST_PROTOCOL)
            sent.flush()
            results, error = pickle.load(received)  # noqa: S301  # written by a process of ours
        except (OSError, EOFError, pickle.UnpicklingError) as lost:
            raise WorkerLost(f"a worker process ended in the middle of its work{self._how()}; {_AGAIN}") from lost
        if error is not None:
            raise error
        return list(results)

    def _how(self) -> str:
        with suppress(subprocess.TimeoutExpired):
            code = self._process.wait(1)
            return f" (signal {-code}, for want of memory perhaps)" if code < 0 else f" (code {code})"
        return ""

    def end(self) -> None:
        self._process.kill()

    def close(self) -> None:
        """To be called when no thread talks to it any more."""
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                pipe.close() if pipe else None


_AGAIN = "nothing is lost, try again"


def serve() -> None:
    """What a worker does: a function comes first, then lists of items, each answered by (results, error)."""
    received = os.fdopen(os.dup(0), "rb")
    sent = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever else is printed must not meet the results
    with suppress(EOFError, BrokenPipeError):
        work: Callable[[Any], Any] = pickle.load(received)  # noqa: S301  # written by the process that started this one
        while True:
            answer = _answer(work, pickle.load(received))  # noqa: S301
            sent.write(answer)
            sent.flush()
    os._exit(0)  # nothing is left to be tidied up, and the pipe may be gone


def _answer(work: Callable[[Any], Any], items: Iterable[Any]) -> bytes:
    try:
        return pickle.dumps((list(map(work, items)), None), protocol=pickle.HIGHEST_PROTOCOL)
    except KbError as error:
        return pickle.dumps(((), error))
    except Exception:  # a mistake of ours, told there as it would be told here
        return pickle.dumps(((), RuntimeError(f"in a worker process:\n{traceback.format_exc()}")))
