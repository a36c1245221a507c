"""``kb evaluate`` and ``kb evaluate-pairs``: the pipeline that serves the site, judged."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, get_args

import click

from kb.backends import Backend, backend_with, load_encoder, load_reranker, open_backend
from kb.cli.options import RERANKER
from kb.cli.progress import progress
from kb.config import Config
from kb.engines.encoders.model_files import DEFAULT_MODEL
from kb.errors import UsageError
from kb.evaluation.collection import Collection, read_collection
from kb.types import Encoder, Mode, Query
from kb.understanding.query import MAX_CHARACTERS

if TYPE_CHECKING:
    from kb.evaluation.pairs import Pairs

#: Comparing vectors and nothing else, beside the modes of a search.
VECTORS = "vectors"
WAYS = ("foreign_to_english", "english_to_foreign")
_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
_MODEL = click.option("--model", help=f"A sentence-transformers model.  [default: {DEFAULT_MODEL}]")


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--mode", type=click.Choice(get_args(Mode)), default="hybrid", show_default=True, help="How to rank.")
@click.option("--queries", metavar="FILE", help="Another file of queries in the folder.")
@click.option("--corpus", metavar="FILE", help="Another file of documents in the folder.")
@click.option("--compare", type=click.Path(path_type=Path, exists=True), help="The --json of an earlier run.")
@_MODEL
@RERANKER
@_JSON
@click.pass_obj
def evaluate(
    config: Config,
    folder: Path,
    mode: Mode,
    queries: str | None,
    corpus: str | None,
    compare: Path | None,
    model: str | None,
    reranker: str | None,
    as_json: bool,
) -> None:
    """Judge the ranking on a test collection in BEIR layout.

    A FOLDER with corpus.jsonl, queries.jsonl and qrels.tsv is indexed beside the base; one without a corpus is judged
    against the base itself, with the model of its index. --json also gives the values of each query.
    """
    collection = read_collection(folder, corpus=corpus, queries=queries)
    if model and collection.documents is None:
        raise UsageError(f"{folder} has no corpus, so the base is judged with its own model; leave --model out")
    earlier = _read_earlier(compare) if compare else None
    name = f"{folder.resolve().name}-{corpus or 'corpus'}"
    value = _judged(config, collection, name, mode, model or DEFAULT_MODEL, reranker)
    if as_json:
        click.echo(json.dumps(value, ensure_ascii=False, indent=2))
        return
    for name in ("ndcg@10", "recall@100", "mrr@10"):
        click.echo(f"{name:>13}: {value[name]:.4f}")
    for name in ("queries", "documents", "mode", *(["reranker"] if reranker else []), "seconds_index", "ms_per_query"):
        click.echo(f"{name:>13}: {value[name]}")
    if earlier:
        click.echo("\n".join(_comparison(value, earlier)))


def _judged(
    config: Config, collection: Collection, name: str, mode: Mode, model: str, reranker: str | None
) -> dict[str, Any]:
    from kb.evaluation.measures import DEPTH
    from kb.evaluation.measures import evaluate as judge

    start = time.perf_counter()
    with _backend(config, collection, name, model, reranker) as backend:
        documents = backend.manifest().documents
        seconds = time.perf_counter() - start
        backend.search(Query("warm up", mode=mode, limit=0))
        start = time.perf_counter()
        rankings = {
            key: [hit.id for hit in backend.search(Query(text[:MAX_CHARACTERS], mode=mode, limit=DEPTH)).hits]
            for key, text in collection.queries.items()
        }
        milliseconds = 1000 * (time.perf_counter() - start) / len(rankings)
    evaluation = judge(rankings, collection.qrels)
    return {
        **{measure: round(mean, 5) for measure, mean in evaluation.means.items()},
        "queries": len(rankings),
        "documents": documents,
        "mode": mode,
        **({"reranker": reranker} if reranker else {}),
        "seconds_index": round(seconds, 2),
        "ms_per_query": round(milliseconds, 2),
        "by_query": evaluation.by_query,
    }


def _backend(config: Config, collection: Collection, name: str, model: str, reranker: str | None) -> Backend:
    if collection.documents is None:
        return open_backend(config, reranker=reranker)
    from indexer.build import build

    folder = config.data / "evaluation" / name
    encoder: Encoder = load_encoder(model, config.data)
    build(folder, collection.documents, encoder, model)
    return backend_with(encoder, folder, reranker=load_reranker(reranker) if reranker else None)


def _read_earlier(file: Path) -> Mapping[str, Any]:
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
        if isinstance(value, dict) and isinstance(value["by_query"], dict):
            return value
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, KeyError) as error:
        raise UsageError(f"{file} is not the --json of an earlier kb evaluate ({error}); make one first") from error
    raise UsageError(f"{file} is not the --json of an earlier kb evaluate; make one first")


def _comparison(value: Mapping[str, Any], earlier: Mapping[str, Any]) -> list[str]:
    """Gains and losses in nDCG@10, query by query, the largest first, and whether they may be luck."""
    from kb.evaluation.significance import compare

    mine, theirs = ({key: each["ndcg@10"] for key, each in run["by_query"].items()} for run in (value, earlier))
    found = compare(mine, theirs)
    moved = sorted((key for key, gain in found.gains.items() if gain), key=lambda key: (-abs(found.gains[key]), key))
    return [
        "",
        f"{len(found.gains)} queries in common: {found.better} better, {found.worse} worse",
        f"mean {found.mean:+.4f} nDCG@10, 95 % interval {found.low:+.4f} to {found.high:+.4f}, p = {found.p_value:.3f}",
        *(f"  {found.gains[key]:+.4f}  {key}" for key in moved[:20]),
    ]


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--mode",
    type=click.Choice([*get_args(Mode), VECTORS]),
    default="hybrid",
    show_default=True,
    help="How to rank; with vectors only those of the sentences are compared, which takes seconds.",
)
@_MODEL
@_JSON
@click.pass_obj
def evaluate_pairs(config: Config, file: Path, mode: str, model: str | None, as_json: bool) -> None:
    """Judge the search on sentence pairs: FILE has a sentence, a tab and its English translation a line.

    All sentences of one side are indexed beside the base, and each of the other side is searched for. Prints how often
    its translation is found first.
    """
    from kb.evaluation.pairs import accuracy_at_1, read_pairs

    pairs = read_pairs(file)
    name = model or DEFAULT_MODEL
    encoder = load_encoder(name, config.data)
    if mode == VECTORS:
        value: dict[str, Any] = dict(accuracy_at_1(pairs, encoder))
    else:
        value = _found(config, file.resolve().stem, pairs, cast("Mode", mode), name, encoder)
    value["mode"] = mode
    if as_json:
        click.echo(json.dumps(value, indent=2))
        return
    for measure, shown in value.items():
        click.echo(f"{measure:>20}: {shown}")


def _found(config: Config, stem: str, pairs: Pairs, mode: Mode, model: str, encoder: Encoder) -> dict[str, Any]:
    from indexer.build import build
    from kb.evaluation.pairs import documents, found_at_1
    from kb.text.languages import ENGLISH, language_of

    back = [(english, foreign) for foreign, english in pairs]
    languages = ENGLISH, language_of(" ".join(foreign for foreign, _ in pairs))
    value: dict[str, Any] = {}
    done = 0
    with progress(sys.stderr, "sentences") as told:
        for way, asked, language in zip(WAYS, (pairs, back), languages, strict=True):
            folder = config.data / "evaluation" / f"{stem}-{way}"
            build(folder, documents([answer for _, answer in asked], language), encoder, model)
            with backend_with(encoder, folder) as backend:

                def first(text: str, backend: Backend = backend) -> str | None:
                    nonlocal done
                    done += 1
                    told.advance(done, 2 * len(pairs))
                    hits = backend.search(Query(text[:MAX_CHARACTERS], mode=mode, limit=1)).hits
                    return hits[0].id if hits else None

                value[way] = found_at_1(asked, first)
    return {**value, "pairs": len(pairs)}
