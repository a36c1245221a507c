"""Knowledge bases of any size, made from the real entries: fields taken over, text and names made up.

Text is a walk over pairs of neighbouring words of the real bodies (a Markov chain of order one), so that the vocabulary
and the frequencies of words are those of real text, while hardly two entries share a passage. The same seed makes the
same base.
"""

from __future__ import annotations

import json
import random
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import numpy as np

from kb.content.codec import practice_to_json
from kb.content.corpus import ORGANISATIONS, PRACTICES, TAXONOMY, read_corpus
from kb.content.model import Practice
from kb.engines.encoders.compiled import FOLDER
from kb.types import Encoder, Floats
from kb.understanding.crosslingual import reader_of

_WORD = re.compile(r"[A-Za-z][A-Za-z'-]*[A-Za-z]|\d+|[A-Za-z]")
_NOTE = re.compile(r"\[\^[^\]\s]+\]")


class Chain:
    """A source of text: from each word to those that follow it in real text."""

    def __init__(self, texts: Sequence[str], generator: random.Random) -> None:
        self._followers: dict[str, list[str]] = {}
        self._random = generator
        self._words: list[str] = []
        for text in texts:
            words = _WORD.findall(_NOTE.sub(" ", text))
            self._words += words
            for word, follower in pairwise(words):
                self._followers.setdefault(word, []).append(follower)

    def sentence(self, count: int) -> str:
        """``count`` words with a capital and a full stop."""
        word = self._random.choice(self._words)
        words = [word]
        while len(words) < count:
            # Now and then the walk begins anew; otherwise it would run along one real text for long.
            followers = self._followers.get(word)
            word = self._random.choice(followers if followers and self._random.random() > 0.2 else self._words)
            words.append(word)
        text = " ".join(words)
        return f"{text[0].upper()}{text[1:]}."


def write_base(entries: Path, folder: Path, count: int, *, seed: int = 1) -> None:
    """Write ``count`` practices into ``folder``, with the organisations and concepts of ``entries``."""
    for name in (ORGANISATIONS, TAXONOMY):
        shutil.copytree(entries / name, folder / name, dirs_exist_ok=True)
    (folder / PRACTICES).mkdir(parents=True, exist_ok=True)
    practices = sorted(read_corpus(entries).practices.values(), key=lambda practice: practice.id)
    generator = random.Random(seed)
    chain = Chain([practice.body for practice in practices], generator)
    ids = [f"{practices[number % len(practices)].id[:50].strip('-')}-{number:06d}" for number in range(count)]
    for number, id in enumerate(ids):
        related = (generator.choice(ids),) if count > 1 else ()
        practice = varied(practices[number % len(practices)], id, chain)
        practice = replace(practice, related=tuple(other for other in related if other != id))
        (folder / PRACTICES / f"{id}.md").write_text(as_file(practice), encoding="utf-8")


def varied(practice: Practice, id: str, chain: Chain) -> Practice:
    """The fields of ``practice`` that refer to something, with other words in all texts."""
    name = practice.title.partition(":")[0]
    return replace(
        practice,
        id=id,
        title=f"{name} {id[-6:]}: {chain.sentence(8).rstrip('.').lower()}"[:160].strip(),
        summary=chain.sentence(30)[:390],
        questions=tuple(
            dict.fromkeys(f"{chain.sentence(max(4, len(text.split()))).rstrip('.')}?" for text in practice.questions)
        ),
        body="\n".join(_varied_line(line, chain) for line in practice.body.split("\n")),
        aliases=(),
        related=(),
        translations={},
    )


def _varied_line(line: str, chain: Chain) -> str:
    if line.startswith("#") or not line.strip():
        return line
    notes = _NOTE.findall(line)
    words = len(_WORD.findall(_NOTE.sub(" ", line)))
    sentences = max(1, len(notes), words // 18)
    each = max(4, words // sentences)
    return " ".join(
        chain.sentence(each) + (notes[number] if number < len(notes) else "") for number in range(sentences)
    )


def as_file(practice: Practice) -> str:
    """``practice`` as an entry; JSON is a kind of YAML."""
    fields: Mapping[str, object] = practice_to_json(practice)
    lines = [
        f"{name}: {value if name in {'added', 'updated'} else json.dumps(value, ensure_ascii=False)}"
        for name, value in fields.items()
        if name not in {"id", "body"}
    ]
    return "\n".join(["---", *lines, "---", "", practice.body, ""])


class MadeUpVectors:
    """An Encoder in the space of another that encodes nothing: each text gets a direction drawn from its hash.

    It is kb.types.Multilingual where the other is, so that the vectors are cached as those of the other would be.
    """

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self.fingerprint = encoder.fingerprint
        self.dimension = encoder.dimension
        self.max_tokens = encoder.max_tokens

    def reader(self, language: str) -> Encoder:
        return MadeUpVectors(reader_of(self._encoder, language))

    def by_student(self, texts: Sequence[str]) -> Floats:
        return self.encode(texts)

    @property
    def student_fingerprint(self) -> str:
        return f"made up {self.fingerprint}"

    def encode(self, texts: Sequence[str]) -> Floats:
        return np.array([self.encode_query(text) for text in texts], dtype=np.float32).reshape(-1, self.dimension)

    def encode_query(self, text: str) -> Floats:
        seed = int.from_bytes(sha256(text.encode()).digest()[:8], "little")
        vector = np.random.default_rng(seed).standard_normal(self.dimension).astype(np.float32)
        return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)

    def token_offsets(self, text: str) -> Sequence[tuple[int, int]]:
        return self._encoder.token_offsets(text)


def share_models(data: Path, other: Path) -> None:
    """Let the data folder ``other`` have the compiled models of ``data``, which take half a minute to make."""
    other.mkdir(parents=True, exist_ok=True)
    if (data / FOLDER).is_dir():
        shutil.copytree(data / FOLDER, other / FOLDER, dirs_exist_ok=True)
