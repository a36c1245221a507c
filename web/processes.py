"""One site served by several processes: the threads of one share an interpreter, which runs them on one core at a time.

This process accepts connections and hands them to the others in turn: where processes take them from one socket
themselves, one may get all of them. The others are this program again (a fork would copy locks that threads hold), each
with its own connections to the database; the index and the models are files that all of them map. A socket joins each
to this process: it brings connections one way and tells of readiness the other, and its end ends the other side's work.
"""

from __future__ import annotations

import logging
import selectors
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress

from kb.errors import KbError, UsageError

_LOG = logging.getLogger(__name__)
_PROGRAM = "from kb.cli import main; main(prog_name='kb')"
_READY, _CONNECTION = b"r", b"c"
#: Seconds from the start of a process to that of the one in its place, at least: what ends at once ends again.
_PAUSE = 5.0
#: Seconds in which a process may finish what it was asked for.
_GRACE = 10.0


def serve_by(
    processes: int, arguments: Sequence[str], listener: socket.socket, *, ready: Callable[[], None] = lambda: None
) -> None:
    """Serve until interrupted what comes to ``listener``, by so many processes ``kb ARGUMENTS``, which serve what comes
    through :func:`joined`. One that ends is replaced.

    ``ready`` is called when the first is ready; the others start after it, and find the model compiled. Raises
    SystemExit with the code of the first where that could not start (it has told why), KbError where it was killed.
    """
    if not hasattr(socket, "send_fds"):
        raise UsageError("this system cannot hand connections to other processes; leave --processes out")
    with _Team(processes, arguments, listener) as team:
        team.start_first()
        ready()
        with suppress(KeyboardInterrupt):
            team.serve()


def joined() -> socket.socket:
    """In a process that :func:`serve_by` started: what joins it to the one that did."""
    return socket.socket(fileno=0)


def tell_ready(other: socket.socket) -> None:
    """Tell the process at the other end that this one answers what comes."""
    other.send(_READY)


class _Team:
    def __init__(self, number: int, arguments: Sequence[str], listener: socket.socket) -> None:
        self._arguments = arguments
        self._listener = listener
        self._members: list[_Member] = []
        #: Those that are ready; the first is next.
        self._turns: deque[_Member] = deque()
        #: When those that are not there yet are to start.
        self._due = [0.0] * (number - 1)
        self._selector = selectors.DefaultSelector()

    def __enter__(self) -> _Team:
        return self

    def __exit__(self, *_: object) -> None:
        for member in self._members:
            member.end()
        for member in self._members:
            member.close()
        self._selector.close()

    def start_first(self) -> None:
        member = self._start()
        if not member.hear():
            member.raise_end()
        self._turns.append(member)

    def serve(self) -> None:
        self._listener.setblocking(False)
        while True:
            self._start_due()
            listening = [self._listener] if self._turns else []  # else who asks waits in the socket's queue
            for waiting in listening:
                self._selector.register(waiting, selectors.EVENT_READ)
            events = self._selector.select(_PAUSE if not self._due else max(0.0, min(self._due) - time.monotonic()))
            for waiting in listening:
                self._selector.unregister(waiting)
            for member in [key.data for key, _ in events if key.data is not None]:
                if member.hear():
                    self._turns.append(member)
                else:
                    self._lose(member)
            if any(key.data is None for key, _ in events):
                self._hand_over()

    def _start(self) -> _Member:
        member = _Member(self._arguments)
        self._members.append(member)
        self._selector.register(member.joined, selectors.EVENT_READ, member)
        return member

    def _start_due(self) -> None:
        now = time.monotonic()
        for _ in [due for due in self._due if due <= now]:
            self._start()
        self._due = [due for due in self._due if due > now]

    def _lose(self, member: _Member) -> None:
        self._selector.unregister(member.joined)
        self._members.remove(member)
        with suppress(ValueError):
            self._turns.remove(member)
        member.end()
        member.close()
        self._due.append(member.started + _PAUSE)
        _LOG.warning("kb: a server process ended (%s), another takes its place", member.how())

    def _hand_over(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError:  # who asked is gone again
            return
        with connection:
            for _ in range(len(self._turns)):
                self._turns.rotate(-1)
                if self._turns[-1].give(connection):
                    return
            _LOG.warning("kb: no server process takes a connection, it is closed")


class _Member:
    def __init__(self, arguments: Sequence[str]) -> None:
        self.started = time.monotonic()
        self.joined, others = socket.socketpair()
        with others:
            try:
                self._process = subprocess.Popen(  # noqa: S603  # this program itself
                    [sys.executable, "-P", "-c", _PROGRAM, *arguments],
                    stdin=others.fileno(),
                    process_group=0,  # Ctrl-C in a terminal is for the program, which ends its members
                )
            except OSError as error:
                self.joined.close()
                raise KbError(f"a server process cannot be started ({error.strerror}); try fewer") from error

    def hear(self) -> bool:
        """Wait until it says that it is ready. False where it ended."""
        try:
            return self.joined.recv(1) == _READY
        except OSError:
            return False

    def give(self, connection: socket.socket) -> bool:
        """Whether it takes the connection; not where more wait for it already than a socket can hold."""
        try:
            socket.send_fds(self.joined, [_CONNECTION], [connection.fileno()], socket.MSG_DONTWAIT)
        except OSError:
            return False
        return True

    def raise_end(self) -> None:
        """Raise what its end is for the process that cannot do without it."""
        if (code := self._process.wait()) >= 0:
            raise SystemExit(code)
        raise KbError(f"the server did not start ({self.how()}); try again, or without --processes")

    def how(self) -> str:
        """How it ended."""
        code = self._process.wait()
        return f"signal {-code}, for want of memory perhaps" if code < 0 else f"exit code {code}"

    def end(self) -> None:
        """Let it finish what it was asked for."""
        self.joined.close()

    def close(self) -> None:
        try:
            self._process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
