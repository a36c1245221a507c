"""Two encoders of one space: the model itself reads English, the student that it taught reads everything else."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kb.text.languages import ENGLISH
from kb.types import Encoder, Faint, Floats, Measure, Measured
from kb.understanding.crosslingual import weighed

#: The share of the student in the vector of a passage; the rest is the model's, which sees names, numbers and words
#: that look alike. Measured with questions in the same language and in English (docs/student.md).
OWN = 0.6
#: The longest passage in another language, in tokens of the model: the shorter a text, the surer the student is of it.
LONGEST = 128


@dataclass(frozen=True, slots=True)
class LanguageMeasure:
    """A kb.types.Measure, and kb.types.Parted: what is in another language than English is cut shorter. Can be sent to
    another process where ``english`` can."""

    english: Measure
    longest: int | None = None

    @property
    def max_tokens(self) -> int:
        most = self.english.max_tokens
        return most if self.longest is None else min(most, self.longest)

    def token_offsets(self, text: str) -> Sequence[tuple[int, int]]:
        return self.english.token_offsets(text)

    def reader(self, language: str) -> Measure:
        return self.english if language == ENGLISH else LanguageMeasure(self.english, LONGEST)


class _InTheSpace:
    """What the model decides for all that share its space."""

    def __init__(self, english: Encoder) -> None:
        self.english = english

    @property
    def dimension(self) -> int:
        return self.english.dimension

    @property
    def max_tokens(self) -> int:
        return self.english.max_tokens

    def token_offsets(self, text: str) -> Sequence[tuple[int, int]]:
        return self.english.token_offsets(text)


class MultilingualEncoder(_InTheSpace):
    """An Encoder, and kb.types.Multilingual. Thread-safe."""

    def __init__(self, english: Encoder, student: Encoder) -> None:
        super().__init__(english)
        self._foreign = ForeignReader(english, student)

    def measure(self) -> Measure | None:
        measure = self.english.measure() if isinstance(self.english, Measured) else None
        return None if measure is None else LanguageMeasure(measure)

    def reader(self, language: str) -> Encoder:
        """What it does raises ModelError when the files of its encoder are damaged."""
        return self.english if language == ENGLISH else self._foreign

    def by_student(self, texts: Sequence[str]) -> Floats:
        return self._foreign.student.encode(texts)

    @property
    def student_fingerprint(self) -> str:
        return self._foreign.student.fingerprint

    @property
    def fingerprint(self) -> str:
        """All together: an index that was made without the student has no vectors of its texts."""
        return _both(self.english.fingerprint, self.student_fingerprint, str(LONGEST))

    def encode(self, texts: Sequence[str]) -> Floats:
        return self.english.encode(texts)

    def encode_query(self, text: str) -> Floats:
        return self.english.encode_query(text)


class ForeignReader(_InTheSpace):
    """An Encoder of texts in other languages, by both, and kb.types.Weighing. Thread-safe."""

    def __init__(self, english: Encoder, student: Encoder) -> None:
        super().__init__(english)
        self.student = student
        self.fingerprint = _both(english.fingerprint, student.fingerprint, str(OWN))

    @property
    def max_tokens(self) -> int:
        return min(LONGEST, self.english.max_tokens)

    def encode(self, texts: Sequence[str]) -> Floats:
        vectors = OWN * self.student.encode(texts) + (1 - OWN) * self.english.encode(texts)
        lengths = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        return np.asarray(vectors / lengths, dtype=np.float32)

    def encode_query(self, text: str) -> Floats:
        return self.student.encode_query(text)

    def encode_weighed(self, text: str, faint: Sequence[Faint]) -> Floats:
        return weighed(self.student, text, faint)


def _both(*fingerprints: str) -> str:
    return hashlib.sha256("\0".join(fingerprints).encode()).hexdigest()
