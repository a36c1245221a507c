"""One function from Query to Results. It knows Protocols only and names no engine.

Everything is scored over the whole generation, then filtered: term statistics, normalisers and the relevance floor
are the same with and without filters, so adding a filter never swaps two hits, and the total, the facet counts and
the pages all belong to one result set.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from kb.errors import UsageError
from kb.facets.labels import Labels
from kb.ranking import bands, reranking, sorting
from kb.ranking.fusion import NORMALISERS, WEIGHTS, at_home, combine, leaning
from kb.text.analysis import tokens, translated_tokens
from kb.types import (
    FACETS,
    Band,
    Evidence,
    FacetValue,
    Floats,
    Hit,
    HitPassage,
    Layout,
    MatchedWord,
    Mode,
    NamedConcept,
    Positions,
    Query,
    Reranker,
    Results,
    Retriever,
    Sort,
    StoredDocument,
    StoredPassage,
    Why,
)
from kb.understanding.interpretation import Reading as Understandable
from kb.understanding.interpretation import understand
from kb.understanding.query import Forms, ParsedQuery
from kb.understanding.same_language import share_of_half

#: The most hits on one page, so that no request can ask for everything at once.
MAX_LIMIT = 1000
#: How many of the best documents tell what a query means (pseudo-relevance feedback).
FEEDBACK_DOCUMENTS = 2
SORTS: tuple[Sort, ...] = get_args(Sort)

Mask = NDArray[np.bool_]
_NOBODY = np.empty(0, dtype=np.int64)


class Reading(Understandable, Protocol):
    """What search needs of one generation; see :class:`kb.backends.Snapshot`."""

    @property
    def newest_first(self) -> Positions:
        """All documents, int64, in the order in which browsing shows them."""
        ...

    @property
    def ranks(self) -> sorting.Ranks: ...
    @property
    def reranker(self) -> Reranker | None: ...

    def retriever(self, name: str) -> Retriever: ...

    def holding(self, phrase: Sequence[Forms]) -> Positions:
        """The passages that hold a phrase."""
        ...

    def held(self, terms: Sequence[Forms], documents: Positions) -> Mapping[int, frozenset[str]]:
        """The forms of ``terms`` that each of ``documents`` (positions) holds."""
        ...

    def documents(self, ids: Sequence[str]) -> Mapping[str, StoredDocument]: ...
    def passages(self, keys: Sequence[int]) -> Mapping[int, StoredPassage]: ...


@dataclass(frozen=True, slots=True)
class Scored:
    """All documents of a generation, scored for one query.

    ``candidates``: bool, shape (documents,), those that belong to the result set before filters. ``scores``,
    ``relevance``: float32, shape (documents,). ``parts``: the normalised scores by retriever, same shape. ``passages``
    gives the scores of the passages of some documents. ``order``: int64, shape (documents,), best first, where it is
    not that of the scores.
    """

    candidates: Mask
    scores: Floats
    relevance: Floats
    parts: Mapping[str, Floats]
    passages: Callable[[Sequence[int]], Sequence[Floats]]
    order: Positions | None = None
    #: Of the bands, for the relevance of this query.
    edges: bands.Edges = field(default_factory=dict)
    #: What each of the parts counts in the scores.
    weights: Mapping[str, float] = field(default_factory=dict)


def search(query: Query, reading: Reading) -> Results:
    """The page of hits that ``query`` asks for, with the facets of the whole result set.

    Raises UsageError for an unknown mode, order, filter or value and for a text that is too long.
    """
    _check(query, reading.labels)
    layout = reading.layout
    parsed, understood = understand(query, reading)
    scored = _score(parsed, query.mode, reading) if parsed.terms or parsed.meaning else _browse(reading)
    candidates = scored.candidates & _constraints(parsed, reading)
    by_relevance = query.sort == "relevance"
    if reading.reranker and scored.parts and by_relevance and query.offset < reranking.DEPTH:  # beyond, nothing moves
        scored = _reranked(parsed.meaning, scored, candidates, reading.reranker, reading)
    chosen = {facet: _having(layout, facet, values) for facet, values in query.filters.items() if values}
    kept = candidates & _all(chosen.values(), len(layout.ids))
    fits = _fits(scored)
    if query.sort in reading.ranks:
        whole = _first(scored, np.ones(len(kept), dtype=bool), len(kept))
        scored = replace(scored, order=sorting.arranged(whole, fits, reading.ranks[query.sort]))
    page = _first(scored, kept, query.offset + query.limit)[query.offset :]
    return Results(
        query=query,
        total=int(np.count_nonzero(kept)),
        hits=_hits(page, parsed, understood.concepts, scored, reading),
        facets={facet: _facet(facet, query, candidates, chosen, reading) for facet in FACETS},
        generation=layout.manifest.generation,
        fitting=int(np.count_nonzero(fits & kept)),
        understood=understood,
    )


def _check(query: Query, labels: Labels) -> None:
    if query.mode not in WEIGHTS:
        raise UsageError(f"unknown mode {query.mode!r}; use one of {', '.join(WEIGHTS)}")
    if query.sort not in SORTS:
        raise UsageError(f"unknown order {query.sort!r}; use one of {', '.join(SORTS)}")
    if not 0 <= query.limit <= MAX_LIMIT:
        raise UsageError(f"a page of {query.limit} hits cannot be shown; ask for 0 to {MAX_LIMIT}")
    if query.offset < 0:
        raise UsageError(f"results start at 0, not at {query.offset}")
    for facet, values in query.filters.items():
        for value in values:
            labels.require(facet, value)


def _score(parsed: ParsedQuery, mode: Mode, reading: Reading) -> Scored:
    retrievers = {name: reading.retriever(name) for name in WEIGHTS[mode]}
    evidence = {name: retriever.retrieve(parsed) for name, retriever in retrievers.items()}
    edges = bands.edges(mode, parsed.language)
    relevance = _relevance(evidence)
    share = share_of_half(parsed, reading.layout)
    weights = leaning(WEIGHTS[mode], share)
    meant = share > 0 and "semantic" in weights
    home = at_home(reading.layout.in_language(parsed.language), len(reading.layout.ids), share) if meant else None
    parts, scores = _fused(evidence, weights, home)
    by_passage = [found.passages for found in evidence.values()]
    scored = Scored(
        candidates=relevance >= edges["weak"],
        scores=scores,
        relevance=relevance,
        parts=parts,
        passages=lambda documents: _added([scores(documents) for scores in by_passage]),
        edges=edges,
        weights=weights,
    )
    if len(evidence) == 1:
        return scored
    # Where words and meaning agree, the best documents tell what the query means; the engines ask again with them.
    best = _first(scored, np.ones(len(scores), dtype=bool), FEEDBACK_DOCUMENTS)
    best = best[scored.candidates[best]]
    feedback = np.array(list(_best_passages(best.tolist(), scored, reading.layout).values()), dtype=np.int64)
    evidence = {name: each.retrieve(parsed, feedback=feedback) for name, each in retrievers.items()}
    relevance = _relevance(evidence)
    parts, scores = _fused(evidence, weights, home)
    return replace(scored, candidates=relevance >= edges["weak"], scores=scores, relevance=relevance, parts=parts)


def _added(passages: Sequence[Sequence[Floats]]) -> Sequence[Floats]:
    """For each document the scores of its passages, those of several retrievers added."""
    return [np.asarray(sum(scores), dtype=np.float32) for scores in zip(*passages, strict=True)]


def _fused(
    evidence: Mapping[str, Evidence], weights: Mapping[str, float], home: Floats | None
) -> tuple[Mapping[str, Floats], Floats]:
    """``home``: what meaning counts for each document; None where it counts fully for all."""
    parts = {name: NORMALISERS[name](found.documents) for name, found in evidence.items()}
    if home is not None:
        parts["semantic"] = parts["semantic"] * home
    return parts, combine(parts, weights)


def _relevance(evidence: Mapping[str, Evidence]) -> Floats:
    return bands.relevance({name: found.strength for name, found in evidence.items()})


def _reranked(text: str, scored: Scored, candidates: Mask, reranker: Reranker, reading: Reading) -> Scored:
    layout = reading.layout
    order = _first(scored, np.ones(len(candidates), dtype=bool), len(candidates))
    documents = reranking.best(order, candidates)
    stored = reading.documents([layout.ids[document] for document in documents])
    bodies = _best_passages(documents.tolist(), scored, layout)
    keys = [int(layout.keys[bodies[document]]) for document in documents.tolist()]
    passages = reading.passages(keys)
    texts = [
        reranking.text(stored[layout.ids[document]].title, passages[key].heading, passages[key].text)
        for document, key in zip(documents, keys, strict=True)
    ]
    order, scores = reranking.reranked(order, scored.scores, documents, reranker.score(text, texts))
    return replace(scored, order=order, scores=scores)


def _browse(reading: Reading) -> Scored:
    nothing = np.zeros(len(reading.layout.ids), dtype=np.float32)
    sizes = np.diff(reading.layout.starts)
    return Scored(
        candidates=np.ones(len(nothing), dtype=bool),
        scores=nothing,
        relevance=nothing,
        parts={},
        passages=lambda documents: [np.zeros(sizes[document], dtype=np.float32) for document in documents],
        order=reading.newest_first,
    )


def _first(scored: Scored, kept: Mask, number: int) -> Positions:
    """The best ``number`` of the documents ``kept``, best first.

    By falling score; equal scores by falling relevance, then in the order of the ids. Only what may be among the best
    is put in order, as a page needs few of the many that fit.
    """
    if scored.order is not None:
        return scored.order[kept[scored.order]][:number]
    found = np.flatnonzero(kept) if number else _NOBODY
    if number < len(found):
        scores = scored.scores[found]
        found = found[scores >= np.partition(scores, len(found) - number)[len(found) - number]]
    order = np.lexsort((found, -scored.relevance[found], -scored.scores[found]))
    return found[order][:number].astype(np.int64)


def _constraints(parsed: ParsedQuery, reading: Reading) -> Mask:
    """Which documents hold every quoted phrase and none of the excluded words."""
    layout = reading.layout
    allowed = np.ones(len(layout.ids), dtype=bool)
    for phrases, wanted in ((parsed.phrases, True), (parsed.excluded, False)):
        for phrase in phrases:
            holding = np.zeros(len(layout.ids), dtype=bool)
            holding[layout.owners[reading.holding(phrase)]] = True
            allowed &= holding if wanted else ~holding
    return allowed


def _having(layout: Layout, facet: str, values: Sequence[str]) -> Mask:
    """Which documents have one of ``values``."""
    tags = layout.tags[facet]
    wanted = np.isin(tags.concepts, [index for index, value in enumerate(tags.values) if value in values])
    having = np.zeros(len(layout.ids), dtype=bool)
    having[tags.documents[wanted]] = True
    return having


def _all(masks: Iterable[Mask], documents: int) -> Mask:
    every = np.ones(documents, dtype=bool)
    for mask in masks:
        every &= mask
    return every


def _facet(
    facet: str, query: Query, candidates: Mask, chosen: Mapping[str, Mask], reading: Reading
) -> tuple[FacetValue, ...]:
    """Counts over the results that the *other* facets leave, as choosing one more value here widens the choice."""
    tags = reading.layout.tags[facet]
    left = candidates & _all([mask for name, mask in chosen.items() if name != facet], len(candidates))
    counts = np.bincount(tags.concepts[left[tags.documents]], minlength=len(tags.values))
    selected = query.filters.get(facet, ())
    values = dict(zip(tags.values, counts.tolist(), strict=True)) | {
        value: 0 for value in selected if value not in tags.values
    }
    found = [
        FacetValue(id=value, label=reading.labels.label(facet, value), count=count, selected=value in selected)
        for value, count in values.items()
        if count or value in selected
    ]
    position = partial(reading.labels.position, facet)
    found.sort(key=lambda value: (-value.count, value.label.casefold(), value.id))
    return tuple(sorted(found, key=lambda value: position(value.id)))


def _fits(scored: Scored) -> Mask:
    """Which documents are strong or fair matches; browsing shows what was asked for, so all of them."""
    if not scored.parts:
        return np.ones(len(scored.scores), dtype=bool)
    return np.asarray(scored.relevance >= scored.edges["fair"])


def _hits(
    page: Positions,
    parsed: ParsedQuery,
    concepts: Sequence[NamedConcept],
    scored: Scored,
    reading: Reading,
) -> tuple[Hit, ...]:
    layout = reading.layout
    by_passage = dict(zip(page.tolist(), scored.passages(page.tolist()), strict=True))
    bodies = {document: _best_passage(document, scores, layout) for document, scores in by_passage.items()}
    questions = {document: _best_question(document, scores, layout) for document, scores in by_passage.items()}
    shown = (*bodies.values(), *(question for question in questions.values() if question is not None))
    keys = {position: int(layout.keys[position]) for position in shown}
    passages = reading.passages(list(keys.values()))
    documents = reading.documents([layout.ids[document] for document in bodies])
    held = reading.held(parsed.terms, page) if "lexical" in scored.parts else {}
    tagged = {concept: _having(layout, concept.facet, (concept.id,)) for concept in concepts}
    hits = []
    for document, body in bodies.items():
        stored = documents[layout.ids[document]]
        passage = passages[keys[body]]
        question = questions[document]
        hits.append(
            Hit(
                id=stored.id,
                title=stored.title,
                score=round(float(scored.scores[document]), 6),
                relevance=round(float(scored.relevance[document]), 6),
                band=_band(document, scored),
                passage=HitPassage(
                    heading=passage.heading,
                    text=passage.text,
                    highlights=highlights(passage, parsed.highlighted),
                    language=passage.language,
                    translated=passage.kind == "translation",
                ),
                why=replace(
                    _shares(document, scored),
                    words=_matched(parsed, held.get(document, frozenset())),
                    concepts=tuple(concept for concept, having in tagged.items() if having[document]),
                ),
                question=passages[keys[question]].text if question is not None else None,
                practice=stored.practice,
            )
        )
    return tuple(hits)


def _best_passages(documents: Sequence[int], scored: Scored, layout: Layout) -> Mapping[int, int]:
    return {
        document: _best_passage(document, scores, layout)
        for document, scores in zip(documents, scored.passages(documents), strict=True)
    }


def _best_passage(document: int, scores: Floats, layout: Layout) -> int:
    """The best passage of a document that is neither a question nor its title, by the scores of its passages."""
    start, end = int(layout.starts[document]), int(layout.starts[document + 1])
    hidden = layout.questions[start:end] | layout.titles[start:end]
    return start + int(np.argmax(np.where(hidden, -1, scores)))


def _best_question(document: int, scores: Floats, layout: Layout) -> int | None:
    """The question of a document that matched better than any other passage of it, if one did."""
    start, end = int(layout.starts[document]), int(layout.starts[document + 1])
    best = int(np.argmax(np.where(layout.titles[start:end], -1, scores)))
    beaten = scores[best] > scores[_best_passage(document, scores, layout) - start]
    return start + best if layout.questions[start + best] and beaten else None


def _band(document: int, scored: Scored) -> Band | None:
    return bands.band(scored.edges, float(scored.relevance[document])) if scored.parts else None


def _matched(parsed: ParsedQuery, held: frozenset[str]) -> tuple[MatchedWord, ...]:
    """The words of the query that a document with these forms holds; by unlikely translations where by no other."""
    found = [
        (word, tuple(form for form in forms if form in held and not parsed.is_nearby(form)))
        for forms, word in zip(parsed.terms, parsed.written, strict=True)
    ]
    likely = [(word, tuple(filter(parsed.is_likely, forms))) for word, forms in found]
    shown = likely if any(forms for _, forms in likely) else [(word, forms[:1]) for word, forms in found]
    return tuple(
        MatchedWord(
            word=word,
            forms=forms,
            translations=parsed.told(forms) or tuple(parsed.translations[f] for f in forms if f in parsed.translations),
        )
        for word, forms in shown
        if forms
    )


def _shares(document: int, scored: Scored) -> Why:
    """The shares of the score; of a score of 0, which no word can have, all is due to meaning."""
    if not scored.parts:
        return Why(0.0, 0.0)
    shares = {name: scored.weights[name] * float(values[document]) for name, values in scored.parts.items()}
    total = sum(shares.values())
    if not total:
        return Why(0.0, 1.0)
    lexical = round(shares.get("lexical", 0.0) / total, 4)
    return Why(lexical, round(1 - lexical, 4))


def highlights(passage: StoredPassage, forms: frozenset[str]) -> tuple[tuple[int, int], ...]:
    """The (start, end) code-point offsets of the words of a passage's text that have one of ``forms``."""
    if not forms:
        return ()
    words = (translated_tokens if passage.kind == "translation" else tokens)(passage.text, passage.language)
    return tuple((token.start, token.end) for token in words if token.term in forms)
