"""Translation retrieval: is what is found first, of all sentences of the one language, the translation of the other?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import fmean

from kb.errors import UsageError
from kb.types import Document, Encoder, Floats, Multilingual, Section

Pairs = Sequence[tuple[str, str]]


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


def documents(sentences: Sequence[str], language: str) -> Mapping[str, Document]:
    """What is searched: a document for each distinct sentence, by its first place in ``sentences``."""
    places = {sentence: place for place, sentence in reversed(list(enumerate(sentences)))}
    return {
        str(place): Document(id=str(place), title="", language=language, sections=(Section((), sentence),))
        for sentence, place in sorted(places.items(), key=lambda found: found[1])
    }


def found_at_1(pairs: Pairs, first: Callable[[str], str | None]) -> float:
    """The share of pairs of a question and its answer of which ``first`` finds the answer.

    ``first`` gives the id (see :func:`documents`) of what a search finds first among all answers, or None.
    """
    answers = [answer for _, answer in pairs]
    found = ((first(question), answer) for question, answer in pairs)
    return round(fmean(id is not None and answers[int(id)] == answer for id, answer in found), 4)


def accuracy_at_1(pairs: Pairs, encoder: Encoder) -> dict[str, float | int]:
    """The share of sentences whose nearest neighbour on the other side is their translation, both ways.

    Nothing but vectors is compared, of the sentences as they are. English is read by the model, the other side by the
    part of it that knows all languages, if it has one. Sentences that occur more than once on a side count as one: any
    of their translations is right.
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
