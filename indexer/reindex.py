"""From ``entries/`` to a published index, and the report of what was done."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from indexer.build import Built, Contents, Progress, Silent, Vocabulary, build
from indexer.documents import from_practice
from kb.content.codec import organisation_to_json, taxonomy_to_json
from kb.content.corpus import read_corpus
from kb.content.model import SCHEMES, Corpus, Problem, Taxonomy
from kb.engines.store import Store
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
    corpus = _with_last_schemes(read_corpus(entries), data)
    if corpus.left_out and not corpus.practices:
        raise ContentError(f"nothing in {entries} is sound, so the last index stays; see what is wrong with: kb check")
    documents = {key: from_practice(practice, corpus) for key, practice in corpus.practices.items()}
    built = build(
        data,
        documents,
        load_encoder(model),
        model,
        vocabulary=_vocabulary(corpus),
        full=full,
        progress=progress,
    )
    return Report(built, model, corpus.problems, corpus.left_out)


def _with_last_schemes(corpus: Corpus, data: Path) -> Corpus:
    """A scheme whose file cannot be read stays as it was published last, so that one slip does not take its labels."""
    missing = [scheme for scheme in SCHEMES if scheme not in corpus.taxonomy.schemes]
    if not missing:
        return corpus
    store = Store(data)
    try:
        with store.reading() as reader:
            last = reader.taxonomy().schemes
    except (NoIndex, Damaged):
        return corpus
    finally:
        store.close()
    kept = {scheme: last[scheme] for scheme in missing if scheme in last}
    return replace(corpus, taxonomy=Taxonomy({**corpus.taxonomy.schemes, **kept}))


def _vocabulary(corpus: Corpus) -> Vocabulary:
    aliases = {alias: key for key, practice in corpus.practices.items() for alias in practice.aliases}
    value = [
        taxonomy_to_json(corpus.taxonomy),
        {key: organisation_to_json(value) for key, value in corpus.organisations.items()},
        aliases,
    ]
    return Vocabulary(
        load=lambda: Contents(corpus.taxonomy, corpus.organisations, aliases),
        digest=hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest(),
        problems=tuple(map(str, corpus.problems)),
        left_out=corpus.left_out,
    )


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
