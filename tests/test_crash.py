"""A reindex that is killed, short of room or shut out leaves the last index serving; the next one completes."""

import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from indexer.build import Built
from indexer.lock import locked
from indexer.reindex import reindex
from kb.backends import Backend
from kb.types import Query
from tests.conftest import ENTRIES, FakeEncoder

CRASH = Path(__file__).with_name("crash.py")
STEPS = [
    "reading the entries",
    "reading the index",
    "planning",
    "cutting into passages",
    "encoding",
    "writing vectors",
    "publishing",
    "inside the transaction",
    "cleaning up",
]


@pytest.fixture
def entries(tmp_path: Path) -> Path:
    """A few of the project's own practices, with all organisations and concepts."""
    folder = tmp_path / "entries"
    for name in ("organisations", "taxonomy"):
        shutil.copytree(ENTRIES / name, folder / name)
    (folder / "practices").mkdir()
    for file in sorted((ENTRIES / "practices").glob("*.md"))[:8]:
        shutil.copy(file, folder / "practices")
        _without_related(folder / "practices" / file.name)
    return folder


def _without_related(file: Path) -> None:
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    file.write_text("".join(line for line in lines if not line.startswith("related:")), encoding="utf-8")


def crash(entries: Path, data: Path, step: str, passages: int = 0) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(CRASH), str(entries), str(data), step, str(passages)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "PYTHONPATH": str(CRASH.parent.parent)},
    )


def whole(entries: Path, data: Path) -> Built:
    """A run that nothing stops. In this process: starting one takes longer than the run."""
    return reindex(entries, data, "fake", lambda _: FakeEncoder()).built


def found(data: Path) -> set[str]:
    with Backend(data, lambda manifest: FakeEncoder()) as backend:
        backend.check()
        backend.search(Query("children", limit=100))
        return {hit.id for hit in backend.search(Query(limit=100)).hits}


def change(entries: Path) -> tuple[str, str]:
    """Remove one practice and change another: the ids of the two."""
    first, second = sorted((entries / "practices").glob("*.md"))[:2]
    first.unlink()
    second.write_text(second.read_text(encoding="utf-8") + "\n\n", encoding="utf-8")
    text = second.read_text(encoding="utf-8").replace('summary: "', 'summary: "Changed. ', 1)
    second.write_text(text, encoding="utf-8")
    return first.stem, second.stem


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_any_step_the_last_index_serves_and_the_next_run_completes(
    entries: Path, tmp_path: Path, step: str
) -> None:
    data = tmp_path / "data"
    whole(entries, data)
    before = found(data)
    removed, changed = change(entries)

    killed = crash(entries, data, step)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    after = found(data)
    assert after == (before - {removed} if step == "cleaning up" else before)

    assert whole(entries, data).published == (step != "cleaning up")
    assert found(data) == before - {removed}
    with Backend(data, lambda manifest: FakeEncoder()) as backend:
        assert backend.practice(changed).summary.startswith("Changed.")
    manifest = _manifest(data)
    kept = {segment.file for segment in manifest.segments} | set(manifest.retired)
    assert {file.name for file in (data / "segments").iterdir()} <= kept


def _manifest(data: Path):  # type: ignore[no-untyped-def]
    with Backend(data, lambda manifest: FakeEncoder()) as backend:
        return backend.manifest()


@pytest.mark.parametrize("step", STEPS[1:-1])
def test_killed_in_the_first_run_there_is_no_index_and_the_next_run_makes_it(
    entries: Path, tmp_path: Path, step: str
) -> None:
    data = tmp_path / "data"
    assert crash(entries, data, step).returncode == -signal.SIGKILL
    with pytest.raises(Exception, match="kb reindex"):
        found(data)
    assert whole(entries, data).published
    assert len(found(data)) == 8


def test_an_interrupted_run_resumes_where_it_was(entries: Path, tmp_path: Path) -> None:
    assert crash(entries, tmp_path / "data", "encoding", 32).returncode == -signal.SIGKILL
    resumed = whole(entries, tmp_path / "data")
    assert resumed.published
    assert resumed.reused >= 32
    assert resumed.encoded + resumed.reused == whole(entries, tmp_path / "other").encoded


def _file_size_limit(size: int) -> Callable[[], None]:
    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return limit


@pytest.mark.parametrize("size", [1 << 10, 1 << 15, 1 << 17])
def test_no_room_ends_with_one_line_and_the_old_index(entries: Path, tmp_path: Path, size: int) -> None:
    """No file may grow beyond ``size``: what the kernel says then is what it says of a full disk."""
    data = tmp_path / "data"
    few = tmp_path / "few"
    shutil.copytree(entries, few)
    for file in sorted((few / "practices").glob("*.md"))[1:]:
        file.unlink()
    whole(few, data)
    before = found(data)
    failed = kb(entries, data, before=_file_size_limit(size))
    assert failed.returncode == 2, failed.stderr
    assert one_error(failed.stderr)
    assert "Traceback" not in failed.stderr
    assert found(data) == before
    whole(entries, data)
    assert len(found(data)) == 8


def _without_override() -> None:
    """Permissions bind even root once it has dropped the capability to override them (CAP_DAC_OVERRIDE = 1)."""
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    pr_capbset_drop = 24
    for capability in (1, 2):
        libc.prctl(pr_capbset_drop, capability, 0, 0, 0)


def kb(
    entries: Path, data: Path, *arguments: str, before: Callable[[], None] | None = None, bare: bool = False
) -> subprocess.CompletedProcess[str]:
    """The command itself, with the small encoder in place of the model that takes seconds to load."""
    program = (
        "import sys; import kb.cli.operate as operate; from tests.conftest import FakeEncoder;"
        "operate.load_encoder = lambda *_, **options: FakeEncoder(); from kb.cli import main; main()"
    )
    return subprocess.run(
        [sys.executable, "-c", program, "--entries", str(entries), "--data", str(data), *(arguments or ("reindex",))],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        preexec_fn=before,
        env={**os.environ, "PYTHONPATH": str(CRASH.parent.parent)},
    )


def one_error(stderr: str) -> bool:
    return len([line for line in stderr.splitlines() if line.startswith("kb: ")]) == 1


def test_a_read_only_folder_ends_with_one_line_and_the_old_index(entries: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    whole(entries, data)
    before = found(data)
    change(entries)
    paths = [data, *data.rglob("*")]
    for path in paths:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        failed = kb(entries, data, before=_without_override)
        assert failed.returncode == 2, failed.stdout + failed.stderr
        assert one_error(failed.stderr)
        assert "Traceback" not in failed.stderr
        searched = kb(entries, data, "search", "--mode", "lexical", "children", before=_without_override)
        assert searched.returncode == 0, searched.stderr
    finally:
        for path in paths:
            path.chmod(0o755 if path.is_dir() else 0o644)
    assert found(data) == before


def test_two_at_once_the_second_says_so_and_stops(entries: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    with locked(data):
        second = kb(entries, data)
    assert second.returncode == 2
    assert "another kb reindex is writing" in second.stderr
    assert one_error(second.stderr)


def test_one_bad_file_stops_no_other(entries: Path, tmp_path: Path) -> None:
    (entries / "practices" / "bad.md").write_bytes(b"---\ntitle: \xff\n---\n")
    run = kb(entries, tmp_path / "data")
    assert run.returncode == 1
    assert "left out: practices/bad.md" in run.stderr
    assert len(found(tmp_path / "data")) == 8


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--entries", "nowhere", "reindex"), "nowhere"),
        (("search", "x"), "no index in"),
        (("show", "x"), "no index in"),
        (("similar", "x"), "no index in"),
        (("status",), "no index in"),
        (("serve",), "no index in"),
        (("export",), "no index in"),
        (("evaluate", "nowhere"), "nowhere is not a folder"),
        (("evaluate-pairs", "nowhere"), "nowhere cannot be read"),
    ],
)
def test_a_failure_is_one_line_and_exit_code_2(
    entries: Path, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    failed = kb(entries, tmp_path / "none", *arguments)
    assert failed.returncode == 2, failed.stdout + failed.stderr
    assert message in failed.stderr
    assert one_error(failed.stderr)
    assert "Traceback" not in failed.stderr


def test_entries_of_which_nothing_is_sound_leave_the_last_index(entries: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    whole(entries, data)
    before = found(data)
    for file in (entries / "practices").glob("*.md"):
        file.write_text("half a file", encoding="utf-8")
    failed = kb(entries, data)
    assert failed.returncode == 2
    assert "nothing in" in failed.stderr
    assert one_error(failed.stderr)
    assert found(data) == before


def test_a_scheme_that_cannot_be_read_stays_as_it_was(entries: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    whole(entries, data)
    with Backend(data, lambda manifest: FakeEncoder()) as backend:
        label = backend.label("topic", "cyberbullying")
    (entries / "taxonomy" / "topics.yaml").write_text("scheme: [", encoding="utf-8")
    assert kb(entries, data).returncode == 1
    with Backend(data, lambda manifest: FakeEncoder()) as backend:
        assert backend.label("topic", "cyberbullying") == label == "Cyberbullying"
        backend.search(Query(filters={"topic": ("cyberbullying",)}))
    assert len(found(data)) == 8
