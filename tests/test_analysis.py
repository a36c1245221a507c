import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.text.analysis import analysed, tokens


@pytest.mark.parametrize(
    ("text", "language", "terms"),
    [
        ("Parents talk to their children", "en", "parent talk to their children"),
        ("parenting PARENTS parent's", "en", "parent parent parent"),
        ("age-verification (18+)", "en", "age verif 18"),
        ("vérification de l’âge", "fr", "verif de age"),
        ("verification de l'age", "fr", "verif de age"),
        ("Kinderschutz für Mädchen", "de", "kinderschutz fur madch"),
        ("Straße STRASSE", "de", "strass strass"),
        ("ﬁlter № 3018 ²", "en", "filter 3018 2"),
        ("e\u0301cole \u00e9cole", "fr", "ecol ecol"),
        ("儿童 安全", "zh", "儿 童 安 全"),
        ("κυβερνοεκφοβισμός", "xx", "κυβερνοεκφοβισμοσ"),
        ("under_score don't", "en", "under score dont"),
        ("", "en", ""),
        ("\x00 \u200b !?", "en", ""),
    ],
)
def test_terms_are_folded_then_stemmed(text: str, language: str, terms: str) -> None:
    assert analysed(text, language) == terms


def test_offsets_count_code_points_of_the_original() -> None:
    text = "👪 Élèves’ rights"
    assert [(t.term, text[t.start : t.end]) for t in tokens(text, "fr")] == [("elev", "Élèves"), ("right", "rights")]


def test_function_words_are_told() -> None:
    assert [t.term for t in tokens("How can we stop this?", "en") if not t.function_word] == ["stop"]


@given(st.text(), st.sampled_from(["en", "de", "fr", "el", "xx", ""]))
def test_terms_are_safe_for_the_index_and_spans_do_not_overlap(text: str, language: str) -> None:
    end = 0
    for token in tokens(text, language):
        assert end <= token.start < token.end <= len(text)
        assert token.term.isalnum()
        assert not token.term.isascii() or token.term == token.term.lower()
        end = token.end
