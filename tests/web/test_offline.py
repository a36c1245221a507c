"""The site as plain files: complete, whole links, a search that finds, and a folder that loses nothing of others'."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from indexer.reindex import reindex
from kb.backends import Backend
from kb.errors import Busy, KbError
from kb.types import Query
from tests.conftest import ENTRIES, FakeEncoder
from tests.web.conftest import Element, parse
from web import create_app
from web.offline import export_site
from web.offline.folder import ASIDE, MANIFEST, publish
from web.offline.links import file_of, relative, rewritten

#: Few enough to export in a second; of several organisations.
PRACTICES = 8


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    """Some of the project's own entries, with the organisations that they name and the whole taxonomy."""
    folder = tmp_path_factory.mktemp("small")
    entries = folder / "entries"
    shutil.copytree(ENTRIES / "taxonomy", entries / "taxonomy")
    for name in ("practices", "organisations"):
        (entries / name).mkdir()
    for file in sorted((ENTRIES / "practices").glob("*.md"))[:PRACTICES]:
        text = re.sub(r"^related:.*\n(?: *- .*\n)*", "", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
        text = text.replace("\n---\n", f"\naliases: [old-{file.stem}]\n---\n", 1)
        (entries / "practices" / file.name).write_text(text, encoding="utf-8")
        for organisation in (ENTRIES / "organisations").glob("*.md"):
            if re.search(rf"\b{organisation.stem}\b", text.partition("\n---\n")[0]):
                shutil.copy(organisation, entries / "organisations")
    reindex(entries, folder / "data", "fake", lambda _: FakeEncoder())
    with Backend(folder / "data", lambda manifest: FakeEncoder()) as backend:
        assert backend.search(Query()).total == PRACTICES
        yield backend


@pytest.fixture(scope="module")
def exported(small: Backend, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("exported") / "site"
    count = export_site(create_app(small, offline=True), small, target, everything={"practices": []})
    assert count == len([file for file in target.rglob("*") if file.is_file() and file.name != MANIFEST])
    return target


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


def test_every_practice_is_there_to_read_and_to_take_away(exported: Path, small: Backend) -> None:
    for hit in small.search(Query(limit=1000)).hits:
        page = parse((exported / "practices" / f"{hit.id}.html").read_text(encoding="utf-8"))
        assert hit.title.partition(":")[0] in page.one("h1").text
        links = {a.attributes.get("href") for a in page.all("a")}
        assert {f"{hit.id}.md", f"{hit.id}.json"} <= links
        assert (exported / "practices" / f"{hit.id}.md").read_text(encoding="utf-8") == small.source(hit.id)
        assert json.loads((exported / "practices" / f"{hit.id}.json").read_text(encoding="utf-8"))["id"] == hit.id
        moved = (exported / "practices" / f"old-{hit.id}.html").read_text(encoding="utf-8")
        assert f'url={hit.id}.html"' in moved
    assert json.loads((exported / "data.json").read_text(encoding="utf-8")) == {"practices": []}
    assert (exported / "practices.csv").read_bytes().count(b"\r\n") > PRACTICES


def test_pages_ask_no_server(exported: Path) -> None:
    for file, page in pages(exported).items():
        text = file.read_text(encoding="utf-8")
        assert "localhost" not in text, file
        for script in page.all("script"):
            assert file.name == "search.html", f"{file}: {script.attributes}"
            assert "module" not in script.attributes.values(), "browsers load no modules from a disk"
        for anchor in page.all("a"):
            assert "href" in anchor.attributes or "map-name" in anchor.attributes["class"], anchor.text


def find(folder: Path, question: str, chosen: dict[str, list[str]] | None = None) -> list[str]:
    """What the script of the page finds, asked in Node."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is not installed: the search of the exported site is not run")
    [script] = folder.glob("static/offline.*.js")
    program = (
        f"const {{ find }} = require({json.dumps(str(script))});"
        f"eval(require('fs').readFileSync({json.dumps(str(folder / 'static' / 'offline-index.js'))}, 'utf8')"
        ".replace('var kbIndex', 'globalThis.kbIndex'));"
        f"console.log(JSON.stringify(find(kbIndex, {json.dumps(question)}, {json.dumps(chosen or {})})"
        ".map((one) => one.id)));"
    )
    run = subprocess.run([node, "-e", program], capture_output=True, text=True, timeout=60, check=True)
    found: list[str] = json.loads(run.stdout)
    return found


def test_the_search_finds_without_a_server(exported: Path, small: Backend) -> None:
    hits = small.search(Query(limit=1000)).hits
    for hit in hits[:3]:
        name = hit.title.partition(":")[0]
        assert find(exported, f"what is {name}?")[0] == hit.id
        assert find(exported, name.upper())[0] == hit.id
    assert set(find(exported, "")) == {hit.id for hit in hits}
    assert find(exported, "xyzzyx") == []


def test_the_search_filters_as_the_site_does(exported: Path, small: Backend) -> None:
    for facet, values in small.search(Query(limit=0)).facets.items():
        chosen = values[0].id
        expected = {hit.id for hit in small.search(Query(filters={facet: (chosen,)}, limit=1000)).hits}
        assert set(find(exported, "", {facet: [chosen]})) == expected, (facet, chosen)


def test_the_command_writes_all_data_and_says_what_it_did(small: Backend, tmp_path: Path) -> None:
    target = tmp_path / "site"
    kb = [sys.executable, "-c", "from kb.cli import main; main()", "--data", str(small.folder)]
    command = [*kb, "export", "--static", str(target), "--json"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    report = json.loads(run.stdout)
    assert report == {"folder": str(target), "files": len(names(target)), "practices": PRACTICES}
    data = json.loads((target / "data.json").read_text(encoding="utf-8"))
    assert len(data["practices"]) == PRACTICES
    assert data["organisations"]
    assert data["taxonomy"]


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
    ("/de/browse", None),
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
