import numpy as np
import pytest

from kb.ranking.bands import EDGES, WORDS, band, edges, relevance
from kb.types import Mode


def test_relevance_adds_words_to_meaning() -> None:
    strengths = {"lexical": np.array([1, 0], np.float32), "semantic": np.array([0.5, 0.25], np.float32)}
    assert relevance(strengths).tolist() == pytest.approx([0.5 + WORDS, 0.25])
    assert relevance({"lexical": strengths["lexical"]}).tolist() == [1, 0]
    assert relevance({"semantic": strengths["semantic"]}).tolist() == [0.5, 0.25]


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("mode", EDGES)
def test_bands_begin_at_their_edges(mode: Mode, language: str) -> None:
    found = edges(mode, language)
    assert list(found) == ["strong", "fair", "weak"]
    assert found["strong"] > found["fair"] > found["weak"] > 0
    for name, edge in found.items():
        assert band(found, edge) == name
        assert band(found, edge + 1e-6) == name
    assert band(found, found["strong"] - 1e-6) == "fair"
    assert band(found, found["fair"] - 1e-6) == "weak"


@pytest.mark.parametrize("mode", EDGES)
def test_a_question_in_another_language_needs_less(mode: Mode) -> None:
    english, german = edges(mode, "en"), edges(mode, "de")
    assert all(german[name] <= english[name] for name in english)
    assert german["fair"] < english["fair"]
