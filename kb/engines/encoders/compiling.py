"""From a sentence-transformers model to its compiled form. Imports torch, once for each model."""

from __future__ import annotations

import numpy as np

from kb.engines.encoders import openvino_runtime
from kb.engines.encoders.compiled import SAMPLES, Description, NotCompilable, Parts
from kb.engines.encoders.encoder import SentenceTransformerEncoder
from kb.engines.encoders.tokens import INPUTS

#: The names under which sentence-transformers looks for the prompt of a passage, in its order.
_DOCUMENT = ("document", "passage", "corpus")
#: Weights as 8-bit integers first; where these are too far from the model, as they are.
FORMS: tuple[bool, ...] = (True, False)


def compile_model(reference: SentenceTransformerEncoder, *, quantised: bool) -> Parts:
    """What :func:`~kb.engines.encoders.compiled.make_form` asks for. Raises NotCompilable and ModelError."""
    inputs, description = _describe(reference)
    examples = reference.model.preprocess(["a question", "A longer text, so that one of both is padded."])
    try:
        traced = openvino_runtime.trace(reference.model, inputs, [examples[name] for name in inputs])
        if quantised:
            openvino_runtime.quantise(traced)
        network = openvino_runtime.Network(traced)
    except Exception as error:  # tracing runs the model's own code, which may raise anything
        raise NotCompilable(f"it cannot be traced ({_first_line(error)})") from error
    queries = [reference.encode_query(text) for text in SAMPLES]
    return Parts(
        network=network,
        tokenizer=reference.model.tokenizer.backend_tokenizer.to_str(),
        description=description,
        reference=np.vstack([reference.encode(SAMPLES), *queries]).astype(np.float32),
    )


def _describe(reference: SentenceTransformerEncoder) -> tuple[list[str], Description]:
    """The names of the model's inputs, and how to feed them."""
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
    return tensors, Description(
        most=int(model.max_seq_length or 512),
        padding=int(model.tokenizer.pad_token_id or 0),
        left=model.tokenizer.padding_side == "left",
        query=query,
        document=document,
    )


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
