"""What the labels of the taxonomy teach about a language: the concepts that a text names, and single words.

The labels of one concept in two languages say the same thing. A text that holds a label names the concept; and from
all labels together one learns which words translate each other, which serves where a text uses the words of labels in
another order or inflection.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from kb.content.model import Concept, Taxonomy
from kb.text.analysis import distinct_words, parted, tokens
from kb.text.languages import ENGLISH, LANGUAGES, is_function_word
from kb.understanding.alignment import Pair, align

#: How many translations of a word are looked for, the likeliest first, and how likely each must be.
TRANSLATIONS = 3
LIKELY = 0.05
#: A word counts as a form of another when they share this part of the longer one, from its start.
SAME_STEM = 0.6
#: By how many first letters words of one stem are looked for.
_START = 4
#: Two preferred labels say the same more surely than any two labels of a concept, which share this much between them.
_PREFERRED = 3.0
_ANY = 6.0

#: A facet and the id of a concept in it.
ConceptKey = tuple[str, str]


class Word(NamedTuple):
    """A word of a text: its term, the word itself folded but not stemmed, and its code-point offsets."""

    term: str
    folded: str
    start: int
    end: int


class Translation(NamedTuple):
    """An English word, as labels or documents write it, its term, and how sure it is, in 0..1."""

    term: str
    word: str
    certainty: float = 1.0


@dataclass(frozen=True, slots=True)
class Glossary:
    """What is known of one language.

    ``labels`` maps the terms of each label to the concepts that have it; ``dictionary`` the terms of single words to
    English. ``by_start`` lists the terms of the dictionary by their first letters.
    """

    language: str
    labels: Mapping[tuple[str, ...], tuple[ConceptKey, ...]]
    dictionary: Mapping[str, tuple[Translation, ...]]
    by_start: Mapping[str, tuple[str, ...]]

    def named(self, terms: Sequence[str]) -> Iterator[tuple[int, int, tuple[ConceptKey, ...]]]:
        """The labels in a text, the longest at each place: (first term, behind the last term, concepts)."""
        longest = max(map(len, self.labels), default=0)
        start = 0
        while start < len(terms):
            for end in range(min(start + longest, len(terms)), start, -1):
                if concepts := self.labels.get(tuple(terms[start:end])):
                    yield start, end, concepts
                    start = end
                    break
            else:
                start += 1

    def translations(self, term: str) -> tuple[Translation, ...]:
        """English for a term, or else for the nearest one of the same stem; maybe none."""
        return self.dictionary.get(term) or self.dictionary.get(self._kin(term), ())

    def _kin(self, term: str) -> str:
        near = [
            (-shared / max(len(term), len(other)), other)
            for other in self.by_start.get(term[:_START], ())
            if (shared := _common_start(term, other)) >= SAME_STEM * max(len(term), len(other))
        ]
        return min(near)[1] if near else ""


class Glossaries:
    """The glossaries of a taxonomy, each made when it is first asked for. Safe to share between threads."""

    def __init__(self, taxonomy: Taxonomy) -> None:
        self._taxonomy = taxonomy
        self._made: dict[str, Glossary] = {}

    def __bool__(self) -> bool:
        """Whether there is anything to bridge: labels in another language than English."""
        return any(
            {ENGLISH, language} <= set(concept.preferred)
            for concept in _concepts(self._taxonomy)
            for language in LANGUAGES
            if language != ENGLISH
        )

    def languages_of(self, word: str) -> tuple[str, ...]:
        """The languages in which labels have a folded word."""
        return self._languages.get(word, ())

    @cached_property
    def _languages(self) -> Mapping[str, tuple[str, ...]]:
        known: dict[str, list[str]] = {}
        for language in LANGUAGES:
            labels = (label for concept in _concepts(self._taxonomy) for label in _labels(concept, language))
            # Every search needs this, and a process that answers one makes it for one: all labels as one text, each
            # written word once, and no stemming take a tenth of the time that one label after the other takes.
            for word in distinct_words(parted(" ".join(labels), language)):
                known.setdefault(word, []).append(language)
        return {word: tuple(sorted(languages)) for word, languages in known.items()}

    def glossary(self, language: str) -> Glossary:
        if language not in self._made:
            self._made[language] = _glossary(self._taxonomy, language)
        return self._made[language]


def words(text: str, language: str) -> list[Word]:
    """The words of ``text``; in other languages than English what precedes an apostrophe is a word too ("l'âge")."""
    text = parted(text, language)
    pairs = zip(tokens(text, language), tokens(text, "und"), strict=True)
    return [Word(token.term, folded.term, token.start, token.end) for token, folded in pairs]


def content(text: str, language: str) -> list[Word]:
    """The words of ``text`` that say something of its subject."""
    return [word for word in words(text, language) if not is_function_word(word.folded, language)]


def _concepts(taxonomy: Taxonomy) -> Iterator[Concept]:
    for scheme in taxonomy.schemes.values():
        yield from scheme.concepts


def _labels(concept: Concept, language: str) -> list[str]:
    """The labels of a concept, the preferred one first."""
    preferred = concept.preferred.get(language)
    others = concept.alternative.get(language, ())
    return [label.text for label in ((preferred, *others) if preferred else others)]


def _glossary(taxonomy: Taxonomy, language: str) -> Glossary:
    labels: dict[tuple[str, ...], list[ConceptKey]] = {}
    spelt: dict[str, Counter[str]] = {}
    pairs: list[Pair] = []
    for concept in _concepts(taxonomy):
        foreign = [tuple(word.term for word in content(label, language)) for label in _labels(concept, language)]
        english = []
        for label in _labels(concept, ENGLISH):
            found = content(label, ENGLISH)
            english.append(tuple(word.term for word in found))
            for word in found:
                spelt.setdefault(word.term, Counter())[label[word.start : word.end].lower()] += 1
        for terms in filter(None, foreign):
            labels.setdefault(terms, []).append((concept.scheme, concept.id))
        both_preferred = language in concept.preferred and ENGLISH in concept.preferred
        share = _ANY / max(len(foreign) * len(english), 1)
        pairs += [
            Pair(source, target, _PREFERRED if both_preferred and first == second == 0 else share)
            for first, source in enumerate(foreign)
            for second, target in enumerate(english)
        ]
    dictionary = {
        term: translations
        for term, options in align(pairs).items()
        if (
            translations := tuple(
                Translation(english, spelt[english].most_common(1)[0][0])
                for english, probability in options[:TRANSLATIONS]
                if probability >= LIKELY
            )
        )
    }
    by_start: dict[str, list[str]] = {}
    for term in sorted(dictionary):
        if len(term) >= _START:
            by_start.setdefault(term[:_START], []).append(term)
    return Glossary(
        language=language,
        labels={terms: tuple(dict.fromkeys(keys)) for terms, keys in labels.items()},
        dictionary=dictionary,
        by_start={start: tuple(terms) for start, terms in by_start.items()},
    )


def _common_start(one: str, other: str) -> int:
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
