"""Cheap commands stay cheap: what they import is looked at in a process of their own."""

import subprocess
import sys

import pytest

from tests.conftest import ENTRIES

HEAVY = {"torch", "sentence_transformers", "transformers", "faiss", "flask"}


def imported(*arguments: str) -> set[str]:
    program = (
        "import sys\n"
        "sys.argv = ['kb', *sys.argv[1:]]\n"
        "from kb.cli import main\n"
        "try:\n    main()\nexcept SystemExit as e:\n    code = e.code\n"
        "names = {name.partition('.')[0] for name, module in sys.modules.items() if module}\n"
        "sys.stderr.write('\\nMODULES ' + ' '.join(sorted(names)))\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    *_, line = run.stderr.splitlines()
    assert line.startswith("MODULES "), run.stderr
    return set(line.split()[1:])


@pytest.mark.parametrize(
    "arguments",
    [("--help",), ("--version",), ("search", "--help"), ("--entries", str(ENTRIES), "check"), ("new", "--help")],
    ids=" ".join,
)
def test_no_heavy_module_is_imported(arguments: tuple[str, ...]) -> None:
    heavy = HEAVY - ({"faiss"} if arguments[0] == "search" else set())
    assert not imported(*arguments) & heavy


def test_help_imports_next_to_nothing() -> None:
    assert not imported("--help") & {"numpy", "pydantic", "yaml", "babel", "sqlite_utils", "markdown"}


def test_searching_by_word_needs_no_model(indexed: object) -> None:
    assert not imported("--data", str(indexed), "search", "--mode", "lexical", "helpline") & (HEAVY - {"faiss"})


def test_workers_of_a_reindex_import_no_engine() -> None:
    """What they are sent comes from these modules; each of them is imported again in every worker."""
    program = (
        "import kb.workers, kb.content.reading, indexer.documents, indexer.passages, kb.engines.encoders.tokens, sys\n"
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert not set(run.stdout.split()) & (HEAVY | {"openvino", "sqlite_utils"})
