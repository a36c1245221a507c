import numpy as np
import pytest

from kb.fusion import WEIGHTS, by_best, by_range, combine
from kb.types import Floats


def floats(*values: float) -> Floats:
    return np.array(values, dtype=np.float32)


def test_by_best_divides_by_the_best() -> None:
    scores = floats(4, 2, 0)
    assert by_best(scores)(scores).tolist() == [1, 0.5, 0]
    assert by_best(floats(0, 0))(floats(0, 0)).tolist() == [0, 0]
    assert by_best(floats())(floats()).tolist() == []


def test_by_range_stretches_the_best_few() -> None:
    scores = floats(0.9, 0.7, 0.5, 0.1)
    # The range is 0.5 to 0.9, the best three.
    assert by_range(scores, depth=3)(scores).tolist() == pytest.approx([1, 0.5, 0, 0], abs=1e-6)
    assert by_range(floats(0.4, 0.4))(floats(0.4, 0.4)).tolist() == [1, 1]
    assert by_range(floats())(floats()).tolist() == []


def test_the_normaliser_is_that_of_the_whole_not_of_the_part() -> None:
    whole = floats(0.9, 0.7, 0.5)
    assert by_range(whole)(floats(0.7)).tolist() == pytest.approx([0.5], abs=1e-6)


def test_combine_is_the_weighted_sum() -> None:
    parts = {"lexical": floats(1, 0), "semantic": floats(0.5, 1)}
    assert combine(parts, {"lexical": 0.25, "semantic": 0.75}).tolist() == [0.625, 0.75]
    assert combine({"lexical": floats(0.3)}, {"lexical": 1.0}).tolist() == pytest.approx([0.3])


@pytest.mark.parametrize("weights", WEIGHTS.values())
def test_weights_are_convex(weights: dict[str, float]) -> None:
    assert sum(weights.values()) == 1
    assert all(weight >= 0 for weight in weights.values())
