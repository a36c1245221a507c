"""What is read again and what is not; and that nothing of it can be told from reading everything."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from random import Random

import pytest

from kb.content.files import read_file
from kb.content.ledger import LEDGER, Ledger
from kb.content.survey import Survey, surveyed
from tests.content.conftest import TODAY, Entries


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


@dataclass(frozen=True)
class Seen:
    """All that a survey says, read out of the ledger."""

    problems: tuple[str, ...]
    left_out: tuple[str, ...]
    digests: dict[str, str]
    practices: dict[str, object]
    organisations: dict[str, object]
    aliases: dict[str, str]
    vocabulary: str


def seen(entries: Entries, folder: Path | None, today: date = TODAY) -> Seen:
    with surveyed(entries.root, folder, today=today) as found:
        return _seen(found)


def _seen(found: Survey) -> Seen:
    return Seen(
        tuple(map(str, found.problems)),
        found.left_out,
        dict(sorted(found.digests.items())),
        {id: found.practice(id) for id in sorted(found.digests)},
        dict(found.organisations),
        dict(found.aliases),
        found.vocabulary_digest,
    )


PASSAGE = " ".join(f"shared{number}" for number in range(14))
BODIES = (
    "## What it is\n\nA service.[^a]\n",
    f"## What it is\n\nSomething else. {PASSAGE}.[^a]\n",
    f"## Results\n\nWords before. {PASSAGE} and after.[^a]\n",
    "## What it is\n\nSee [one](/practices/p1#results) and [two](p2.md).[^a]\n",
    "## What it is\n\nSee [an old one](/practices/old1).[^a]\n",
    "## Results\n\n" + " ".join(f"copied{number}" for number in range(3)) + "[^a]\n",
)


def _edit(entries: Entries, random: Random) -> None:
    """One change of any kind, sound or not."""
    id = f"p{random.randrange(6)}"
    practice = entries.root / "practices" / f"{id}.md"
    organisation = f"o{random.randrange(3)}"
    write: Callable[[], object] = partial(_write, entries, id, random)
    kinds: list[Callable[[], object]] = [
        *[write] * 6,
        lambda: practice.unlink(missing_ok=True),
        lambda: practice.write_bytes(b"---\ntitle: \xff\n---\n"),
        lambda: (entries.root / "organisations" / f"{organisation}.md").unlink(missing_ok=True),
        lambda: entries.organisation(
            organisation, name=random.choice(["One", "Two"]), kind=random.choice(["ngo", "x"])
        ),
        lambda: entries.organisation(organisation, aliases=f"[{random.choice('ab')}]"),
        lambda: _scheme(
            entries, "topic", random.choice(["helpline, grooming", "helpline", "grooming, reporting-tools"])
        ),
        lambda: (
            entries.write("taxonomy/risks.yaml", "broken: [")
            if random.random() < 0.3
            else _scheme(entries, "risk", "content")
        ),
        lambda: (entries.root / "practices" / f"{id}.txt").write_text("x"),
    ]
    random.choice(kinds)()


def _write(entries: Entries, id: str, random: Random) -> Path:
    return entries.practice(
        id,
        organisations=f"[{random.choice(['childline', 'o0', 'o1', 'o2'])}]",
        topics=f"[{random.choice(['helpline', 'grooming'])}]",
        related=random.choice([None, f"[p{random.randrange(6)}]", "[old1]"]),
        aliases=random.choice([None, None, "[old1]", "[p3]"]),
        updated=random.choice(["2026-11-21", "2026-11-24"]),
        body=random.choice(BODIES),
    )


def _scheme(entries: Entries, facet: str, ids: str) -> None:
    concepts = "".join(
        f"  - {{id: {id}, prefLabel: {{en: {id.title()}}}, definition: {{en: What}}}}\n" for id in ids.split(", ")
    )
    head = f"scheme: {facet}\nlabelSource: unreviewed\nprefLabel: {{en: T}}\nconcepts:\n"
    entries.write(f"taxonomy/{facet}s.yaml", head + concepts)


@pytest.mark.parametrize("seed", range(3))
def test_after_any_edits_it_says_what_reading_everything_says(entries: Entries, data: Path, seed: int) -> None:
    random = Random(seed)
    for id in range(4):
        entries.practice(f"p{id}", body=BODIES[id])
    for step in range(25):
        for _ in range(random.choice([0, 1, 1, 1, 3])):
            _edit(entries, random)
        today = TODAY + timedelta(days=step // 8)
        found, expected = seen(entries, data, today), seen(entries, None, today)
        for name in Seen.__dataclass_fields__:
            assert getattr(found, name) == getattr(expected, name), f"step {step}"


def _read_files(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    read: list[str] = []

    def noted(root: Path, path: str) -> object:
        read.append(path)
        return read_file(root, path)

    monkeypatch.setattr("kb.content.survey.read_file", noted)
    monkeypatch.setattr("kb.content.reading.read_file", noted)
    return read


def _settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if every file had been written long ago."""
    monkeypatch.setattr("kb.content.reading._UNSETTLED", -(10**12))


def test_only_what_changed_is_read(entries: Entries, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _settled(monkeypatch)
    for id in "abc":
        entries.practice(id)
    seen(entries, data)
    read = _read_files(monkeypatch)
    seen(entries, data)
    assert read == []
    entries.practice("b", title='"Another: with another title"')
    assert seen(entries, data).practices["b"][0].title == "Another: with another title"  # type: ignore[index]
    assert read == ["practices/b.md"]


def test_a_change_that_keeps_size_and_time_is_noticed(
    entries: Entries, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever sets back the time of a file cannot set back that of its change of status."""
    _settled(monkeypatch)
    path = entries.practice("a", countries="[GB]")
    seen(entries, data)
    times = path.stat()
    path.write_text(path.read_text().replace("[GB]", "[FR]"))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert seen(entries, data).practices["a"][0].countries == ("FR",)  # type: ignore[index]


def test_a_file_that_was_just_written_is_read_again(
    entries: Entries, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within a tick of the file system's clock a second change leaves no trace in the times."""
    entries.practice("a")
    seen(entries, data)
    read = _read_files(monkeypatch)
    seen(entries, data)
    assert "practices/a.md" in read


@pytest.mark.parametrize("content", [b"no database at all" * 100, b""])
def test_a_ledger_that_is_damaged_is_made_anew(entries: Entries, data: Path, content: bytes) -> None:
    entries.practice("a")
    before = seen(entries, data)
    (data / LEDGER).write_bytes(content)
    assert seen(entries, data) == before
    assert seen(entries, data) == before


def test_a_ledger_that_is_in_use_is_done_without(entries: Entries, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kb.content.ledger._PATIENCE", 0.0)
    entries.practice("a")
    with Ledger(data):
        assert seen(entries, data).digests.keys() == {"a"}


def test_a_ledger_of_other_entries_is_not_believed(entries: Entries, data: Path, tmp_path: Path) -> None:
    entries.practice("a")
    seen(entries, data)
    others = Entries(tmp_path / "others")
    others.practice("b")
    assert seen(others, data).digests.keys() == {"b"}
