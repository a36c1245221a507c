"""What is meant by the text of a query: slips of the keyboard put right, other languages put into English.

Both from what the base itself holds: the words of its documents, and the labels of its taxonomy. A query in English
whose words occur here stays as it is.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import chain, compress
from typing import Protocol

from kb.facets.labels import Labels
from kb.text.analysis import tokens
from kb.text.languages import ENGLISH, detect, is_function_word
from kb.types import NamedConcept, Query, Understanding
from kb.understanding.concepts import ConceptKey, Glossaries, Glossary, Translation, Word, content
from kb.understanding.query import (
    LIKELY,
    MAX_CHARACTERS,
    MAX_TERMS,
    MOST_TOLD,
    Forms,
    ParsedQuery,
    forms_in,
    parse,
    replaced,
    translated_forms,
)
from kb.understanding.same_language import Reading as InItsLanguage
from kb.understanding.same_language import among_its_own
from kb.understanding.spelling import SHORTEST, Vocabulary, correction

#: A word is an ordinary English one when it stands in so many documents of an English base; in fewer it may be a name.
ORDINARY = 3
#: The share that the labels of the concepts have beside the words in English, when what is meant is encoded.
LABELS = 0.5
#: How sure a translation must be to stand beside those of the labels, which were learned from few texts.
BESIDE_LABELS = 0.6
#: A word of another language is taken for the same word in English from this length, and from that with two changes.
COGNATE, LOOSE_COGNATE = 6, 8
#: The first letter of the scripts that follow Latin in Unicode, marks aside.
_BEHIND_LATIN = "\u0250"


class Reading(InItsLanguage, Protocol):
    """What understanding needs of one generation; see :class:`kb.backends.Snapshot`."""

    @property
    def labels(self) -> Labels: ...
    @property
    def vocabulary(self) -> Vocabulary: ...
    @property
    def glossaries(self) -> Glossaries: ...

    def occurring(self, forms: Sequence[str]) -> frozenset[str]:
        """Those of ``forms`` that occur in a document."""
        ...

    def is_word(self, word: str) -> bool:
        """Whether a folded word is one that the model knows, so that it is no slip."""
        ...


def understand(query: Query, reading: Reading) -> tuple[ParsedQuery, Understanding]:
    """What to search for, and how that differs from what was typed. Raises UsageError for a text that is too long."""
    parsed, understood = _understood(query, reading)
    parsed = among_its_own(parsed, query.mode, reading)
    return _in_translations(parsed, understood.language, reading), understood


def _understood(query: Query, reading: Reading) -> tuple[ParsedQuery, Understanding]:
    parsed = _parsed(query.text, reading)
    if query.exact or not parsed.terms:
        return parsed, Understanding()
    if not reading.glossaries and not reading.multilingual:
        return _corrected(query.text, parsed, None, reading)
    language = _language(parsed.meaning, reading)
    if ENGLISH not in reading.layout.languages:  # nothing to put it into, and no telling slips from inflections
        return _in_its_own(parsed, parsed, language), Understanding()
    corrected, understood = _corrected(query.text, parsed, ENGLISH, reading)
    if language == ENGLISH or (understood.corrected and _mostly_english(corrected, reading)):
        corrected, concepts = _bridged_in_part(corrected, reading)
        return corrected, replace(understood, concepts=concepts)
    bridged, concepts = _bridged(parsed, reading.glossaries.glossary(language), reading, lambda word: True)
    english = tuple(dict.fromkeys(word for forms in bridged.terms for word in bridged.told(forms)))
    return _in_its_own(bridged, parsed, language), Understanding(language, concepts=concepts, english=english)


def _parsed(text: str, reading: Reading) -> ParsedQuery:
    return parse(text, reading.layout.languages, reading.layout.translated)


def _in_translations(parsed: ParsedQuery, language: str | None, reading: Reading) -> ParsedQuery:
    """The query with the forms that its words have in translations.

    An English word is a word of another language only if it is in no document otherwise: "fast" says almost nothing in
    German.
    """
    translated = reading.layout.translated
    if not translated or not parsed.terms:
        return parsed
    language = language or _language(parsed.meaning, reading)
    english = [code for code in translated if code.partition("-")[0] == ENGLISH]

    def forms(word: str) -> Forms:
        within = english if language == ENGLISH and _occurs(_folded(word), reading) else translated
        return translated_forms(word, within)

    terms = tuple((*own, *forms(word)) for own, word in zip(parsed.terms, parsed.written, strict=True))
    return replace(parsed, terms=terms)


def _in_its_own(parsed: ParsedQuery, written: ParsedQuery, language: str) -> ParsedQuery:
    """A query that is also read in the language in which it is written, if that is another than English."""
    if language == ENGLISH:
        return parsed
    return replace(_without_function_words(parsed, language), foreign=written.meaning, language=language)


def _without_function_words(parsed: ParsedQuery, language: str) -> ParsedQuery:
    """The query without the words that only hold it together, unless it has no other."""
    told = [not is_function_word(_folded(word), language) for word in parsed.written]
    if all(told) or not any(told):
        return parsed
    return replace(
        parsed,
        terms=tuple(compress(parsed.terms, told)),
        counts=tuple(compress(parsed.counts, told)),
        written=tuple(compress(parsed.written, told)),
    )


# --- language --------------------------------------------------------------------------------------------------


def _language(text: str, reading: Reading) -> str:
    return detect(
        text,
        english=lambda word: _english(word, reading),
        known_in=lambda word: reading.glossaries.languages_of(word),
        # Another model than the default one may know words of every language.
        perhaps_english=lambda word: (
            reading.layout.languages == (ENGLISH,) and reading.multilingual and reading.is_word(word)
        ),
    )


def _english(word: str, reading: Reading) -> bool:
    """Whether a folded word is an ordinary English one. In documents of several languages few surely are."""
    return (
        is_function_word(word, ENGLISH)
        or (reading.layout.languages == (ENGLISH,) and reading.vocabulary.count(word) >= ORDINARY)
        or ENGLISH in reading.glossaries.languages_of(word)
    )


def _mostly_english(corrected: ParsedQuery, reading: Reading) -> bool:
    """Whether a text that was taken for another language was English with slips: more than half of it is, without."""
    found = [_english(word.folded, reading) for word in content(corrected.meaning, ENGLISH)]
    return 2 * sum(found) > len(found)


# --- slips -----------------------------------------------------------------------------------------------------


def _corrected(
    text: str, parsed: ParsedQuery, language: str | None, reading: Reading
) -> tuple[ParsedQuery, Understanding]:
    names = _names(text)
    better = replaced(text, lambda word: _correction(word, reading, name=word in names))
    if better == text or len(better) > MAX_CHARACTERS:
        return parsed, Understanding(language)
    return _parsed(better, reading), Understanding(language, corrected=" ".join(better.split()))


def _names(text: str) -> frozenset[str]:
    """The words that are written as names: with a capital after words without one."""
    written = [text[token.start : token.end] for token in tokens(text, "und")][1:]
    capitals = frozenset(word for word in written if not word[0].islower())
    return capitals if len(capitals) < len(set(written)) else frozenset()


def _correction(written: str, reading: Reading, *, name: bool) -> str | None:
    """Another word for one that occurs nowhere and is not a word of a label in any language."""
    word = _folded(written)
    if len(word) < SHORTEST or not written.isalpha() or not word.isalpha():
        return None
    if (name and written.isupper()) or reading.glossaries.languages_of(word):
        return None
    if _occurs(word, reading) or _translated(word, reading) or reading.is_word(word):
        return None
    better = correction(word, reading.vocabulary, name=name)
    if better is None or is_function_word(better, ENGLISH):  # nobody searches for those
        return None
    return better.capitalize() if written.istitle() else better


def _occurs(word: str, reading: Reading) -> bool:
    """Whether a folded word, or a form of it, is in a document, translations aside."""
    return word in reading.vocabulary or bool(reading.occurring(_own_forms(word, reading)))


def _translated(word: str, reading: Reading) -> bool:
    """Whether a form of a word is in a translation."""
    return bool(reading.occurring(translated_forms(word, reading.layout.translated)))


def _folded(written: str) -> str:
    return "".join(token.term for token in tokens(written, "und"))


# --- other languages -------------------------------------------------------------------------------------------


def _bridged_in_part(parsed: ParsedQuery, reading: Reading) -> tuple[ParsedQuery, tuple[NamedConcept, ...]]:
    """An English query with English beside words that occur nowhere and are a whole label in another language."""
    strange = {word.folded for word in content(parsed.meaning, ENGLISH) if _strange(word.folded, reading)}
    names = Counter(name for word in strange for name in reading.glossaries.languages_of(word))
    if not names:
        return parsed, ()
    likeliest = min(names, key=lambda name: (-names[name], name))
    glossary = reading.glossaries.glossary(likeliest)
    words = content(parsed.meaning, likeliest)
    labels = (words[start:end] for start, end, _ in glossary.named([word.term for word in words]))
    foreign = {word.folded for label in labels if strange.issuperset(w.folded for w in label) for word in label}
    return _bridged(parsed, glossary, reading, foreign.__contains__)


def _strange(word: str, reading: Reading) -> bool:
    """Whether a folded word is not English, as far as the base and the model know, and stands in a label."""
    if _english(word, reading) or not reading.glossaries.languages_of(word):
        return False
    return not _occurs(word, reading) and not reading.is_word(word)


def _bridged(
    parsed: ParsedQuery, glossary: Glossary, reading: Reading, foreign: Callable[[str], bool]
) -> tuple[ParsedQuery, tuple[NamedConcept, ...]]:
    """The query with English beside its ``foreign`` words (folded), and the concepts that these name.

    A word and its translations are one term, of which any form matches (Pirkola 1998, "The effects of query structure
    and dictionary setups in dictionary-based cross-language information retrieval"). What is in no dictionary and in
    no document stays a word that none holds, as an unknown word of an English query does: it tells how much of the
    query was not found.
    """
    words = content(parsed.meaning, glossary.language)
    written = {form for word in words for form in _own_forms(parsed.meaning[word.start : word.end], reading)}
    english = {
        word.start: tuple(
            found
            for found in _translations(word, glossary, reading)
            if found.certainty == 1 or found.term not in written
        )
        for word in words
        if foreign(word.folded)
    }
    concepts = _named(words, glossary, foreign)
    if not concepts and not any(english.values()):
        return parsed, ()
    terms: Counter[Forms] = Counter()
    first: dict[Forms, str] = {}
    spoken = []
    for word in words:
        text = parsed.meaning[word.start : word.end]
        own, found = _own_forms(text, reading), english.get(word.start)
        forms = tuple(dict.fromkeys((*own, *(translation.term for translation in found or ()))))
        if own in parsed.terms or found is not None:
            terms[forms] += 1
            first.setdefault(forms, text)
        spoken += _spoken(word, found or (), glossary) or _untranslated(text, found)
    certainty: dict[str, float] = {}
    spelt: dict[str, str] = {}
    for translation in chain.from_iterable(english.values()):
        spelt.setdefault(translation.term, translation.word)
        certainty[translation.term] = max(certainty.get(translation.term, 0.0), translation.certainty)
    labels = tuple(NamedConcept(*key, label=reading.labels.label(*key)) for key in concepts)
    return (
        replace(
            parsed,
            meaning=" ".join(spoken) or parsed.meaning,
            terms=tuple(terms)[:MAX_TERMS],
            counts=tuple(terms.values())[:MAX_TERMS],
            written=tuple(first[forms] for forms in terms)[:MAX_TERMS],
            translations=spelt,
            certainty=certainty,
            hints=((". ".join(dict.fromkeys(concept.label for concept in labels)), LABELS),) if labels else (),
        ),
        labels,
    )


def _spoken(word: Word, found: Sequence[Translation], glossary: Glossary) -> list[str]:
    """What stands for a word in an English text: a translation from the labels, or the likely ones of others."""
    likely = [translation.word for translation in found if translation.certainty >= LIKELY][:MOST_TOLD]
    return likely[:1] if word.term in glossary.dictionary else likely


def _untranslated(written: str, found: Sequence[Translation] | None) -> list[str]:
    """A word as it is written, which may be a name; of one in another script, of which the encoder for English sees
    nothing, the best of unlikely translations. ``found``: None for a word that is not foreign."""
    if found is None or unicodedata.normalize("NFKD", written[:1]) < _BEHIND_LATIN:
        return [written]
    return [translation.word for translation in found[:1]]


def _translations(word: Word, glossary: Glossary, reading: Reading) -> tuple[Translation, ...]:
    """From the labels, with what the encoder is sure of; else the English word that looks the same ("prévention"), if
    documents have it, or what the encoder thinks near."""
    long = len(word.folded) >= COGNATE
    if long and reading.layout.languages == (ENGLISH,) and reading.vocabulary.count(word.folded) >= ORDINARY:
        return tuple(Translation(token.term, word.folded) for token in tokens(word.folded, ENGLISH))
    if found := glossary.translations(word.term):
        known = {translation.term for translation in found}
        near = _near(word, reading) if reading.multilingual else ()
        return (*found, *(one for one in near if one.certainty >= BESIDE_LABELS and one.term not in known))
    if word.folded in reading.vocabulary:
        return ()
    slips = 1 if len(word.folded) < LOOSE_COGNATE else 2
    same = reading.vocabulary.nearest(word.folded, slips=slips, documents=ORDINARY, same_start=True) if long else None
    return tuple(Translation(token.term, same) for token in tokens(same, ENGLISH)) if same else _near(word, reading)


def _near(word: Word, reading: Reading) -> tuple[Translation, ...]:
    """The words of the documents that are near to one of another language in meaning, the surest first.

    Not the word itself, where documents have it: it is what was asked for, and no guess.
    """
    own = {token.term for token in tokens(word.folded, ENGLISH)}
    english = reading.near(word.folded)
    found = (Translation(token.term, one, sure) for one, sure in english for token in tokens(one, ENGLISH))
    return tuple(translation for translation in found if translation.term not in own)


def _named(words: Sequence[Word], glossary: Glossary, foreign: Callable[[str], bool]) -> tuple[ConceptKey, ...]:
    """The concepts whose labels stand in a text, in the order in which they are named."""
    named = glossary.named([word.term for word in words])
    keys = (
        key
        for start, end, concepts in named
        if all(foreign(word.folded) for word in words[start:end])
        for key in concepts
    )
    return tuple(dict.fromkeys(keys))


def _own_forms(written: str, reading: Reading) -> Forms:
    """The forms of a word in the languages of the documents."""
    return forms_in(written, reading.layout.languages)
