"""The teacher, whose space is learned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import BertModel
from transformers.utils import logging

from training.tokenizer import CLS, PAD, SEP

#: How many tokens of a text the teacher reads, the special ones included.
MAX_TOKENS = 256


class Teacher(nn.Module):
    """A BERT without pooler, the mean of whose last layer is the vector of a text."""

    def __init__(self, bert: BertModel) -> None:
        super().__init__()
        self.bert = bert

    @property
    def heads(self) -> int:
        return int(self.bert.config.num_attention_heads)

    def weights(self) -> Mapping[str, Tensor]:
        """As :mod:`training.bert` takes them."""
        return {name: value.detach() for name, value in self.bert.named_parameters()}

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """``ids``, ``mask``: int64 and bool, shape (n, tokens). Rows of unit length, shape (n, dimension)."""
        states = self.bert(input_ids=ids, attention_mask=mask).last_hidden_state.float()
        kept = mask.unsqueeze(-1).float()
        return nn.functional.normalize((states * kept).sum(1) / kept.sum(1), dim=-1)


def load_teacher(folder: Path) -> tuple[Teacher, Tokenizer]:
    """A BERT with mean pooling, and its tokenizer, from a folder of sentence-transformers."""
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]  # names of weights that are not needed
    bert = BertModel.from_pretrained(folder, add_pooling_layer=False, local_files_only=True)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return Teacher(bert), tokenizer


def encode(model: Teacher, tokenizer: Tokenizer, texts: Sequence[str], *, batch: int = 256) -> NDArray[np.float32]:
    """float32, shape (len(texts), dimension), rows of unit length."""
    pad, cls, sep = (tokenizer.token_to_id(name) for name in (PAD, CLS, SEP))
    rows = [
        [cls, *encoded.ids[: MAX_TOKENS - 2], sep]
        for encoded in tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
    ]
    found = np.empty((len(rows), 0), dtype=np.float32)
    order = sorted(range(len(rows)), key=lambda place: len(rows[place]))
    model.eval()
    for start in range(0, len(order), batch):
        places = order[start : start + batch]
        longest = max(len(rows[place]) for place in places)
        ids = torch.tensor([rows[place] + [pad] * (longest - len(rows[place])) for place in places])
        mask = torch.tensor([[n < len(rows[place]) for n in range(longest)] for place in places])
        with torch.no_grad():
            vectors = model(ids, mask).numpy()
        if not found.size:
            found = np.empty((len(rows), vectors.shape[1]), dtype=np.float32)
        found[places] = vectors
    return found
