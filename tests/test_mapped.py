"""Arrays unpacked into a file are those that were put there, or none."""

from pathlib import Path

import numpy as np
import pytest

from kb.mapped import unpack, unpacked
from kb.text import languages
from kb.text.languages import LANGUAGES, UNPACKED, keep_unpacked

ARRAYS = {
    "small": np.array([1, 2, 3], dtype=np.uint8),
    "names": np.array(["de", "nb"]),
    "table": np.arange(6, dtype=np.float16).reshape(2, 3),
    "none": np.empty((0, 4), dtype=np.int64),
}


def test_arrays_come_back_as_they_were(tmp_path: Path) -> None:
    unpack(tmp_path / "file", "key", ARRAYS)
    found = unpacked(tmp_path / "file", "key")
    assert found is not None
    assert found.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)
        assert not found[name].flags.writeable
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_another_key_and_no_file_give_nothing(tmp_path: Path) -> None:
    unpack(tmp_path / "file", "key", ARRAYS)
    assert unpacked(tmp_path / "file", "other") is None
    assert unpacked(tmp_path / "none", "key") is None


def test_every_damage_is_seen(tmp_path: Path) -> None:
    unpack(tmp_path / "file", "key", ARRAYS)
    content = (tmp_path / "file").read_bytes()
    damaged = [
        b"",
        content[:10],
        content[:4100],
        content[:-1],
        content + b"x",
        content[:-1] + b"\xff",
        content.replace(b'"<f2"', b'"<f4"', 1),
        content.replace(b'"names"', b'"names', 1),
        content.replace(b"[2, 3]", b"[9, 9]", 1),
    ]
    for each in damaged:
        assert each != content
        (tmp_path / "file").write_bytes(each)
        found = unpacked(tmp_path / "file", "key")
        assert found is None, each[:200]


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    unpack(tmp_path / "nowhere" / "file", "key", ARRAYS)
    assert unpacked(tmp_path / "nowhere" / "file", "key") is None


@pytest.mark.parametrize("damage", [False, True])
def test_languages_are_told_from_the_unpacked_model_as_from_the_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: bool
) -> None:
    texts = ["Wie schütze ich mein Kind?", "как мога", "¿Cómo?", "", "a", "ÅÄÖ ok", "HOE KAN IK HELPEN"]
    monkeypatch.setattr(languages, "_folder", None)
    languages._identifier.cache_clear()
    try:
        expected = [languages._rank(text) for text in texts]
        assert {name for name, _ in expected[0]} == set(LANGUAGES)
        for attempt in ("made", "read"):
            keep_unpacked(tmp_path)
            languages._identifier.cache_clear()
            assert [languages._rank(text) for text in texts] == expected, attempt
            assert (tmp_path / UNPACKED).exists()
            if damage:
                (tmp_path / UNPACKED).write_bytes((tmp_path / UNPACKED).read_bytes()[:-1])
    finally:
        languages._identifier.cache_clear()
