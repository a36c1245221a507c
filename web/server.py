"""The production server. The only module that knows which one it is."""

from __future__ import annotations

import errno
import socket
import time
from collections.abc import Callable
from typing import Any

from flask import Flask
from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.server import TcpWSGIServer

from kb.errors import KbError

_REASONS = {
    errno.EADDRINUSE: "port {port} on {host} is in use; choose another with --port",
    errno.EACCES: "port {port} on {host} needs more rights than this account has; choose one above 1023 with --port",
    errno.EADDRNOTAVAIL: "this machine has no address {host}; choose another with --host, for example 127.0.0.1",
}
_OTHER_REASON = "cannot listen on {host}:{port} ({error}); check --host and --port"
#: Connections that may wait until they are accepted.
_BACKLOG = 1024
#: Seconds in which a server that is told to end finishes the answers that it was asked for.
GRACE = 5.0
#: Seconds that a process leaves a new connection to others, for each that it has, and at most.
_COURTESY, _MOST_COURTESY = 0.0005, 0.005


def serve(app: Flask, host: str, port: int, threads: int = 8, *, ready: Callable[[str], None] | None = None) -> None:
    """Serve until interrupted. ``ready`` is called with the site's URL once the port listens; port 0 takes a free one.

    Raises KbError when the port cannot be had.
    """
    with listen(host, port) as listener:
        serve_on(listener, app, threads, ready=lambda: ready(url(host, listener)) if ready else None)


def listen(host: str, port: int) -> socket.socket:
    """A socket on the address of ``host``, IPv4 where it has both. Raises KbError when the port cannot be had."""
    try:
        if not 0 <= port <= 65535:
            raise ValueError("there is no such port")
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        family, *_, address = min(found, key=lambda one: one[0] != socket.AF_INET)
        return socket.create_server(address[:2], family=family, backlog=_BACKLOG)
    except (OSError, OverflowError, ValueError) as error:
        reason = _REASONS.get(getattr(error, "errno", 0), _OTHER_REASON)
        raise KbError(reason.format(host=host, port=port, error=error)) from error


def url(host: str, listener: socket.socket) -> str:
    """The address of the site that ``listener`` serves on ``host``."""
    return f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}"


def serve_on(
    listener: socket.socket,
    app: Flask,
    threads: int,
    *,
    shared: bool = False,
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Serve what comes to ``listener`` until interrupted (KeyboardInterrupt, SystemExit), then finish what was asked.

    ``ready`` is called before the first. ``shared``: other processes take connections from the same socket. When no
    more are taken, it is closed here.
    """
    options = Adjustments(
        threads=threads,
        ident=None,
        # ProxyFix decides whether X-Forwarded-* are believed, and it is only there when configured.
        clear_untrusted_proxy_headers=False,
        backlog=_BACKLOG,
    )
    server = _Server(app, listener, options, shared=shared)
    try:
        ready()
        server.run()
    finally:
        server.close()


class _Server(TcpWSGIServer):  # type: ignore[misc]  # waitress tells no types
    """Waitress's server, that finishes its answers, and leaves connections to processes which have fewer."""

    def __init__(self, app: Flask, listener: socket.socket, options: Adjustments, *, shared: bool) -> None:
        self._shared = shared
        sockinfo = (listener.family, listener.type, listener.proto, listener.getsockname())
        super().__init__(app, _sock=listener, adj=options, sockinfo=sockinfo, bind_socket=False)

    def accept(self) -> tuple[socket.socket, Any] | None:
        """The next connection; None where another process has taken it.

        All are woken for each. Without courtesy the one that wakes first has it, and one process may have all.
        """
        if self._shared and self.active_channels:
            time.sleep(min(_COURTESY * len(self.active_channels), _MOST_COURTESY))
        accepted: tuple[socket.socket, Any] | None = super().accept()
        return accepted

    def run(self) -> None:
        try:
            self._loop()
        except (SystemExit, KeyboardInterrupt):
            self._finish()
            self.task_dispatcher.shutdown(timeout=1)

    def _loop(self, count: int | None = None) -> None:
        timeout = self.adj.asyncore_loop_timeout if count is None else 0.05
        wasyncore.loop(timeout=timeout, use_poll=self.adj.asyncore_use_poll, map=self._map, count=count)

    def _finish(self) -> None:
        """Go on without new connections until all that was asked is answered and sent, for GRACE seconds at most."""
        self.accepting = False
        self.del_channel()
        self.socket.close()
        end = time.monotonic() + GRACE
        while time.monotonic() < end and any(map(_busy, self.active_channels.values())):
            self._loop(count=1)


def _busy(channel: Any) -> bool:
    return bool(channel.requests or channel.total_outbufs_len)
