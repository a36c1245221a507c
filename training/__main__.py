"""Make the encoder for other languages: from parallel text to the folder that the project ships.

    python -m training --data DIR --out FOLDER [--evaluation DIR]

reads the pairs, leaves out those of the evaluation collections, makes a vocabulary, asks the teacher for its vectors of
the English (kept in --cache), teaches the student, writes it in eight bits with a record of what was done, and scores
it. Under an hour on two cores.

    python -m training.export STUDENT OUT

writes a student as a folder that sentence-transformers loads. docs/student.md is the card of the one that is shipped.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from kb.engines.model_files import DEFAULT_MODEL, find_model
from training.bag import new_bag, teach
from training.export import export_bag
from training.pairs import counts, evaluation_texts, read_pairs
from training.scoring import encode_bag, score
from training.targets import targets
from training.teacher import encode, load_teacher
from training.tokenizer import train_tokenizer


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    begun = time.monotonic()

    def say(text: str) -> None:
        print(f"{time.monotonic() - begun:6.0f} s  {text}", file=sys.stderr, flush=True)

    torch.manual_seed(options.seed)
    kept_out = evaluation_texts(options.evaluation) if options.evaluation else frozenset()
    pairs = list(read_pairs(options.data, exclude=kept_out))
    say(f"{len(pairs)} pairs read, none of which holds one of {len(kept_out)} evaluation texts")
    if options.tokenizer:
        tokenizer = Tokenizer.from_file(str(options.tokenizer))
    else:
        tokenizer = train_tokenizer(pairs, vocabulary=options.vocabulary)
    say(f"a vocabulary of {tokenizer.get_vocab_size()} pieces")
    teacher, teacher_tokenizer = load_teacher(find_model(options.teacher).folder)
    english = sorted({pair.english for pair in pairs})
    found = targets(teacher, teacher_tokenizer, english, options.cache or options.out / "cache")
    say(f"the teacher's vectors of {len(english)} English texts")
    numbers = {text: number for number, text in enumerate(english)}
    places = np.array([numbers[pair.english] for pair in pairs])
    bag = new_bag(tokenizer, pairs, teacher, teacher_tokenizer, hidden=options.hidden)
    say(f"learning for {options.minutes:g} minutes")
    steps = teach(bag, pairs, tokenizer, found, places, minutes=options.minutes, rate=options.rate, seed=options.seed)
    record = {
        "options": {name: getattr(options, name) for name in ("minutes", "rate", "hidden", "vocabulary", "seed")},
        "pairs": counts(pairs),
        "evaluation texts kept out": len(kept_out),
        "steps": steps,
    }
    export_bag(bag, tokenizer, options.out, record)
    say(f"{steps} steps; written to {options.out}")
    if options.evaluation:
        scores = score(
            lambda texts: encode_bag(bag, tokenizer, texts),
            lambda texts: encode(teacher, teacher_tokenizer, texts),
            options.evaluation,
        )
        (options.out / "scores.json").write_text(json.dumps(scores, indent=1) + "\n", encoding="utf-8")
        for name, values in scores.items():
            print(name, {key: round(value, 3) for key, value in values.items()}, flush=True)
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m training", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of SOURCE.LANGUAGE-en.tsv.gz")
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    parser.add_argument("--evaluation", type=Path, help="collections to score by, whose texts are kept out of the data")
    parser.add_argument("--teacher", default=DEFAULT_MODEL, help="the model whose space is learned")
    parser.add_argument("--cache", type=Path, help="folder for the teacher's vectors (default: in --out)")
    parser.add_argument("--minutes", type=float, default=15, help="how long to learn")
    parser.add_argument("--vocabulary", type=int, default=70_000, help="how many pieces")
    parser.add_argument("--tokenizer", type=Path, help="a tokenizer.json made before, in place of a new one")
    parser.add_argument("--rate", type=float, default=0.006, help="learning rate at its height")
    parser.add_argument("--hidden", type=int, default=1024, help="units of the network, at least 768")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    raise SystemExit(main())
