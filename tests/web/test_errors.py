"""What a reader, a program and a monitor get when something is wrong."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from kb.backends import Backend
from kb.errors import Busy, KbError, ModelError, NotFound, StoreError, UsageError
from kb.types import Query
from tests.conftest import REPOSITORY
from web import create_app
from web.errors import REASONS

if TYPE_CHECKING:
    from tests.web.conftest import GetPage


class Broken:
    """A backend that answers every call with the same error."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def fail(*args: object, **named: object) -> Any:
            raise self._error

        return fail


def broken_app(error: Exception) -> Flask:
    return create_app(Broken(error))  # type: ignore[arg-type]


KNOWN = [
    (UsageError("unknown topic 'x'; did you mean 'y'?"), 400),
    (NotFound("no practice 'x'; search for it with: kb search"), 404),
    (StoreError("no index in .kb; build it with: kb reindex"), 503),
    (Busy("another process is writing .kb; wait for it"), 503),
    (ModelError("the model is missing; install it"), 503),
    (KbError("something else"), 500),
]


@pytest.mark.parametrize(("error", "status"), KNOWN)
@pytest.mark.parametrize("url", ["/", "/search", "/browse", "/practices/x", "/organisations/x", "/topics/x"])
def test_a_known_error_is_a_page_with_its_one_line(
    pages_of: Callable[[Flask], GetPage], url: str, error: KbError, status: int
) -> None:
    page = pages_of(broken_app(error))(url, status)
    message = page.with_class("error-message")[0].text
    assert message.lower().startswith(str(error).split("; ")[0].lower())
    assert "kb search" not in message, "what to type next is for the command line"


@pytest.mark.parametrize(("error", "status"), KNOWN)
def test_a_program_gets_the_same_as_json(error: KbError, status: int) -> None:
    response = broken_app(error).test_client().get("/api/v1/search")
    assert response.status_code == status
    assert response.get_json()["error"] == (str(error).split("; ")[0] if status == 404 else str(error))


@pytest.mark.parametrize("url", ["/", "/api/v1/search", "/healthz"])
def test_no_folder_of_the_machine_is_told(url: str) -> None:
    error = StoreError("no index in /srv/knowledge/.kb; build it with: kb reindex")
    body = broken_app(error).test_client().get(url).get_data(as_text=True)
    assert "o index in .kb" in body
    assert "/srv" not in body
    assert "knowledge" not in body


@pytest.mark.parametrize("url", ["/search?q=x", "/api/v1/search"])
def test_a_bug_shows_no_traceback(url: str) -> None:
    app = broken_app(RuntimeError("secret detail"))
    response = app.test_client().get(url)
    assert response.status_code == 500
    body = response.get_data(as_text=True)
    assert "secret" not in body
    assert "Traceback" not in body


@pytest.mark.parametrize(
    "url",
    [
        "/nothing",
        "/practices/nothing",
        "/practices/nothing.md",
        "/practices/",
        "/practices/%00",
        "/practices/../../etc/passwd",
        "/organisations/nothing",
        "/topics/nothing",
        "/strands/nothing",
        "/static/nothing.css",
        "/static/../__init__.py",
    ],
)
def test_what_is_not_there_is_404(get_page: GetPage, url: str) -> None:
    assert get_page(url, expected_status=404).one("h1").text == "Page not found"


@pytest.mark.parametrize("url", ["/api/v1/practices/nothing", "/api/v1/practices/nothing/similar", "/api/v2/search"])
def test_what_is_not_there_is_404_for_programs_too(client: FlaskClient, url: str) -> None:
    response = client.get(url)
    assert response.status_code == 404
    assert response.get_json()["error"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("url", ["/", "/search", "/practices/x", "/api/v1/search", "/healthz"])
def test_nothing_can_be_written(client: FlaskClient, method: str, url: str) -> None:
    response = client.open(url, method=method)
    assert response.status_code == 405
    assert "GET" in response.headers["Allow"]


# --- in the language of the page -------------------------------------------------------------------------------

SAID = [
    ("/de/practices/nope", 404, "Es gibt kein Praxisbeispiel 'nope'."),
    ("/fr/organisations/nope", 404, "Il n’y a pas d’organisation 'nope'."),
    ("/es/topics/nope", 404, "En «Tema» no existe 'nope'."),
    ("/de/search?strand=foo", 400, "Unbekannter Wert 'foo' für „Handlungsfeld“; "),
    ("/pl/search?topic=cyberbulying", 400, "Nieznana wartość 'cyberbulying' w „Temat”; czy chodzi o 'cyberbullying'?"),
    ("/it/map?zoom=3", 400, "Il parametro zoom deve essere 1, 2, 4 o 8, non '3'."),
    ("/de/map?zoom=2&x=200", 400, "Der Wert von x muss eine ganze Zahl von 0 bis 100 sein, nicht '200'."),
    ("/fr/search?page=0", 400, "La valeur de page doit être un nombre entier à partir de 1, pas '0'."),
    ("/es/search?exact=x", 400, "El valor de exact debe ser 1 o faltar, no 'x'."),
    (
        "/de/coverage?rows=risk&columns=risk",
        400,
        "Zeilen und Spalten sind beide „Risiko“; wählen Sie",
    ),
    ("/it/search?q=" + "word+" * 420, 400, "La domanda ha 2099 caratteri, se ne leggono al massimo 2000; "),
]


@pytest.mark.parametrize(("url", "status", "said"), SAID, ids=[url[:30] for url, _, _ in SAID])
def test_a_reader_is_told_what_is_wrong_in_their_language(url: str, status: int, said: str, get_page: GetPage) -> None:
    message = get_page(url, status).with_class("error-message")[0]
    assert message.text.startswith(said)
    assert "lang" not in message.attributes
    assert get_page(url[3:], status).with_class("error-message")[0].text != message.text


def test_what_only_operators_understand_stays_english(pages_of: Callable[[Flask], GetPage]) -> None:
    message = pages_of(broken_app(ModelError("the model is missing; install it")))("/de/search", 503)
    assert message.with_class("error-message")[0].attributes["lang"] == "en"


def raised_with_values() -> set[str]:
    """The messages of errors that are given values: those that readers of pages meet."""
    return {
        found.args[0].value.split("; ")[0] if found.func.id == "NotFound" else found.args[0].value
        for room in ("kb", "web")
        for file in (REPOSITORY / room).rglob("*.py")
        for found in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(found, ast.Call)
        and isinstance(found.func, ast.Name)
        and found.func.id in ("UsageError", "NotFound")
        and found.keywords
        and isinstance(found.args[0], ast.Constant)
        and isinstance(found.args[0].value, str)
    }


def test_the_catalogues_know_every_error_of_readers() -> None:
    assert raised_with_values() == {str(reason) for reason in REASONS}


# --- health ----------------------------------------------------------------------------------------------------


def test_health_tells_what_serves(client: FlaskClient, backend: Backend) -> None:
    response = client.get("/healthz")
    assert response.status_code == 200
    health = response.get_json()
    assert health["ok"] is True
    assert health["store"]["ok"] is True
    assert health["store"]["generation"] == backend.generation()
    assert health["store"]["documents"] == len(backend.search(Query(limit=1000)).hits)
    assert health["encoder"] == {"ok": True, "model": "fake", "fingerprint": "fake"}


def test_health_names_the_part_that_is_ill() -> None:
    response = broken_app(StoreError("no index in .kb; build it with: kb reindex")).test_client().get("/healthz")
    assert response.status_code == 503
    health = response.get_json()
    assert health["ok"] is False
    assert health["store"] == {"ok": False, "reason": "no index in .kb"}


class WithoutModel(Broken):
    def __init__(self, backend: Backend) -> None:
        super().__init__(ModelError("the model is missing; install it"))
        self.manifest = backend.manifest


def test_health_tells_a_missing_model_from_a_missing_store(backend: Backend) -> None:
    app = create_app(WithoutModel(backend))  # type: ignore[arg-type]
    health = app.test_client().get("/healthz").get_json()
    assert health["store"]["ok"] is True
    assert health["encoder"] == {"ok": False, "reason": "the model is missing"}


class Named(Broken):
    """A backend whose model is in a folder, and which answers otherwise."""

    def __init__(self, backend: Backend, model: str) -> None:
        super().__init__(AssertionError("not asked"))
        self.manifest = lambda: replace(backend.manifest(), model=model)
        self.search = backend.search


@pytest.mark.parametrize(
    ("model", "told"),
    [
        ("/srv/models/our own/mpnet", "mpnet"),
        ("/srv/models/mpnet/", "mpnet"),
        ("./mpnet", "mpnet"),
        ("~/models/mpnet", "mpnet"),
        ("sentence-transformers/all-mpnet-base-v2", "sentence-transformers/all-mpnet-base-v2"),
    ],
)
def test_health_names_a_model_and_not_its_folder(backend: Backend, model: str, told: str) -> None:
    app = create_app(Named(backend, model))  # type: ignore[arg-type]
    health = app.test_client().get("/healthz").get_json()
    assert health["encoder"] == {"ok": True, "model": told, "fingerprint": "fake"}


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            ModelError("/srv/models/x/weights.bin cannot be read (denied); see /srv"),
            "weights.bin cannot be read (denied)",
        ),
        (ModelError("x" * 160), "x" * 160),
        (ModelError("x" * 161), "x" * 159 + "…"),
    ],
)
def test_health_gives_its_reasons_in_short(error: KbError, told: str) -> None:
    health = broken_app(error).test_client().get("/healthz").get_json()
    assert health["encoder"] == {"ok": False, "reason": told}
