"""The one analyser: text to terms. It feeds index, query and highlights alike, so that they never disagree.

A word is a run of letters, digits and marks (Unicode categories L, N, M), with apostrophes inside; Chinese and
Japanese characters are words by themselves. It is folded (NFKD, marks removed, case folded), then stemmed with the
Snowball stemmer of the language (Porter 2001, https://snowballstem.org), where there is one. Folding comes first,
so that "verification" meets "vérification".
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import NamedTuple

import regex
import Stemmer

_WORD = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}]|[\p{L}\p{N}\p{M}]+(?:['’][\p{L}\p{N}\p{M}]+)*")

#: Stands in the terms of translations behind their language. No word holds it, and FTS5 takes it for a letter.
MARK = "·"

#: Snowball's name of the stemmer for a language (BCP 47 primary subtag). Others are folded only.
_STEMMERS: dict[str, str] = {
    "ca": "catalan",
    "cs": "czech",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "et": "estonian",
    "eu": "basque",
    "fi": "finnish",
    "fr": "french",
    "ga": "irish",
    "hu": "hungarian",
    "it": "italian",
    "lt": "lithuanian",
    "nb": "norwegian",
    "nl": "dutch",
    "nn": "norwegian",
    "no": "norwegian",
    "pl": "polish",
    "pt": "portuguese",
    "ro": "romanian",
    "sv": "swedish",
}

#: Closed-class words of English: they shape a question and say nothing of its subject. Other languages rely on
#: term statistics alone.
_FUNCTION_WORDS: dict[str, str] = {
    "en": """
        a an the this that these those some any each every either neither both all such own same other another
        i me my mine myself we us our ours ourselves you your yours yourself yourselves he him his himself she her hers
        herself it its itself they them their theirs themselves one oneself
        who whom whose which what when where why how
        am is are was were be been being have has had having do does did doing done can could shall should will would
        may might must ought cannot
        and or but nor so yet if then than as because while although though unless until since whether
        of at by for with about against between into through during before after above below to from up down in out on
        off over under upon within without toward towards via per
        there here again further once just only very too also not no
        i'm i've i'll i'd you're you've you'll you'd he's he'll he'd she's she'll she'd it's it'll we're we've we'll
        we'd they're they've they'll they'd that's there's here's what's who's how's where's when's why's let's
        isn't aren't wasn't weren't don't doesn't didn't haven't hasn't hadn't can't couldn't won't wouldn't shouldn't
        mustn't
    """,
}


class Token(NamedTuple):
    """A term and where its word stands: code-point offsets, the end exclusive."""

    term: str
    start: int
    end: int
    function_word: bool


def tokens(text: str, language: str) -> Iterator[Token]:
    """The terms of ``text``, in order."""
    primary = language.partition("-")[0].lower()
    for match in _WORD.finditer(text):
        term, function_word = _analysed(match.group(), primary)
        if term:
            yield Token(term, match.start(), match.end(), function_word)


def translated_tokens(text: str, language: str) -> Iterator[Token]:
    """The terms of a translation, in order. They carry its language, so that they meet words of that language alone.

    In other languages than English what precedes an apostrophe is a word too ("l'âge").
    """
    primary = language.partition("-")[0].lower()
    text = parted(text, primary)
    return (token._replace(term=f"{primary}{MARK}{token.term}") for token in tokens(text, primary))


def is_translated(term: str) -> bool:
    """Whether a term is one of :func:`translated_tokens`."""
    return MARK in term


def parted(text: str, language: str) -> str:
    """``text`` with a blank for every apostrophe, unless it is English; as long as it was."""
    return text if language == "en" else text.replace("'", " ").replace("’", " ")


def analysed(text: str, language: str) -> str:
    """``text`` as its terms joined by blanks: what the lexical index stores."""
    primary = language.partition("-")[0].lower()
    words = (_fold(word) for word in _WORD.findall(text))
    return " ".join(_term(word, primary) for word in words if word)


def distinct_words(*texts: str) -> frozenset[str]:
    """The words of ``texts`` folded and not stemmed, each once: what :func:`tokens` gives in no language."""
    written = {word for text in texts for word in _WORD.findall(text)}
    return frozenset(_term(folded, "und") for word in written if (folded := _fold(word)))


@lru_cache(maxsize=200_000)
def _analysed(word: str, language: str) -> tuple[str, bool]:
    """The term of a word and whether it is a function word; of what folds to nothing the empty term."""
    folded = _fold(word)
    return (_term(folded, language), folded in _function_words(language)) if folded else ("", False)


@lru_cache(maxsize=200_000)
def _fold(word: str) -> str:
    if word.isascii():
        return word.lower()
    decomposed = unicodedata.normalize("NFKD", word.replace("’", "'")).casefold()
    return "".join(c for c in unicodedata.normalize("NFKD", decomposed) if c.isalnum() or c == "'").strip("'")


@lru_cache(maxsize=200_000)
def _term(word: str, language: str) -> str:
    stemmer = _stemmer(language)
    stem = str(stemmer.stemWord(word)) if stemmer else word
    return stem.replace("'", "") or word


@cache
def _function_words(language: str) -> frozenset[str]:
    return frozenset(_FUNCTION_WORDS.get(language, "").split())


@cache
def _stemmer(language: str) -> Stemmer.Stemmer | None:
    name = _STEMMERS.get(language)
    return Stemmer.Stemmer(name, 0) if name else None  # what it keeps itself it often sorts; _term remembers better
