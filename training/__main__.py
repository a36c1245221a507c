"""Make an encoder for other languages: from parallel text to the folder that the project ships.

    python -m training --data DIR --out FOLDER [--evaluation DIR]

reads the pairs, leaves out those of the evaluation collections, makes a vocabulary, asks the teacher for its vectors of
the English (kept in --cache), teaches the student, writes it in few bits with a record of what was done, and scores it.
A bag (see training/bag.py) is made in under an hour on two cores; a transformer (training/transformer.py) is better,
and needs an accelerator for some minutes.

    python -m training --form transformer --begin STUDENT --data DIR --out FOLDER

goes on with a transformer that was written before.

    python -m training.export STUDENT OUT

writes a student as a folder that sentence-transformers loads. docs/student.md is the card of the one that is shipped.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import scipy.sparse as sparse
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer

from kb.engines.encoders.model_files import DEFAULT_MODEL, find_model
from training.alignment import glosses
from training.bag import new_bag, teach
from training.distilling import distil, encode_with
from training.export import TOKENIZER, export_bag, export_transformer, load_transformer
from training.lessons import Lessons
from training.pairs import Pair, counts, evaluation_texts, read_pairs, weights
from training.scoring import Reader, encode_bag, score
from training.targets import targets
from training.teacher import Teacher, encode, load_teacher
from training.texts import numbers
from training.tokenizer import train_tokenizer
from training.transformer import new_transformer


@dataclass(frozen=True)
class Learning:
    """All that a student is made from. ``place[i]`` is the number of the English of pair ``i``, ``known`` the teacher's
    vectors of the English: float16, shape (texts, dimension)."""

    pairs: Sequence[Pair]
    english: Sequence[str]
    place: NDArray[np.int64]
    known: NDArray[np.float16]
    tokenizer: Tokenizer
    teacher: Teacher
    teacher_tokenizer: Tokenizer


@dataclass(frozen=True)
class Made:
    """A student that was taught: how it reads, how it is written, and what is to be recorded."""

    read: Reader
    write: Callable[[Path, Mapping[str, Any]], None]
    record: Mapping[str, Any]


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    begun = time.monotonic()

    def say(text: str) -> None:
        print(f"{time.monotonic() - begun:6.0f} s  {text}", file=sys.stderr, flush=True)

    torch.manual_seed(options.seed)
    kept_out = evaluation_texts(options.evaluation) if options.evaluation else frozenset()
    pairs = list(read_pairs(options.data, exclude=kept_out))
    say(f"{len(pairs)} pairs read, none of which holds one of {len(kept_out)} evaluation texts")
    file = options.begin / TOKENIZER if options.begin else options.tokenizer
    tokenizer = Tokenizer.from_file(str(file)) if file else train_tokenizer(pairs, vocabulary=options.vocabulary)
    say(f"a vocabulary of {tokenizer.get_vocab_size()} pieces")
    files = find_model(options.teacher)
    english = sorted({pair.english for pair in pairs})
    known = targets(files, english, options.cache or options.out / "cache")
    say(f"the teacher's vectors of {len(english)} English texts")
    numbered = {text: number for number, text in enumerate(english)}
    place = np.array([numbered[pair.english] for pair in pairs])
    say(f"learning for {options.minutes:g} minutes")
    learning = Learning(pairs, english, place, known, tokenizer, *load_teacher(files.folder))
    made = FORMS[options.form].make(learning, options)
    made.write(options.out, {**made.record, "pairs": counts(pairs), "evaluation texts kept out": len(kept_out)})
    say(f"{made.record['steps']} steps; written to {options.out}")
    if options.evaluation:
        scores = score(
            made.read,
            lambda texts: encode(learning.teacher, learning.teacher_tokenizer, texts),
            options.evaluation,
        )
        (options.out / "scores.json").write_text(json.dumps(scores, indent=1) + "\n", encoding="utf-8")
        for name, values in scores.items():
            print(name, {key: round(value, 3) for key, value in values.items()}, flush=True)
    return 0


def _bag(learning: Learning, options: argparse.Namespace) -> Made:
    tokenizer, teachers, rate = learning.tokenizer, learning.teacher_tokenizer, options.rate or 0.005
    lessons = _lessons(learning)
    bag = new_bag(_glosses(learning, lessons), lessons, learning.teacher, teachers, hidden=options.hidden)
    steps = teach(bag, lessons, tokenizer, learning.known, minutes=options.minutes, rate=rate, seed=options.seed)
    return Made(
        read=lambda texts: encode_bag(bag, tokenizer, texts),
        write=lambda folder, record: export_bag(bag, tokenizer, folder, record),
        record={"options": {**_asked(options, "hidden"), "rate": rate}, "steps": steps},
    )


def _transformer(learning: Learning, options: argparse.Namespace) -> Made:
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    tokenizer, teachers = learning.tokenizer, learning.teacher_tokenizer
    # Many pieces in a step bear a higher rate, and an accelerator is idle with few.
    tokens, rate = (49_152, 0.002) if device.type == "cuda" else (3_000, 0.0008)
    tokens, rate = options.tokens or tokens, options.rate or rate
    lessons = _lessons(learning)
    if options.begin:
        student = load_transformer(options.begin)
    else:
        student = new_transformer(learning.teacher, _glosses(learning, lessons))
    steps = distil(
        student,
        learning.teacher,
        learning.known,
        lessons,
        (tokenizer, teachers),
        minutes=options.minutes,
        rate=rate,
        tokens=tokens,
        seed=options.seed,
        device=device,
        keep=lambda: export_transformer(student, tokenizer, options.out, {"unfinished": True}),
    )
    begun = {"begun with": options.begin.name if options.begin else "glosses", "device": device.type}
    return Made(
        read=lambda texts: encode_with(student, tokenizer, texts),
        write=lambda folder, record: export_transformer(student, tokenizer, folder, record),
        record={"options": {**_asked(options), "rate": rate, "tokens": tokens}, **begun, "steps": steps},
    )


def _lessons(learning: Learning) -> Lessons:
    return Lessons(
        foreign=numbers(learning.tokenizer, [pair.foreign for pair in learning.pairs]),
        place=learning.place,
        english=numbers(learning.tokenizer, learning.english),
        teacher=numbers(learning.teacher_tokenizer, learning.english),
        weights=np.array(weights(learning.pairs)),
    )


def _glosses(learning: Learning, lessons: Lessons) -> sparse.csr_matrix:
    return glosses(lessons, (learning.tokenizer.get_vocab_size(), learning.teacher_tokenizer.get_vocab_size()))


def _asked(options: argparse.Namespace, *names: str) -> Mapping[str, Any]:
    return {name: getattr(options, name) for name in ("form", "minutes", "vocabulary", "seed", *names)}


@dataclass(frozen=True)
class Form:
    """A kind of student, with the pieces and the minutes that suit it."""

    make: Callable[[Learning, argparse.Namespace], Made]
    vocabulary: int
    minutes: float


FORMS: Mapping[str, Form] = MappingProxyType(
    {
        "bag": Form(_bag, vocabulary=110_000, minutes=40),
        "transformer": Form(_transformer, vocabulary=76_000, minutes=10),
    }
)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m training", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of SOURCE.LANGUAGE-en.tsv.gz")
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    parser.add_argument("--form", choices=FORMS, default="bag", help="the kind of student")
    parser.add_argument("--evaluation", type=Path, help="collections to score by, whose texts are kept out of the data")
    parser.add_argument("--teacher", default=DEFAULT_MODEL, help="the model whose space is learned")
    parser.add_argument("--cache", type=Path, help="folder for the teacher's vectors (default: in --out)")
    parser.add_argument("--minutes", type=float, help="how long to learn")
    parser.add_argument("--vocabulary", type=int, help="how many pieces")
    parser.add_argument("--tokenizer", type=Path, help="a tokenizer.json made before, in place of a new one")
    parser.add_argument("--rate", type=float, help="learning rate at its height")
    parser.add_argument("--hidden", type=int, default=1024, help="units of the network of a bag, at least 768")
    parser.add_argument("--begin", type=Path, help="a transformer made before, to go on with")
    parser.add_argument("--tokens", type=int, help="pieces of words in one step of a transformer")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    form = FORMS[options.form]
    options.minutes, options.vocabulary = options.minutes or form.minutes, options.vocabulary or form.vocabulary
    return options


if __name__ == "__main__":
    raise SystemExit(main())
