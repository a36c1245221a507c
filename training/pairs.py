"""Parallel text: what is learned from, how much each source counts, and what is kept out.

Files are named ``<source>.<language>-en.tsv[.gz]``; a line is foreign text, English text, and its kind: sentence, ui
(a label or message of a program) or term (an entry of a dictionary).
"""

from __future__ import annotations

import gzip
import hashlib
import itertools
import json
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ENGLISH = "en"

#: How often a pair of each kind is met, a sentence of running text being the measure. Words by themselves are many
#: and say little about how words combine, but search looks them up by themselves.
KINDS: Mapping[str, float] = {"sentence": 1.0, "ui": 0.7, "term": 0.4}
#: Sources that count for less: formulaic vocabulary of procurement; pairs joined through a third language drift;
#: archaic language, and much of one kind.
SOURCES: Mapping[str, float] = {
    "eforms": 0.2,
    "eforms-more": 0.2,
    "opus-tatoeba-pivot": 0.7,
    "bible": 0.3,
    "libreoffice": 0.4,
    "python-docs": 0.5,
    "gnucash": 0.5,
}
#: The same at the end of learning: what people say and ask, and words that others looked up, count for more then, and
#: what is many times the same for less.
LAST_SOURCES: Mapping[str, float] = {
    **SOURCES,
    "opus-tatoeba": 2.5,
    "opus-tatoeba-pivot": 1.4,
    "opus-flores": 2.0,
    "opus-tico19": 2.0,
    "udhr": 2.0,
    "pud": 2.0,
    "cocoa-mt": 2.0,
    "mlqe-pe": 1.5,
    "mt-geneval": 1.5,
    "freedict": 2.0,
    "omw-wordnet": 0.5,
    "libreoffice": 0.2,
    "wesnoth": 0.4,
    "widelands": 0.5,
    "freeciv": 0.5,
    "bible": 0.15,
}
#: A language with n pairs is met n ** BALANCE times as often as one with a single pair, so that small ones are heard.
BALANCE = 0.7
#: Of the texts of this source, which has every language, one in so many is kept out of all that is learned from: to
#: judge by, where nothing else is at hand for a language.
HELD_OUT, ONE_IN = "opus-flores", 5
#: Longer texts than this are left out: what the student reads is cut anyway.
MOST_CHARACTERS = 1000


@dataclass(frozen=True, slots=True)
class Pair:
    """A text in ``language`` and the same in English."""

    language: str
    source: str
    kind: str
    foreign: str
    english: str


def read_pairs(folder: Path, *, exclude: frozenset[bytes] = frozenset(), only: str = "*") -> Iterator[Pair]:
    """Every pair below ``folder``, in the order of the files' names, but those of which a side is in ``exclude``.

    ``only``: the one source that is read.

    Raises FileNotFoundError where there is none, ValueError naming the file and line of one that is malformed.
    """
    files = _files(folder, only)
    if not files:
        raise FileNotFoundError(f"{folder} holds no file like SOURCE.LANGUAGE-en.tsv.gz; give the folder with --data")
    for path in files:
        source, _, language = path.name.partition("-en.tsv")[0].rpartition(".")
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                columns = line.rstrip("\n").split("\t")
                if len(columns) != 3 or columns[2] not in KINDS:
                    raise ValueError(f"{path}:{number}: foreign text, English text and kind are needed")
                foreign, english, kind = columns
                if not foreign.strip() or not english.strip() or max(len(foreign), len(english)) > MOST_CHARACTERS:
                    continue
                if exclude and (fingerprint(foreign) in exclude or fingerprint(english) in exclude):
                    continue
                yield Pair(language, source, kind, foreign, english)


def held_out(folder: Path) -> Sequence[Pair]:
    """The pairs to judge by, the same English in each language; none where the source is not there."""
    if not _files(folder, HELD_OUT):
        return ()
    pairs = read_pairs(folder, only=HELD_OUT)
    return [pair for pair in pairs if fingerprint(pair.english)[0] % ONE_IN == 0]


def _files(folder: Path, source: str) -> list[Path]:
    return sorted((*folder.glob(f"{source}.*-en.tsv"), *folder.glob(f"{source}.*-en.tsv.gz")))


def fingerprint(text: str) -> bytes:
    """What a text is recognised by, whatever its case, accents, spacing and punctuation: 16 bytes."""
    folded = unicodedata.normalize("NFKD", text.casefold())
    return hashlib.blake2b("".join(filter(str.isalnum, folded)).encode(), digest_size=16).digest()


def evaluation_texts(folder: Path) -> frozenset[bytes]:
    """The fingerprints of all texts of the evaluation collections below ``folder`` that are long enough to mean one."""
    texts = {text for path in folder.rglob("*") if path.is_file() for text in _texts(path)}
    return frozenset(fingerprint(text) for text in texts if len(text) > 20)


def _texts(path: Path) -> Iterator[str]:
    if path.name.endswith((".jsonl", ".jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
            for line in lines:
                yield from (value for value in json.loads(line).values() if isinstance(value, str))
    elif path.suffix == ".tsv" and not path.name.startswith("qrels"):
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                yield from line.rstrip("\n").split("\t")


def weights(pairs: Sequence[Pair], sources: Mapping[str, float] = SOURCES) -> list[float]:
    """How often each pair is met, in the mean 1."""
    sizes = Counter(pair.language for pair in pairs)
    raw = [KINDS[pair.kind] * sources.get(pair.source, 1.0) * sizes[pair.language] ** (BALANCE - 1) for pair in pairs]
    mean = sum(raw) / len(raw)
    return [weight / mean for weight in raw]


def follows(pairs: Sequence[Pair]) -> list[bool]:
    """Whether each pair is a sentence behind another of the same file: what stands in a file in turn mostly goes on."""
    kinds = [(pair.language, pair.source, pair.kind) if pair.kind == "sentence" else None for pair in pairs]
    return [False, *(here is not None and here == before for before, here in itertools.pairwise(kinds))][: len(pairs)]


def counts(pairs: Iterable[Pair]) -> Mapping[str, Mapping[str, int]]:
    """The number of pairs by source, and in each by kind."""
    found: dict[str, Counter[str]] = {}
    for pair in pairs:
        found.setdefault(pair.source, Counter())[pair.kind] += 1
    return found
