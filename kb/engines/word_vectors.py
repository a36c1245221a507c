"""The vectors of the words of the base, kept beside the index: a process that answers one question reads them.

One file of blocks, each with a checksum: words, and their vectors in two bytes a number. A block is added and never
changed; the file is written anew aside and renamed. It is only ever a saving of time: who reads it takes the blocks
that are sound, up to the first that is not, and makes the vectors of the other words. One process writes at a time.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kb.understanding.dictionary import Halves, KnownWords

WORDS = "words.vectors"
FORMAT = 1
_UNFINISHED = f"{WORDS}.unfinished"
#: The longest line that stands before a block (bytes).
_HEAD = 1000
_WIDTH = 2


@dataclass(frozen=True)
class KeptWords:
    """``waiting``: words that were noted and whose vectors were not made yet. ``whole``: all of the file is sound."""

    known: KnownWords
    waiting: frozenset[str]
    blocks: int
    whole: bool


def read_words_kept(folder: Path, fingerprint: str) -> KeptWords:
    """What is kept of the encoder ``fingerprint``; nothing where there is no file, or one of another encoder."""
    try:
        content = (folder / WORDS).read_bytes()
    except OSError:
        content = b""
    rows: dict[str, int] = {}
    waiting: set[str] = set()
    parts: list[Halves] = []
    count = end = 0
    for block in _blocks(content, fingerprint):
        if block.vectors is None:
            waiting.update(block.words)
        else:
            rows.update(zip(block.words, range(len(rows), len(rows) + len(block.words)), strict=True))
            parts.append(block.vectors)
        count, end = count + 1, block.end
    vectors = parts[0] if len(parts) == 1 else np.concatenate(parts) if parts else KnownWords().vectors
    if len(vectors) != len(rows):  # a word stands twice, which no writer does
        return KeptWords(KnownWords(), frozenset(), 0, False)
    return KeptWords(
        KnownWords(rows, vectors), frozenset(waiting - rows.keys()), count, bool(count) and end == len(content)
    )


def write_words(folder: Path, fingerprint: str, words: Sequence[str], vectors: Halves) -> None:
    """Keep these and nothing else; the file takes its name when it is whole. Raises OSError."""
    try:
        _write(folder / _UNFINISHED, "wb", _block(fingerprint, words, vectors))
        (folder / _UNFINISHED).replace(folder / WORDS)
    finally:
        sweep(folder)


def sweep(folder: Path) -> None:
    """Remove what a run left that was stopped while it wrote. Raises OSError."""
    (folder / _UNFINISHED).unlink(missing_ok=True)


def add_words(folder: Path, fingerprint: str, words: Sequence[str], vectors: Halves | None) -> None:
    """Keep these as well; without vectors they wait for them. The file is there, and whole. Raises OSError."""
    _write(folder / WORDS, "ab", _block(fingerprint, words, vectors))


@dataclass(frozen=True)
class _Block:
    words: Sequence[str]
    vectors: Halves | None
    end: int


def _block(fingerprint: str, words: Sequence[str], vectors: Halves | None) -> bytes:
    text = "\n".join(words).encode("utf-8", "surrogatepass")
    payload = text if vectors is None else text + vectors.astype("<f2").tobytes()
    head = {
        "format": FORMAT,
        "encoder": fingerprint,
        "words": len(words),
        "text": len(text),
        "dimension": 0 if vectors is None else vectors.shape[1],
    }
    return json.dumps(head | {"checksum": _checksum(head, payload)}).encode() + b"\n" + payload


def _blocks(content: bytes, fingerprint: str) -> Iterator[_Block]:
    """The blocks from the first on, up to one that is not as it was written or not by this encoder."""
    start = 0
    while start < len(content):
        try:
            block = _parsed(content, start, fingerprint)
        except (ValueError, LookupError, TypeError, AttributeError):
            return
        yield block
        start = block.end


def _parsed(content: bytes, start: int, fingerprint: str) -> _Block:
    """Raises ValueError, LookupError, TypeError or AttributeError where no sound block starts."""
    payload = content.index(b"\n", start, start + _HEAD) + 1
    head = json.loads(content[start : payload - 1])
    checksum = head.pop("checksum")
    count, length, dimension = head["words"], head["text"], head["dimension"]
    end = payload + length + _WIDTH * count * dimension
    if (head["format"], head["encoder"]) != (FORMAT, fingerprint) or not payload <= end <= len(content):
        raise ValueError("of another kind, or cut off")
    if _checksum(head, memoryview(content)[payload:end]) != checksum:
        raise ValueError("not as it was written")
    words = content[payload : payload + length].decode("utf-8", "surrogatepass").split("\n") if count else []
    if not dimension:
        return _Block(words, None, end)
    vectors = np.frombuffer(content, dtype="<f2", count=count * dimension, offset=payload + length)
    return _Block(words, vectors.reshape(count, dimension), end)


def _checksum(head: Mapping[str, Any], payload: bytes | memoryview) -> int:
    return zlib.crc32(payload, zlib.crc32(json.dumps(head, sort_keys=True).encode()))


def _write(path: Path, mode: str, content: bytes) -> None:
    with path.open(mode) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
