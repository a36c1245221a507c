"""The command as people type it."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import kb.backends
from kb.backends import Backend
from kb.cli import COMMANDS, main
from kb.config import load_config
from kb.serialise import results_to_json
from kb.types import FACETS, Query
from kb.upkeep.links import Answer, write_answers
from tests.conftest import FakeEncoder


@pytest.fixture(autouse=True)
def small_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    """The base of these tests was made with the small encoder."""
    monkeypatch.setattr(kb.backends, "load_encoder", lambda model, data=None, **options: FakeEncoder())


def kb_(indexed: Path, *arguments: str, color: bool = False) -> Result:
    return CliRunner().invoke(main, ["--data", str(indexed), *arguments], color=color)


def test_search_prints_one_json_document(indexed: Path, backend: Backend) -> None:
    result = kb_(
        indexed, "search", "helpline", "for", "children", "--limit", "3", "--country", "GB", "--country", "IE", "--json"
    )
    assert result.exit_code == 0
    value = json.loads(result.stdout)
    query = Query("helpline for children", limit=3, filters={"country": ("GB", "IE")})
    assert value == results_to_json(backend.search(query))
    assert value["query"] == "helpline for children"
    assert set(value["facets"]) == set(FACETS)
    assert set(value["hits"][0]) >= {"id", "title", "score", "band", "passage", "why"}
    assert set(value["hits"][0]["passage"]) == {"heading", "text", "highlights"}


def test_search_prints_titles_passages_and_links(indexed: Path, backend: Backend) -> None:
    result = kb_(indexed, "search", "helpline", "--mode", "lexical", color=True)
    (hit, *_) = backend.search(Query("helpline", mode="lexical")).hits
    assert hit.title in result.output
    assert f"http://127.0.0.1:8000/practices/{hit.id}" in result.output
    assert "\x1b[33m\x1b[1m" in result.output  # a marked word
    assert "\x1b" not in kb_(indexed, "search", "helpline").output


def test_what_was_understood_is_said_and_can_be_turned_off(indexed: Path) -> None:
    said = "Showing results for parental controls (--exact searches for the words as they are)"
    assert " ".join(kb_(indexed, "search", "parentel", "controls").output.split()).startswith(said)
    assert "Also searched for: Cyberbullying" in kb_(indexed, "search", "Cybermobbing", "in", "der", "Klasse").output
    plain = kb_(indexed, "search", "parental controls").output
    exact = kb_(indexed, "search", "--exact", "parentel controls").output
    for output in (plain, exact):
        assert "Showing results" not in output
        assert "Also searched" not in output
    value = json.loads(kb_(indexed, "search", "growming", "--json").stdout)
    assert (value["query"], value["understood"]["corrected"]) == ("growming", "grooming")


def test_nothing_found_says_so(indexed: Path) -> None:
    result = kb_(indexed, "search", "zzzzqqq", "--mode", "lexical")
    assert (result.exit_code, result.output) == (0, "Nothing fits. Use other words, or fewer filters.\n")


def test_show_and_similar_follow_an_earlier_id(indexed: Path, backend: Backend) -> None:
    practice = next(p for hit in backend.search(Query(limit=1000)).hits if (p := hit.practice) and p.aliases)
    shown = kb_(indexed, "show", practice.aliases[0], "--json")
    assert json.loads(shown.stdout)["id"] == practice.id
    assert practice.title in kb_(indexed, "show", practice.id).output
    similar = json.loads(kb_(indexed, "similar", practice.aliases[0], "--json").stdout)
    assert similar["id"] == practice.id
    assert [hit["id"] for hit in similar["hits"]] == [hit.id for hit in backend.similar(practice.id)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("show", "nothing-like-this"), "kb: no practice 'nothing-like-this'"),
        (("similar", "nothing-like-this"), "kb: no practice 'nothing-like-this'"),
        (("search", "x", "--topic", "cyberbulling"), "did you mean 'cyberbullying'?"),
        (("search", "x" * 2001), "at most 2000"),
        (("search", "--limit", "-1", "x"), "Invalid value for '--limit'"),
        (("search", "--mode", "best", "x"), "Invalid value for '--mode'"),
        (("search", "--colour", "red"), "No such option"),
        (("nonsense",), "No such command"),
    ],
)
def test_wrong_usage_is_exit_code_2(indexed: Path, arguments: tuple[str, ...], message: str) -> None:
    result = kb_(indexed, *arguments)
    assert result.exit_code == 2
    assert message in result.output


def test_status_tells_what_is_indexed(indexed: Path, backend: Backend) -> None:
    value = json.loads(kb_(indexed, "status", "--json").stdout)
    assert value["documents"] == backend.search(Query(limit=0)).total
    assert value["generation"] == 1
    assert "sound: every checksum is right" in kb_(indexed, "status").output


def test_status_tells_what_wants_looking_at(indexed: Path, backend: Backend, tmp_path: Path) -> None:
    practice = backend.practices()[0]
    url = practice.sources[0].url
    write_answers(indexed, {url: Answer("dead", "404 Not Found", "2026-11-27", "2026-11-01")})
    try:
        value = json.loads(kb_(indexed, "status", "--json").stdout)
        (dead,) = value["dead_links"]
        assert (dead["url"], dead["detail"], dead["since"]) == (url, "404 Not Found", "2026-11-01")
        assert practice.id in dead["entries"]
        assert (value["links"]["dead"], value["links"]["alive"]) == (1, 0)
        assert value["links"]["asked"] == "2026-11-27"
        text = kb_(indexed, "status").output
        assert f"url {url}, detail 404 Not Found, since 2026-11-01, entries {practice.id}" in text
        assert "review days: 365" in text
    finally:
        (indexed / "links.json").unlink()
    assert "unasked" in kb_(indexed, "status").output


def test_export_is_everything(indexed: Path, backend: Backend) -> None:
    value = json.loads(kb_(indexed, "export").stdout)
    assert len(value["practices"]) == backend.search(Query(limit=0)).total
    assert {organisation["id"] for organisation in value["organisations"]} == set(backend.organisations())


def test_evaluate_against_the_base(indexed: Path, tmp_path: Path, backend: Backend) -> None:
    practice = backend.search(Query(limit=1)).hits[0].practice
    assert practice
    (tmp_path / "queries.jsonl").write_text(json.dumps({"_id": "q", "text": practice.title}))
    (tmp_path / "qrels.tsv").write_text(f"query-id\tcorpus-id\tscore\nq\t{practice.id}\t2\n")
    value = json.loads(kb_(indexed, "evaluate", str(tmp_path), "--mode", "lexical", "--json").stdout)
    assert value["ndcg@10"] == value["mrr@10"] == value["recall@100"] == 1
    assert (value["queries"], value["mode"]) == (1, "lexical")
    assert value["documents"] == backend.search(Query(limit=0)).total
    earlier = tmp_path / "earlier.json"
    earlier.write_text(json.dumps(value))
    result = kb_(indexed, "evaluate", str(tmp_path), "--compare", str(earlier))
    assert "1 queries in common: 0 better, 0 worse" in result.output


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(indexed: Path, name: str) -> None:
    result = kb_(indexed, name, "--help")
    assert result.exit_code == 0
    assert "Usage:" in result.output


def test_help_lists_every_command() -> None:
    output = CliRunner().invoke(main, ["--help"]).output
    assert all(f"  {name} " in output for name in COMMANDS)


def test_settings_come_from_options_then_the_environment_then_defaults(tmp_path: Path) -> None:
    environ = {"KB_ENTRIES": "/a/entries", "KB_DATA": "/b", "KB_SITE": "https://example.org/"}
    config = load_config(environ=environ)
    assert (config.entries, config.data, config.site) == (Path("/a/entries"), Path("/b"), "https://example.org")
    config = load_config(tmp_path, environ={"KB_DATA": ""})
    assert (config.entries, config.data) == (tmp_path, tmp_path.parent / ".kb")
    assert load_config(tmp_path, Path("/c"), environ=environ).data == Path("/c")


def test_a_terminal_gets_a_bar_and_a_pipe_gets_lines(tmp_path: Path) -> None:
    program = (
        "import time\nimport sys; from kb.cli.progress import progress\n"
        "with progress(sys.stderr) as told:\n"
        "    told.step('encoding')\n"
        "    [told.advance(n, 40) for n in range(0, 41, 10)]\n"
        "    told.step('publishing')\n"
    )
    piped = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert piped.stderr.splitlines() == [
        "encoding",
        "  10 of 40 passages",
        "  20 of 40 passages",
        "  30 of 40 passages",
        "  40 of 40 passages",
        "publishing",
    ]
    master, slave = pty.openpty()
    with subprocess.Popen([sys.executable, "-c", program], stderr=slave) as process:
        os.close(slave)
        shown = b""
        while chunk := _read(master):
            shown += chunk
        process.wait(timeout=60)
    os.close(master)
    assert b"40/40" in shown
    assert b"###" in shown


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 4096)
    except OSError:  # what Linux says when the other end of a terminal is closed
        return b""
