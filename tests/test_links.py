"""Links are asked on a real server of this machine; nothing here goes out into the world."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from kb.cli import main
from kb.content.model import Evidence, Organisation, Practice, Source
from kb.errors import Offline, StoreError
from kb.upkeep.link_check import Found, ask, ask_all, check
from kb.upkeep.links import FILE, Answer, following, read_answers, report, write_answers
from tests.content.conftest import Entries

TODAY = date(2026, 11, 27)


class Site(ThreadingHTTPServer):
    """Answers by path. ``asked`` counts the requests, ``most`` how many were in work at once; ``met`` holds up what
    is to be answered together."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: Counter[tuple[str, str]] = Counter()
        self.times: list[float] = []
        self.now = self.most = 0
        self.lock = threading.Lock()
        self.met: threading.Barrier | None = None

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}{path}"


class _Handler(BaseHTTPRequestHandler):
    server: Site

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        site = self.server
        with site.lock:
            site.asked[self.command, self.path] += 1
            site.times.append(time.monotonic())
            site.now += 1
            site.most = max(site.most, site.now)
        try:
            self._send(self.path.strip("/"))
        finally:
            with site.lock:
                site.now -= 1

    def _send(self, what: str) -> None:
        if what == "silent":
            time.sleep(0.8)
        if what == "together" and self.server.met:
            self.server.met.wait()
        if what.startswith("to-"):  # "to-301/there": redirected by 301
            code, _, where = what.removeprefix("to-").partition("/")
            self._reply(int(code), TARGETS.get(where, f"/{where}"))
        elif what == "no-head" and self.command == "HEAD":
            self._reply(405)
        elif what != "rude":  # which closes the connection without a word
            self._reply(int(what) if what.isdigit() else 200)

    def _reply(self, code: int, location: str | None = None) -> None:
        self.send_response(code)
        if location is not None:
            self.send_header("Location", location)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on standard error."""


TARGETS = {"file": "file:///etc/passwd", "nowhere": "http://[", "loop": "/to-302/loop"}


@pytest.fixture
def sites(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Site]]:
    """Four hosts, as their ports are different."""
    monkeypatch.setenv("no_proxy", "*")
    servers = [Site() for _ in range(4)]
    threads = [threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True) for server in servers]
    for thread in threads:
        thread.start()
    yield servers
    for server, thread in zip(servers, threads, strict=True):
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def site(sites: list[Site]) -> Site:
    return sites[0]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/there", Found("alive", "is there")),
        ("/there?q=größe#part", Found("alive", "is there")),
        ("/no-head", Found("alive", "is there")),
        ("/204", Found("alive", "is there")),
        ("/404", Found("dead", "404 Not Found")),
        ("/410", Found("dead", "410 Gone")),
        ("/403", Found("unclear", "403 Forbidden")),
        ("/429", Found("unclear", "429 Too Many Requests")),
        ("/503", Found("unclear", "503 Service Unavailable")),
        ("/799", Found("unclear", "799")),
        ("/rude", Found("unclear", "no connection: RemoteDisconnected")),
        ("/to-302/there", Found("alive", "is there")),
        ("/to-301/404", Found("dead", "404 Not Found")),
        ("/to-302/loop", Found("unclear", "is redirected more than 8 times")),
        ("/to-301/file", Found("unclear", "is redirected to what is no page")),
        ("/to-301/nowhere", Found("unclear", "is no address that can be asked")),
    ],
)
def test_what_an_answer_says_of_a_link(site: Site, path: str, expected: Found) -> None:
    assert ask(site.url(path)) == expected


def test_who_is_silent_is_not_waited_for(site: Site) -> None:
    assert ask(site.url("/silent"), patience=0.1) == Found("unclear", "no answer within 0.1 s", reached=False)


def test_nobody_outside_has_us_ask_our_neighbours(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that passes for a public one redirects to this machine."""
    real = socket.getaddrinfo

    def getaddrinfo(host: str, port: int | None, *rest: Any, **more: Any) -> Any:
        if host == "outside.example":
            host = "127.0.0.1" if port else "1.1.1.1"  # asked for without a port it is only looked up
        return real(host, port, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setitem(TARGETS, "inside", site.url("/there"))
    outside = site.url("/to-301/inside").replace("127.0.0.1", "outside.example")
    assert ask(outside) == Found("unclear", "is redirected into a private network")
    assert {path for _, path in site.asked} == {"/to-301/inside"}
    assert ask(site.url("/to-301/inside")).state == "moved", "who links to a neighbour may be led to another"


@pytest.mark.parametrize("code", [301, 308])
def test_a_permanent_redirect_tells_where_to(site: Site, code: int) -> None:
    assert ask(site.url(f"/to-{code}/there")) == Found("moved", "has moved", site.url("/there"))


def test_where_a_passing_redirect_stands_between_the_address_stays(site: Site) -> None:
    assert ask(site.url("/to-301/to-302/there")).state == "alive"


def test_only_what_head_does_not_answer_is_asked_with_get(site: Site) -> None:
    for path in ("/there", "/no-head", "/404"):
        ask(site.url(path))
    assert site.asked == {
        ("HEAD", "/there"): 1,
        **{(method, path): 1 for method in ("HEAD", "GET") for path in ("/no-head", "/404")},
    }


def test_a_closed_port_and_a_host_without_address(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        found = ask(f"http://127.0.0.1:{closed.getsockname()[1]}/")
    assert (found.state, found.detail) == ("unclear", "no connection: Connection refused")
    _without_names(monkeypatch)
    assert ask("http://gone.example/") == Found("dead", "its host has no address", reached=False)


def test_a_host_is_asked_one_at_a_time_with_a_pause(site: Site) -> None:
    urls = [site.url(f"/{number}") for number in (200, 201, 202)]
    found = dict(ask_all([*urls, *urls], pause=0.1))
    assert set(found) == set(urls)
    assert site.most == 1
    assert all(later - sooner >= 0.1 for sooner, later in zip(site.times, site.times[1:], strict=False))


def test_hosts_are_asked_side_by_side(sites: list[Site]) -> None:
    """None of them answers before all have been asked."""
    met = threading.Barrier(len(sites), timeout=30)
    for site in sites:
        site.met = met
    assert {found.state for _, found in ask_all([site.url("/together") for site in sites], patience=60)} == {"alive"}


def test_answers_are_kept_and_asked_again_when_they_are_due(site: Site, tmp_path: Path) -> None:
    alive, dead = site.url("/there"), site.url("/404")
    write_answers(tmp_path, {dead: Answer("dead", "404", "2026-01-01", "2025-12-31"), "http://old.example/": _ALIVE})
    told: list[tuple[int, int]] = []
    answers = check([alive, dead], tmp_path, today=TODAY, pause=0, told=lambda *far: told.append(far))
    assert answers == {
        alive: Answer("alive", "is there", "2026-11-27", "2026-11-27"),
        dead: Answer("dead", "404 Not Found", "2026-11-27", "2025-12-31"),
    }
    assert told == [(1, 2), (2, 2)]
    assert read_answers(tmp_path) == answers, "what is no longer linked is forgotten"
    check([alive, dead], tmp_path, today=TODAY, pause=0)
    assert site.asked["HEAD", "/there"] == 1, "found alive today"
    assert site.asked["HEAD", "/404"] == 2
    check([alive], tmp_path, today=date(2026, 11, 28), pause=0, all_there_are=False)
    assert site.asked["HEAD", "/there"] == 2
    assert set(read_answers(tmp_path)) == {alive, dead}


def test_a_link_that_came_back_is_alive_since_then() -> None:
    earlier = Answer("dead", "404 Not Found", "2026-01-02", "2026-01-01")
    assert following(earlier, _ALIVE).since == _ALIVE.since
    assert following(None, _ALIVE) == _ALIVE


def test_without_a_network_nothing_is_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    _without_names(monkeypatch)
    kept = {"http://a.example/": Answer("alive", "is there", "2026-11-26", "2026-11-26")}
    write_answers(tmp_path, kept)
    for urls in (["http://a.example/"], [f"http://{number}.example/" for number in range(30)]):
        with pytest.raises(Offline, match="no host could be reached, so nothing was noted"):
            check(urls, tmp_path, today=TODAY, pause=0)
    assert read_answers(tmp_path) == kept


@pytest.mark.parametrize("text", ["", "[]", '{"x": 1}', '{"x": {"state": "alive"}}', "\x00"])
def test_answers_that_cannot_be_read_are_asked_anew(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    assert read_answers(tmp_path) == {}


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"^\S+: (Not a directory|File exists); make it writable"):
        write_answers(tmp_path / "file", {})


def test_a_report_is_of_the_links_there_are_now(tmp_path: Path) -> None:
    first = _a_practice("first", "http://a.example/", "http://b.example/")
    second = _a_practice("second", "http://b.example/", "http://new.example/")
    organisation = Organisation("org", "Org", "ngo", "DE", website="http://c.example/")
    dead = Answer("dead", "404 Not Found", "2026-11-20", "2026-10-01")
    moved = Answer("moved", "has moved", "2026-11-27", "2026-11-27", "http://c.example/new")
    write_answers(
        tmp_path,
        {
            "http://a.example/": _ALIVE,
            "http://b.example/": dead,
            "http://c.example/": moved,
            "http://old.example/": dead,
        },
    )
    found = report([first, second], [organisation], tmp_path)
    assert found.counts == {"alive": 1, "moved": 1, "dead": 1, "unclear": 0}
    assert (found.unasked, found.asked) == (1, "2026-11-27")
    assert [(link.url, link.entries) for link in found.wanting] == [
        ("http://b.example/", ("first", "second")),
        ("http://c.example/", ("org",)),
    ]


# --- kb check --links ------------------------------------------------------------------------------------------


def kb_(tmp_path: Path, *arguments: str) -> tuple[int, str, str]:
    options = ["--entries", str(tmp_path / "entries"), "--data", str(tmp_path / "data")]
    result = CliRunner().invoke(main, [*options, *arguments])
    return result.exit_code, result.stdout, result.stderr


BODY = "## What it is\n\nA service.[^a][^b]\n"


@pytest.fixture
def entries(tmp_path: Path, sites: list[Site]) -> Path:
    """A practice whose sources are there and gone, and organisations whose websites moved and do not answer."""
    made = Entries(tmp_path / "entries")
    there, gone = sites[0].url("/there"), sites[1].url("/404")
    made.practice(sources=f'[{{id: a, url: "{there}", title: A}}, {{id: b, url: {gone}, title: B}}]', body=BODY)
    made.organisation("moved", website=sites[2].url("/to-301/there"))
    made.organisation("unclear", website=f'"{sites[3].url("/503")}"')
    return made.root


def test_links_are_told_with_their_place_and_what_to_do(entries: Path, tmp_path: Path, sites: list[Site]) -> None:
    code, out, err = kb_(tmp_path, "check", "--links")
    today = date.today().isoformat()
    assert [line.removeprefix(f"{entries}/") for line in out.splitlines()] == [
        f"organisations/moved.md:5: warning: the link {sites[2].url('/to-301/there')} has moved to "
        f"{sites[2].url('/there')}; write the new address",
        f"organisations/unclear.md:5: warning: the link {sites[3].url('/503')} gave no clear answer "
        f"(503 Service Unavailable, since {today}); look at it in a browser",
        f"practices/report-remove.md:13: warning: the link {sites[1].url('/404')} is dead "
        f"(404 Not Found, since {today}); find where it went, or a copy, for instance on web.archive.org",
    ]
    assert "links: 4, of them 1 alive, 1 moved, 1 dead, 1 unclear" in err
    assert code == 1


def test_links_as_json(entries: Path, tmp_path: Path, sites: list[Site]) -> None:
    site = sites[2]
    code, out, _ = kb_(tmp_path, "check", "--links", "--json", str(entries / "organisations" / "moved.md"))
    (link,) = json.loads(out)["links"]
    assert link == {
        "url": site.url("/to-301/there"),
        "state": "moved",
        "detail": "has moved",
        "asked": date.today().isoformat(),
        "since": date.today().isoformat(),
        "location": site.url("/there"),
        "places": [{"path": f"{entries}/organisations/moved.md", "line": 5}],
    }
    assert site.asked.total() == 2
    assert code == 0


def test_without_links_nobody_is_asked(entries: Path, tmp_path: Path, site: Site) -> None:
    kb_(tmp_path, "check")
    assert not site.asked


def _a_practice(id: str, *urls: str) -> Practice:
    return Practice(
        id=id,
        title="T: t",
        summary="S",
        language="en",
        organisations=(),
        strand=(),
        risks=(),
        topics=(),
        audiences=(),
        countries=(),
        stage="running",
        evidence=Evidence("none"),
        sources=tuple(Source(str(number), url, "T") for number, url in enumerate(urls)),
        added="2026-01-01",
        updated="2026-01-01",
        body="",
    )


_ALIVE = Answer("alive", "is there", "2026-11-27", "2026-11-27")


def _without_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """No host has an address, as where there is no network."""

    def getaddrinfo(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
