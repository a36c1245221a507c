import pytest

from kb.evaluation.significance import compare


def test_differences_are_paired_by_query() -> None:
    found = compare({"a": 0.5, "b": 0.2, "c": 1.0, "only": 1}, {"a": 0.3, "b": 0.3, "c": 1.0})
    assert found.gains == pytest.approx({"a": 0.2, "b": -0.1, "c": 0.0})
    assert (found.better, found.worse) == (1, 1)
    assert found.mean == pytest.approx(0.1 / 3)
    assert found.low < found.mean < found.high


def test_a_gain_in_every_query_is_no_luck() -> None:
    found = compare({str(n): 0.5 + n / 100 for n in range(20)}, {str(n): 0.4 for n in range(20)})
    assert found.p_value < 0.001
    assert found.low > 0


def test_as_much_gained_as_lost_may_be_luck() -> None:
    found = compare({str(n): 0.5 + (-1) ** n / 10 for n in range(20)}, {str(n): 0.5 for n in range(20)})
    assert found.mean == pytest.approx(0, abs=1e-9)
    assert found.p_value > 0.5
    assert found.low < 0 < found.high


def test_the_exact_permutation_test_of_three_queries() -> None:
    # Of the 8 ways to swap the sides, 2 give a mean as far from 0 as +0.2: all as they are, and all swapped.
    found = compare({"a": 0.2, "b": 0.2, "c": 0.2}, {"a": 0.0, "b": 0.0, "c": 0.0})
    assert found.p_value == pytest.approx(2 / 8)


@pytest.mark.parametrize(("mine", "theirs"), [({}, {}), ({"a": 1.0}, {"b": 1.0}), ({"a": 0.5}, {"a": 0.5})])
def test_nothing_to_compare_is_no_difference(mine: dict[str, float], theirs: dict[str, float]) -> None:
    found = compare(mine, theirs)
    assert (found.mean, found.low, found.high, found.p_value) == (0, 0, 0, 1)


def test_it_is_repeatable() -> None:
    mine, theirs = {str(n): n % 7 / 7 for n in range(40)}, {str(n): n % 5 / 5 for n in range(40)}
    assert compare(mine, theirs) == compare(mine, theirs)
