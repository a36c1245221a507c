"""The arithmetic of the measurements, by hand; what they measure is in docs/quality.md."""

from pathlib import Path

import numpy as np
import pytest
import yaml

from benchmarks import constants
from benchmarks.agreement import kappa
from benchmarks.bands import best_edge, left_out, shares
from benchmarks.without import copy_without
from kb.engines import dense
from tests.conftest import REPOSITORY

ANSWERABLE, UNANSWERABLE = np.array([0.4, 0.8, 0.9, 1.0]), np.array([0.1, 0.2, 0.5, 0.85])


def test_an_edge_answers_what_lies_at_or_above_it() -> None:
    assert [float(share) for share in shares(ANSWERABLE, UNANSWERABLE, 0.8)] == [0.75, 0.75]
    assert [share.tolist() for share in shares(ANSWERABLE, UNANSWERABLE, np.array([0, 0.5, 2]))] == [
        [1, 0.75, 0],
        [0, 0.5, 1],
    ]


def test_the_best_edge_makes_the_smaller_share_as_large_as_it_can_be() -> None:
    assert best_edge(ANSWERABLE, UNANSWERABLE) == 0.8
    assert best_edge(np.array([0.9]), np.array([0.1, 0.2])) == 0.9


def test_no_query_chooses_the_edge_that_judges_it() -> None:
    # Without 0.8 the edges 0.85 and 0.9 are as good as each other, and the upper one is taken; else it is 0.8.
    assert left_out(ANSWERABLE, UNANSWERABLE) == (0.5, 0.75)
    # With 0.8 left out of two, 0.9 is the best edge: the only one that was ever above the others misses the first.
    assert left_out(np.array([0.8, 0.9]), np.array([0.1, 0.2])) == (0.5, 1.0)


def test_a_number_is_chosen_on_the_other_collections() -> None:
    values = {1.0: [0.5, 0.5, 0.5], 2.0: [0.8, 0.5, 0.5]}
    assert constants.left_out(values) == pytest.approx((0.5 + 0.5 + 0.5) / 3)
    assert constants.left_out({1.0: [0.1, 0.2], 2.0: [0.3, 0.4]}) == pytest.approx(0.35)


def test_a_number_is_put_back() -> None:
    feedback = next(constant for constant in constants.CONSTANTS if constant.name == "feedback")
    with constants.set_to(feedback, 0.0):
        assert dense.FEEDBACK == 0
    assert feedback.shipped == dense.FEEDBACK > 0


@pytest.mark.parametrize("constant", constants.CONSTANTS, ids=lambda constant: constant.name)
def test_the_shipped_value_of_a_number_changes_nothing(constant: constants.Constant) -> None:
    usual = getattr(constant.module, constant.attribute)
    made = constant.value(constant.shipped)
    if constant.attribute == "WEIGHTS" and constant.module.__name__ == "kb.search":
        usual, made = usual["hybrid"], made["hybrid"]  # type: ignore[index]
    assert made == pytest.approx(usual)


def test_two_judges_who_agree_and_two_who_do_not() -> None:
    assert kappa([(0, 0), (1, 1), (2, 2)]) == 1
    assert kappa([(0, 2), (2, 0)]) == -1
    # Observed: one pair of four a grade apart, 1 / 4; by chance (2 and 2 of each judge): 1 and 1 of four, 2 / 4.
    assert kappa([(0, 0), (0, 0), (1, 1), (1, 0)]) == pytest.approx(1 - (1 / 4) / (2 / 4))


def test_a_base_without_a_field(tmp_path: Path) -> None:
    entries = REPOSITORY / "entries"
    number = copy_without("questions", entries, tmp_path / "copy")
    assert (
        number
        == len(list((entries / "practices").glob("*.md")))
        == len(list((tmp_path / "copy").rglob("practices/*.md")))
    )
    name = "practices/netsafe-approved-agency.md"
    (_, before, body), (_, after, same) = (
        (folder / name).read_text(encoding="utf-8").split("---\n", 2) for folder in (entries, tmp_path / "copy")
    )
    assert body == same
    values = yaml.safe_load(before)
    assert values.pop("questions")
    assert yaml.safe_load(after) == values
