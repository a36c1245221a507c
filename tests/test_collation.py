"""Names in the order in which a reader of a language looks for them."""

import pytest

from kb.text.collation import sort_key

#: In each language, names in their order.
ORDERS = [
    ("en", ["Åland", "Albania", "Austria", "Côte d'Ivoire", "Denmark", "Łódź", "Lyon", "Ørsted", "Poland"]),
    ("de", ["Ägypten", "Albanien", "Dänemark", "Österreich", "Polen", "Strasse A", "Straße B", "Zypern"]),
    ("fr", ["Écosse", "Égypte", "Espagne", "Île Maurice", "Italie", "Œuvre", "Offre"]),
    ("es", ["Ana", "Ánimo", "Nube", "Ñandú", "Oso"]),
    ("it", ["Danimarca", "È vero", "Italia"]),
    ("pl", ["Litwa", "Luksemburg", "Łotwa", "Malta", "Słowacja", "Szwecja", "Świat", "Włochy", "Zurych", "Źle", "Żar"]),
    ("pl", ["Maki", "Mąka", "Mek"]),
    ("is", ["Aegir", "Ægis", "Ðalvik", "Danmörk", "Thor", "Þorlak"]),
]


@pytest.mark.parametrize(("language", "names"), ORDERS, ids=[language for language, _ in ORDERS])
def test_names_stand_where_a_reader_looks_for_them(language: str, names: list[str]) -> None:
    turned = names[::-1]
    assert sorted(turned, key=lambda name: sort_key(name, language)) == names


@pytest.mark.parametrize(
    ("name", "language", "letter"),
    [("Łódź", "en", "l"), ("Łódź", "pl", "l"), ("Örebro", "de", "o"), ("“Quoted”", "en", "q"), ("ßa", "de", "s")],
)
def test_a_name_is_listed_under_its_letter(name: str, language: str, letter: str) -> None:
    assert sort_key(name, language)[0] == letter


def test_a_letter_in_two_parts_is_the_same_letter() -> None:
    assert sort_key("Z\u0301le", "pl") == sort_key("\u0179le", "pl")
