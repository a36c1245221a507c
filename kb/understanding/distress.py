"""Whether a question sounds like somebody in need, so that help is named before anything else.

By meaning rather than by a list of words: a question that comes near to one of a few sentences, in any language that
the encoder reads, or that names one of a few concepts. A notice too many does no harm, and one too few may; so what
sounds alike counts ("a pupil is being blackmailed with a nude"), while questions about programmes, law or technology
stay far.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kb.types import Encoder, Floats, Understanding

#: What somebody in need might write. In English: the encoder puts other languages into the same space.
SENTENCES = (
    "I want to kill myself",
    "I do not want to live any more",
    "I can not go on any more",
    "I feel alone and without hope",
    "I hurt myself and I cut myself",
    "I am being blackmailed with a nude picture of me",
    "Somebody threatens to share naked pictures of me",
    "Somebody touches me and forces me to have sex",
    "I was sexually abused",
    "I am afraid and I do not know whom to tell",
)
#: From this cosine on a question is near. Of the 1,482 questions in the entries 29 are, most of somebody to whom it
#: happens; those of professionals stay below 0.46, but for some about abuse or nude pictures themselves.
NEAR = 0.5
#: Topics that are enough by themselves where words of other languages were understood as them.
TOPICS = frozenset({"self-harm-and-suicide", "sextortion"})


def sentences(encoder: Encoder) -> Floats:
    """The vectors of :data:`SENTENCES`, shape (sentences, dimension)."""
    return np.array([encoder.encode_query(sentence) for sentence in SENTENCES], dtype=np.float32)


def in_need(texts: Sequence[tuple[str, Encoder]], known: Floats) -> bool:
    """Whether one of ``texts``, each with the encoder of its language, comes near to a sentence of ``known``."""
    return any(float((known @ encoder.encode_query(text)).max()) >= NEAR for text, encoder in texts if text.strip())


def named(understood: Understanding) -> bool:
    """Whether the words themselves name what somebody is in need of help about."""
    return any(concept.facet == "topic" and concept.id in TOPICS for concept in understood.concepts)
