"""How much a word tells, by how few documents hold it (Spärck Jones 1972, "A statistical interpretation of term
specificity and its application in retrieval")."""

from __future__ import annotations

from math import log1p


def rarity(documents: float, holding: float) -> float:
    """Inverse document frequency of a word that ``holding`` of ``documents`` hold, never below 0: Lucene's form."""
    return log1p((documents - holding + 0.5) / (holding + 0.5))
