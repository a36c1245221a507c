"""One site served by several processes: the threads of one share an interpreter, which runs them on one core at a time.

All take connections from one listening socket, each the sooner the fewer it has (:mod:`web.server`). This process only
starts them, and others in place of those that end. They are this program again, as a fork would copy locks that threads
hold, each with its own connections to the database; the index and the models are files that all of them map. A socket
joins each to this process: it tells of readiness one way, and by its end of the end of either side.
"""

from __future__ import annotations

import logging
import os
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from kb.errors import KbError, UsageError
from web.server import GRACE

_LOG = logging.getLogger(__name__)
_PROGRAM = "from kb.cli import main; main(prog_name='kb')"
_READY = b"r"
#: Seconds from the start of a process to that of the one in its place, at least: what ends at once ends again.
_PAUSE = 5.0
#: After so many that ended before they were ready, with none that is, the site is given up.
_ATTEMPTS = 5


def serve_by(
    processes: int, arguments: Sequence[str], listener: socket.socket, *, ready: Callable[[], None] = lambda: None
) -> None:
    """Serve until interrupted what comes to ``listener``, by so many processes ``kb ARGUMENTS --listener N``, each of
    which calls :func:`given_listener` and :func:`tell_ready`. One that ends is replaced.

    ``ready`` is called when the first is ready; the others start after it, and find the model compiled. Raises
    SystemExit with the code of a process that could not start (it has told why) and without which there would be none,
    KbError where that was killed.
    """
    if os.name != "posix":
        raise UsageError("this system cannot share a port among processes; leave --processes out")
    with _Team(processes, arguments, listener) as team:
        team.start_first()
        ready()
        with suppress(KeyboardInterrupt):
            team.follow()


def given_listener(number: int) -> socket.socket:
    """The listener with this number, in a process that :func:`serve_by` started.

    From now on the end of the process that did ends this one (SystemExit in its main thread).
    """
    try:
        listener = socket.socket(fileno=number)
        threading.Thread(
            target=_end_with, args=[socket.socket(fileno=os.dup(0))], name="kb-joined", daemon=True
        ).start()
    except OSError as error:
        raise UsageError("--listener is for processes that kb serve --processes starts; use --port") from error
    return listener


def tell_ready() -> None:
    """Tell the process that started this one that it answers what comes."""
    with suppress(OSError):  # it has ended, and so will this one
        os.write(0, _READY)


def _end_with(joined: socket.socket) -> None:
    joined.recv(1)
    os.kill(os.getpid(), signal.SIGTERM)


class _Team:
    def __init__(self, number: int, arguments: Sequence[str], listener: socket.socket) -> None:
        self._arguments = arguments
        self._listener = listener
        self._members: list[_Member] = []
        #: When those that are not there yet are to start.
        self._due = [0.0] * (number - 1)
        self._failed = 0
        self._selector = selectors.DefaultSelector()

    def __enter__(self) -> _Team:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        for member in self._members:
            member.end()
        end = time.monotonic() + GRACE + _PAUSE
        for member in self._members:
            member.close(until=end)
        self._selector.close()

    def start_first(self) -> None:
        member = self._start()
        if not member.hear():
            member.raise_end()

    def follow(self) -> None:
        """Start those that are due, and others for those that end."""
        while True:
            self._start_due()
            pause = max(0.0, min(self._due) - time.monotonic()) if self._due else None
            for key, _ in self._selector.select(pause):
                if key.data.hear():
                    self._failed = 0
                else:
                    self._lose(key.data)

    def _start(self) -> _Member:
        member = _Member(self._arguments, self._listener)
        self._members.append(member)
        self._selector.register(member.joined, selectors.EVENT_READ, member)
        return member

    def _start_due(self) -> None:
        now = time.monotonic()
        due, self._due = [then for then in self._due if then <= now], [then for then in self._due if then > now]
        for _ in due:
            try:
                self._start()
            except KbError as error:
                _LOG.warning("kb: %s", error)
                self._due.append(now + _PAUSE)

    def _lose(self, member: _Member) -> None:
        self._selector.unregister(member.joined)
        self._members.remove(member)
        member.close(until=time.monotonic())
        self._failed += not member.ready
        if self._failed >= _ATTEMPTS and not any(other.ready for other in self._members):
            member.raise_end()
        self._due.append(member.started + _PAUSE)
        _LOG.warning("kb: a server process ended (%s), another takes its place", member.how())


class _Member:
    def __init__(self, arguments: Sequence[str], listener: socket.socket) -> None:
        self.started = time.monotonic()
        self.ready = False
        number = listener.fileno()
        try:
            self.joined, others = socket.socketpair()
            with others:
                self._process = subprocess.Popen(  # noqa: S603  # this program itself
                    [sys.executable, "-P", "-c", _PROGRAM, *arguments, "--listener", str(number)],
                    stdin=others.fileno(),
                    pass_fds=(number,),
                    process_group=0,  # Ctrl-C in a terminal is for the program, which ends its members
                )
        except OSError as error:
            raise KbError(f"a server process cannot be started ({error.strerror}); try fewer --processes") from error

    def hear(self) -> bool:
        """Wait until it says that it is ready. False where it ended."""
        said = b""
        with suppress(OSError):
            said = self.joined.recv(1)
        self.ready |= said == _READY
        return said == _READY

    def raise_end(self) -> None:
        """Raise what its end is for the process that cannot do without it."""
        if (code := self._process.wait()) > 0:
            raise SystemExit(code)
        raise KbError(f"the server did not start ({self.how()}); try again, or without --processes")

    def how(self) -> str:
        """How it ended."""
        code = self._process.wait()
        return f"signal {-code}, for want of memory perhaps" if code < 0 else f"exit code {code}"

    def end(self) -> None:
        """Ask it to end, when it has finished its answers."""
        self.joined.close()
        self._process.terminate()

    def close(self, *, until: float) -> None:
        """Wait for its end until then, and make one."""
        try:
            self._process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self.joined.close()
