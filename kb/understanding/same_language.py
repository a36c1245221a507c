"""A question in the language of documents: what else may tell there, and what hardly does.

Where words meet as they are written, other words of that language say the same (what one calls a shop another calls a
store), words have parts in common, and a word that most documents hold tells none of them apart. All of it counts the
less the fewer documents are in that language, and from LEAST_SHARE down nothing does; nor does any of it in English.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Protocol

from kb.ranking.rarity import rarity
from kb.text.analysis import parted, tokens
from kb.text.languages import is_function_word
from kb.text.letters import pieces
from kb.types import Faint, Layout, Mode, Positions
from kb.understanding.concepts import content
from kb.understanding.dictionary import may_mean
from kb.understanding.query import Forms, ParsedQuery, forms_in

#: How far a word of the documents counts that is near to one of a query in their language, beside that word itself, and
#: the least that is looked up; how far the pieces of such words count together, beside the words.
NEARBY, LEAST, LETTERS = 0.5, 0.05, 1.0
#: The words of a query of which any of it is looked up, the first ones; the most pieces; and the share of half of the
#: documents from which any is.
MOST_WIDENED, MOST_PIECES, LEAST_SHARE = 32, 200, 0.1
#: A word counts less in the vector of a query from this share of the documents in its language on: as its rarity has
#: it, to this power; and the least that any counts.
COMMON, STEEP, LEAST_TOLD = 0.03, 1.5, 0.05


class Reading(Protocol):
    """What this needs of one generation; see :class:`kb.backends.Snapshot`."""

    @property
    def layout(self) -> Layout: ...

    @property
    def multilingual(self) -> bool:
        """Whether texts in other languages than English have an encoder of their own."""
        ...

    def near(self, word: str) -> Sequence[tuple[str, float]]:
        """Words of the documents, mostly English ones, that say what a folded foreign word says, the likeliest
        first."""
        ...

    def holding_any(self, terms: Sequence[Forms], among: Positions) -> Sequence[int]:
        """How many of the documents ``among`` all hold any form of each term."""
        ...


def among_its_own(parsed: ParsedQuery, mode: Mode, reading: Reading) -> ParsedQuery:
    """A query with what else may tell of its words, and what hardly does, as far as documents are in its language.

    Nothing of it where somebody asks by word: who does means that word. What is quoted is meant as it is.
    """
    share = share_of_half(parsed, reading.layout)
    if share < LEAST_SHARE or mode == "lexical":
        return parsed
    parsed = replace(parsed, faint=_faint(parsed, share, reading))
    if mode != "hybrid":
        return parsed
    quoted = _quoted(parsed)
    own = [place for place, forms in enumerate(parsed.terms[:MOST_WIDENED]) if quoted.isdisjoint(forms)]
    return _with_near_words(_with_letters(parsed, own, share), own, share, reading)


def share_of_half(parsed: ParsedQuery, layout: Layout) -> float:
    """How far documents are in the language of a query that is not in English: 1 where half of them or more are."""
    return min(1.0, 2 * layout.share_in(parsed.language)) if parsed.foreign else 0.0


def _quoted(parsed: ParsedQuery) -> frozenset[str]:
    return frozenset(form for phrase in parsed.phrases for forms in phrase for form in forms)


# --- what hardly tells -----------------------------------------------------------------------------------------


def _faint(parsed: ParsedQuery, share: float, reading: Reading) -> tuple[Faint, ...]:
    """The words of ``parsed.foreign`` that many documents in its language hold, such as what all of these are about.

    An encoder knows how much a word tells in general, not what is common here. A word weighs as its rarity has it, but
    no word more than one in COMMON of the documents: how much rarer ones tell the encoder knows better. What only holds
    a sentence together is left to it, too.
    """
    quoted = _quoted(parsed)
    words = list(tokens(parted(parsed.foreign, parsed.language), "und"))
    places: dict[Forms, list[tuple[int, int]]] = {}
    for word in words:
        if not is_function_word(word.term, parsed.language):
            forms = forms_in(parsed.foreign[word.start : word.end], reading.layout.languages)
            if quoted.isdisjoint(forms):
                places.setdefault(forms, []).append((word.start, word.end))
    terms = list(places)[:MOST_WIDENED]
    own = reading.layout.in_language(parsed.language)
    enough = rarity(len(own), max(1.0, COMMON * len(own)))
    holding = reading.holding_any(terms, own)
    told = [max(LEAST_TOLD, min(1.0, rarity(len(own), number) / enough) ** STEEP) for number in holding]
    if sum(map(len, places.values())) == len(words):  # no other word: a question mark would be what is asked for
        told = [each / max(told) for each in told]
    found = (
        Faint(start, end, 1 - share * (1 - each))
        for forms, each in zip(terms, told, strict=True)
        for start, end in places[forms]
    )
    return tuple(sorted((word for word in found if word.counts < 1), key=lambda word: word.start))


# --- what else may tell ----------------------------------------------------------------------------------------


def _with_letters(parsed: ParsedQuery, places: Sequence[int], share: float) -> ParsedQuery:
    """A query with the pieces of the words at ``places``, which all together count LETTERS times as much as these."""
    counted: Counter[str] = Counter()
    asked = 0
    for place in places:
        several = Counter(pieces(parsed.written[place], parsed.language))
        if several and len(counted) + len(several) <= MOST_PIECES:
            counted.update({piece: count * parsed.counts[place] for piece, count in several.items()})
            asked += parsed.counts[place]
    one = LETTERS * share * asked / max(1, counted.total())
    return replace(parsed, letters={piece: one * count for piece, count in counted.items()})


def _with_near_words(parsed: ParsedQuery, places: Sequence[int], share: float, reading: Reading) -> ParsedQuery:
    """A query with the words of documents that are near to those at ``places``, each half as much as it is sure."""
    if not reading.multilingual:
        return parsed
    asked = {form for forms in parsed.terms for form in forms}
    terms, certainty = list(parsed.terms), dict(parsed.certainty)
    for place in places:
        near: dict[str, float] = {}
        for word, sure in _nearby(parsed.written[place], parsed.language, reading):
            counts = NEARBY * share * sure
            near |= {form: max(counts, near.get(form, 0.0)) for form in forms_in(word, reading.layout.languages)}
        others = {form: counts for form, counts in near.items() if form not in asked and counts >= LEAST}
        certainty |= {form: max(counts, certainty.get(form, 0.0)) for form, counts in others.items()}
        terms[place] = (*terms[place], *others)
    return replace(parsed, terms=tuple(terms), certainty=certainty)


def _nearby(written: str, language: str, reading: Reading) -> Iterator[tuple[str, float]]:
    """Words of the documents that are near to one of a query, and how sure each is; of "l'acqua" to the water."""
    for word in content(written, language):
        if may_mean(word.folded):
            yield from reading.near(word.folded)
