"""The vectors of the words of the base, for questions in other languages, made along with the index.

They are written before the generation that has the words appears, so that nothing is missing when a run is stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

import numpy as np

from kb.engines.word_vectors import WORDS, KeptWords, add_words, read_words_kept, sweep, write_words
from kb.errors import ModelError
from kb.types import Encoder, Multilingual
from kb.understanding.dictionary import LARGEST, Halves, KnownWords, halved, may_mean, meaningful

#: So few words wait for their vectors: to make these few takes a question no longer, and a run that changes one entry
#: need not load the encoder for them.
WAITING = 64
#: Additions after which the file is written anew, without the words that no document has any more.
ADDITIONS = 64
#: Words encoded between two reports of progress.
_BATCH = 512


def keep_words(
    folder: Path,
    encoder: Encoder,
    new: Collection[str],
    documents: Callable[[], Mapping[str, int]],
    *,
    full: bool = False,
    advance: Callable[[int, int], None] = lambda done, total: None,
    notice: Callable[[str], None] = lambda message: None,
) -> None:
    """See that the words of the base have vectors: ``new`` are those of documents that are written now.

    ``documents`` gives every word with the number of documents that hold it, ``new`` ones included; it is asked only
    where the file is to be written anew: when it is missing, damaged or of another encoder, holds much that is not
    needed, or with ``full``. What cannot be made or written is noticed, and stops nothing.
    """
    if not isinstance(encoder, Multilingual):
        return
    fingerprint = encoder.student_fingerprint

    def made(words: Sequence[str]) -> Halves:
        parts = [np.empty((0, encoder.dimension), dtype=np.float16)]
        for start in range(0, len(words), _BATCH):
            advance(start, len(words))
            parts.append(halved(encoder.by_student(words[start : start + _BATCH])))
        return np.concatenate(parts)

    try:
        sweep(folder)
        kept = read_words_kept(folder, fingerprint)
        if full or not kept.whole or kept.blocks > ADDITIONS or len(kept.known.rows) > 2 * LARGEST:
            words = meaningful(documents())
            write_words(folder, fingerprint, words, _vectors(words, KnownWords() if full else kept.known, made))
        else:
            _add(folder, fingerprint, kept, new, made)
    except (OSError, ModelError) as error:
        notice(
            f"{folder / WORDS}: the vectors of words were not kept ({error}), so that the first question in another "
            "language takes longer; the next kb reindex tries again"
        )


def _add(
    folder: Path, fingerprint: str, kept: KeptWords, new: Collection[str], made: Callable[[Sequence[str]], Halves]
) -> None:
    missing = {word for word in new if may_mean(word)} - kept.known.rows.keys() - kept.waiting
    if not missing:
        return
    waiting = missing | kept.waiting
    if len(waiting) < WAITING:
        add_words(folder, fingerprint, sorted(missing), None)
    else:
        words = sorted(waiting)
        add_words(folder, fingerprint, words, made(words))


def _vectors(words: Sequence[str], known: KnownWords, made: Callable[[Sequence[str]], Halves]) -> Halves:
    vectors = made([word for word in words if word not in known.rows])
    taken = iter(vectors)
    rows = [known.vectors[known.rows[word]] if word in known.rows else next(taken) for word in words]
    return np.stack(rows) if rows else vectors
