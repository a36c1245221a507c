"""The language of a query is found out from its words and its letters."""

import pytest

from kb.text.analysis import tokens
from kb.text.function_words import FUNCTION_WORDS
from kb.text.languages import ENGLISH, LANGUAGES, detect, is_function_word

#: Words that a base would know: ordinary English ones, and those of labels.
ORDINARY = frozenset("online grooming parental controls safety sexting school children internet privacy game".split())
LABELS = {"privacy": {"it", "en"}, "ouderlijk": {"nl"}, "toezicht": {"nl"}, "skola": {"sv"}}


#: Words that a large English vocabulary holds, of other languages, too.
VOCABULARY = frozenset("car insurance quotes tomato soup recipe die schule john kinder skola".split())


def language(text: str, vocabulary: frozenset[str] = frozenset()) -> str:
    return detect(
        text,
        english=ORDINARY.__contains__,
        known_in=lambda word: LABELS.get(word, ()),
        perhaps_english=vocabulary.__contains__,
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Wie kann ich mein Kind vor Fremden im Netz schützen?", "de"),
        ("Comment protéger mon enfant sur les réseaux sociaux ?", "fr"),
        ("¿Cómo puedo proteger a mi hija en internet?", "es"),
        ("Come posso proteggere mio figlio su internet?", "it"),
        ("Jak mogę chronić swoje dziecko w sieci?", "pl"),
        ("Hoe kan ik mijn kind online beschermen?", "nl"),
        ("Hur kan jag skydda mitt barn på nätet?", "sv"),
        ("Hvordan kan jeg beskytte barnet mitt på nettet?", "no"),
        ("Kuinka voin suojella lastani verkossa?", "fi"),
        ("Kuidas ma saan oma last internetis kaitsta?", "et"),
        ("Πώς μπορώ να προστατεύσω το παιδί μου στο διαδίκτυο;", "el"),
        ("Как мога да защитя детето си в интернет?", "bg"),
        ("Hogyan védhetem meg a gyermekemet az interneten?", "hu"),
        ("Cum îmi pot proteja copilul pe internet?", "ro"),
        ("Kako lahko zaščitim svojega otroka na spletu?", "sl"),
        ("Jak mohu ochránit své dítě na internetu?", "cs"),
        ("Como posso proteger o meu filho na internet?", "pt"),
        ("Kaip galiu apsaugoti savo vaiką internete?", "lt"),
        ("Kā es varu pasargāt savu bērnu internetā?", "lv"),
        ("Conas is féidir liom mo leanbh a chosaint ar líne?", "ga"),
        ("Kif nista' nipproteġi lit-tifel tiegħi fuq l-internet?", "mt"),
        ("Hvernig get ég verndað barnið mitt á netinu?", "is"),
        ("how can I keep my child safe from strangers", "en"),
        ("online grooming", "en"),
        ("ouderlijk toezicht", "nl"),
        ("internet privacy", "en"),  # ordinary in English, whatever other labels say
        ("", "en"),
        ("12345 !?", "en"),
        ("👪📱", "en"),
    ],
)
def test_the_language_is_found_out(text: str, expected: str) -> None:
    assert language(text) == expected
    assert language(text) == expected  # and always the same


@pytest.mark.parametrize(
    ("text", "without", "expected"),
    [
        ("car insurance quotes", "fr", "en"),
        ("tomato soup recipe", "pt", "en"),
        ("skola", "sv", "sv"),  # a label has it
        ("die Schule", "de", "de"),  # German holds sentences together with one of the words
        ("Wer ist John, und was tut er?", "de", "de"),  # long enough to tell by itself
    ],
)
def test_a_large_english_vocabulary_has_a_say_on_short_texts(text: str, without: str, expected: str) -> None:
    assert language(text) == without
    assert language(text, VOCABULARY) == expected


@pytest.mark.parametrize("text", ["\x00", "\ud800", "a" * 2000, "مرحبا بالعالم", "你好世界", "💥" * 500, "' '"])
def test_any_text_has_some_language(text: str) -> None:
    assert language(text) in LANGUAGES


def test_every_language_of_the_union_and_two_more() -> None:
    assert len(LANGUAGES) == 26
    assert {"en", "no", "is", "mt", "ga"} <= set(LANGUAGES)


@pytest.mark.parametrize("name", sorted(FUNCTION_WORDS))
def test_function_words_are_folded_as_the_analyser_folds(name: str) -> None:
    assert len(FUNCTION_WORDS[name]) >= 40
    for word in FUNCTION_WORDS[name]:
        assert [token.term for token in tokens(word, "und")] == [word]


@pytest.mark.parametrize(
    ("word", "name", "expected"),
    [("the", "en", True), ("und", "de", True), ("und", "en", False), ("kind", "de", False), ("und", "xx", False)],
)
def test_function_words_belong_to_a_language(word: str, name: str, expected: bool) -> None:
    assert is_function_word(word, name) is expected
    assert ENGLISH in LANGUAGES


#: "How", "who", "where" and "when", folded.
ASKING = {
    "bg": "как кои къде кога",
    "cs": "jak kdo kde kdy",
    "da": "hvordan hvem hvor hvornar",
    "de": "wie wer wo wann",
    "et": "kuidas kes kus millal",
    "fi": "miten kuka missa milloin",
    "ga": "conas cen cathain",
    "hr": "kako tko gdje kada",
    "hu": "hogyan ki hol mikor",
    "is": "hvernig hver hvar hvenær",
    "lt": "kaip kas kur kada",
    "lv": "ka kas kur kad",
    "mt": "kif xi fejn",
    "pl": "jak kto gdzie kiedy",
    "ro": "cum cine unde cand",
    "sk": "ako kto kde kedy",
    "sl": "kako kdo kje kdaj",
}


@pytest.mark.parametrize("name", ASKING)
def test_words_that_ask_are_function_words(name: str) -> None:
    assert [word for word in ASKING[name].split() if not is_function_word(word, name)] == []
