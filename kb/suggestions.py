"""What somebody who has begun to type may mean: concepts, questions, practices, organisations. No model is asked.

Every word typed must begin a word of what is suggested, in any order, accents and capitals aside. Nothing else is
read than names, so an answer takes a millisecond for thousands of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import islice
from types import MappingProxyType
from typing import Literal

from kb.content.model import SCHEMES, Concept, Organisation, Taxonomy
from kb.facets.labels import Labels
from kb.text.analysis import tokens
from kb.text.languages import ENGLISH
from kb.types import NamedConcept, Results
from kb.understanding.concepts import content

Kind = Literal["concept", "question", "practice", "organisation"]

#: Whoever types less means anything; whoever types more asks a question of their own.
SHORTEST, LONGEST = 2, 120
#: How many of each kind are suggested, in the order in which they are shown.
MOST: Mapping[Kind, int] = MappingProxyType({"concept": 3, "question": 3, "practice": 2, "organisation": 2})
#: Titles and questions that are looked through; titles come first.
MAX_TEXTS = 50_000
#: How many of the nearest hits say which topics are near.
_NEAREST = 10


@dataclass(frozen=True, slots=True)
class Suggestion:
    """``id`` is that of the concept (in ``facet``), the practice or the organisation; of a question, its practice.

    ``label`` is what is shown, ``spans`` the (start, end) code-point offsets of what was typed in it; ``matched`` is
    the other name that was typed, where it is not the label; ``language`` that of the label, of a title or a question.
    """

    kind: Kind
    id: str
    label: str
    spans: tuple[tuple[int, int], ...] = ()
    facet: str | None = None
    matched: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class _Name:
    """``key``: the folded words of ``text``, each after a blank."""

    kind: Kind
    id: str
    label: str
    text: str
    key: str
    facet: str | None = None
    language: str | None = None


@dataclass(frozen=True)
class Suggestions:
    """All that can be suggested in one generation.

    ``used`` maps facets to the values that some practice has: nothing is suggested that leads nowhere. ``texts`` are
    (id of the practice, whether it is a question, text, language); the first title of a practice is its own.
    """

    taxonomy: Taxonomy
    organisations: Mapping[str, Organisation]
    used: Mapping[str, Sequence[str]]
    texts: Sequence[tuple[str, bool, str, str]]
    _named: dict[str, tuple[_Name, ...]] = field(default_factory=dict)

    def find(self, text: str, *, language: str = ENGLISH) -> tuple[Suggestion, ...]:
        """What ``text`` may become, at most ``MOST`` of a kind.

        What begins with it comes first, then what goes by that name before what is also called so, then what is
        shorter. Concepts go by their names in ``language`` and in English, and are shown in ``language``; practices go
        by all their titles, and are shown by that in ``language`` if they have it, else by their own.
        """
        typed = [token.term for token in tokens(text, "und")] if len(text) <= LONGEST else []
        if sum(map(len, typed)) < SHORTEST:
            return ()
        whole, starts = f" {' '.join(typed)}", [f" {word}" for word in typed]
        found: dict[Kind, list[tuple[bool, bool, int, str, _Name]]] = {kind: [] for kind in MOST}
        for name in self._names(language):
            if all(start in name.key for start in starts):
                order = (not name.key.startswith(whole), name.text != name.label, len(name.text), name.text)
                found[name.kind].append((*order, name))
        return tuple(
            _suggestion(name, typed)
            for kind, most in MOST.items()
            for name in islice(_distinct(name for *_, name in sorted(found[kind], key=lambda one: one[:-1])), most)
        )

    def near(self, results: Results, *, language: str = ENGLISH, limit: int = 6) -> tuple[NamedConcept, ...]:
        """Concepts in the neighbourhood of a question that nothing answers well.

        First those that it names in part, then the topics that the nearest hits have most often.
        """
        labels = Labels(self.taxonomy, self.organisations)
        topics = Counter(
            topic for hit in results.hits[:_NEAREST] if hit.practice for topic in hit.practice.topics
        ).most_common()
        keys = dict.fromkeys(
            (
                *((concept.facet, concept.id) for concept in results.understood.concepts),
                *self._sharing_words(results.understood.corrected or results.query.text),
                *(("topic", topic) for topic, _ in sorted(topics, key=lambda topic: (-topic[1], topic[0]))),
            )
        )
        used = ((facet, id) for facet, id in keys if id in self.used.get(facet, ()))
        return tuple(NamedConcept(facet, id, labels.label(facet, id, language)) for facet, id in islice(used, limit))

    def _sharing_words(self, text: str) -> list[tuple[str, str]]:
        """The topics, risks and audiences of which a label has words of ``text``, those with most of them first."""
        asked = {word.term for word in content(text, ENGLISH)}
        shares = {
            concept: max((len(own & asked) / len(own) for own in labels), default=0.0)
            for concept, labels in self._words_of_labels.items()
        }
        return sorted((key for key, share in shares.items() if share >= 0.5), key=lambda key: (-shares[key], key))

    @cached_property
    def _words_of_labels(self) -> Mapping[tuple[str, str], tuple[frozenset[str], ...]]:
        """The words of each label of the topics, risks and audiences: a page on which nothing fits well asks all."""
        return {
            (facet, concept.id): tuple(filter(None, map(_content, _labels(concept, ENGLISH))))
            for facet in ("topic", "risk", "audience")
            for concept in self._concepts(facet)
        }

    def _names(self, language: str) -> tuple[_Name, ...]:
        if language not in self._named:
            self._named[language] = tuple(self._read(language))
        return self._named[language]

    def _read(self, language: str) -> Iterator[_Name]:
        labels = Labels(self.taxonomy, self.organisations)
        for facet in SCHEMES:
            for concept in self._concepts(facet):
                for text in dict.fromkeys((*_labels(concept, language), *_labels(concept, ENGLISH))):
                    yield _Name("concept", concept.id, concept.label(language), text, _key(text), facet)
        for country in self.used.get("country", ()):
            label = labels.label("country", country, language)
            yield _Name("concept", country, label, label, _key(label), "country")
        for id in self.used.get("organisation", ()):
            if organisation := self.organisations.get(id):
                for text in (organisation.name, *organisation.aliases):
                    yield _Name("organisation", id, organisation.name, text, _key(text))
        shown = self._titles(language)
        for id, is_question, text, spoken in self.texts:
            label, of_label = (text, spoken) if is_question else shown[id]
            yield _Name("question" if is_question else "practice", id, label, text, _key(text), language=of_label)

    def _titles(self, language: str) -> Mapping[str, tuple[str, str]]:
        """By practice: the title that is shown, and its language."""
        titles: dict[str, tuple[str, str]] = {}
        for id, is_question, text, spoken in self.texts:
            if not is_question and (id not in titles or spoken == language):
                titles[id] = (text, spoken)
        return titles

    def _concepts(self, facet: str) -> Iterator[Concept]:
        used = frozenset(self.used.get(facet, ()))
        scheme = self.taxonomy.schemes.get(facet)
        return (concept for concept in (scheme.concepts if scheme else ()) if concept.id in used)


@lru_cache(maxsize=20_000)
def _content(label: str) -> frozenset[str]:
    """The terms of a label in English: the next generation has nearly always the same labels."""
    return frozenset(word.term for word in content(label, ENGLISH))


def _key(text: str) -> str:
    return "".join(f" {token.term}" for token in tokens(text, "und"))


def _labels(concept: Concept, language: str) -> tuple[str, ...]:
    preferred = concept.preferred.get(language)
    others = concept.alternative.get(language, ())
    return tuple(label.text for label in ((preferred, *others) if preferred else others))


def _distinct(names: Iterable[_Name]) -> Iterator[_Name]:
    """One name of each thing, and one of several things that are called the same."""
    seen: set[object] = set()
    for name in names:
        thing = name.label if name.kind in ("question", "practice") else (name.facet, name.id)
        if thing not in seen:
            seen.add(thing)
            yield name


def _suggestion(name: _Name, typed: Sequence[str]) -> Suggestion:
    return Suggestion(
        kind=name.kind,
        id=name.id,
        label=name.label,
        spans=_spans(name.label, typed) if name.text == name.label else (),
        facet=name.facet,
        matched=None if name.text == name.label else name.text,
        language=name.language,
    )


def _spans(label: str, typed: Sequence[str]) -> tuple[tuple[int, int], ...]:
    """Where the words typed stand. Folding may change the length of a word; then all of it is marked."""
    spans = []
    for token in tokens(label, "und"):
        begun = max((len(word) for word in typed if token.term.startswith(word)), default=0)
        if begun:
            same_length = len(token.term) == token.end - token.start
            spans.append((token.start, token.start + begun if same_length else token.end))
    return tuple(spans)
