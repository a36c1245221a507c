"""The production server. The only module that knows which one it is."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from typing import Any

from flask import Flask
from waitress.adjustments import Adjustments
from waitress.server import BaseWSGIServer, create_server

from kb.errors import KbError

_REASONS = {
    errno.EADDRINUSE: "port {port} on {host} is in use; choose another with --port",
    errno.EACCES: "port {port} on {host} needs more rights than this account has; choose one above 1023 with --port",
    errno.EADDRNOTAVAIL: "this machine has no address {host}; choose another with --host, for example 127.0.0.1",
}
_OTHER_REASON = "cannot listen on {host}:{port} ({error}); check --host and --port"


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
        return socket.create_server(address[:2], family=family)
    except (OSError, OverflowError, ValueError) as error:
        reason = _REASONS.get(getattr(error, "errno", 0), _OTHER_REASON)
        raise KbError(reason.format(host=host, port=port, error=error)) from error


def url(host: str, listener: socket.socket) -> str:
    """The address of the site that ``listener`` serves on ``host``."""
    return f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}"


def serve_on(listener: socket.socket, app: Flask, threads: int, *, ready: Callable[[], None] = lambda: None) -> None:
    """Serve what comes to ``listener`` until interrupted; ``ready`` is called before the first. Closes it then."""
    _run(create_server(app, sockets=[listener], **_options(threads)), ready)


def serve_handed(joined: socket.socket, app: Flask, threads: int, *, ready: Callable[[], None] = lambda: None) -> None:
    """Serve the connections that another process hands over through ``joined`` (SCM_RIGHTS, one with each byte) until
    it closes the other end; ``ready`` is called before the first."""
    _run(_HandedServer(app, joined, Adjustments(**_options(threads))), ready)


def _options(threads: int) -> dict[str, Any]:
    # ProxyFix decides whether X-Forwarded-* are believed, and it is only there when configured.
    return {"threads": threads, "ident": None, "clear_untrusted_proxy_headers": False}


def _run(server: BaseWSGIServer, ready: Callable[[], None]) -> None:
    try:
        ready()
        server.run()
    finally:
        server.close()


class _HandedServer(BaseWSGIServer):  # type: ignore[misc]  # waitress tells no types
    """Waitress's server, given connections in place of a socket that listens."""

    def __init__(self, app: Flask, joined: socket.socket, options: Adjustments) -> None:
        sockinfo = (joined.family, joined.type, joined.proto, None)
        super().__init__(app, _sock=joined, adj=options, sockinfo=sockinfo, bind_socket=False)

    def getsockname(self) -> tuple[str, str]:
        """Where a request without a Host header is taken to have come to: ``joined`` has no address."""
        return "localhost", "80"

    def accept_connections(self) -> None:
        self.accepting = True

    def accept(self) -> tuple[socket.socket, Any] | None:
        """A connection and who asks; None where there is none. Raises SystemExit at the end of ``joined``."""
        try:
            byte, numbers, *_ = socket.recv_fds(self.socket, 1, 1)
        except BlockingIOError:
            return None
        if not byte:
            raise SystemExit(0)
        connection = socket.socket(fileno=numbers[0])
        try:
            return connection, connection.getpeername()
        except OSError:  # who asked is gone again
            connection.close()
            return None

    def set_socket_options(self, conn: socket.socket) -> None:
        for level, option, value in self.adj.socket_options:
            conn.setsockopt(level, option, value)
