"""Make an encoder for other languages: from parallel text to the folder that the project ships.

    python -m training --data DIR --out FOLDER [--evaluation DIR]

reads the pairs, leaves out those of the evaluation collections and some to judge by, makes a vocabulary, asks the
teacher for its vectors of the English (kept in --cache), teaches the student, writes it in few bits with a record of
what was done, and scores it. A bag (see training/bag.py) is made in less than an hour on two cores; a transformer
(training/transformer.py) is better, and needs an accelerator for some minutes.

    python -m training --form transformer --data DIR --prepare PREPARED
    python -m training --form transformer --prepared PREPARED --out FOLDER

does the same in two parts, of which the second needs nothing but that folder: on a machine with an accelerator.

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
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer

from kb.engines.encoders.model_files import DEFAULT_MODEL, find_model
from training.alignment import glosses
from training.bag import LAST, LOWER, new_bag, teach
from training.distilling import Pace, distil, encode_with
from training.export import TOKENIZER, export_bag, export_transformer, load_transformer
from training.lessons import Lessons
from training.pairs import (
    LAST_SOURCES,
    counts,
    evaluation_texts,
    fingerprint,
    follows,
    held_out,
    read_pairs,
    weights,
)
from training.prepared import Prepared, is_prepared, load, save
from training.scoring import Reader, encode_bag, score
from training.targets import targets
from training.teacher import encode, load_teacher
from training.texts import numbers
from training.tokenizer import train_tokenizer
from training.transformer import new_transformer


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
    prepared = load(options.prepared) if options.prepared else _prepared(options, say)
    if options.prepare:
        save(prepared, options.prepare)
        say(f"all that is learned from written to {options.prepare}")
        return 0
    say(f"learning for {options.minutes:g} minutes")
    made = FORMS[options.form].make(prepared, options)
    made.write(options.out, {**made.record, **prepared.record})
    say(f"{made.record['steps']} steps; written to {options.out}")
    if options.evaluation or prepared.held:
        teacher, tokenizer = load_teacher(find_model(options.teacher).folder)
        scores = score(made.read, lambda texts: encode(teacher, tokenizer, texts), options.evaluation, prepared.held)
        (options.out / "scores.json").write_text(json.dumps(scores, indent=1) + "\n", encoding="utf-8")
        for name, values in scores.items():
            print(name, {key: round(value, 3) for key, value in values.items()}, flush=True)
    return 0


def _prepared(options: argparse.Namespace, say: Callable[[str], None]) -> Prepared:
    kept_out = evaluation_texts(options.evaluation) if options.evaluation else frozenset()
    held = held_out(options.data)
    held_texts = {fingerprint(text) for pair in held for text in (pair.foreign, pair.english)}
    pairs = list(read_pairs(options.data, exclude=kept_out | held_texts))
    say(f"{len(pairs)} pairs read, with none of {len(kept_out)} evaluation texts and of {len(held_texts)} held out")
    file = options.begin / TOKENIZER if options.begin else options.tokenizer
    tokenizer = Tokenizer.from_file(str(file)) if file else train_tokenizer(pairs, vocabulary=options.vocabulary)
    say(f"a vocabulary of {tokenizer.get_vocab_size()} pieces")
    teacher, teachers = load_teacher(find_model(options.teacher).folder)
    english = sorted({pair.english for pair in pairs})
    numbered = {text: number for number, text in enumerate(english)}
    lessons = Lessons(
        foreign=numbers(tokenizer, [pair.foreign for pair in pairs]),
        place=np.array([numbered[pair.english] for pair in pairs]),
        english=numbers(tokenizer, english),
        teacher=numbers(teachers, english),
        weights=np.array(weights(pairs)),
        follows=np.array(follows(pairs)),
    )
    say(f"{len(lessons.foreign.ids)} pieces to read, {len(lessons.english.ids)} of {len(english)} English texts")
    found = glosses(lessons, (tokenizer.get_vocab_size(), teachers.get_vocab_size()))
    say("glosses")
    return Prepared(
        lessons=lessons,
        glosses=found,
        english=english,
        last=weights(pairs, LAST_SOURCES),
        tokenizers=(tokenizer, teachers),
        teacher=teacher.weights(),
        heads=teacher.heads,
        record={"pairs": counts(pairs), "evaluation texts kept out": len(kept_out), "texts held out": len(held_texts)},
        held=held,
    )


def _bag(prepared: Prepared, options: argparse.Namespace) -> Made:
    files, rate = find_model(options.teacher), options.rate or 0.005
    teacher, _ = load_teacher(files.folder)
    tokenizer, teachers = prepared.tokenizers
    known = targets(files, prepared.english, options.cache or options.out / "cache")
    bag = new_bag(prepared.glosses, prepared.lessons, teacher, teachers, hidden=options.hidden)
    last = replace(prepared.lessons, weights=np.array(prepared.last))
    steps = sum(
        teach(
            bag, lessons, tokenizer, known, minutes=share * options.minutes, rate=lower * rate, seed=options.seed + part
        )
        for part, (lessons, share, lower) in enumerate([(prepared.lessons, 1 - LAST, 1.0), (last, LAST, LOWER)])
    )
    return Made(
        read=lambda texts: encode_bag(bag, tokenizer, texts),
        write=lambda folder, record: export_bag(bag, tokenizer, folder, record),
        record={
            "options": {**_asked(options, tokenizer, "hidden"), "rate": rate},
            "steps": steps,
        },
    )


def _transformer(prepared: Prepared, options: argparse.Namespace) -> Made:
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    # Many pieces in a step bear a higher rate, and an accelerator is idle with few.
    rows, rate = (192, 0.002) if device.type == "cuda" else (12, 0.0008)
    pace = Pace(
        minutes=options.minutes,
        rate=options.rate or rate,
        rows=options.rows or rows,
        seed=options.seed,
        compiled=device.type == "cuda",
    )
    tokenizer = prepared.tokenizers[0]
    if options.begin:
        student = load_transformer(options.begin)
    else:
        student = new_transformer(prepared.teacher, prepared.glosses, heads=prepared.heads)
    steps = distil(
        student,
        prepared.teacher,
        prepared.lessons,
        prepared.tokenizers,
        pace,
        device=device,
        keep=lambda: export_transformer(student, tokenizer, options.out, {"unfinished": True}),
    )
    begun = {"begun with": options.begin.name if options.begin else "glosses", "device": device.type}
    return Made(
        read=lambda texts: encode_with(student, tokenizer, texts),
        write=lambda folder, record: export_transformer(student, tokenizer, folder, record),
        record={
            "options": {**_asked(options, tokenizer), "rate": pace.rate, "rows": pace.rows},
            **begun,
            "steps": steps,
        },
    )


def _asked(options: argparse.Namespace, tokenizer: Tokenizer, *names: str) -> Mapping[str, Any]:
    asked = {name: getattr(options, name) for name in ("form", "minutes", "seed", *names)}
    return {**asked, "vocabulary": tokenizer.get_vocab_size()}


@dataclass(frozen=True)
class Form:
    """A kind of student, with the pieces and the minutes that suit it."""

    make: Callable[[Prepared, argparse.Namespace], Made]
    vocabulary: int
    minutes: float


FORMS: Mapping[str, Form] = MappingProxyType(
    {
        "bag": Form(_bag, vocabulary=110_000, minutes=40),
        "transformer": Form(_transformer, vocabulary=80_000, minutes=9),
    }
)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m training", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--data", type=Path, help="folder of SOURCE.LANGUAGE-en.tsv.gz")
    source.add_argument("--prepared", type=Path, help="folder that --prepare wrote")
    goal = parser.add_mutually_exclusive_group(required=True)
    goal.add_argument("--out", type=Path, help="folder to write the student to")
    goal.add_argument("--prepare", type=Path, help="folder to write what a transformer learns from to, and stop")
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
    parser.add_argument("--rows", type=int, help="rows of 256 pieces in one step of a transformer")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    if options.prepared and options.form == "bag":
        parser.error("a bag is made from the pairs: give --data")
    if options.prepared and options.begin:
        parser.error("--begin has a vocabulary of its own, which what was prepared is not read by: give --data")
    if options.prepared and not is_prepared(options.prepared):
        parser.error(f"{options.prepared} is not whole; make it with --prepare")
    form = FORMS[options.form]
    options.minutes, options.vocabulary = options.minutes or form.minutes, options.vocabulary or form.vocabulary
    return options


if __name__ == "__main__":
    raise SystemExit(main())
