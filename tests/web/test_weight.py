"""What goes over the wire: assets kept for ever, pages asked for again, everything compressed, and little of it."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from kb.backends import Backend
from kb.types import Document, Query
from tests.conftest import MakeBackend
from tests.web.conftest import Element, parse
from web import create_app
from web.assets import FOR_EVER, read_assets

MOST_BYTES = 100_000
MOST_SCRIPT_BYTES = 30_000
GZIP = {"Accept-Encoding": "gzip"}

#: A page of each kind. {id}: the longest practice, {organisation}: the organisation with most practices.
PAGES = [
    "/",
    "/browse",
    "/coverage",
    "/map",
    "/search",
    "/search?q=how+can+we+stop+strangers+from+messaging+children",
    "/search?topic=grooming&sort=evidence",
    "/practices/{id}",
    "/organisations/{organisation}",
    "/topics/grooming",
    "/strands/awareness-raising",
    "/compare?id={id}",
    "/dossier",
    "/map?zoom=4",
    "/help",
    "/status",
    "/pl/browse",
    "/fr/practices/{id}",
    "/nothing",
]


def wire(response: TestResponse) -> int:
    """Bytes of the body as it was sent, and some for the headers."""
    return len(response.get_data()) + sum(len(name) + len(value) + 4 for name, value in response.headers)


def scripts(client: FlaskClient, url: str, seen: dict[str, int]) -> None:
    """A script and all that it imports, each once."""
    if url in seen:
        return
    response = client.get(url, headers=GZIP)
    assert response.status_code == 200, url
    seen[url] = wire(response)
    source = gzip.decompress(response.get_data()) if response.content_encoding else response.get_data()
    for imported in re.findall(r"""(?:from|import)\s*\(?\s*["']\./([^"']+)["']""", source.decode()):
        scripts(client, f"{url.rpartition('/')[0]}/{imported}", seen)


def page_of(response: TestResponse) -> Element:
    return parse(gzip.decompress(response.get_data()).decode())


@pytest.mark.parametrize("url", PAGES)
def test_the_first_view_of_any_page_is_light(client: FlaskClient, backend: Backend, url: str) -> None:
    everything = backend.search(Query(limit=1000))
    longest = max((hit.practice for hit in everything.hits if hit.practice), key=lambda practice: len(practice.body))
    response = client.get(url.format(id=longest.id, organisation=everything.facets["organisation"][0].id), headers=GZIP)
    assert response.content_encoding == "gzip"
    page = page_of(response)
    total = wire(response)
    for link in page.all("link"):
        if link.attributes["rel"] in ("stylesheet", "icon"):
            asset = client.get(link.attributes["href"], headers=GZIP)
            assert asset.headers["Cache-Control"] == FOR_EVER, link.attributes["href"]
            total += wire(asset)
    loaded: dict[str, int] = {}
    for script in page.all("script"):
        if "src" in script.attributes:
            scripts(client, script.attributes["src"], loaded)
    assert sum(loaded.values()) <= MOST_SCRIPT_BYTES
    assert total + sum(loaded.values()) <= MOST_BYTES


# --- assets ----------------------------------------------------------------------------------------------------


def test_an_asset_changes_its_address_with_its_content(tmp_path: Path) -> None:
    (tmp_path / "js").mkdir()
    (tmp_path / "js" / "a.js").write_text('import { b } from "./b.js";\nb();\n')
    (tmp_path / "js" / "b.js").write_text("export const b = () => 1;\n")
    before = read_assets(tmp_path)
    assert before["js/a.js"].body.decode() == f'import {{ b }} from "./b.{before["js/b.js"].digest}.js";\nb();\n'
    (tmp_path / "js" / "b.js").write_text("export const b = () => 2;\n")
    after = read_assets(tmp_path)
    assert after["js/b.js"].hashed_name != before["js/b.js"].hashed_name
    assert after["js/a.js"].hashed_name != before["js/a.js"].hashed_name, "who imports it must be fetched again too"


def test_scripts_that_import_each_other_are_served_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text('import "./b.js";')
    (tmp_path / "b.js").write_text('import "./a.js"; import "./nothing.js"; import "lib";')
    assert set(read_assets(tmp_path)) == {"a.js", "b.js"}


def test_a_name_without_its_hash_is_asked_for_again(app: Flask, client: FlaskClient) -> None:
    with app.test_request_context():
        hashed = app.url_for("static", filename="style.css")
    assert re.fullmatch(r"/static/style\.[0-9a-f]{10}\.css", hashed)
    assert client.get(hashed).headers["Cache-Control"] == FOR_EVER
    for url in ("/static/style.css", "/static/style.0123456789.css"):
        response = client.get(url)
        assert response.headers["Cache-Control"] == "no-cache", url
        assert response.get_data() == client.get(hashed).get_data()
        assert client.get(url, headers={"If-None-Match": response.headers["ETag"]}).status_code == 304
    assert client.get("/static/style.0123456789.js").status_code == 404


# --- pages -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("url", ["/", "/browse", "/search?q=x", "/api/v1/search?q=x", "/api/v1/openapi.json"])
def test_what_has_not_changed_is_not_sent_again(client: FlaskClient, url: str) -> None:
    first = client.get(url)
    etag = first.headers["ETag"]
    assert "no-cache" in first.headers["Cache-Control"]
    for sent in (etag, f'"other", {etag}', etag.removeprefix("W/")):
        again = client.get(url, headers={"If-None-Match": sent})
        assert (again.status_code, again.get_data()) == (304, b"")
        assert again.headers["ETag"] == etag
        assert again.headers["Cache-Control"] == first.headers["Cache-Control"]
        assert again.headers["Vary"] == first.headers["Vary"]
    assert client.head(url, headers={"If-None-Match": etag}).status_code == 304
    assert client.get(f"{url}{'&' if '?' in url else '?'}page=2", headers={"If-None-Match": etag}).status_code != 304
    assert client.get(url, headers={"If-None-Match": 'W/"'}).status_code == 200


def test_a_new_generation_is_another_answer(make_backend: MakeBackend) -> None:
    client = create_app(make_backend(Document("a", "A"))).test_client()
    etag = client.get("/").headers["ETag"]
    make_backend(Document("a", "A"), Document("b", "B"))
    answer = client.get("/", headers={"If-None-Match": etag})
    assert answer.status_code == 200
    assert answer.headers["ETag"] != etag


def test_what_somebody_asked_for_is_kept_by_nobody_between(client: FlaskClient) -> None:
    for url in ("/search?q=x", "/suggest?q=gro", "/api/v1/search?q=x", "/api/v1/export?q=x", "/api/v1/suggestions?q=x"):
        assert client.get(url).headers["Cache-Control"] == "private, no-cache", url


def test_a_state_and_an_error_are_not_kept(client: FlaskClient) -> None:
    for url in ("/healthz", "/nothing", "/search?mode=x", "/api/v1/search?topics=x"):
        response = client.get(url)
        assert response.headers["Cache-Control"] == "no-store", url
        assert "ETag" not in response.headers


# --- compression -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("url", ["/", "/api/v1/search", "/static/style.css"])
@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [("gzip", "gzip"), ("br, gzip;q=0.5", "gzip"), ("gzip;q=0", None), ("identity", None), ("", None), ("br", None)],
)
def test_text_is_compressed_for_whoever_takes_it(
    client: FlaskClient, url: str, accepted: str, encoding: str | None
) -> None:
    plain = client.get(url)
    response = client.get(url, headers={"Accept-Encoding": accepted})
    assert response.content_encoding == encoding
    assert "Accept-Encoding" in response.headers["Vary"]
    assert int(response.headers["Content-Length"]) == len(response.get_data())
    body = gzip.decompress(response.get_data()) if encoding else response.get_data()
    assert body == plain.get_data()


def test_little_is_left_as_it_is(client: FlaskClient) -> None:
    assert client.get("/api/v1/suggestions", headers=GZIP).content_encoding is None


# --- addresses and methods -------------------------------------------------------------------------------------

SLASHES = [
    ("/browse/", "/browse"),
    ("/practices/x/", "/practices/x"),
    ("/topics/grooming///", "/topics/grooming"),
    ("/search/?q=a&q=%2F%2Fb", "/search?q=a&q=%2F%2Fb"),
    ("/api/v1/search/?q=a", "/api/v1/search?q=a"),
    ("/practices/%0d%0aSet-Cookie:x/", "/practices/%0D%0ASet-Cookie%3Ax"),
]


@pytest.mark.parametrize(("url", "expected"), SLASHES)
def test_a_slash_too_many_is_a_redirect(client: FlaskClient, url: str, expected: str) -> None:
    response = client.get(url)
    assert (response.status_code, response.headers["Location"]) == (301, expected)


@pytest.mark.parametrize("url", ["//example.org/", "///example.org//", "/\\example.org/", "/%2F%2Fexample.org/browse/"])
def test_no_redirect_leads_to_another_host(client: FlaskClient, url: str) -> None:
    location = client.get(url).headers.get("Location", "/")
    assert re.match(r"/(?![/\\])|http://localhost/", location), location


@pytest.mark.parametrize("url", ["/", "/browse", "/search?q=x", "/static/style.css", "/api/v1/search?q=x", "/nothing"])
def test_head_tells_what_get_would_send(client: FlaskClient, url: str) -> None:
    get, head = client.get(url, headers=GZIP), client.head(url, headers=GZIP)
    assert (head.status_code, head.get_data()) == (get.status_code, b"")
    assert dict(head.headers) == dict(get.headers)


@pytest.mark.parametrize("url", ["/", "/browse", "/api/v1/search", "/static/style.css"])
def test_options_names_the_methods(client: FlaskClient, url: str) -> None:
    response = client.options(url)
    assert response.status_code == 200
    assert {"GET", "HEAD", "OPTIONS"} == set(re.split(r",\s*", response.headers["Allow"]))


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND", "BREW", "get"])
def test_an_unknown_method_is_refused(client: FlaskClient, method: str) -> None:
    assert client.open("/browse", method=method).status_code in ((405,) if method != "get" else (200, 405))


@pytest.mark.parametrize("room", ["practices", "organisations", "topics", "static", "api/v1/practices"])
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.text(max_size=40)
    | st.sampled_from(["..", "../../x", "%00", "a\0b", "\ud800", "a" * 5000, "<script>", "..%2f..%2fetc%2fpasswd"])
)
def test_no_name_breaks_a_page(client: FlaskClient, room: str, name: str) -> None:
    # A question mark would end the name.
    url = f"/{room}/" + name.replace("?", "%3F").encode("utf-8", "replace").decode("latin-1")
    assert client.get(url).status_code in (200, 301, 308, 404)
