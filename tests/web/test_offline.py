"""The site as plain files: complete, whole links, a search that finds, and a folder that loses nothing of others'."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from kb.backends import Backend
from kb.errors import Busy, KbError
from kb.types import Query
from tests.conftest import FEW
from tests.web.conftest import Element, parse
from web import create_app
from web.languages import LANGUAGES, chosen_languages
from web.offline.folder import ASIDE, MANIFEST, publish
from web.offline.index import language_script
from web.offline.links import file_of, relative, rewritten


@cache
def pages(folder: Path) -> dict[Path, Element]:
    return {file: parse(file.read_text(encoding="utf-8")) for file in folder.rglob("*.html")}


def test_every_link_leads_somewhere(exported: Path) -> None:
    documents = pages(exported)
    ids = {file: {e.attributes["id"] for e in page if "id" in e.attributes} for file, page in documents.items()}
    followed = 0
    for file, page in documents.items():
        for element in page:
            for name in ("href", "src", "action"):
                link = urlsplit(element.attributes.get(name, "https://elsewhere"))
                if link.scheme:
                    continue
                assert not link.path.startswith("/"), f"{file.name}: {link.geturl()} only works at the top of a host"
                target = (file.parent / unquote(link.path)).resolve() if link.path else file
                assert target.is_file(), f"{file.name}: {link.geturl()} leads nowhere"
                assert target.is_relative_to(exported.resolve())
                if link.fragment and target in ids:
                    assert link.fragment in ids[target], f"{file.name}: {link.geturl()} leads to no part of the page"
                followed += 1
    assert followed > 1000


def test_every_practice_is_there_to_read_and_to_take_away(exported: Path, few: Backend) -> None:
    for hit in few.search(Query(limit=1000)).hits:
        page = parse((exported / "practices" / f"{hit.id}.html").read_text(encoding="utf-8"))
        assert hit.title.partition(":")[0] in page.one("h1").text
        links = {a.attributes.get("href") for a in page.all("a")}
        assert {f"{hit.id}.md", f"{hit.id}.json"} <= links
        assert (exported / "de" / "practices" / f"{hit.id}.html").is_file()
        assert not (exported / "de" / "practices" / f"{hit.id}.md").exists(), "what has no words of ours is there once"
        assert (exported / "practices" / f"{hit.id}.md").read_text(encoding="utf-8") == few.source(hit.id)
        assert json.loads((exported / "practices" / f"{hit.id}.json").read_text(encoding="utf-8"))["id"] == hit.id
        for folder, text in (
            (exported, "This practice has moved"),
            (exported / "de", "Dieses Praxisbeispiel ist umgez"),
        ):
            moved = (folder / "practices" / f"old-{hit.id}.html").read_text(encoding="utf-8")
            assert f'url={hit.id}.html"' in moved
            assert text in moved
    assert json.loads((exported / "data.json").read_text(encoding="utf-8")) == {"practices": []}
    assert (exported / "practices.csv").read_bytes().count(b"\r\n") > FEW


def test_pages_ask_no_server(exported: Path) -> None:
    for file, page in pages(exported).items():
        text = file.read_text(encoding="utf-8")
        assert "localhost" not in text, file
        for script in page.all("script"):
            assert file.name == "search.html", f"{file}: {script.attributes}"
            assert "module" not in script.attributes.values(), "browsers load no modules from a disk"
        for anchor in page.all("a"):
            assert "href" in anchor.attributes or "map-name" in anchor.attributes["class"], anchor.text


# --- languages -------------------------------------------------------------------------------------------------


def test_every_page_leads_to_itself_in_the_other_language(exported: Path) -> None:
    documents = pages(exported)
    both = {file for file in documents if not file.name.startswith("old-")}
    german = {file for file in both if file.is_relative_to(exported / "de")}
    assert {file.relative_to(exported / "de") for file in german} == {
        file.relative_to(exported) for file in both - german
    }
    for file in both:
        page = documents[file]
        inside = file.relative_to(exported / "de" if file in german else exported)
        mine, other = ("de", "en") if file in german else ("en", "de")
        assert page.one("html").attributes["lang"] == mine, file
        [choice] = page.all("nav", **{"aria-label": "Sprache" if mine == "de" else "Language"})
        expected = {"en": (exported / inside).resolve(), "de": (exported / "de" / inside).resolve()}
        chosen = {
            a.attributes["lang"]: (file.parent / unquote(a.attributes["href"])).resolve() for a in choice.all("a")
        }
        assert chosen == expected, file
        assert choice.one("a", lang=mine).attributes["aria-current"] == "true"
        assert "aria-current" not in choice.one("a", lang=other).attributes
        told = {
            link.attributes["hreflang"]: (file.parent / unquote(link.attributes["href"])).resolve()
            for link in page.all("link", rel="alternate")
        }
        assert told == {**expected, "x-default": expected["en"]}, file


def test_links_stay_in_the_language_of_their_page(exported: Path) -> None:
    for file, page in pages(exported / "de").items():
        for link in (*page.all("a"), *page.all("form")):
            url = urlsplit(link.attributes.get("href") or link.attributes.get("action") or "")
            if url.scheme or not url.path.endswith(".html") or "hreflang" in link.attributes:
                continue
            assert (file.parent / unquote(url.path)).resolve().is_relative_to((exported / "de").resolve()), file


@pytest.mark.parametrize(
    ("address", "canonical", "english"),
    [
        (None, None, "../browse.html"),
        ("https://example.org/kb", "https://example.org/kb/de/browse", "https://example.org/kb/browse"),
    ],
)
def test_a_page_names_the_original_or_its_own_files(
    few: Backend, address: str | None, canonical: str | None, english: str
) -> None:
    app = create_app(few, offline=True, address=address)
    text = app.test_client().get("/de/browse").get_data(as_text=True)
    page = parse(rewritten(text, "de/browse.html", address=address).text)
    assert [link.attributes["href"] for link in page.all("link", rel="canonical")] == ([canonical] if canonical else [])
    assert page.one("link", hreflang="en").attributes["href"] == english
    assert len(page.all("link", rel="alternate")) == len(LANGUAGES) + 1, "and no feed"
    switch = {a.attributes["hreflang"]: a.attributes["href"] for a in page.all("a", rel="nofollow")}
    assert switch["fr"] == "../fr/browse.html"
    assert list(switch) == list(LANGUAGES)


def test_one_language_leads_to_no_other(few: Backend) -> None:
    app = create_app(few, offline=True, interface=("en",))
    page = parse(app.test_client().get("/browse").get_data(as_text=True))
    assert not page.all("nav", **{"aria-label": "Language"})
    assert not [link for link in page.all("link", rel="alternate") if "hreflang" in link.attributes]


@pytest.mark.parametrize(
    ("codes", "expected"),
    [(None, tuple(LANGUAGES)), ("de,fr", ("en", "de", "fr")), (" PL , en", ("en", "pl")), ("", ("en",))],
)
def test_the_languages_that_are_chosen(codes: str | None, expected: tuple[str, ...]) -> None:
    assert chosen_languages(codes) == expected


# --- search ----------------------------------------------------------------------------------------------------


def run_script(folder: Path, code: str, expression: str) -> Any:
    """The value of an expression of what the scripts of the search page define, in Node."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is not installed: the search of the exported site is not run")
    [script] = folder.glob("static/offline.*.js")
    data = "".join(
        f"eval(require('fs').readFileSync({json.dumps(str(folder / 'static' / f'offline-{name}.js'))}, 'utf8')"
        f".replace('var {variable}', 'globalThis.{variable}'));"
        for name, variable in (("index", "kbIndex"), (code, "kbLanguage"))
    )
    program = (
        f"const {{ find, joined, counted }} = require({json.dumps(str(script))});{data}"
        f"console.log(JSON.stringify({expression}));"
    )
    run = subprocess.run([node, "-e", program], capture_output=True, text=True, timeout=60, check=True)
    return json.loads(run.stdout)


def find(folder: Path, question: str, chosen: dict[str, list[str]] | None = None, code: str = "en") -> list[str]:
    """What the script of the page finds."""
    asked = f"{json.dumps(question)}, {json.dumps(chosen or {})}"
    found: list[str] = run_script(folder, code, f"find(joined(kbIndex, kbLanguage), {asked}).map((one) => one.id)")
    return found


def test_the_search_finds_without_a_server(exported: Path, few: Backend) -> None:
    hits = few.search(Query(limit=1000)).hits
    for hit in hits[:3]:
        name = hit.title.partition(":")[0]
        assert find(exported, f"what is {name}?")[0] == hit.id
        assert find(exported, name.upper())[0] == hit.id
    assert set(find(exported, "")) == {hit.id for hit in hits}
    assert find(exported, "xyzzyx") == []


def test_concepts_are_found_by_their_names_in_the_language_of_the_page(exported: Path, few: Backend) -> None:
    topics = few.search(Query(limit=0)).facets["topic"]
    foreign = [topic for topic in topics if few.label("topic", topic.id, "de") != topic.label]
    assert foreign
    for topic in foreign[:3]:
        best = find(exported, f"Was gibt es zu {few.label('topic', topic.id, 'de')}?", code="de")[0]
        assert best in {hit.id for hit in few.search(Query(filters={"topic": (topic.id,)})).hits}, topic
    name = few.search(Query()).hits[0].title.partition(":")[0]
    assert find(exported, name, code="de")[0] == find(exported, name)[0], "and English is understood too"


def test_words_that_only_shape_a_question_find_nothing(exported: Path) -> None:
    assert find(exported, "Wie kann man die Eltern informieren?", code="de") == find(
        exported, "Eltern informieren", code="de"
    )


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("en", ["0 practices", "1 practice", "2 practices", "5 practices", "1,204 practices"]),
        ("fr", ["0 pratique", "1 pratique", "2 pratiques", "5 pratiques", "1\u202f204 pratiques"]),
        ("pl", ["0 praktyk", "1 praktyka", "2 praktyki", "5 praktyk", "1204 praktyki"]),
    ],
)
def test_hits_are_counted_as_the_language_does(
    exported: Path, few: Backend, tmp_path: Path, code: str, expected: list[str]
) -> None:
    shutil.copytree(exported / "static", tmp_path / "static")
    with create_app(few, offline=True).test_request_context("/search" if code == "en" else f"/{code}/search"):
        script = language_script(few, [])
    (tmp_path / "static" / f"offline-{code}.js").write_text(script, encoding="utf-8")
    assert run_script(tmp_path, code, "[0, 1, 2, 5, 1204].map((count) => counted(count, kbLanguage))") == expected


def test_the_search_filters_as_the_site_does(exported: Path, few: Backend) -> None:
    for facet, values in few.search(Query(limit=0)).facets.items():
        chosen = values[0].id
        expected = {hit.id for hit in few.search(Query(filters={facet: (chosen,)}, limit=1000)).hits}
        assert set(find(exported, "", {facet: [chosen]})) == expected, (facet, chosen)


def test_the_command_writes_all_data_and_says_what_it_did(few: Backend, tmp_path: Path) -> None:
    target = tmp_path / "site"
    kb = [sys.executable, "-c", "from kb.cli import main; main()", "--data", str(few.folder)]
    command = [*kb, "export", "--static", str(target), "--languages", "pl", "--json"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    report = json.loads(run.stdout)
    assert report == {
        "folder": str(target),
        "files": len(names(target)),
        "practices": FEW,
        "languages": ["en", "pl"],
    }
    assert run.stderr.splitlines() == ["Writing the pages in English", "Writing the pages in Polski"]
    assert (target / "pl" / "index.html").is_file()
    assert not (target / "de").exists()
    data = json.loads((target / "data.json").read_text(encoding="utf-8"))
    assert len(data["practices"]) == FEW
    assert data["organisations"]
    assert data["taxonomy"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--languages", "de"), "add --static FOLDER"),
        (("--static", "{folder}", "--languages", "de,da"), "the pages do not speak 'da'; choose from en, de, fr"),
    ],
)
def test_languages_that_cannot_be_are_told(
    few: Backend, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    target = tmp_path / "site"
    given = [argument.format(folder=target) for argument in arguments]
    run = subprocess.run(
        [sys.executable, "-c", "from kb.cli import main; main()", "--data", str(few.folder), "export", *given],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 2
    assert message in run.stderr
    assert not target.exists()


def test_what_is_not_changed_is_written_as_it_was() -> None:
    page = '<p title="a &amp; b" class=x>&lt;b&gt; &#39;x&#39;</p><!-- c --><svg viewBox="0 0 1 1"></svg>'
    assert rewritten(page, "a.html", address=None).text == page


LINKS = [
    ("/", "index.html"),
    ("/browse#topics", "browse.html"),
    ("/practices/x", "practices/x.html"),
    ("/practices/x.md", "practices/x.md"),
    ("/topics/x?page=2", "topics/x.page-2.html"),
    ("/coverage?rows=topic&columns=risk", "coverage.rows-topic.columns-risk.html"),
    ("/search?q=a&topic=b", "search.html"),
    ("/api/v1/practices/x", "practices/x.json"),
    ("/api/v1/export?format=csv", "practices.csv"),
    ("/api/v1/export?format=csv&q=x", None),
    ("/map?x=1&y=2&zoom=4", None),
    ("/topics/x?page=../../x", None),
    ("/practices/../../etc/passwd", None),
    ("/practices/%2e%2e/%2e%2e/x", None),
    ("/compare?id=x", None),
    ("/dossier.md", None),
    ("/status", None),
    ("/in/de?page=/", None),
    ("/de/", "de/index.html"),
    ("/de/browse#topics", "de/browse.html"),
    ("/pl/topics/x?page=2", "pl/topics/x.page-2.html"),
    ("/fr/coverage?rows=topic&columns=risk", "fr/coverage.rows-topic.columns-risk.html"),
    ("/fr/search?q=a&topic=b", "fr/search.html"),
    ("/de/compare?id=x", None),
    ("/de/status", None),
    ("/de/../x", None),
    ("/da/browse", "da/browse.html"),
    ("//example.org/x", None),
    ("https://example.org/", None),
    ("mailto:a@example.org", None),
]


@pytest.mark.parametrize(("url", "expected"), LINKS)
def test_the_file_of_an_address(url: str, expected: str | None) -> None:
    assert file_of(url) == expected


@pytest.mark.parametrize(
    ("url", "here", "expected"),
    [
        ("/", "practices/x.html", "../index.html"),
        ("/practices/y#a", "practices/x.html", "y.html#a"),
        ("/search?q=a b&topic=c", "topics/x.html", "../search.html?q=a b&topic=c"),
        ("/de/search?q=a", "de/topics/x.html", "../search.html?q=a"),
        ("/search?q=a", "de/topics/x.html", "../../search.html?q=a"),
        ("/de/", "index.html", "de/index.html"),
        ("#a", "index.html", "#a"),
        ("https://example.org/?a=b", "index.html", "https://example.org/?a=b"),
        ("//example.org/", "index.html", "//example.org/"),
        ("/compare?id=x", "index.html", None),
    ],
)
def test_a_link_from_a_file(url: str, here: str, expected: str | None) -> None:
    assert relative(url, here) == expected


# --- the folder ------------------------------------------------------------------------------------------------


def names(folder: Path) -> set[str]:
    return {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()} - {MANIFEST}


def test_an_export_replaces_the_last_one_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    publish(tmp_path, [("index.html", b"1"), ("a/old.html", b"1"), ("b/old.html", b"1")])
    (tmp_path / "a" / "notes.txt").write_text("mine")
    assert publish(tmp_path, [("index.html", b"2"), ("c/new.html", b"2")]) == 2
    assert names(tmp_path) == {"notes.txt", "index.html", "a/notes.txt", "c/new.html"}
    assert (tmp_path / "index.html").read_bytes() == b"2"
    assert not (tmp_path / "b").exists()


def test_a_file_of_somebody_else_stops_it_before_anything_is_written(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("mine")
    with pytest.raises(KbError, match=r"index\.html is there and is not of an export; move it away"):
        publish(tmp_path, [("a.html", b"1"), ("index.html", b"1")])
    assert (tmp_path / "index.html").read_text() == "mine"
    assert not (tmp_path / "a.html").exists()


@pytest.mark.parametrize("link", ["practices", "index.html", ASIDE])
def test_no_link_leads_out_of_the_folder(tmp_path: Path, link: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "x.html").write_text("mine")
    target = tmp_path / "site"
    target.mkdir()
    (target / link).symlink_to(elsewhere)
    with pytest.raises(KbError):
        publish(target, [("index.html", b"1"), ("practices/x.html", b"1")])
    assert names(elsewhere) == {"x.html"}
    assert (elsewhere / "x.html").read_text() == "mine"


@pytest.mark.parametrize("listed", ['["../mine.txt"]', '["/etc/passwd"]', '["a/../../mine.txt"]'])
def test_a_forged_list_removes_nothing_outside(tmp_path: Path, listed: str) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    target = tmp_path / "site"
    target.mkdir()
    (target / MANIFEST).write_text(f'{{"files": {listed}}}')
    publish(target, [("index.html", b"1")])
    assert (tmp_path / "mine.txt").read_text() == "mine"


@pytest.mark.parametrize("listed", ["", "[]", "{}", '{"files": 1}', '{"files": [1]}'])
def test_a_list_that_is_none_is_told(tmp_path: Path, listed: str) -> None:
    (tmp_path / MANIFEST).write_text(listed)
    with pytest.raises(KbError, match="not the list that an export writes; choose another folder"):
        publish(tmp_path, [("index.html", b"1")])


def test_an_export_that_fails_leaves_the_last_one(tmp_path: Path) -> None:
    publish(tmp_path, [("index.html", b"1")])

    def broken() -> Iterator[tuple[str, bytes]]:
        yield "index.html", b"2"
        raise KbError("no more")

    with pytest.raises(KbError, match="no more"):
        publish(tmp_path, broken())
    assert (tmp_path / "index.html").read_bytes() == b"1"
    assert publish(tmp_path, [("index.html", b"3")]) == 1
    assert names(tmp_path) == {"index.html"}


def test_a_crash_while_files_are_put_in_place_is_made_good_by_the_next_export(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = Path.replace

    def dies(self: Path, target: Path) -> Path:
        if self.name == "c.html":
            raise KeyboardInterrupt
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", dies)
    with pytest.raises(KeyboardInterrupt):
        publish(tmp_path, [("a.html", b"1"), ("b.html", b"1"), ("c.html", b"1")])
    monkeypatch.undo()
    assert publish(tmp_path, [("a.html", b"2")]) == 1
    assert names(tmp_path) == {"a.html"}, "what the broken run left is known to be ours"


def test_two_exports_do_not_mix(tmp_path: Path) -> None:
    inside, over = threading.Event(), threading.Event()

    def slow() -> Iterator[tuple[str, bytes]]:
        inside.set()
        over.wait(10)
        yield "index.html", b"1"

    first = threading.Thread(target=publish, args=(tmp_path, slow()))
    first.start()
    inside.wait(10)
    with pytest.raises(Busy, match="another export is writing"):
        publish(tmp_path, [("index.html", b"2")])
    over.set()
    first.join()
    assert (tmp_path / "index.html").read_bytes() == b"1"


def test_a_folder_that_cannot_be_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(KbError, match="choose another folder"):
        publish(tmp_path / "file" / "site", [("index.html", b"1")])
