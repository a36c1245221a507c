"""The words that a model knows whole, from its tokenizer's file: what it has whole it met often, so it is no slip.

Reads a file and loads no model, so that a search by words alone stays cheap.
"""

from __future__ import annotations

import json
from pathlib import Path

#: What tokenizers set before a word that begins after a blank (SentencePiece; byte-level BPE).
_BLANKS = "▁Ġ"
_FILE = "tokenizer.json"


def read_words(folder: Path) -> frozenset[str]:
    """The words, in lower case; none for a model whose tokenizer is kept in another way."""
    try:
        vocabulary = json.loads((folder / _FILE).read_text(encoding="utf-8"))["model"]["vocab"]
        # WordPiece and BPE map pieces to numbers; Unigram lists them with their scores.
        pieces = list(vocabulary) if isinstance(vocabulary, dict) else [str(piece) for piece, _ in vocabulary]
    except (OSError, ValueError, LookupError, TypeError):
        return frozenset()
    beginnings = [piece[1:] for piece in pieces if piece[:1] in _BLANKS and piece]
    return frozenset(word.lower() for word in beginnings or pieces if word.isalpha())
