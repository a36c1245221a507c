"""From ``entries/`` to a published index, and the report of what was done."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from indexer.build import Built, Contents, Progress, Silent, Vocabulary, build
from indexer.documents import Making
from indexer.projection import MOST_PLACED
from kb.content.ledger import discard
from kb.content.model import Problem, Scheme
from kb.content.survey import Packed, Survey, surveyed
from kb.engines.database.store import Store
from kb.errors import ContentError, Damaged, NoIndex
from kb.types import Encoder


@dataclass(frozen=True, slots=True)
class Report:
    """What a reindex did: see :class:`indexer.build.Built`, and what was wrong in the entries."""

    built: Built
    model: str
    problems: tuple[Problem, ...]
    left_out: tuple[str, ...]


def reindex(
    entries: Path,
    data: Path,
    model: str,
    load_encoder: Callable[[str], Encoder],
    *,
    full: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Index every sound entry of ``entries`` into ``data``. Problems are reported, and stop nothing.

    Raises ContentError when the entries cannot be read at all, and whatever :func:`indexer.build.build` raises.
    """
    progress = progress or Silent()
    progress.step("reading the entries")
    if full:
        discard(data)
    if entries.is_dir():
        with suppress(OSError):  # where it cannot be made, taking the lock will say so
            data.mkdir(parents=True, exist_ok=True)
    with surveyed(entries, data, last=lambda missing: _last_schemes(missing, data)) as found:
        if found.left_out and not found.digests:
            raise ContentError(
                f"nothing in {entries} is sound, so the last index stays; see what is wrong with: kb check"
            )
        built = build(
            data,
            _Kept(found),
            load_encoder(model),
            model,
            maker=lambda: Making(found.unpacking, found.taxonomy, found.organisations),
            digests=found.digests,
            vocabulary=Vocabulary(
                load=lambda: Contents(found.taxonomy, found.organisations, found.aliases),
                digest=found.vocabulary_digest,
                problems=tuple(map(str, found.problems)),
                left_out=found.left_out,
            ),
            full=full,
            map_up_to=MOST_PLACED,
            progress=progress,
        )
    return Report(built, model, found.problems, found.left_out)


class _Kept(Mapping[str, Packed]):
    """All sound practices as the ledger keeps them, each read when it is asked for."""

    def __init__(self, found: Survey) -> None:
        self._survey = found

    def __getitem__(self, id: str) -> Packed:
        return self._survey.packed(id)

    def __iter__(self) -> Iterator[str]:
        return iter(self._survey.digests)

    def __len__(self) -> int:
        return len(self._survey.digests)


def _last_schemes(missing: frozenset[str], data: Path) -> Mapping[str, Scheme]:
    """Schemes as they were published last, so that one slip in a file does not take its labels."""
    store = Store(data)
    try:
        with store.reading() as reader:
            last = reader.taxonomy().schemes
    except (NoIndex, Damaged):
        return {}
    finally:
        store.close()
    return {scheme: last[scheme] for scheme in sorted(missing & last.keys())}


def report_to_json(report: Report) -> dict[str, object]:
    """The value that ``kb reindex --json`` prints."""
    built = report.built
    return {
        "generation": built.generation,
        "published": built.published,
        "model": report.model,
        **{name: list(ids) for name, ids in asdict(built.plan).items() if name != "unchanged"},
        "unchanged": len(built.plan.unchanged),
        "passages": built.passages,
        "encoded": built.encoded,
        "reused": built.reused,
        "left_out": list(report.left_out),
        "problems": [str(problem) for problem in report.problems],
        "seconds": dict(built.seconds),
    }
