import pytest

from kb.errors import UsageError
from kb.understanding.query import MAX_CHARACTERS, parse


def test_words_phrases_and_exclusions() -> None:
    parsed = parse('online grooming "private messages" -games -"video chat" well-known', ["en"])
    assert parsed.meaning == "online grooming private messages well-known"
    assert parsed.terms == (("onlin",), ("groom",), ("privat",), ("messag",), ("well",), ("known",))
    assert parsed.counts == (1, 1, 1, 1, 1, 1)
    assert parsed.phrases == ((("privat",), ("messag",)),)
    assert parsed.excluded == ((("game",),), (("video",), ("chat",)))


@pytest.mark.parametrize("text", ["COVID -19 risks", "risks of COVID -19?", "ages 9 -19, girls", "-19"])
def test_a_minus_before_a_number_is_a_dash(text: str) -> None:
    parsed = parse(text, ["en"])
    assert (("19",) in parsed.terms, parsed.excluded) == (True, ())


@pytest.mark.parametrize(("text", "excluded"), [("-4chan", "4chan"), ("safety -2fa", "2fa"), ('ages -"19"', "19")])
def test_a_word_that_begins_with_a_number_can_be_left_out(text: str, excluded: str) -> None:
    assert parse(text, ["en"]).excluded == (((excluded,),),)


def test_function_words_are_left_out_unless_there_is_nothing_else() -> None:
    assert parse("how can we stop strangers", ["en"]).terms == (("stop",), ("stranger",))
    assert parse("to be or not to be", ["en"]).terms == (("to",), ("be",), ("or",), ("not",))


def test_each_language_of_the_base_gives_a_word_its_form() -> None:
    parsed = parse("running", ["en", "de"])
    assert parsed.terms == (("run", "running"),)
    assert parse('"two running"', ["en", "de"]).phrases == ((("two", "two"), ("run", "running")),)


@pytest.mark.parametrize("text", ["", "   ", '"', '""', "-", '-"', "\x00\x01", "\u202e", "\u200b", "!?*", '"""', "- -"])
def test_text_without_words_is_empty_of_terms(text: str) -> None:
    parsed = parse(text, ["en"])
    assert (parsed.terms, parsed.phrases, parsed.excluded) == ((), (), ())


def test_control_characters_separate_words() -> None:
    assert parse("age\x00check\u2028now", []).meaning == "age check now"


def test_a_text_that_is_too_long_is_refused() -> None:
    assert parse("a " * (MAX_CHARACTERS // 2), ["en"])
    with pytest.raises(UsageError, match="at most 2000"):
        parse("a" * (MAX_CHARACTERS + 1), ["en"])


def test_words_that_are_asked_for_twice_count_twice() -> None:
    parsed = parse("filter or filters or blocking", ["en"])
    assert (parsed.terms, parsed.counts) == ((("filter",), ("block",)), (2, 1))


def test_quotes_in_running_text_are_no_operator() -> None:
    text = "I am interested in how platforms find out about {} in private groups of young people"
    assert parse(text.format("age assurance"), ["en"]).phrases == ()
    assert parse(text.format('"age assurance"'), ["en"]).phrases == ()
    assert parse('what do we know about "age assurance"', ["en"]).phrases == ((("age",), ("assur",)),)
