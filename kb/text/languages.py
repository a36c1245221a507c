"""The language of a query, found out and never asked: one of those in which people ask here.

py3langid (Lui and Baldwin 2011, "Cross-domain Feature Selection for Language Identification", retrained) reads bytes.
On short texts in these languages it was right more often than lingua, fastText's small model and CLD2, and it alone
knows them all; it adds 5 MB. A query is often too short even so, and the words that are known in each language have a
say as well. The only module that names py3langid.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Collection, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from kb.mapped import unpack, unpacked
from kb.text.analysis import tokens
from kb.text.function_words import FUNCTION_WORDS

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

ENGLISH = "en"
LANGUAGES: tuple[str, ...] = tuple(sorted((ENGLISH, *FUNCTION_WORDS)))
#: What one known word adds to the logarithm of a probability.
_KNOWN = 1.0
#: What English has in advance in an English base. Two would never mistake it, and miss every tenth other query.
_EXPECTED = 1.0
_LEAST = 1e-6
#: A large vocabulary has a say on texts of so many words at most (longer ones tell by themselves, and hold names), and
#: on words of more letters than that.
_FEW, _SHORT = 3, 2
#: The file in which the model is kept unpacked.
UNPACKED = "languages.unpacked"
#: Bytes at the end of a packed file that hold its checksum and its index.
_TAIL = 48

_folder: Path | None = None
#: A document must have so many characters for its language to be told, of which so many are read, and how surely.
_TELLING, _ENOUGH, _SURE = 40, 600, 0.95


def detect(
    text: str,
    *,
    english: Callable[[str], bool],
    known_in: Callable[[str], Collection[str]],
    perhaps_english: Callable[[str], bool] = lambda word: False,
) -> str:
    """The language of ``text``, one of LANGUAGES; English where there is nothing to tell it by.

    ``english``: whether a folded word is an ordinary English one here. ``known_in``: the languages in which it is known
    otherwise. ``perhaps_english``: whether it is in a large English vocabulary, which holds words of other languages,
    too. A text of nothing but English words, and, where it is short, of such that are perhaps English and known in no
    other language, is English, and nothing more is looked at.
    """
    words = [token.term for token in tokens(text, "und")]
    if len(words) > _FEW:
        perhaps_english = english
    votes = [_languages(word, english, known_in, perhaps_english) for word in words]
    if all(ENGLISH in known and (len(known) == 1 or english(word)) for word, known in zip(words, votes, strict=True)):
        return ENGLISH
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


def _languages(
    word: str,
    english: Callable[[str], bool],
    known_in: Callable[[str], Collection[str]],
    perhaps_english: Callable[[str], bool],
) -> set[str]:
    found = {name for name in LANGUAGES if is_function_word(word, name)}.union(known_in(word))
    return found | {ENGLISH} if english(word) or (len(word) > _SHORT and perhaps_english(word)) else found


def is_function_word(word: str, language: str) -> bool:
    """Whether a folded word only holds a sentence together."""
    if language == ENGLISH:
        return any(token.function_word for token in tokens(word, ENGLISH))
    return word in FUNCTION_WORDS.get(language, ())


def _rank(text: str) -> list[tuple[str, float]]:
    ranked: list[tuple[str, float]] = _identifier().rank(text)
    return ranked


def keep_unpacked(folder: Path) -> None:
    """Let this process keep the model unpacked in ``folder``, once it has read it, and look for it there."""
    global _folder
    _folder = folder


@cache
def _identifier() -> LanguageIdentifier:
    """Unpacking the model takes half a second, so that it waits for the first text that is not plainly English."""
    from py3langid.langid import MODEL_DIR, MODEL_FILE, LanguageIdentifier

    path, key = _folder and _folder / UNPACKED, _key(MODEL_DIR / MODEL_FILE)
    if path and (kept := unpacked(path, key)):
        return _restored(kept)
    found = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    found.set_languages(LANGUAGES)
    if path:
        unpack(path, key, _parts(found))
    return found


def _parts(found: LanguageIdentifier) -> Mapping[str, NDArray[Any]]:
    return {
        "classes": np.array(found.nb_classes),
        "prior": found.nb_pc,
        "table": found.nb_ptc,
        "moves": np.asarray(found.tk_nextmove),
        "rows": np.asarray(found.tk_row),
        "output": np.asarray(found.tk_output, dtype=np.int32),
    }


def _restored(kept: Mapping[str, NDArray[Any]]) -> LanguageIdentifier:
    from py3langid.langid import LanguageIdentifier

    # A memoryview gives Python's own numbers, one at a time, as the lists and arrays do that it stands for.
    return LanguageIdentifier(
        kept["table"],
        kept["prior"],
        kept["classes"].tolist(),
        kept["moves"].data,
        kept["output"].data,
        norm_probs=True,
        tk_row=kept["rows"].data,
    )


def _key(packed: Path) -> str:
    """What tells one model from another: an xz file ends with the checksum of its content."""
    with packed.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _TAIL))
        return f"{size} {file.read().hex()} {' '.join(LANGUAGES)}"
