"""The project's own entries hold to their own rules."""

import json
import re
from datetime import date

import pytest

from kb.content.corpus import read_corpus
from kb.content.model import SCHEMES, Corpus
from tests.conftest import ENTRIES, REPOSITORY

#: The 24 official languages of the European Union, Norwegian and Icelandic.
LANGUAGES = frozenset("bg cs da de el en es et fi fr ga hr hu is it lt lv mt nl no pl pt ro sk sl sv".split())

#: Those of the interface, in which definitions are given as well.
PAGES = frozenset("de en es fr it pl".split())


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return read_corpus(ENTRIES)


def test_kb_check_has_nothing_to_say(corpus: Corpus) -> None:
    assert [str(problem) for problem in corpus.problems] == []
    assert corpus.left_out == ()
    assert len(corpus.practices) >= 260


def test_every_organisation_is_that_of_a_practice_or_part_of_one(corpus: Corpus) -> None:
    named = {organisation for practice in corpus.practices.values() for organisation in practice.organisations}
    assert named <= corpus.organisations.keys()
    assert len(named) >= 220


def test_every_concept_is_named_in_every_language(corpus: Corpus) -> None:
    assert set(corpus.taxonomy.schemes) == set(SCHEMES)
    for scheme in corpus.taxonomy.schemes.values():
        assert set(scheme.preferred) >= LANGUAGES
        for concept in scheme.concepts:
            assert set(concept.preferred) >= LANGUAGES, concept.id
            assert concept.definition["en"].endswith(".")
    assert 50 <= len(corpus.taxonomy.ids("topic")) <= 70


def test_definitions_are_in_the_languages_of_the_pages(corpus: Corpus) -> None:
    for scheme in corpus.taxonomy.schemes.values():
        for concept in scheme.concepts:
            assert set(concept.definition) == set(PAGES), concept.id
            assert len(set(concept.definition.values())) == len(PAGES), concept.id
            assert all(words.endswith(".") for words in concept.definition.values()), concept.id


def test_every_practice_lists_questions_and_sources_its_claims(corpus: Corpus) -> None:
    for practice in corpus.practices.values():
        assert 4 <= len(practice.questions) <= 8, practice.id
        assert practice.sources, practice.id
        for paragraph in re.split(r"\n\s*\n|\n(?=[-*] )", practice.body):
            text = paragraph.strip()
            assert not text or text.startswith("#") or "[^" in text, f"{practice.id}: no footnote in {text[:60]!r}"
        words = len(re.sub(r"\[\^[^]]+\]", "", practice.body).split())
        assert 35 <= words <= 580, f"{practice.id}: {words} words"


def test_translations_are_in_the_languages_of_sources(corpus: Corpus) -> None:
    translated = {practice.id: set(practice.translations) for practice in corpus.practices.values()}
    assert sum(map(bool, translated.values())) >= 14
    assert len(set.union(*translated.values())) >= 10
    for practice in corpus.practices.values():
        assert set(practice.translations) <= {source.language for source in practice.sources}, practice.id


def test_dates_are_not_in_the_future(corpus: Corpus) -> None:
    today = date.today().isoformat()
    assert all(practice.updated <= today for practice in corpus.practices.values())


def test_judged_queries_refer_to_practices_that_exist(corpus: Corpus) -> None:
    folder = REPOSITORY / "tests" / "quality"
    queries = [json.loads(line) for line in (folder / "queries.jsonl").read_text(encoding="utf-8").splitlines()]
    unanswerable = [
        json.loads(line) for line in (folder / "unanswerable.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    rows = [line.split("\t") for line in (folder / "qrels.tsv").read_text(encoding="utf-8").splitlines()[1:]]
    by_id = {query["_id"]: query for query in queries}
    assert len(by_id) == len(queries)
    assert sum(query["language"] == "en" for query in queries) >= 80
    for language in ("de", "fr", "es", "it", "pl"):
        assert sum(query["language"] == language for query in queries) == 10
    assert all(by_id[query["kin"]]["language"] == "en" for query in queries if "kin" in query)
    answerable = [json.loads(line) for line in (folder / "answerable.jsonl").read_text(encoding="utf-8").splitlines()]
    assert all(query["answers"] and corpus.practices.keys() >= set(query["answers"]) for query in answerable)
    every = [(query["_id"], query["text"]) for query in (*queries, *answerable, *unanswerable)]
    assert len(dict(every)) == len({text for _, text in every}) == len(every)
    assert sum(query["language"] == "en" for query in unanswerable) >= 200
    assert sum(query["language"] != "en" for query in unanswerable) >= 100
    assert sum(query["near"] for query in unanswerable) * 2 >= len(unanswerable)
    assert {row[1] for row in rows} <= corpus.practices.keys()
    assert {row[0] for row in rows if row[2] in "12"} == by_id.keys()
