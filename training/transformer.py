"""The student as a transformer: the teacher's layers under a vocabulary of its own for all languages.

Its body begins as the teacher's, its vectors of pieces as glosses (:mod:`training.alignment`). The table of these is
most of it, and is shipped in four bits: so it is read in four bits while it is taught, and what is shipped is what
was taught (quantisation-aware training with a straight-through estimator, Bengio, Léonard and Courville 2013).
"""

from __future__ import annotations

import scipy.sparse as sparse
import torch
from torch import Tensor, nn

from training import bert
from training.quantisation import four_bits
from training.texts import MAX_TOKENS

WORDS, _PLACES = "embeddings.word_embeddings.weight", "embeddings.position_embeddings.weight"


class Transformer(nn.Module):
    """``table``: float32, shape (pieces, dimension). ``body``: the weights of a BERT, its table of words left out."""

    def __init__(self, table: Tensor, body: bert.Weights, *, heads: int) -> None:
        super().__init__()
        self.table = nn.Parameter(table)
        self.names = tuple(body)
        self.body = nn.ParameterList([nn.Parameter(value) for value in body.values()])
        self.heads = heads
        self.layers = bert.layers(body)

    def weights(self, kind: torch.dtype = torch.float32) -> bert.Weights:
        """The body's weights as ``kind``, through which gradients reach the weights themselves."""
        return {name: value.to(kind) for name, value in zip(self.names, self.body, strict=True)}

    def words(self, pieces: Tensor) -> Tensor:
        """The vectors of ``pieces`` as four bits keep them."""
        return four_bits(nn.functional.embedding(pieces, self.table))

    def forward(self, ids: Tensor, text: Tensor, place: Tensor, texts: int) -> Tensor:
        """``ids``, ``text``, ``place``: shape (rows, pieces), see :class:`training.packing.Packed`, of so many
        ``texts``. Rows of unit length, float32, shape (texts, dimension)."""
        found = bert.states(self.words(ids), text, place, self.weights(), heads=self.heads)
        return bert.pooled(found, text, texts)


def new_transformer(teacher: bert.Weights, glosses: sparse.csr_matrix, *, heads: int) -> Transformer:
    """A student that reads each piece as the teacher reads the English pieces of its row of ``glosses``."""
    body = {name: value.detach().float().clone() for name, value in teacher.items()}
    words = body.pop(WORDS)
    body[_PLACES] = body[_PLACES][:MAX_TOKENS].clone()
    table = torch.from_numpy((glosses @ words.numpy()).astype("float32"))
    usual = words.norm(dim=1).mean()
    lengths = table.norm(dim=1, keepdim=True)
    chance = torch.randn(table.shape, generator=torch.Generator().manual_seed(0)) * words.std()
    table = torch.where(lengths > 0, table * usual / lengths.clamp_min(1e-9), chance)
    return Transformer(table, body, heads=heads)
