"""Addresses of the site to names of files, and the links in a page to relative ones."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from functools import lru_cache
from html import escape, unescape
from html.parser import HTMLParser
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from web.languages import DEFAULT, LANGUAGES, PREFIXED

#: Pages that need a server, in any language. Links to them become text, and forms that ask them are hidden.
SERVER_ONLY = re.compile(
    rf"(?:/(?:{'|'.join(PREFIXED)}))?/(?:suggest|compare|dossier|healthz|status|styleguide|api|in|feed\.atom|sitemap\.xml|robots\.txt)(?![\w-])"
)

#: What of the API is written as a file: (path, arguments), to a name.
_DATA = (
    (re.compile(r"/api/v1/practices/([^/]+)"), "", r"practices/\1.json"),
    (re.compile(r"/api/v1/export"), "format=csv", "practices.csv"),
)
#: The file of the search, by language.
SEARCH = {code: "search.html" if code == DEFAULT else f"{code}/search.html" for code in LANGUAGES}
_ATTRIBUTE = re.compile(r"""(\s(?:href|src|action)\s*=\s*)("[^"]*"|'[^']*')""", re.IGNORECASE)
#: The arguments that have a file each, by page; elsewhere only the number of a page of a list.
_OF_PAGES = {"coverage": ("rows", "columns"), "map": ()}
#: What a page says of itself with the address of the site.
_OF_THE_ADDRESS = ("og:url", "og:image", "og:image:type", "og:image:width", "og:image:height", "og:image:alt")
_PLAIN = re.compile(r"[a-z0-9-]+")
_ENDING = re.compile(r"\.[a-z0-9]{1,5}$")


def language_of(url: str) -> str:
    """The language that the address of a page names."""
    first = urlsplit(url).path.split("/", 2)[1]
    return first if first in PREFIXED else DEFAULT


@lru_cache(maxsize=100_000)
def file_of(url: str) -> str | None:
    """The file that holds what the site answers at ``url``; None for what needs a server, or lies elsewhere.

    A search keeps its arguments beside the name: the page reads them.
    """
    parts = urlsplit(url)
    if parts.scheme or parts.netloc or not parts.path.startswith("/"):
        return None
    for pattern, question, name in _DATA:
        if (match := pattern.fullmatch(parts.path)) and parts.query == question:
            return match.expand(name)
    path = unquote(parts.path).strip("/")
    if SERVER_ONLY.match(parts.path) or ".." in path.split("/"):
        return None
    code = language_of(url)
    folder = ""
    if code != DEFAULT:
        folder, path = f"{code}/", path.removeprefix(code).removeprefix("/")
    if path == "search":
        return SEARCH[code]
    arguments = parse_qsl(parts.query, keep_blank_values=True)
    if any(name not in _OF_PAGES.get(path, ("page",)) or not _PLAIN.fullmatch(value) for name, value in arguments):
        return None
    if _ENDING.search(path):
        return f"{folder}{path}"
    return f"{folder}{path or 'index'}{''.join(f'.{name}-{value}' for name, value in arguments)}.html"


@dataclass(frozen=True, slots=True)
class Page:
    """A page as it is written, and the addresses of all that it links to or is made of, fragments left out."""

    text: str
    targets: frozenset[str]


def relative(url: str, here: str) -> str | None:
    """The link from the file ``here`` to ``url``, as it stands for what is elsewhere; None where there is no file."""
    if not url.startswith("/") or url.startswith("//"):
        return url
    found = file_of(url)
    if found is None:
        return None
    parts = urlsplit(url)
    link = _relative_file(found, posixpath.dirname(here) or ".")
    query = f"?{parts.query}" if parts.query and found in SEARCH.values() else ""
    return f"{link}{query}{f'#{parts.fragment}' if parts.fragment else ''}"


@lru_cache(maxsize=100_000)
def _relative_file(name: str, folder: str) -> str:
    return quote(posixpath.relpath(name, folder))


def rewritten(page: str, here: str, *, address: str | None, own_scripts: bool = False) -> Page:
    """``page`` as the file ``here``: relative links, no scripts but those of the offline search.

    ``address``: that of the site that the page names as the original; without one it names none.
    """
    writer = _Writer(here, keep_address=address is not None, own_scripts=own_scripts)
    writer.feed(page)
    writer.close()
    return Page("".join(writer.written), frozenset(writer.targets))


class _Writer(HTMLParser):
    """Writes what it reads, and changes only what it must: start tags with links."""

    def __init__(self, here: str, *, keep_address: bool, own_scripts: bool) -> None:
        super().__init__(convert_charrefs=False)
        self.written: list[str] = []
        self.targets: set[str] = set()
        self._here = here
        self._keep_address = keep_address
        self._own_scripts = own_scripts
        self._dropping = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if self._dropped(tag, attributes):
            self._dropping = tag == "script"
            return
        text = self.get_starttag_text() or ""
        hidden = False

        def link(match: re.Match[str]) -> str:
            nonlocal hidden
            url = unescape(match[2][1:-1])
            found = relative(url, self._here)
            if found is None:
                hidden = tag == "form"
                return ""
            if file_of(url):
                self.targets.add(url.partition("#")[0])
            return f'{match[1]}"{escape(found)}"'

        text = _ATTRIBUTE.sub(link, text)
        self.written.append(f"{text[:-1]} hidden>" if hidden else text)

    handle_startendtag = handle_starttag

    def handle_endtag(self, tag: str) -> None:
        if self._dropping and tag == "script":
            self._dropping = False
        else:
            self.written.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if not self._dropping:
            self.written.append(data)

    def handle_entityref(self, name: str) -> None:
        self.written.append(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.written.append(f"&#{name};")

    def handle_comment(self, data: str) -> None:
        self.written.append(f"<!--{data}-->")

    def handle_decl(self, decl: str) -> None:
        self.written.append(f"<!{decl}>")

    def _dropped(self, tag: str, attributes: dict[str, str | None]) -> bool:
        if tag == "script":
            if attributes.get("type") == "application/ld+json":
                return not self._keep_address
            return attributes.get("type") == "module" or not self._own_scripts
        if tag == "link" and attributes.get("rel") == "alternate" and "hreflang" not in attributes:
            return True  # a feed, which only a server keeps up to date
        names_address = attributes.get("rel") == "canonical" or attributes.get("property") in _OF_THE_ADDRESS
        return tag in ("link", "meta") and names_address and not self._keep_address
