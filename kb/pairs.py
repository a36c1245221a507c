"""Translation retrieval: does the vector of a sentence lie nearest to that of its translation?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

from kb.errors import UsageError
from kb.types import Encoder, Floats, Multilingual


def read_pairs(file: Path) -> list[tuple[str, str]]:
    """Lines of a foreign sentence, a tab and the English one; further columns are not read. Raises UsageError."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{file} cannot be read ({getattr(error, 'strerror', None) or error}); give a UTF-8 file"
        ) from error
    pairs = []
    for number, line in enumerate(lines, start=1):
        fields = line.split("\t")
        if len(fields) < 2:
            raise UsageError(f"{file}:{number}: no tab; write the sentence, a tab, its English translation")
        pairs.append((fields[0], fields[1]))
    if not pairs:
        raise UsageError(f"{file} is empty; give a file with a pair of sentences a line")
    return pairs


def accuracy_at_1(pairs: Sequence[tuple[str, str]], encoder: Encoder) -> dict[str, float | int]:
    """The share of sentences whose nearest neighbour on the other side is their translation, both ways.

    English is read by the model, the other side by the part of it that knows all languages, if it has one. Sentences
    that occur more than once on a side count as one: any of their translations is right.
    """
    read = encoder.by_student if isinstance(encoder, Multilingual) else encoder.encode
    foreign = read([pair[0] for pair in pairs])
    english = encoder.encode([pair[1] for pair in pairs])
    return {
        "foreign_to_english": round(_accuracy(foreign, english, [pair[1] for pair in pairs]), 4),
        "english_to_foreign": round(_accuracy(english, foreign, [pair[0] for pair in pairs]), 4),
        "pairs": len(pairs),
    }


def _accuracy(queries: Floats, answers: Floats, texts: Sequence[str]) -> float:
    nearest = (queries @ answers.T).argmax(axis=1)
    return fmean(texts[found] == text for found, text in zip(nearest.tolist(), texts, strict=True))
