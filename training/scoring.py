"""How good a student is by itself: translations found among sentences, and questions answered by English paragraphs.

``kb evaluate`` and ``kb evaluate-pairs`` measure the pipeline that serves; this is the quick look while learning.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer

from training.bag import Bag
from training.pairs import Pair
from training.tokenizer import UNKNOWN_ID

Vectors = NDArray[np.float32]
#: Texts to rows of unit length.
Reader = Callable[[Sequence[str]], Vectors]
#: Texts in another language, each with its English.
Pairs = Sequence[tuple[str, str]]


def encode_bag(bag: Bag, tokenizer: Tokenizer, texts: Sequence[str]) -> Vectors:
    """float32, shape (len(texts), dimension), rows of unit length."""
    found = tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
    rows = [encoded.ids or [UNKNOWN_ID] for encoded in found]
    starts = np.concatenate([[0], np.cumsum([len(row) for row in rows])[:-1]])
    with torch.no_grad():
        vectors = bag(torch.tensor([number for row in rows for number in row]), torch.from_numpy(starts))
    return np.asarray(vectors.numpy())


def score(
    by_student: Reader, by_teacher: Reader, folder: Path | None, held: Sequence[Pair] = ()
) -> Mapping[str, Mapping[str, float]]:
    """By collection and language: accuracy at 1 into English for pairs of sentences, nDCG@10 for questions. ``held``:
    pairs that were kept out of what was learned from.

    Questions are put by the student alone, by the teacher alone, and by the mean of both vectors.
    """
    found: dict[str, Mapping[str, float]] = {}
    seen: dict[tuple[str, ...], Vectors] = {}
    for name, pairs in (*(_collections(folder) if folder else ()), *_held_out(held)):
        translations = tuple(english for _, english in pairs)
        if translations not in seen:  # several languages may have the same English
            seen[translations] = by_teacher(translations)
        foreign, english = by_student([text for text, _ in pairs]), seen[translations]
        found[name] = {
            "to English": _accuracy(foreign, english),
            "back": _accuracy(english, foreign),
            "cosine": float((foreign * english).sum(1).mean()),
        }
    for queries in sorted(folder.glob("xquad/queries.*.jsonl")) if folder else ():
        paragraphs = _rows(queries.with_name("corpus.jsonl"))
        corpus = {row["_id"]: f"{row.get('title', '')}\n{row['text']}" for row in paragraphs}
        asked = {row["_id"]: row["text"] for row in _rows(queries)}
        lines = queries.with_name("qrels.tsv").read_text(encoding="utf-8").splitlines()[1:]
        relevant = {query: document for query, document, _ in (line.split("\t") for line in lines)}
        documents, texts = by_teacher(list(corpus.values())), list(asked.values())
        own, known = by_student(texts), by_teacher(texts)
        wanted = np.array([list(corpus).index(relevant[query]) for query in asked])
        mean = own + known
        found[f"xquad {queries.name.split('.')[1]}"] = {
            "student": _ndcg(own @ documents.T, wanted),
            "teacher": _ndcg(known @ documents.T, wanted),
            "both": _ndcg(mean @ documents.T, wanted),
        }
    return found


def _collections(folder: Path) -> Iterator[tuple[str, Pairs]]:
    for path in sorted(folder.glob("*/*-eng.tsv")):
        lines = (line.split("\t") for line in path.read_text(encoding="utf-8").splitlines())
        yield f"{path.parent.name} {path.name[:3]}", [(foreign, english) for foreign, english, *_ in lines]


def _held_out(pairs: Sequence[Pair]) -> Iterator[tuple[str, Pairs]]:
    by_language: dict[str, list[tuple[str, str]]] = {}
    for pair in pairs:
        by_language.setdefault(pair.language, []).append((pair.foreign, pair.english))
    return ((f"held out {language}", found) for language, found in by_language.items())


def _rows(path: Path) -> Iterator[Mapping[str, str]]:
    with path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _accuracy(queries: Vectors, documents: Vectors) -> float:
    return float(((queries @ documents.T).argmax(1) == np.arange(len(queries))).mean())


def _ndcg(scores: NDArray[np.floating], wanted: NDArray[np.int64]) -> float:
    """nDCG@10 where each query has one relevant document: 1 / log2(1 + its rank), 0 below rank 10."""
    ranks = (scores > scores[np.arange(len(wanted)), wanted][:, None]).sum(1) + 1
    return float(np.where(ranks <= 10, 1 / np.log2(1 + ranks), 0).mean())
