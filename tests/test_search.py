"""The rules of a result: one result set for hits, total, facets and pages; filtering is a subsequence."""

from collections.abc import Iterator, Set
from functools import cache
from itertools import chain, combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.documents import from_practice
from kb.backends import Backend
from kb.content.corpus import read_corpus
from kb.content.model import Corpus
from kb.errors import UsageError
from kb.facets.ages import bands
from kb.text.analysis import tokens, translated_tokens
from kb.types import FACETS, Document, Mode, Query, Section
from kb.understanding.interpretation import understand
from tests.conftest import ENTRIES, FakeEncoder, MakeBackend

QUESTIONS = [
    "how can we stop strangers from messaging children",
    "parental controls on a phone",
    "helpline for bullied pupils",
    "age verification of adult sites",
    "school lessons about false news",
    "",
]


def ids(backend: Backend, query: Query) -> list[str]:
    return [hit.id for hit in backend.search(query).hits]


@pytest.mark.parametrize("mode", ["hybrid", "lexical", "dense"])
@pytest.mark.parametrize("text", QUESTIONS)
def test_pages_neither_repeat_nor_skip(backend: Backend, text: str, mode: str) -> None:
    whole = ids(backend, Query(text, mode=mode, limit=1000))  # type: ignore[arg-type]
    pages = [
        ids(backend, Query(text, mode=mode, limit=7, offset=offset))  # type: ignore[arg-type]
        for offset in range(0, len(whole) + 7, 7)
    ]
    assert list(chain(*pages)) == whole
    assert len(set(whole)) == len(whole) == backend.search(Query(text, mode=mode)).total  # type: ignore[arg-type]


filters = st.dictionaries(
    st.sampled_from(["strand", "risk", "audience", "evidence", "stage", "country", "kind"]),
    st.integers(min_value=0, max_value=10_000),
    max_size=3,
)


@settings(deadline=None, max_examples=60)
@given(data=st.data(), text=st.sampled_from(QUESTIONS), mode=st.sampled_from(["hybrid", "lexical", "dense"]))
def test_filtering_is_a_subsequence(backend: Backend, data: st.DataObject, text: str, mode: str) -> None:
    whole = backend.search(Query(text, mode=mode, limit=1000))  # type: ignore[arg-type]
    chosen = {}
    for facet, number in data.draw(filters).items():
        values = whole.facets[facet]
        if values:
            picked = {values[number % len(values)].id, values[(number // 7) % len(values)].id}
            chosen[facet] = tuple(sorted(picked))
    part = backend.search(Query(text, mode=mode, filters=chosen, limit=1000))  # type: ignore[arg-type]
    kept = {hit.id for hit in part.hits}
    assert [hit.id for hit in part.hits] == [hit.id for hit in whole.hits if hit.id in kept]
    scores = {hit.id: (hit.score, hit.band) for hit in whole.hits}
    assert all(scores[hit.id] == (hit.score, hit.band) for hit in part.hits)
    assert kept == {hit.id for hit in whole.hits if _matches(hit.id, chosen, backend)}


def _matches(practice_id: str, chosen: dict[str, tuple[str, ...]], backend: Backend) -> bool:
    return all(set(values) & _tags(practice_id, facet, backend) for facet, values in chosen.items())


@cache
def _tags(practice_id: str, facet: str, backend: Backend) -> Set[str]:
    """The tags of a practice, worked out from the practice itself."""
    practice = backend.practice(practice_id)
    return {
        "strand": set(practice.strand),
        "risk": set(practice.risks),
        "audience": set(practice.audiences),
        "age": set(bands(practice.ages)),
        "evidence": {practice.evidence.kind},
        "stage": {practice.stage},
        "country": set(practice.countries),
        "kind": {backend.organisation(key).kind for key in practice.organisations},
        "organisation": set(practice.organisations),
        "language": {practice.language},
        "topic": {topic for own in practice.topics for topic in (own, *backend.taxonomy().broader("topic", own))},
    }[facet]


@pytest.mark.parametrize(
    "chosen",
    [
        {},
        {"strand": ("awareness-raising",)},
        {"strand": ("awareness-raising", "user-empowerment"), "risk": ("contact",)},
        {"topic": ("cyberbullying",), "country": ("GB", "IT"), "evidence": ("randomised-trial",)},
    ],
)
@pytest.mark.parametrize("text", ["cyberbullying at school", ""])
def test_facets_count_what_choosing_would_show(backend: Backend, text: str, chosen: dict[str, tuple[str, ...]]) -> None:
    results = backend.search(Query(text, filters=chosen, limit=1000))
    everything = ids(backend, Query(text, limit=1000))
    for facet in FACETS:
        others = {name: values for name, values in chosen.items() if name != facet}
        left = [key for key in everything if _matches(key, others, backend)]
        expected: dict[str, int] = dict.fromkeys(chosen.get(facet, ()), 0)
        for key in left:
            for value in _tags(key, facet, backend):
                expected[value] = expected.get(value, 0) + 1
        assert {value.id: value.count for value in results.facets[facet]} == expected
        assert {value.id for value in results.facets[facet] if value.selected} == set(chosen.get(facet, ()))


def test_a_chosen_value_shows_as_many_as_its_facet_said(backend: Backend) -> None:
    results = backend.search(Query("grooming"))
    for facet in FACETS:
        for value in results.facets[facet][:3]:
            assert backend.search(Query("grooming", filters={facet: (value.id,)}, limit=0)).total == value.count


def test_browsing_shows_everything_newest_first(make_backend: MakeBackend) -> None:
    backend = make_backend(
        Document(id="old", title="Old", date="2019"),
        Document(id="new-b", title="New", date="2024-05-01"),
        Document(id="new-a", title="New", date="2024-05-01"),
        Document(id="undated", title="Undated"),
    )
    results = backend.search(Query())
    assert [hit.id for hit in results.hits] == ["new-a", "new-b", "old", "undated"]
    assert {(hit.score, hit.band, hit.why.lexical, hit.why.semantic) for hit in results.hits} == {(0, None, 0, 0)}


def test_no_hit_is_lost_because_a_filter_is_narrow(make_backend: MakeBackend) -> None:
    """The only document with the tag is the worst of many that match."""
    many = [
        Document(id=f"d{n:04}", title="Filters", sections=(Section((), "web filters"),), tags={"country": ("DE",)})
        for n in range(600)
    ]
    worst = Document(id="a", title="Other", sections=(Section((), "web filters and more"),), tags={"country": ("FR",)})
    backend = make_backend(*many, worst)
    assert ids(backend, Query("web filters", limit=1000))[-1] == "a"
    assert ids(backend, Query("web filters", filters={"country": ("FR",)}, limit=1)) == ["a"]
    with pytest.raises(UsageError, match="unknown stage 'pilot'"):  # there is no taxonomy in this base
        backend.search(Query("web filters", filters={"stage": ("pilot",)}))


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        ({"colour": ("red",)}, "unknown filter 'colour'"),
        ({"topic": ("cyberbulling",)}, "unknown topic 'cyberbulling'; did you mean 'cyberbullying'"),
        ({"country": ("gb",)}, "unknown country 'gb'; did you mean"),
        ({"organisation": ("",)}, "unknown organisation ''"),
    ],
)
def test_unknown_filters_are_told_with_the_nearest(
    backend: Backend, filters: dict[str, tuple[str, ...]], message: str
) -> None:
    with pytest.raises(UsageError) as caught:
        backend.search(Query("x", filters=filters))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "query",
    [Query(limit=-1), Query(limit=1001), Query(offset=-1), Query(mode="best"), Query("x" * 2001)],  # type: ignore[arg-type]
)
def test_impossible_queries_are_refused(backend: Backend, query: Query) -> None:
    with pytest.raises(UsageError):
        backend.search(query)


HOSTILE = [
    '"',
    '"""',
    "AND OR NOT NEAR(",
    "title:grooming",
    "grooming*",
    "^grooming",
    "a\x00b",
    "\x00",
    "'; DROP TABLE documents; --",
    "{}[]()\\",
    "-",
    "--",
    "-grooming",
    "\u202egnimoorg",
    "👪📱",
    "💥" * 500,
    "the of and",
    "مرحبا بالعالم",
    "a\u0301\u0301\u0301\u0301",
    "\ud800",
    " ".join(["word"] * 400),
    " ".join(f"w{n}" for n in range(330)),
    "NEAR/3 grooming",
    "\t\n\r\x0b\x0c",
    "%%%__",
    "1e999 -1e999",
]


@pytest.mark.parametrize("mode", ["hybrid", "lexical", "dense"])
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_queries_get_a_sane_answer(backend: Backend, text: str, mode: str) -> None:
    results = backend.search(Query(text, mode=mode, limit=1000))  # type: ignore[arg-type]
    assert results.total == len(results.hits)
    for hit in results.hits:
        assert 0 <= hit.score <= 1
        for start, end in hit.passage.highlights:
            assert 0 <= start < end <= len(hit.passage.text)


def test_quoted_phrases_must_occur(backend: Backend) -> None:
    loose = ids(backend, Query("social media", limit=1000))
    results = backend.search(Query('"social media"', limit=1000))
    assert 0 < results.total < len(loose)
    for hit in results.hits:
        practice = backend.practice(hit.id)
        everything = " ".join(
            (practice.title, practice.summary, practice.body, *practice.questions, *_names(hit.id, backend))
        )
        assert "social media" in " ".join(everything.lower().replace("-", " ").split())


def test_minus_leaves_out_what_has_the_word(backend: Backend) -> None:
    with_word = set(ids(backend, Query('"school"', limit=1000)))
    without = set(ids(backend, Query("lessons -school", limit=1000)))
    assert with_word
    assert without
    assert not with_word & without


def _names(practice_id: str, backend: Backend) -> Iterator[str]:
    practice = backend.practice(practice_id)
    yield from practice.partners
    yield from (backend.label("topic", topic) for topic in practice.topics)
    for key in practice.organisations:
        yield backend.organisation(key).name
        yield from backend.organisation(key).aliases


def test_highlights_mark_the_words_of_the_query_in_all_their_forms(make_backend: MakeBackend) -> None:
    text = "Filtered pages: a filter, many filters. No filtration."
    backend = make_backend(Document(id="a", title="T", sections=(Section(("How it works",), text),)))
    (hit,) = backend.search(Query("filtering the pages", mode="lexical")).hits
    assert [hit.passage.text[a:b] for a, b in hit.passage.highlights] == ["Filtered", "pages", "filter", "filters"]
    assert hit.passage.heading == ("How it works",)


def test_a_question_that_matches_best_is_shown_with_the_best_body_passage(make_backend: MakeBackend) -> None:
    backend = make_backend(
        Document(
            id="a",
            title="Take It Down",
            sections=(Section((), "A fingerprint of the picture is shared with platforms."), Section((), "Unrelated.")),
            questions=("Somebody threatens to post my nudes, what now?",),
        )
    )
    (hit,) = backend.search(Query("threatens to post nudes")).hits
    assert hit.question == "Somebody threatens to post my nudes, what now?"
    assert hit.passage.text.startswith("A fingerprint")
    (hit,) = backend.search(Query("fingerprint of the picture")).hits
    assert hit.question is None


def test_why_adds_up_and_is_true(backend: Backend) -> None:
    results = backend.search(Query("helpline for children", limit=50))
    for hit in results.hits:
        assert hit.why.lexical + hit.why.semantic == pytest.approx(1)
    for hit in backend.search(Query("helpline for children", mode="lexical")).hits:
        assert (hit.why.lexical, hit.why.semantic) == (1, 0)
    for hit in backend.search(Query("helpline for children", mode="dense")).hits:
        assert (hit.why.lexical, hit.why.semantic) == (0, 1)


@cache
def _terms_of(practice_id: str) -> frozenset[str]:
    """The terms of a practice, from its file and not from the index."""
    corpus = _corpus()
    document = from_practice(corpus.practices[practice_id], "", corpus.taxonomy, corpus.organisations)
    texts = [document.title, document.summary, *document.questions, *document.keywords]
    texts += [part for section in document.sections for part in (*section.heading, section.text)]
    translated = (
        token.term
        for language, translation in document.translations.items()
        for text in (translation.title, translation.summary)
        for token in translated_tokens(text, language)
    )
    return frozenset((*(token.term for text in texts for token in tokens(text, document.language)), *translated))


@cache
def _corpus() -> Corpus:
    return read_corpus(ENTRIES)


@settings(deadline=None, max_examples=20)
@given(
    text=st.lists(
        st.sampled_from("filtering the parents' Cybermobbing Schule pictures sextorsion Roblox of kids zebra".split()),
        min_size=1,
        max_size=6,
    ).map(" ".join)
    | st.sampled_from(QUESTIONS),
    mode=st.sampled_from(["hybrid", "lexical", "dense"]),
)
def test_the_words_that_are_said_to_match_are_all_that_match(backend: Backend, text: str, mode: Mode) -> None:
    results = backend.search(Query(text, mode=mode, limit=20))
    with backend._snapshot() as snapshot:
        parsed, understood = understand(results.query, snapshot)
    for hit in results.hits:
        held = _terms_of(hit.id)
        expected = [
            (word, tuple(form for form in forms if form in held))
            for word, forms in zip(parsed.written, parsed.terms, strict=True)
            if held.intersection(forms)
        ]
        assert [(found.word, found.forms) for found in hit.why.words] == (expected if mode != "dense" else [])
        searched_for = (understood.corrected or text).lower()
        assert all(found.word.lower() in searched_for for found in hit.why.words)
        assert list(hit.why.concepts) == [
            concept for concept in understood.concepts if concept.id in _tags(hit.id, concept.facet, backend)
        ]


def test_a_translation_is_told_with_the_concept_that_bridged(backend: Backend) -> None:
    hits = backend.search(Query("Cybermobbing in der Klasse", mode="lexical")).hits
    (word,) = {found for hit in hits for found in hit.why.words if found.word == "Cybermobbing"}
    assert word.translations == ("cyberbullying",)
    assert word.forms == ("cyberbulli",)
    assert {concept.id for hit in hits for concept in hit.why.concepts} == {"cyberbullying"}


def test_browsing_and_what_is_similar_match_no_words(backend: Backend) -> None:
    found = (*backend.search(Query()).hits, *backend.similar("ncmec-take-it-down"))
    assert not any(hit.why.words or hit.why.concepts for hit in found)


def test_a_query_that_shares_no_word_has_no_lexical_part(make_backend: MakeBackend) -> None:
    backend = make_backend(
        Document(id="a", title="Alpha", sections=(Section((), "one two three"),)),
        Document(id="b", title="Beta", sections=(Section((), "four five six"),)),
    )
    hits = backend.search(Query("alpha one")).hits
    assert [hit.id for hit in hits][:1] == ["a"]
    assert all(hit.why.lexical == 0 for hit in hits if hit.id == "b")


def test_bands_fall_with_the_relevance(make_backend: MakeBackend) -> None:
    backend = make_backend(
        Document(id="same", title="", sections=(Section((), "hotline for illegal images"),)),
        Document(id="part", title="", sections=(Section((), "hotline and many other different words in between"),)),
        Document(id="none", title="", sections=(Section((), "gardens, trees, flowers, bees"),)),
    )
    found = {hit.id: hit.band for hit in backend.search(Query("hotline for illegal images")).hits}
    assert found["same"] == "strong"
    assert found.get("none") in (None, "weak")


def test_a_base_with_no_entries_answers(make_backend: MakeBackend) -> None:
    results = make_backend().search(Query("anything"))
    assert (results.total, results.hits) == (0, ())
    assert make_backend().search(Query()).total == 0


def test_documents_may_be_empty_of_everything(make_backend: MakeBackend) -> None:
    backend = make_backend(Document(id="", title=""), Document(id="x/y z?", title="", sections=(Section((), ""),)))
    assert ids(backend, Query()) == ["", "x/y z?"]
    assert backend.search(Query("anything")).total >= 0


def test_similar_is_about_the_same_thing(make_backend: MakeBackend) -> None:
    backend = make_backend(
        Document(id="a", title="Hotline", sections=(Section((), "report illegal images to a hotline"),)),
        Document(id="b", title="Hotline two", sections=(Section((), "a hotline takes reports of illegal images"),)),
        Document(id="c", title="Lesson", sections=(Section((), "pupils discuss news in class"),)),
    )
    assert [hit.id for hit in backend.similar("a")][:1] == ["b"]
    assert "a" not in [hit.id for hit in backend.similar("a")]


def test_results_do_not_depend_on_the_order_in_which_documents_came(tmp_path: Path, make_backend: MakeBackend) -> None:
    documents = [
        Document(id=f"d{n}", title=f"Title {n}", sections=(Section((), f"words number {n} and {n * 7 % 5}"),))
        for n in range(12)
    ]
    fresh = [ids(make_backend(*documents), Query(text)) for text in ("number 3", "words")]
    make_backend(*documents[:3])
    for few in combinations(documents, 4):
        make_backend(*few)
        break
    again = [ids(make_backend(*reversed(documents)), Query(text)) for text in ("number 3", "words")]
    assert again == fresh


def test_the_index_is_never_asked_in_another_space(make_backend: MakeBackend, tmp_path: Path) -> None:
    make_backend(Document(id="a", title="A"))
    other = Backend(tmp_path / "data", lambda manifest: FakeEncoder("another"))
    with other, pytest.raises(Exception, match="not the one that the index was built with"):
        other.search(Query("a"))


def test_fitting_counts_the_strong_and_fair_of_the_whole_result_set(backend: Backend) -> None:
    results = backend.search(Query("helpline for children", limit=1000))
    assert results.fitting == sum(hit.band in ("strong", "fair") for hit in results.hits)
    assert backend.search(Query("helpline for children", limit=1)).fitting == results.fitting
    assert backend.search(Query()).fitting == backend.search(Query()).total


@pytest.mark.parametrize("text", ["the", "is it", "a", "the of and", "of"])
def test_words_that_nearly_everything_holds_make_no_strong_match(backend: Backend, text: str) -> None:
    assert all(hit.band != "strong" for hit in backend.search(Query(text, mode="lexical", limit=1000)).hits)
