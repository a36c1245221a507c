"""Similar practices: near in meaning with topics in common, whoever made them."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from kb.backends import Backend
from kb.errors import NotFound
from kb.ranking import similar
from kb.types import Document, Section, Tags
from tests.conftest import ENTRIES, REPOSITORY, MakeBackend


def tags(*of_documents: str) -> Tags:
    """The tags of documents 0, 1, ..., one letter each."""
    values = tuple(sorted(set("".join(of_documents))))
    pairs = [(number, values.index(tag)) for number, own in enumerate(of_documents) for tag in own]
    documents, concepts = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    return Tags(values, documents, concepts)


def document(id: str, text: str, *topics: str, organisation: str = "") -> Document:
    return Document(
        id=id,
        title=id,
        sections=(Section((), text),),
        tags={"topic": topics, "organisation": (organisation,) if organisation else ()},
    )


def ids(backend: Backend, id: str, limit: int = 5) -> list[str]:
    return [hit.id for hit in backend.similar(id, limit=limit)]


# --- tags in common --------------------------------------------------------------------------------------------


def test_tags_in_common_are_a_weighted_jaccard_index() -> None:
    a, b, c = np.log(4 / np.array([3, 2, 1]))
    found = similar.in_common(0, tags("ab", "ab", "a", "c"), 4)
    assert found == pytest.approx([1, 1, a / (a + b), 0])
    assert similar.in_common(1, tags("ab", "ac", "a", "b"), 4)[0] == pytest.approx(a / (a + b + c))


def test_a_rare_tag_counts_more_than_a_common_one() -> None:
    _, rare, common, *_ = similar.in_common(0, tags("xy", "y", "x", "x", "x", ""), 6)
    assert rare > common > 0


def test_without_tags_nothing_is_in_common() -> None:
    assert similar.in_common(0, tags("", "a", ""), 3).tolist() == [0, 0, 0]
    assert similar.in_common(0, tags(""), 1).tolist() == [0]
    assert similar.in_common(0, tags("a", "a"), 2).tolist() == [0, 0]  # a tag that all have says nothing


def test_the_score_is_the_formula() -> None:
    means = np.array([[1, 0], [0.6, 0.8], [0.8, 0.6], [0, 1], [-1, 0]], dtype=np.float32)
    documents, scores, cosines = similar.most_similar(0, means, tags("a", "a", "", "a", "a"), limit=5)
    assert documents.tolist() == [1, 2]  # 3 has the topic, but is not near at all
    weight = float(similar.TOPICS)
    assert scores == pytest.approx([(0.6 + weight) / (1 + weight), 0.8 / (1 + weight)])
    assert cosines == pytest.approx([0.6, 0.8])


# --- in a base -------------------------------------------------------------------------------------------------


def test_among_equally_near_ones_topics_decide(make_backend: MakeBackend) -> None:
    backend = make_backend(
        document("a", "a hotline takes reports of illegal images", "hotlines"),
        document("b", "a hotline takes reports of illegal images", "filtering"),
        document("c", "a hotline takes reports of illegal images", "hotlines"),
        document("d", "pupils discuss the news of the day in class", "hotlines"),
    )
    assert ids(backend, "a")[:2] == ["c", "b"]


def test_the_organisation_has_no_say(make_backend: MakeBackend) -> None:
    found = []
    for organisations in (("one", "two", "one"), ("one", "one", "two"), ("", "", "")):
        backend = make_backend(
            document("a", "report illegal images to a hotline", "hotlines", organisation=organisations[0]),
            document("b", "a hotline for illegal images", "hotlines", organisation=organisations[1]),
            document("c", "a hotline for illegal pictures", "hotlines", organisation=organisations[2]),
        )
        found.append(backend.similar("a"))
    assert len(found[0]) == 2
    assert found[0] == found[1] == found[2]


def test_practices_without_topics_are_found_by_meaning(make_backend: MakeBackend) -> None:
    backend = make_backend(
        document("a", "report illegal images to a hotline"),
        document("b", "a hotline takes reports of illegal images"),
        document("c", "pupils discuss news in class"),
    )
    assert ids(backend, "a")[0] == "b"
    assert ids(make_backend(document("a", "alone")), "a") == []


def test_an_unknown_id_is_told(make_backend: MakeBackend) -> None:
    backend = make_backend(document("b", "text"))
    for id in ("", "a", "bb", "z"):
        with pytest.raises(NotFound, match=f"no practice '{id}'"):
            backend.similar(id)


def test_they_are_the_same_each_time_and_a_shorter_list_is_the_beginning(backend: Backend) -> None:
    for id in sorted(path.stem for path in (ENTRIES / "practices").glob("*.md"))[::20]:
        hits = backend.similar(id, limit=10)
        assert hits == backend.similar(id, limit=10)
        assert hits[:3] == backend.similar(id, limit=3)
        assert id not in {hit.id for hit in hits}
        scores = [hit.score for hit in hits]
        assert scores == sorted(scores, reverse=True)
        assert all(0 <= score <= 1 for score in scores)


# --- the judgements --------------------------------------------------------------------------------------------


def test_the_judgements_are_of_practices_that_exist() -> None:
    with (REPOSITORY / "tests" / "quality" / "similar.tsv").open(encoding="utf-8", newline="") as file:
        rows = [(row["practice"], row["similar"], row["relevant"]) for row in csv.DictReader(file, delimiter="\t")]
    known = {path.stem for path in (ENTRIES / "practices").glob("*.md")}
    assert {row[0] for row in rows} | {row[1] for row in rows} <= known
    assert len({row[0] for row in rows}) == 30
    assert len({row[:2] for row in rows}) == len(rows)
    assert all(practice != other for practice, other, _ in rows)
    assert {row[2] for row in rows} == {"0", "1"}
