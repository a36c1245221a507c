"""What pieces of words mean before anything is learned: which pieces of English stand in the translations of a piece.

The vector of a piece begins as the mean of the teacher's for the English pieces that it occurs with, each by how
strongly both belong together: the cosine of their occurrences over pairs (Ochiai's coefficient), sharpened. So what the
student first reads is a gloss, word by word, in the teacher's own vectors.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sparse

from training.lessons import Lessons
from training.texts import Texts

#: English pieces that a piece may begin as, and the power that sharpens their weights.
MOST, SHARP = 8, 3.0
#: How often English itself is read, beside each time that the other language is.
ENGLISH = 0.25
#: Texts of more pieces than this tell too little about which belongs to which.
LONGEST = 48
#: The least that a pair counts: here a dictionary is as good as running text.
LEAST = 0.3
_ROWS = 2000


def glosses(lessons: Lessons, sizes: tuple[int, int]) -> sparse.csr_matrix:
    """Shape (pieces of the student, pieces of the teacher): rows that sum to 1, or to 0 for a piece never met.

    ``sizes``: the pieces of both vocabularies.
    """
    lengths = np.diff(lessons.foreign.starts), np.diff(lessons.teacher.starts)[lessons.place]
    counted = np.maximum(lessons.weights, LEAST) * (np.maximum(*lengths) <= LONGEST)
    met, own = _presence(lessons.foreign, sizes[0]), _presence(lessons.english, sizes[0])
    answers = _presence(lessons.teacher, sizes[1])
    # English read as itself counts for each English text as often as it is the other side of a pair.
    often = np.bincount(lessons.place, weights=counted, minlength=answers.shape[0])
    each, english = sparse.diags(np.sqrt(counted)), sparse.diags(np.sqrt(ENGLISH * often))
    left = sparse.vstack([each @ met, english @ own]).tocsc()
    right = sparse.vstack([each @ answers[lessons.place], english @ answers]).tocsr()
    norms = [np.sqrt(np.asarray(side.power(2).sum(axis=0)).ravel()) for side in (left, right)]
    scaled = right @ sparse.diags(1 / np.maximum(norms[1], 1e-12))
    found = [_strongest((left[:, start : start + _ROWS].T @ scaled).tocsr()) for start in range(0, sizes[0], _ROWS)]
    return sparse.vstack(found).tocsr()


def _presence(texts: Texts, size: int) -> sparse.csr_matrix:
    ones = np.ones(len(texts.ids), dtype=np.float32)
    # A copy, as what follows sorts the pieces of each text where they lie.
    matrix = sparse.csr_matrix((ones, texts.ids.copy(), texts.starts), shape=(len(texts.starts) - 1, size))
    matrix.sum_duplicates()
    matrix.data[:] = 1
    return matrix


def _strongest(rows: sparse.csr_matrix) -> sparse.csr_matrix:
    """The :data:`MOST` largest of each row, sharpened; they sum to 1."""
    values, columns, ends = [], [], [0]
    for row in range(rows.shape[0]):
        place = slice(rows.indptr[row], rows.indptr[row + 1])
        data = rows.data[place].astype(np.float64)
        best = np.argsort(-data, kind="stable")[:MOST]
        sharp = (data[best] / max(data.max(initial=0), 1e-12)) ** SHARP
        values.append(sharp / max(sharp.sum(), 1e-12))
        columns.append(rows.indices[place][best])
        ends.append(ends[-1] + len(best))
    return sparse.csr_matrix((np.concatenate(values), np.concatenate(columns), ends), shape=rows.shape)
