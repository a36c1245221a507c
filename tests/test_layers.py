"""The direction of imports, and one module or room for each third-party package."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

#: What each room may import of ours.
ROOMS = {
    "kb": {"kb"},
    "indexer": {"kb", "indexer"},
    "web": {"kb", "web"},
}

#: Modules of kb from the bottom up. A module imports from its own line and those above it in this list only.
LAYERS = [
    {"kb", "kb.errors", "kb.cores", "kb.mapped", "kb.workers", "kb.trimming", "kb.content.model", "kb.content.wording"},
    {"kb.types", "kb.content.codec", "kb.content.codes", "kb.text", "kb.understanding.query"},
    {
        "kb.config",
        "kb.evaluation",
        "kb.facets",
        "kb.landscape",
        "kb.ranking",
        "kb.serialise",
        "kb.understanding",
        "kb.upkeep",
    },
    {"kb.content", "kb.search", "kb.suggestions"},
    {"kb.engines"},
    {"kb.generation"},
    {"kb.backends"},
    {"kb.cli"},
]

#: Where each third-party package may be named. numpy may be named anywhere.
PACKAGES = {
    "babel": {"kb.content.codes", "web.languages"},
    "click": {"kb.cli"},
    "faiss": {"kb.engines.dense"},
    "flask": {"web"},
    "flask_babel": {"web.languages"},
    "huggingface_hub": {"kb.engines.encoders.model_files"},
    "ir_measures": {"kb.evaluation.measures"},
    "jinja2": {"web"},
    "markdown": {"kb.text.markup"},
    "markupsafe": {"web"},
    "nh3": {"kb.text.markup"},
    "numpy": {"kb", "indexer"},
    "openvino": {"kb.engines.encoders.openvino_runtime"},
    "py3langid": {"kb.text.languages"},
    "pydantic": {"kb.content.schema"},
    "pydantic_core": {"kb.content.schema"},
    "safetensors": {
        "kb.engines.encoders.encoder",
        "kb.engines.reranker",
        "kb.engines.encoders.static",
    },
    "rapidfuzz": {"kb.understanding.spelling"},
    "regex": {"kb.text.analysis", "kb.understanding.query"},
    "scipy": {"kb.evaluation.significance"},
    "sentence_transformers": {
        "kb.engines.encoders.encoder",
        "kb.engines.encoders.openvino_runtime",
        "kb.engines.reranker",
    },
    "sqlite_utils": {"kb.engines.database"},
    "Stemmer": {"kb.text.analysis"},
    "threadpoolctl": {"kb.engines.dense"},
    "tokenizers": {"kb.engines.encoders.tokens"},
    "torch": {"kb.engines.encoders.encoder", "kb.engines.encoders.openvino_runtime", "kb.engines.reranker"},
    "transformers": {"kb.engines.encoders.encoder", "kb.engines.reranker"},
    "waitress": {"web.server"},
    "werkzeug": {"web"},
    "yaml": {"kb.content.plainyaml", "kb.content.frontmatter"},
}


def module_name(path: Path) -> str:
    parts = path.relative_to(REPOSITORY).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for room in ROOMS for path in sorted((REPOSITORY / room).rglob("*.py"))}


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """The modules that a file names, those inside functions included."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: a relative import; write the whole name"
            assert node.module
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield (whole if whole in MODULES else node.module), node.lineno


def within(module: str, places: set[str]) -> bool:
    return any(module == place or module.startswith(f"{place}.") for place in places)


def layer(module: str) -> int:
    """The number of the layer of the longest name in LAYERS that holds ``module``."""
    found = [
        (len(place), number)
        for number, places in enumerate(LAYERS)
        for place in places
        if module == place or (module.startswith(f"{place}.") and place != "kb")
    ]
    assert found, f"{module} is in no layer; add it to LAYERS"
    return max(found)[1]


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_one_way(module: str) -> None:
    room = module.split(".")[0]
    allowed = ROOMS[room] | ({"indexer", "web"} if within(module, {"kb.cli"}) else set())
    for name, line in imports(MODULES[module]):
        top = name.split(".")[0]
        if top in ROOMS:
            assert top in allowed, f"{module}:{line}: {room} must not import {name}"
            assert name != "kb.cli" or within(module, {"kb.cli"}), f"{module}:{line}: nobody imports kb.cli"
        if room == top == "kb":
            assert layer(name) <= layer(module), f"{module}:{line}: {name} is in a layer above"
        elif top not in sys.stdlib_module_names and top not in ROOMS and top != "__future__":
            assert within(module, PACKAGES.get(top, set())), f"{module}:{line}: {top} is not to be named here"


def test_search_knows_protocols_only() -> None:
    for name in ("kb.search", "kb.ranking.fusion", "kb.ranking.bands"):
        assert not any(imported.startswith("kb.engines") for imported, _ in imports(MODULES[name]))


def test_indexer_and_web_are_imported_inside_commands_only() -> None:
    for module, path in MODULES.items():
        if within(module, {"kb.cli"}):
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.ImportFrom) and node.module:
                    assert node.module.split(".")[0] == "kb" or node.module.split(".")[0] not in ROOMS
