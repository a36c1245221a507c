"""What is learned from: pairs as numbers of pieces, the English of many of them once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.texts import Texts


@dataclass(frozen=True)
class Lessons:
    """``foreign``, ``place``, ``weights`` and ``follows``: for each pair the other language, the number of its English,
    how often it is met, and whether it goes on with the pair before. ``english`` and ``teacher``: the different English
    texts, as the tokenizers of the student and of the teacher read them.
    """

    foreign: Texts
    place: NDArray[np.int64]
    english: Texts
    teacher: Texts
    weights: NDArray[np.float64]
    follows: NDArray[np.bool_]
