"""The tables that benchmarks keep in a document."""

from benchmarks.report import README, replace_table

TEXT = "a\n<!-- last: one -->\nold\n<!-- end -->\nb\n<!-- last: one, more -->\nkept\n<!-- end -->\n"


def test_only_the_named_table_is_replaced() -> None:
    assert replace_table(TEXT, "one", "\nnew \\1\n") == TEXT.replace("old", "new \\1")
    assert replace_table(TEXT, "one, more", "new") == TEXT.replace("kept", "new")


def test_a_document_without_the_marks_has_no_place() -> None:
    assert replace_table(TEXT, "two", "new") is None
    assert replace_table("<!-- last: one -->\nold\n", "one", "new") is None


def test_the_readme_has_a_place_for_every_benchmark() -> None:
    text = README.read_text(encoding="utf-8")
    names = "startup encoding reindex site scale vectors peers".split()
    for name in (*names, "site, made up", "peers, scifact"):
        assert replace_table(text, name, "new") is not None, name
