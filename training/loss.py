"""What a student is taught by (Reimers and Gurevych 2020, "Making Monolingual Sentence Embeddings Multilingual using
Knowledge Distillation"): the vector of a text in any language is to be the teacher's of its English.

Beside the cosine, its similarities to other texts are to be the teacher's: a soft form of the contrastive loss, which
does not punish two texts for saying the same.
"""

from __future__ import annotations

import torch
from torch import Tensor

#: The temperature of similarities, and how much they count beside the cosine.
TEMPERATURE, SIMILARITIES = 0.05, 0.5


def similarity_loss(
    vectors: Tensor, target: Tensor, others: Tensor | None = None, *, kind: torch.dtype = torch.float32
) -> Tensor:
    """The student's vectors and the teacher's, and the teacher's of other texts: rows of unit length, shape
    (n, dimension). Similarities are computed as ``kind``. 0 at best."""
    cosine = 1 - (vectors * target).sum(1).mean()
    sides = (target if others is None else torch.cat([target, others])).to(kind)
    with torch.no_grad():
        wanted = torch.softmax((target.to(kind) @ sides.T).float() / TEMPERATURE, dim=1)
    found = torch.log_softmax((vectors.to(kind) @ sides.T).float() / TEMPERATURE, dim=1)
    return cosine + SIMILARITIES * torch.nn.functional.kl_div(found, wanted, reduction="batchmean")
