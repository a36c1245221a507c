"""Asks links whether they are still there: politely, one request at a time to a host, with a pause between."""

from __future__ import annotations

import errno
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from http.client import HTTPException
from ipaddress import ip_address
from pathlib import Path
from queue import SimpleQueue
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urljoin, urlsplit, urlunsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from kb.errors import Offline
from kb.upkeep.links import Answer, State, following, read_answers, write_answers

#: Seconds to wait for an answer, and between two links of one host.
PATIENCE = 10.0
PAUSE = 1.0
#: Hosts that are asked at a time.
HOSTS = 8
MAX_REDIRECTS = 8
#: After so many links without a sign of life from any host there is no network.
_PROBES = 10
#: Answers are kept after every so many, so that a run that is interrupted goes on where it was.
_KEPT_EVERY = 50

_AGENT = "shared-practice-link-check (a knowledge base looks whether its sources are still there)"
_PERMANENT = frozenset({HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.PERMANENT_REDIRECT})
_REDIRECTS = _PERMANENT | {HTTPStatus.FOUND, HTTPStatus.SEE_OTHER, HTTPStatus.TEMPORARY_REDIRECT}
_GONE = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
_NO_NETWORK = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN})
_NO_NAME = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)})
#: What may stand in an address as it is; all else is escaped.
_ADDRESS = "%/:=&?~#+!$,;'@()*[]"


@dataclass(frozen=True, slots=True)
class Found:
    """What a link answered. ``reached``: whether anything at all was heard from outside."""

    state: State
    detail: str
    location: str | None = None
    reached: bool = True


def check(
    urls: Sequence[str],
    folder: Path,
    *,
    today: date,
    all_there_are: bool = True,
    told: Callable[[int, int], None] = lambda done, total: None,
    pause: float = PAUSE,
    patience: float = PATIENCE,
) -> dict[str, Answer]:
    """Ask ``urls`` and keep what they answer in the data folder; the answers of all of them.

    Those that were found alive today are not asked again. ``all_there_are``: others are forgotten. ``told`` hears how
    many of how many were asked. Raises Offline where no host answers at all, StoreError where nothing can be kept.
    """
    known = read_answers(folder)
    answers = {url: known[url] for url in (urls if all_there_are else known) if url in known}
    day = today.isoformat()
    due = [url for url in urls if not (url in known and known[url].state == "alive" and known[url].asked == day)]
    reached = False
    try:
        for done, (url, found) in enumerate(ask_all(due, pause=pause, patience=patience), start=1):
            reached = reached or found.reached
            if not reached and done >= min(_PROBES, len(due)):
                raise Offline("no host could be reached, so nothing was noted; ask again when there is a network")
            answers[url] = following(known.get(url), Answer(found.state, found.detail, day, day, found.location))
            told(done, len(due))
            if reached and done % _KEPT_EVERY == 0:
                write_answers(folder, answers)
    finally:
        if reached or not due:
            write_answers(folder, answers)
    return {url: answers[url] for url in urls}


def ask_all(urls: Iterable[str], *, pause: float = PAUSE, patience: float = PATIENCE) -> Iterator[tuple[str, Found]]:
    """Each URL with what it answered, in the order in which answers come."""
    hosts: dict[str, list[str]] = {}
    for url in dict.fromkeys(urls):
        hosts.setdefault(urlsplit(url).netloc.lower(), []).append(url)
    stop = threading.Event()
    answers: SimpleQueue[tuple[str, Found | Exception]] = SimpleQueue()

    def one_by_one(group: Sequence[str]) -> None:
        for number, url in enumerate(group):
            if stop.wait(pause if number else 0):
                return
            try:
                answers.put((url, ask(url, patience=patience)))
            except Exception as error:  # a defect, which must not leave the others waiting for this answer
                answers.put((url, error))

    with ThreadPoolExecutor(HOSTS) as pool:
        # The hosts with the most links first: they take longest.
        started = [pool.submit(one_by_one, group) for group in sorted(hosts.values(), key=len, reverse=True)]
        try:
            for _ in range(sum(map(len, hosts.values()))):
                url, found = answers.get()
                if isinstance(found, Exception):
                    raise found
                yield url, found
        finally:
            stop.set()
            for future in started:
                future.cancel()


def ask(url: str, *, patience: float = PATIENCE) -> Found:
    """What a link answers: to HEAD, and to GET where a server does not care for HEAD."""
    found = _follow(url, "HEAD", patience)
    return found if found.state in ("alive", "moved") else _follow(url, "GET", patience)


class _Stay(HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Redirects are followed here, where it is known which are permanent."""


_OPENER = build_opener(_Stay)


def _follow(url: str, method: str, patience: float) -> Found:
    current, moved = url, True
    for _ in range(MAX_REDIRECTS + 1):
        try:
            status, location = _request(current, method, patience)
            if status not in _REDIRECTS or not location:
                return _judged(status, current if moved and current != url else None)
            moved = moved and status in _PERMANENT
            current = urljoin(current, location)
            if urlsplit(current).scheme not in ("http", "https"):
                return Found("unclear", "is redirected to what is no page")
            if _is_private(current) and not _is_private(url):
                return Found("unclear", "is redirected into a private network")
        except (OSError, HTTPException, ValueError) as error:
            return _failure(error, patience)
    return Found("unclear", f"is redirected more than {MAX_REDIRECTS} times")


def _is_private(url: str) -> bool:
    """Whether a host is none of the public internet: nobody outside may have this machine ask its neighbours."""
    try:
        found = socket.getaddrinfo(urlsplit(url).hostname, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):  # asking the host itself will tell
        return False
    return any(not ip_address(address[0]).is_global for *_, address in found)


def _request(url: str, method: str, patience: float) -> tuple[int, str | None]:
    """Status and, for a redirect, where to. Nothing of the body is read."""
    request = Request(_ascii(url), method=method, headers={"User-Agent": _AGENT, "Accept": "*/*"})  # noqa: S310
    try:
        with _OPENER.open(request, timeout=patience) as response:
            return response.status, None
    except HTTPError as error:
        with error:
            return error.code, error.headers.get("Location")


def _ascii(url: str) -> str:
    """An address as it is sent: escaped, the host in its ASCII form, without what stands after ``#``."""
    parts = urlsplit(url)
    host = parts.netloc if parts.netloc.isascii() else parts.netloc.encode("idna").decode()
    return urlunsplit((parts.scheme, host, quote(parts.path, _ADDRESS), quote(parts.query, _ADDRESS), ""))


def _judged(status: int, location: str | None) -> Found:
    if 200 <= status < 300:
        return Found("moved", "has moved", location) if location else Found("alive", "is there")
    detail = f"{status} {_phrase(status)}".rstrip()
    return Found("dead" if status in _GONE else "unclear", detail)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _failure(error: Exception, patience: float) -> Found:
    if isinstance(error, ValueError):
        return Found("unclear", "is no address that can be asked")
    reason = error.reason if isinstance(error, URLError) and isinstance(error.reason, OSError) else error
    if isinstance(reason, socket.gaierror):
        return Found("dead" if reason.errno in _NO_NAME else "unclear", "its host has no address", reached=False)
    if isinstance(reason, TimeoutError):
        return Found("unclear", f"no answer within {patience:g} s", reached=False)
    reached = not (isinstance(reason, OSError) and reason.errno in _NO_NETWORK)
    told = (reason.strerror if isinstance(reason, OSError) else "") or type(reason).__name__
    return Found("unclear", f"no connection: {told}", reached=reached)
