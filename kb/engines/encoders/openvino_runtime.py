"""Models in OpenVINO: traced from torch once, then run without it. The only module that imports openvino.

Weights are kept as 8-bit integers with a scale for each output channel, activations are quantised as they come in
groups of :data:`GROUP` values, which processors with VNNI multiply four times as fast as floats; what is not a matrix
product runs in bfloat16 where the processor has it. With AMX the runtime would multiply in bfloat16 instead, by tiles
that a query of ten tokens hardly fills: it is told to stay with floats, and so with integers where it matters. One
thread works on one call, and a call for each core runs at a time: that kept both cores busier than two threads on one
call (docs/performance.md).
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import logging
import platform
import queue
import shutil
import sys
import threading
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from kb.cores import CORES
from kb.types import Floats

if TYPE_CHECKING:
    import openvino
    from sentence_transformers import SentenceTransformer

#: How many activations share a scale. Smaller is more exact and slower; 128 measured as fast as 384.
GROUP = 128
#: Smaller matrices stay floats: there is nothing to gain.
_SMALLEST = 64 * 64


def package() -> Any:
    """The package, without the part that converts models of other frameworks: importing that sends a telemetry event.

    Nothing here may speak to the network, and the part takes longer to load than all the rest. Where something else
    has imported the package before us, it is left as it is.
    """
    if "openvino" not in sys.modules:
        for part in ("openvino_telemetry", "openvino.tools.ovc"):
            sys.modules.setdefault(part, None)  # type: ignore[arg-type]  # None is how an import is made to fail
    import openvino

    return openvino


def operations() -> Any:
    """What networks are built from."""
    package()
    from openvino import opset13

    return opset13


@functools.cache
def _core() -> Any:
    return package().Core()


def version() -> str:
    """The runtime and the processor that a saved network is for. ImportError without the runtime."""
    return f"openvino {package().get_version()}, {_core().get_property('CPU', 'FULL_DEVICE_NAME')}, {_units()}"


def _units() -> str:
    """What the processor can do, as eight letters: virtual machines call very different ones by one name."""
    return hashlib.sha256(_flags().encode()).hexdigest()[:8]


@functools.cache
def _flags() -> str:
    """The line in which Linux says what the processor can do; elsewhere what kind it is."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    return next((line for line in lines if line.lower().startswith(("flags", "features"))), platform.machine())


def trace(model: SentenceTransformer, names: Sequence[str], examples: Sequence[Any]) -> openvino.Model:
    """The whole of ``model``, pooling and all, to vectors of unit length; inputs int64, shape (texts, tokens).

    ``examples``: a tensor for each of ``names``. Raises RuntimeError, or whatever the model's own code raises.
    """
    ov = package()
    import torch
    from openvino.frontend import FrontEndManager
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

    class Whole(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
            vectors = self.model(dict(zip(names, inputs, strict=True)))["sentence_embedding"]
            return torch.nn.functional.normalize(vectors[:, : model.truncate_dim], p=2, dim=1)

    # Tracing warns of every branch that it follows one way; what matters of that, comparing the vectors finds out.
    with torch.inference_mode(), warnings.catch_warnings(), _silent():
        warnings.simplefilter("ignore")
        decoder = TorchScriptPythonDecoder(Whole().eval(), example_input=tuple(examples))
    frontend = FrontEndManager().load_by_framework("pytorch")
    traced = frontend.convert(frontend.load(decoder))
    for name, parameter in zip(names, traced.get_parameters(), strict=True):
        parameter.set_partial_shape(ov.PartialShape([-1, -1]))
        parameter.set_element_type(ov.Type.i64)
        parameter.output(0).get_tensor().set_names({name})
    traced.validate_nodes_and_infer_types()
    return traced


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Keep warnings out of the log for a moment."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)


def quantise(traced: openvino.Model) -> None:
    """Replace every weight matrix by 8-bit integers and a scale for each output channel, in place.

    Symmetric, rounded to nearest: the largest weight of a channel becomes 127.
    """
    ops = operations()
    for operation in traced.get_ops():
        if operation.get_type_name() != "MatMul":
            continue
        weights = operation.input_value(1).get_node()
        if weights.get_type_name() != "Constant" or weights.get_output_element_type(0).get_type_name() != "f32":
            continue
        values = weights.data
        if values.ndim != 2 or values.size < _SMALLEST:
            continue
        inner = 1 if operation.get_attributes()["transpose_b"] else 0
        scale = np.maximum(np.abs(values).max(axis=inner, keepdims=True) / 127, np.finfo(np.float32).tiny)
        integers = np.clip(np.rint(values / scale), -127, 127).astype(np.int8)
        restored = ops.multiply(ops.convert(ops.constant(integers), "f32"), ops.constant(scale.astype(np.float32)))
        operation.input(1).replace_source_output(restored.output(0))


class Network:
    """A model ready to run. Thread-safe: one call for each core runs at a time, others wait their turn."""

    def __init__(self, source: openvino.Model | Path) -> None:
        """``source``: what was traced, or a file that :meth:`save` wrote, here and by this runtime.

        Raises RuntimeError for what is neither.
        """
        self.streams = CORES
        settings = {
            "NUM_STREAMS": self.streams,
            "INFERENCE_NUM_THREADS": self.streams,
            # Two processes that pin their threads would share one core and leave the others idle.
            "ENABLE_CPU_PINNING": False,
            "DYNAMIC_QUANTIZATION_GROUP_SIZE": GROUP,
            **({"INFERENCE_PRECISION_HINT": "f32"} if "amx_tile" in _flags().split() else {}),
        }
        self._file = source if isinstance(source, Path) else None
        if isinstance(source, Path):
            # Private to this process and never written: weights stay in the file until they are used. The network
            # reads them where they are, so the mapping must live as long as it.
            self._mapped = np.memmap(source, dtype=np.uint8, mode="c")
            content = package().Tensor(self._mapped, shared_memory=True)
            self._compiled = _core().import_model(content, "CPU", settings)
        else:
            self._compiled = _core().compile_model(source, "CPU", settings)
        self._names = [port.get_any_name() for port in self._compiled.inputs]
        self.dimension = int(self._compiled.outputs[0].get_partial_shape()[1].get_length())
        self._idle: queue.SimpleQueue[Any] = queue.SimpleQueue()
        for _ in range(self.streams):
            self._idle.put(self._compiled.create_infer_request())
        self._bulk = threading.Lock()
        self._jobs: Any = None

    def save(self, path: Path) -> None:
        """Write it as it is, made ready for this processor: that opens three times as fast as what was traced."""
        if self._file:  # the runtime would write again what it has read in a form that it cannot read
            shutil.copyfile(self._file, path)
        else:
            path.write_bytes(self._compiled.export_model().getvalue())

    def run(self, inputs: Mapping[str, NDArray[Any]]) -> Floats:
        """Vectors for one batch, float32, shape (rows, dimension)."""
        request = self._idle.get()
        try:
            request.infer({name: inputs[name] for name in self._names})
            return np.array(request.get_output_tensor(0).data, dtype=np.float32)
        finally:
            self._idle.put(request)

    def run_all(self, batches: Iterable[tuple[Sequence[int], Mapping[str, NDArray[Any]]]], found: Floats) -> None:
        """Write the vectors of each batch into its rows of ``found``; all cores work, one caller at a time."""
        with self._bulk:
            if self._jobs is None:
                self._jobs = package().AsyncInferQueue(self._compiled, self.streams)

            def keep(request: Any, rows: Sequence[int]) -> None:
                found[rows] = request.get_output_tensor(0).data

            self._jobs.set_callback(keep)
            try:
                for rows, inputs in batches:
                    self._jobs.start_async({name: inputs[name] for name in self._names}, list(rows))
            finally:
                self._jobs.wait_all()
