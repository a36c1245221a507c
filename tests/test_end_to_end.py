"""The whole with the real model: what the command line finds, the page shows, in the same order."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kb.backends import Backend, load_encoder
from kb.engines.encoders.model_files import DEFAULT_MODEL
from kb.types import Mode, Query
from tests.conftest import ENTRIES
from tests.test_lazy_imports import imported
from web import create_app

QUESTION = "how can we stop strangers from messaging children"


def kb(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from kb.cli import main; main()", *arguments],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory, compiled_default: Path) -> Path:
    """The project's own entries, the real model, the real command."""
    data = Path(shutil.copytree(compiled_default, tmp_path_factory.mktemp("real"), dirs_exist_ok=True))
    run = kb("--entries", str(ENTRIES), "--data", str(data), "reindex", "--json")
    assert run.returncode == 0, run.stderr
    value = json.loads(run.stdout)
    assert value["encoded"] == value["passages"] > 0
    assert value["problems"] == value["left_out"] == []
    return data


def test_a_second_reindex_encodes_nothing(real: Path) -> None:
    value = json.loads(kb("--entries", str(ENTRIES), "--data", str(real), "reindex", "--json").stdout)
    assert (value["published"], value["encoded"]) == (False, 0)


def test_a_search_by_meaning_loads_no_framework(real: Path) -> None:
    found = imported("--data", str(real), "search", QUESTION)
    assert "openvino" in found
    assert not found & {"torch", "transformers", "sentence_transformers", "flask", "openvino_telemetry"}


def test_the_command_line_and_the_page_give_the_same_hits_in_the_same_order(real: Path) -> None:
    found = json.loads(kb("--data", str(real), "search", QUESTION, "--json").stdout)
    listed = [hit["id"] for hit in found["hits"]]
    assert len(listed) == 10
    assert found["hits"][0]["band"] in ("strong", "fair")
    encoder = load_encoder(DEFAULT_MODEL, real)
    with Backend(real, lambda manifest: encoder) as backend:
        client = create_app(backend).test_client()
        page = client.get("/search", query_string={"q": QUESTION}).text
        api = client.get("/api/v1/search", query_string={"q": QUESTION}).get_json()
    main = page[page.index("<main") :]
    shown = list(dict.fromkeys(re.findall(r'<h[23][^>]*>\s*<a[^>]* href="/practices/([^"./]+)"', main)))
    assert shown == listed
    assert api == found


#: Questions in the language of a translation, none of them in its words, and the practice.
ASKED = {
    "Wo kann man in der Schweiz melden, wenn Kinder im Netz missbraucht werden?": "kinderschutz-schweiz-clickandstop",
    "πού καταγγέλλω παράνομο περιεχόμενο στην Ελλάδα": "safeline-greece-hotline",
    "kreslené rozprávky pre deti o nebezpečenstvách internetu": "ovce-sk-sheeplive-cartoons",
    "felvilágosítás kamaszoknak a szexről, alkalmazás": "hintalovon-yelon-app",
    "policie učí ve škole o bezpečném internetu": "czech-police-tvoje-cesta-onlinem",
}


def test_questions_in_the_language_of_a_translation_are_answered_by_meaning(real: Path) -> None:
    encoder = load_encoder(DEFAULT_MODEL, real)
    with Backend(real, lambda manifest: encoder) as backend:
        modes: tuple[Mode, ...] = ("dense", "hybrid")
        for mode in modes:
            for text, id in ASKED.items():
                hits = backend.search(Query(text, mode=mode, limit=3)).hits
                assert id in [hit.id for hit in hits], (mode, text)


def test_meaning_finds_what_words_do_not(real: Path) -> None:
    encoder = load_encoder(DEFAULT_MODEL, real)
    with Backend(real, lambda manifest: encoder) as backend:
        hits = backend.search(Query("someone wants money or they will show everyone my naked photo")).hits
        topics = [set(hit.practice.topics) for hit in hits[:3] if hit.practice]
    assert all(topics_ & {"sextortion", "sexting-and-intimate-images"} for topics_ in topics)
