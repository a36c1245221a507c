"""The text of a query, read once: words, "quoted phrases", and -words to leave out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice

import regex

from kb.errors import UsageError
from kb.text.analysis import tokens, translated_tokens
from kb.types import Faint

#: Longest text of a query, in characters. A longer one is a mistake (or an attack) and is refused, not cut.
MAX_CHARACTERS = 2000
#: Most terms that are looked up; a query of MAX_CHARACTERS ordinary words stays below.
MAX_TERMS = 400

#: How sure a translation must be to be told to people and to the encoder for English, and how many of one word are.
LIKELY, MOST_TOLD = 0.45, 3

#: Quotes are an operator in a search, and mere quotes in running text: one with more words than these outside them.
MAX_RUNNING_WORDS = 8

#: A minus before a number is a dash: "COVID -19", "for ages 9 -12"; not before "-4chan".
_PART = regex.compile(r"""(?P<minus>(?<!\S)-(?!\d[\d.,:;?!/+%–-]*(?!\S)))?(?:"(?P<phrase>[^"]*)"|(?P<word>[^\s"]+))""")
_UNPRINTABLE = regex.compile(r"[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+")

#: The forms that one word takes in the languages of the base: any of them matches.
Forms = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ParsedQuery:
    """``meaning`` is what an encoder sees. ``counts`` says how often each of the ``terms`` was asked for.

    ``hints`` are further texts that mean the same, each with its weight beside 1 for ``meaning``; their vectors are
    averaged. A document must hold every phrase and none of the excluded phrases. ``foreign`` is the text as it was
    written, where its ``language`` is not English.

    The words of a phrase give one form for each language, of documents and of translations, in the same order, so that
    a phrase is sought in each.
    """

    meaning: str
    terms: tuple[Forms, ...] = ()
    counts: tuple[int, ...] = ()
    phrases: tuple[tuple[Forms, ...], ...] = ()
    excluded: tuple[tuple[Forms, ...], ...] = ()
    hints: tuple[tuple[str, float], ...] = ()
    #: Each of the ``terms`` as it was written, the English of the forms that are translations, and how sure each of
    #: these is (over 0, at most 1), for whichever word it is surest.
    written: tuple[str, ...] = ()
    translations: Mapping[str, str] = field(default_factory=dict)
    certainty: Mapping[str, float] = field(default_factory=dict)
    foreign: str = ""
    language: str = "en"
    #: Pieces of its words (:mod:`kb.text.letters`), and how much each counts.
    letters: Mapping[str, float] = field(default_factory=dict)
    #: The words of ``foreign`` that many documents hold, in order.
    faint: tuple[Faint, ...] = ()

    @property
    def highlighted(self) -> frozenset[str]:
        """Every form whose words are marked in a passage: all but translations that are unlikely."""
        in_phrases = (forms for phrase in self.phrases for forms in phrase)
        return frozenset(form for forms in (*self.terms, *in_phrases) for form in forms if self.is_likely(form))

    def told(self, forms: Iterable[str]) -> tuple[str, ...]:
        """The English of those of ``forms`` that are likely translations, as people are told."""
        found = (self.translations[form] for form in forms if form in self.translations and self.is_likely(form))
        return tuple(islice(dict.fromkeys(found), MOST_TOLD))

    def is_nearby(self, form: str) -> bool:
        """Whether a form is of a word that is only near to what was written: neither that nor a translation."""
        return form in self.certainty and form not in self.translations

    def is_likely(self, form: str) -> bool:
        """Whether a form is what was written, or a translation that is shown to people."""
        return self.certainty.get(form, 1.0) >= LIKELY


def parse(text: str, languages: Sequence[str], translated: Sequence[str] = ()) -> ParsedQuery:
    """Read ``text``; ``languages`` are those of the documents, whose stemmers decide the forms of each word.

    Phrases and what is left out are sought in translations into the languages ``translated`` as well.

    Control and formatting characters count as blanks, a lone quote as nothing. Function words are looked up only
    where there is nothing else. Raises UsageError for a text over MAX_CHARACTERS.
    """
    if len(text) > MAX_CHARACTERS:
        raise UsageError(
            "the query has %(count)s characters, at most %(most)s are read; ask in a sentence or two",
            count=len(text),
            most=MAX_CHARACTERS,
        )
    text = _UNPRINTABLE.sub(" ", text)
    words: list[str] = []
    phrases: list[tuple[Forms, ...]] = []
    excluded: list[tuple[Forms, ...]] = []
    for part in _PART.finditer(text):
        quoted, plain = part["phrase"], part["word"]
        piece = quoted if quoted is not None else plain
        if not part["minus"]:
            words.append(piece)
        if part["minus"] or quoted is not None:
            forms = tuple(f for f, _ in _forms(piece, languages, translated))
            if forms:
                (excluded if part["minus"] else phrases).append(forms)
    meaning = " ".join(" ".join(words).split())
    every = list(_forms(meaning, languages))
    written = [meaning[token.start : token.end] for token in tokens(meaning, (languages or ("en",))[0])]
    asked = [
        (forms, word) for (forms, is_function_word), word in zip(every, written, strict=True) if not is_function_word
    ]
    asked = [
        (tuple(dict.fromkeys(forms)), word)
        for forms, word in asked or [(forms, word) for (forms, _), word in zip(every, written, strict=True)]
    ]
    counted = Counter(forms for forms, _ in asked)
    first = dict(reversed(asked))
    quoted_words = sum(map(len, phrases))
    return ParsedQuery(
        meaning=meaning,
        terms=tuple(counted)[:MAX_TERMS],
        counts=tuple(counted.values())[:MAX_TERMS],
        written=tuple(first[forms] for forms in counted)[:MAX_TERMS],
        phrases=tuple(dict.fromkeys(phrases)) if len(every) - quoted_words <= MAX_RUNNING_WORDS else (),
        excluded=tuple(dict.fromkeys(excluded)),
    )


def replaced(text: str, replacement: Callable[[str], str | None]) -> str:
    """``text`` with other words for some, those excepted that are quoted or left out: they are meant as they are."""

    def part(match: regex.Match[str]) -> str:
        piece = match.group()
        if match["minus"] or match["word"] is None:
            return piece
        for token in reversed(list(tokens(piece, "und"))):
            if (other := replacement(piece[token.start : token.end])) is not None:
                piece = piece[: token.start] + other + piece[token.end :]
        return piece

    return _PART.sub(part, text)


def forms_in(word: str, languages: Sequence[str]) -> Forms:
    """The forms of one word in the languages of the documents."""
    return tuple(dict.fromkeys(token.term for language in languages or ("en",) for token in tokens(word, language)))


def translated_forms(word: str, translated: Sequence[str]) -> Forms:
    """The form that one word has in translations into each of some languages; of "l'âge" that of "âge"."""
    found = (_translated_form(word, language) for language in translated)
    return tuple(form for form in found if form)


@lru_cache(maxsize=100_000)
def _translated_form(word: str, language: str) -> str:
    """Every search asks for the forms of its words in each language of a translation. Empty for what is no word."""
    return next((token.term for token in reversed(list(translated_tokens(word, language)))), "")


def _forms(text: str, languages: Sequence[str], translated: Sequence[str] = ()) -> list[tuple[Forms, bool]]:
    """For each word its form in each language, and whether it is a function word in the first of them."""
    by_language = [list(tokens(text, language)) for language in (languages or ("en",))]
    return [
        (
            (
                *(token.term for token in same_word),
                *translated_forms(text[same_word[0].start : same_word[0].end], translated),
            ),
            same_word[0].function_word,
        )
        for same_word in zip(*by_language, strict=True)
    ]
