import numpy as np
import pytest

from kb.ranking.fusion import DAMPING, IN_ONE_LANGUAGE, WEIGHTS, as_it_is, combine, damped, leaning
from kb.types import Floats


def floats(*values: float) -> Floats:
    return np.array(values, dtype=np.float32)


def test_damped_is_a_share_of_the_best_plus_a_constant() -> None:
    scores = floats(DAMPING, DAMPING / 2, 0)
    assert damped(scores).tolist() == [0.5, 0.25, 0]
    assert damped(floats(0, 0)).tolist() == [0, 0]
    assert damped(floats()).tolist() == []


def test_words_say_the_more_the_more_there_is_for_them_to_say() -> None:
    assert damped(floats(3 * DAMPING))[0] == pytest.approx(0.75)
    assert damped(floats(DAMPING / 9))[0] == pytest.approx(0.1)


def test_the_cosine_stays_as_it_is() -> None:
    assert as_it_is(floats(0.9, 0.3)).tolist() == floats(0.9, 0.3).tolist()


def test_combine_is_the_weighted_sum() -> None:
    parts = {"lexical": floats(1, 0), "semantic": floats(0.5, 1)}
    assert combine(parts, {"lexical": 0.25, "semantic": 0.75}).tolist() == [0.625, 0.75]
    assert combine({"lexical": floats(0.3)}, {"lexical": 1.0}).tolist() == pytest.approx([0.3])


@pytest.mark.parametrize("weights", WEIGHTS.values())
def test_weights_are_convex(weights: dict[str, float]) -> None:
    assert sum(weights.values()) == pytest.approx(1)
    assert all(weight >= 0 for weight in weights.values())


@pytest.mark.parametrize(
    ("share", "semantic"),
    [(0.0, 0.45), (0.5, (0.45 + IN_ONE_LANGUAGE) / 2), (1.0, IN_ONE_LANGUAGE)],
)
def test_the_more_documents_are_in_the_language_of_the_question_the_more_words_count(
    share: float, semantic: float
) -> None:
    found = leaning({"lexical": 0.55, "semantic": 0.45}, share)
    assert found == pytest.approx({"lexical": 1 - semantic, "semantic": semantic})


def test_what_is_alone_keeps_its_weight() -> None:
    assert leaning({"semantic": 1.0}, 1.0) == {"semantic": 1.0}
