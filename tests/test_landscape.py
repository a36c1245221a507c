from __future__ import annotations

import numpy as np

from kb.facets.crossing import crossed
from kb.landscape import PER_REGION, Region, regions
from kb.types import Tags


def tags(**carried: list[int]) -> Tags:
    """``grooming=[0, 2]``: the documents 0 and 2 carry it."""
    values = tuple(sorted(carried))
    pairs = [(document, number) for number, value in enumerate(values) for document in carried[value]]
    table = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return Tags(values, table[:, 0].copy(), table[:, 1].copy())


def test_a_cell_counts_the_documents_that_carry_both() -> None:
    rows = tags(conduct=[0, 1], contact=[1, 2, 3], content=[])
    columns = tags(parents=[1, 3], teachers=[0, 1, 2])
    assert crossed(rows, columns, documents=5).tolist() == [
        [1, 2],  # conduct: parents in 1; teachers in 0 and 1
        [2, 2],  # contact: parents in 1 and 3; teachers in 1 and 2
        [0, 0],  # content: nothing
    ]


def test_crossing_with_a_facet_that_nothing_has() -> None:
    assert crossed(tags(), tags(a=[0]), documents=1).shape == (0, 1)
    assert crossed(tags(a=[0]), tags(), documents=1).shape == (1, 0)


def test_a_region_is_named_by_what_is_denser_in_it_than_elsewhere() -> None:
    """All in the first corner carry helplines, all in the second law; what everybody carries names nothing."""
    here, there = range(PER_REGION), range(PER_REGION, 2 * PER_REGION)
    points = np.array([(0.0, 0.1)] * PER_REGION + [(1.0, 0.9)] * PER_REGION)
    points[0] = (0.1, 0.1)
    found = regions(points, tags(everything=[*here, *there], helplines=[*here], law=[*there], rare=[0, 1]))
    assert found == (
        Region("helplines", PER_REGION, tuple(here), 0.0, 0.1),
        Region("law", PER_REGION, tuple(there), 1.0, 0.9),
    )


def test_there_are_no_regions_of_nothing() -> None:
    assert regions(np.empty((0, 2)), tags()) == ()
    assert regions(np.full((1, 2), 0.5), tags(a=[0])) == ()
    assert regions(np.full((40, 2), 0.5), tags(a=list(range(40)))) == ()
