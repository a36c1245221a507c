"""The language of a query, found out and never asked: one of those in which people ask here.

py3langid (Lui and Baldwin 2011, "Cross-domain Feature Selection for Language Identification", retrained) reads bytes.
On short texts in these languages it was right more often than lingua, fastText's small model and CLD2, and it alone
knows them all; it adds 5 MB. A query is often too short even so, and the words that are known in each language have a
say as well. The only module that names py3langid.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from functools import cache
from typing import TYPE_CHECKING

from kb.analysis import tokens
from kb.function_words import FUNCTION_WORDS

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

ENGLISH = "en"
LANGUAGES: tuple[str, ...] = tuple(sorted((ENGLISH, *FUNCTION_WORDS)))
#: What one known word adds to the logarithm of a probability.
_KNOWN = 1.0
#: What English has in advance in an English base. Two would never mistake it, and miss every tenth other query.
_EXPECTED = 1.0
_LEAST = 1e-6
#: A document must have so many characters for its language to be told, of which so many are read, and how surely.
_TELLING, _ENOUGH, _SURE = 40, 600, 0.95


def detect(text: str, *, english: Callable[[str], bool], known_in: Callable[[str], Collection[str]]) -> str:
    """The language of ``text``, one of LANGUAGES; English where there is nothing to tell it by.

    ``english``: whether a folded word is an ordinary English one here; a text of nothing else is English, and nothing
    more is looked at. ``known_in``: the languages in which a folded word is known otherwise.
    """
    words = [token.term for token in tokens(text, "und")]
    if all(english(word) for word in words):
        return ENGLISH
    votes = [_languages(word, english, known_in) for word in words]
    scores = {
        name: math.log(probability + _LEAST)
        + _KNOWN * sum(name in known for known in votes)
        + _EXPECTED * (name == ENGLISH)
        for name, probability in _rank(text)
    }
    return max(sorted(scores), key=scores.__getitem__)


def language_of(text: str) -> str:
    """The language of a document, one of LANGUAGES; English where it is too short or too unsure to tell."""
    return surely(text) or ENGLISH


def surely(text: str) -> str | None:
    """The language of a text, one of LANGUAGES; None where it is too short or too unsure to tell."""
    if len(text) < _TELLING:
        return None
    name, probability = max(_rank(text[:_ENOUGH].lower()), key=lambda found: found[1])
    return name if probability >= _SURE else None


def _languages(word: str, english: Callable[[str], bool], known_in: Callable[[str], Collection[str]]) -> set[str]:
    found = {name for name in LANGUAGES if is_function_word(word, name)}.union(known_in(word))
    return found | {ENGLISH} if english(word) else found


def is_function_word(word: str, language: str) -> bool:
    """Whether a folded word only holds a sentence together."""
    if language == ENGLISH:
        return any(token.function_word for token in tokens(word, ENGLISH))
    return word in FUNCTION_WORDS.get(language, ())


def _rank(text: str) -> list[tuple[str, float]]:
    ranked: list[tuple[str, float]] = _identifier().rank(text)
    return ranked


@cache
def _identifier() -> LanguageIdentifier:
    """Reading the model takes half a second, so that it waits for the first text that is not plainly English."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    found = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    found.set_languages(LANGUAGES)
    return found
