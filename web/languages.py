"""The languages of the interface: which there are, which one a request is in, and the catalogues of its words.

The address alone says in which language a page is: English has no prefix, the others stand under ``/de/``, ``/fr/``
and so on, and every page has all of them. So an address means the same to everybody, for ever, and no page but one
depends on who asks: the home page without a prefix leads to the language that its reader chose (the cookie
``language``), else to the one that the browser asks for first. Whoever chooses English stays with it.

Catalogues are the files ``translations/LANGUAGE/LC_MESSAGES/messages.po``. They are compiled in memory when first
needed. The only module of ``web`` that names babel and flask_babel.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache, lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

from babel import Locale
from babel.dates import format_date
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import NullTranslations, Translations
from flask import Flask, Response, current_app, has_request_context, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import Babel, Domain
from flask_babel import gettext as _gettext
from flask_babel import lazy_gettext as _lazy_gettext
from flask_babel import ngettext as _ngettext
from markupsafe import Markup
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from kb.errors import UsageError

#: What each language calls itself, by its code; the first has no prefix in addresses.
LANGUAGES = {
    "en": "English",
    "de": "Deutsch",
    "fr": "Français",
    "es": "Español",
    "it": "Italiano",
    "pl": "Polski",
}
DEFAULT = "en"
PREFIXED = tuple(code for code in LANGUAGES if code != DEFAULT)
COOKIE = "language"
#: A year, in seconds.
COOKIE_AGE = 31_536_000
#: The argument of a rule that stands for the language. The filter of searches is called ``language``.
ARGUMENT = "interface"
_OFFERED = "offered-languages"
TRANSLATIONS = Path(__file__).parent / "translations"

#: The languages with a country, for what asks for one. English is written as in Europe.
LOCALES = {"en": "en_GB", "de": "de_DE", "fr": "fr_FR", "es": "es_ES", "it": "it_IT", "pl": "pl_PL"}
#: Dates and numbers.
_LOCALES = {code: Locale.parse("en_GB" if code == "en" else code) for code in LANGUAGES}


def lazy(text: str, **values: Any) -> str:
    """``text`` in the language of whatever request shows it: for tables made at import."""
    return _lazy_gettext(text, **values)  # type: ignore[no-any-return]


def gettext(text: str, /, **values: Any) -> str:
    """``text`` in the language of the request."""
    return str(_gettext(text, **values))


def ngettext(one: str, many: str, count: int, /, **values: Any) -> str:
    """The form of the request's language for ``count``."""
    return str(_ngettext(one, many, count, **values))


def plural(one: str, many: str) -> tuple[str, str]:
    """Marks both forms for the catalogues; who shows them gives them to :func:`ngettext`."""
    return one, many


def language() -> str:
    """The language of the page that is being made; English where there is no request."""
    first = request.path.split("/", 2)[1] if has_request_context() else ""
    return first if first in PREFIXED else DEFAULT


def language_prefix() -> str:
    """What stands before the path of a page in the language of this request: nothing, or ``/de``."""
    return "" if language() == DEFAULT else f"/{language()}"


def chosen_languages(codes: str | None) -> tuple[str, ...]:
    """English and those named, such as ``de,fr``; all for None. Raises UsageError for one that there is not."""
    if codes is None:
        return tuple(LANGUAGES)
    wanted = {code.strip().lower() for code in codes.split(",")} - {""}
    if unknown := sorted(wanted - set(LANGUAGES)):
        raise UsageError(f"the pages do not speak {unknown[0]!r}; choose from {', '.join(LANGUAGES)}")
    return tuple(code for code in LANGUAGES if code in {DEFAULT, *wanted})


def plural_forms(one: str, many: str, **values: Any) -> Mapping[str, str]:
    """What :func:`ngettext` says, by the plural categories of CLDR that whole numbers have.

    For scripts: ``Intl.PluralRules`` tells the category of a number. Every category of ours occurs below 200.
    """
    rule = _LOCALES[language()].plural_form
    samples = {rule(count): count for count in reversed(range(200))}
    return {category: str(_ngettext(one, many, count, **values)) for category, count in sorted(samples.items())}


def number(value: int) -> str:
    """``1,204`` in English, ``1.204`` in German."""
    return _number(value, language())


@lru_cache(maxsize=20_000)
def _number(value: int, code: str) -> str:
    """A page of results writes two hundred counts; working each out took an eighth of its time."""
    return str(format_decimal(value, locale=_LOCALES[code]))


def day(value: date) -> str:
    """``7 February 2017``, ``7. Februar 2017``."""
    return str(format_date(value, "long", locale=_LOCALES[language()]))


# --- catalogues ------------------------------------------------------------------------------------------------


def read_catalogue(code: str) -> Catalog:
    with (TRANSLATIONS / code / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale=code)


@cache
def _translations(code: str) -> NullTranslations:
    if code == DEFAULT:
        return NullTranslations()
    compiled = BytesIO()
    write_mo(compiled, read_catalogue(code))
    compiled.seek(0)
    return Translations(compiled)


class _Catalogues(Domain):  # type: ignore[misc]
    def get_translations(self) -> NullTranslations:
        return _translations(language())


def _said(text: str, /, **values: Any) -> Markup:
    """:func:`gettext` in templates, all of which are HTML: values are escaped, the text is not."""
    return _message(text, language()) % values if values else _whole(text, language())


def _counted(one: str, many: str, count: int, /, **values: Any) -> Markup:
    """:func:`ngettext` in templates; the text may name ``count`` as ``num``."""
    return _ours(_translations(language()).ungettext(one, many, count)) % {"num": count, **values}


@lru_cache(maxsize=5_000)
def _message(text: str, code: str) -> Markup:
    return _ours(_translations(code).ugettext(text))


@lru_cache(maxsize=5_000)
def _whole(text: str, code: str) -> Markup:
    """A text without values, in which a percent sign is written twice as in all others."""
    return _message(text, code) % {}


def _ours(text: str) -> Markup:
    return Markup(text)  # noqa: S704  # from our templates and catalogues, never from a reader


# --- addresses -------------------------------------------------------------------------------------------------


def rules_for(rule: str) -> tuple[str, str]:
    """The rule of a page in English, and in all others."""
    return rule, f"/<any({', '.join(PREFIXED)}):{ARGUMENT}>{rule}"


def register(app: Flask) -> None:
    babel = Babel(app, locale_selector=lambda: _LOCALES[language()])
    babel.domain_instance = _Catalogues()
    # What templates say, some hundred times a page, without a detour through the settings of the extension.
    app.jinja_env.globals.update(_=_said, gettext=_said, ngettext=_counted)

    @app.url_value_preprocessor
    def _without_language(_: str | None, values: dict[str, Any] | None) -> None:
        if values:
            values.pop(ARGUMENT, None)

    @app.url_defaults
    def _keep_language(endpoint: str, values: dict[str, Any]) -> None:
        """Links lead to pages in the language of the page that they stand on, unless they name another."""
        if app.url_map.is_endpoint_expecting(endpoint, ARGUMENT):
            values.setdefault(ARGUMENT, language())
            if values[ARGUMENT] == DEFAULT:
                del values[ARGUMENT]


def offer(app: Flask, codes: Sequence[str]) -> None:
    """Every page leads to itself in these languages. Where nothing is offered, as in a preview, it leads to none."""
    app.extensions[_OFFERED] = tuple(codes)


def register_choice(app: Flask) -> None:
    """The page that remembers a choice, and the home page that minds it."""
    app.add_url_rule("/in/<any({}):code>".format(", ".join(LANGUAGES)), "choose_language", choose)
    app.before_request(_preferred)
    app.after_request(_varying)


def choose(code: str) -> ResponseReturnValue:
    """Remember the language, and go on to the ``page`` in it: a path of this site, with its question if it has one."""
    path, _, question = request.args.get("page", "/").partition("?")
    target = _translated(path, code) or url_for("home", interface=code)
    response = redirect(f"{target}{'?' if question else ''}{question}", 303)
    response.set_cookie(COOKIE, code, max_age=COOKIE_AGE, samesite="Lax", httponly=True, secure=request.is_secure)
    response.headers["Cache-Control"] = "no-store"
    return response


def alternates() -> dict[str, str]:
    """The path of this page in every language that is offered; none for what has one only, or is no page."""
    offered: tuple[str, ...] = current_app.extensions.get(_OFFERED, ())
    if len(offered) < 2 or not request.endpoint:
        return {}
    if not current_app.url_map.is_endpoint_expecting(request.endpoint, ARGUMENT):
        return {}
    return {code: url_for(request.endpoint, **{**(request.view_args or {}), ARGUMENT: code}) for code in offered}


def _translated(path: str, code: str) -> str | None:
    """The address of the page ``path`` in another language; None where there is no such page."""
    adapter = current_app.create_url_adapter(request)
    try:
        endpoint, values = adapter.match(path, method="GET")  # type: ignore[union-attr]
    except HTTPException:
        return None
    if not current_app.url_map.is_endpoint_expecting(endpoint, ARGUMENT):
        return None
    return url_for(endpoint, **{**values, ARGUMENT: code})


def _preferred() -> BaseResponse | None:
    """From the bare home page to the reader's language."""
    if request.endpoint != "home" or request.path != "/" or request.method not in ("GET", "HEAD"):
        return None
    chosen = request.cookies.get(COOKIE)
    if chosen not in LANGUAGES:
        chosen = request.accept_languages.best_match(list(LANGUAGES), DEFAULT)
    if chosen == DEFAULT:
        return None
    response = redirect(url_for("home", interface=chosen), 302)
    response.headers["Cache-Control"] = "no-store"
    return response


def _varying(response: Response) -> Response:
    if request.endpoint == "home" and request.path == "/":
        response.vary.update(("Accept-Language", "Cookie"))
    return response
