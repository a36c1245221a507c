import numpy as np
import pytest

from kb.bands import EDGES, WORDS, band, floor, relevance
from kb.types import Mode


def test_relevance_adds_words_to_meaning() -> None:
    strengths = {"lexical": np.array([1, 0], np.float32), "semantic": np.array([0.5, 0.25], np.float32)}
    assert relevance(strengths).tolist() == pytest.approx([0.5 + WORDS, 0.25])
    assert relevance({"lexical": strengths["lexical"]}).tolist() == [1, 0]
    assert relevance({"semantic": strengths["semantic"]}).tolist() == [0.5, 0.25]


@pytest.mark.parametrize("mode", EDGES)
def test_bands_begin_at_their_edges(mode: Mode) -> None:
    edges = EDGES[mode]
    assert list(edges) == ["strong", "fair", "weak"]
    assert edges["strong"] > edges["fair"] > edges["weak"] == floor(mode) > 0
    for name, edge in edges.items():
        assert band(mode, edge) == name
        assert band(mode, edge + 1e-6) == name
    assert band(mode, edges["strong"] - 1e-6) == "fair"
    assert band(mode, edges["fair"] - 1e-6) == "weak"
