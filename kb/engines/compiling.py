"""From a sentence-transformers model to its compiled form. Imports torch, once for each model."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from kb.engines import openvino_runtime
from kb.engines.compiled import SAMPLES, Description, NotCompilable, Write, network_path, tokenizer_path
from kb.engines.encoder import SentenceTransformerEncoder
from kb.engines.tokens import INPUTS
from kb.types import Floats

#: The names under which sentence-transformers looks for the prompt of a passage, in its order.
_DOCUMENT = ("document", "passage", "corpus")
#: Weights as 8-bit integers first; where these are too far from the model, as they are.
FORMS: tuple[bool, ...] = (True, False)


def writer(reference: SentenceTransformerEncoder, *, quantised: bool) -> Write:
    """What :func:`kb.engines.compiled.make_form` asks for. It raises NotCompilable, ModelError and OSError."""

    def write(folder: Path) -> tuple[Description, Floats]:
        description = _describe(reference)
        tokenizer_path(folder).write_text(reference.model.tokenizer.backend_tokenizer.to_str(), encoding="utf-8")
        examples = reference.model.preprocess(["a question", "A longer text, so that one of both is padded."])
        try:
            traced = openvino_runtime.trace(
                reference.model, description.inputs, [examples[name] for name in description.inputs]
            )
            if quantised:
                openvino_runtime.quantise(traced)
        except Exception as error:  # tracing runs the model's own code, which may raise anything
            raise NotCompilable(f"it cannot be traced ({_first_line(error)})") from error
        openvino_runtime.save(traced, network_path(folder))
        queries = [reference.encode_query(text) for text in SAMPLES]
        return description, np.vstack([reference.encode(SAMPLES), *queries]).astype(np.float32)

    return write


def _describe(reference: SentenceTransformerEncoder) -> Description:
    model = reference.model
    kinds = [type(module).__name__ for module in model]
    if kinds[0] != "Transformer" or not hasattr(model.tokenizer, "backend_tokenizer"):
        raise NotCompilable(f"it is no transformer with a fast tokenizer, but {' + '.join(kinds)}")
    tensors = [name for name, value in model.preprocess(["a"]).items() if hasattr(value, "shape")]
    if not set(tensors) <= set(INPUTS):
        raise NotCompilable(f"it wants inputs other than {', '.join(INPUTS)}: {', '.join(tensors)}")
    prompts = {name: prompt or "" for name, prompt in model.prompts.items()}
    default = prompts.get(model.default_prompt_name or "", "")
    document = next((prompts[name] for name in _DOCUMENT if name in prompts), default)
    query = prompts.get("query", default)
    if (query or document) and not all(getattr(module, "include_prompt", True) for module in model):
        raise NotCompilable("its pooling leaves the prompt out")
    return Description(
        inputs=tuple(tensors),
        most=int(model.max_seq_length or 512),
        padding=int(model.tokenizer.pad_token_id or 0),
        left=model.tokenizer.padding_side == "left",
        query=query,
        document=document,
        runtime=openvino_runtime.version(),
    )


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
