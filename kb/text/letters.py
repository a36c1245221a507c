"""Words by their letters, four in a row at a time: what compounds and inflected forms have in common with other words.

In languages that compound their words, or have many forms of them, such pieces find more than stems do (McNamee and
Mayfield 2004, "Character N-Gram Tokenization for European Language Text Retrieval"). Both ends of a word count as
letters.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from kb.text.analysis import parted, tokens
from kb.text.function_words import FUNCTION_WORDS

#: Letters of a piece, and of the longest word that has any: a longer one is none, but a number or an address.
LENGTH, LONGEST = 4, 64
#: Stands before a piece, so that it is not taken for a word, and at both ends of a word. No word holds either.
PIECE, END = "~", "_"
#: Languages whose function words stand under another name.
_NAMES = {"nb": "no", "nn": "no"}


def pieces(text: str, language: str) -> Sequence[str]:
    """The pieces of the words of ``text``, those left out that only hold a sentence together; none where it is in
    English, which has few forms of a word, or in a language whose function words are not known."""
    primary = language.partition("-")[0].lower()
    empty = FUNCTION_WORDS.get(_NAMES.get(primary, primary))
    if empty is None:
        return ()
    words = (token.term for token in tokens(parted(text, primary), "und") if token.term not in empty)
    return [piece for word in words for piece in _pieces(word)]


@lru_cache(maxsize=10_000)
def _pieces(word: str) -> tuple[str, ...]:
    """The pieces of a folded word, in order; a short one is a piece by itself."""
    if len(word) > LONGEST:
        return ()
    whole = f"{END}{word}{END}"
    return tuple(PIECE + whole[start : start + LENGTH] for start in range(max(1, len(whole) - LENGTH + 1)))
