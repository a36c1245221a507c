"""Markdown of an entry: to safe HTML, to plain text, and to what its author must know about it.

One scanner divides a body into headings, code and text; everything here rests on it, so the page, the index and
``kb check`` agree about what a heading or a footnote is. A body is a subset of Markdown: headings begin with ``#``,
``[^id]`` cites a source, raw HTML is text, comments and images are left out. Whatever the input, the answer comes
soon: a paragraph or body beyond any reasonable size is shown as plain text.

The only module that names markdown and nh3.
"""

from __future__ import annotations

import html
import posixpath
import re
import threading
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html.parser import HTMLParser
from types import MappingProxyType
from typing import Any, Literal
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

import markdown
import nh3
from markdown.inlinepatterns import InlineProcessor
from markdown.treeprocessors import Treeprocessor

from kb.content.model import Source
from kb.types import Section

#: Beyond these, Markdown takes time that grows with the square of the length.
MAX_BODY = 100_000
MAX_PARAGRAPH = 20_000
MAX_BRACKETS = 200

_ALLOWED: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "a": frozenset({"href", "rel", "aria-label"}),
        "blockquote": frozenset(),
        "br": frozenset(),
        "code": frozenset(),
        "em": frozenset(),
        "h2": frozenset({"id"}),
        "h3": frozenset({"id"}),
        "h4": frozenset({"id"}),
        "h5": frozenset({"id"}),
        "h6": frozenset({"id"}),
        "hr": frozenset(),
        "li": frozenset(),
        "ol": frozenset({"start"}),
        "p": frozenset(),
        "pre": frozenset(),
        "strong": frozenset(),
        "sup": frozenset({"id"}),
        "table": frozenset(),
        "tbody": frozenset(),
        "td": frozenset(),
        "th": frozenset({"scope"}),
        "thead": frozenset(),
        "tr": frozenset(),
        "ul": frozenset(),
    }
)
_CLASSES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "sup": frozenset({"footnote"}),
        "td": frozenset({"align-right", "align-center"}),
        "th": frozenset({"align-right", "align-center"}),
    }
)

_FENCE = re.compile(r" {0,3}(`{3,}(?=[^`]*$)|~{3,})")
_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]+|$)")
_FOOTNOTE = r"\[\^([^\[\]\s^]{1,100})\]"
_ESCAPE_OR_CODE = re.compile(r"\\.|(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
_TARGET = re.compile(r"\]\(\s*<?([^\s<>()]*(?:\([^\s<>()]*\)[^\s<>()]*)*)")
_IMAGE = re.compile(r"!\[")
_LIST_ITEM = re.compile(r" {0,3}(?:[-*+]|1\.)[ \t]+\S")
_WHOLE_LINK = re.compile(r"(!?)\[([^\[\]]*)\]\([^()]*(?:\([^()]*\)[^()]*)*\)")
_EMPHASIS = re.compile(r"(\*{1,3}|(?<!\w)_{1,3})(?=\S)([^*_]+?)(?<=\S)(?:\*{1,3}|_{1,3}(?!\w))")
_NOTE_ELEMENT = re.compile(r'\s*<sup class="footnote">.*?</sup>')
_ENTRY_FILE = re.compile(r"(practices|organisations)/([^/]+)\.md")


# --- what a body consists of -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading: its level as written (1 to 6), plain text, the id of its element, and its line (1 is the first)."""

    level: int
    text: str
    id: str
    line: int


@dataclass(frozen=True, slots=True)
class Footnote:
    """A place that cites the source ``id``. ``defines``: it is written as a note (``[^id]: text``) instead."""

    id: str
    line: int
    defines: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    target: str
    line: int
    image: bool = False


@dataclass(frozen=True, slots=True)
class Oversize:
    """A part of the body that is shown as plain text because it is too large."""

    line: int
    what: str


@dataclass(frozen=True, slots=True)
class _Block:
    """``text`` holds what stands under ``line``: a heading's words, the inside of a code block, or paragraphs."""

    kind: Literal["heading", "code", "text"]
    text: str
    line: int
    level: int = 0


@dataclass(frozen=True, slots=True)
class _Scan:
    blocks: tuple[_Block, ...]
    headings: tuple[Heading, ...]


@lru_cache(maxsize=8)
def _scan(body: str) -> _Scan:
    """The blocks of a body, in order. Linear in its length."""
    blocks: list[_Block] = []
    pending: list[str] = []
    start = 1

    def flush() -> None:
        if any(line.strip() for line in pending):
            blocks.append(_Block("text", "\n".join(pending), start))
        pending.clear()

    lines = enumerate(without_comments(body).split("\n"), start=1)
    for number, line in lines:
        if fence := _FENCE.match(line):
            flush()
            blocks.append(_Block("code", "\n".join(_fenced(lines, fence[1])), number))
        elif heading := _HEADING.match(line):
            flush()
            blocks.append(_Block("heading", _heading_text(line[heading.end() :]), number, len(heading[1])))
        else:
            if not pending:
                start = number
            pending.append(line)
    flush()
    return _Scan(tuple(blocks), tuple(_with_ids(blocks)))


def _fenced(lines: Iterator[tuple[int, str]], fence: str) -> Iterator[str]:
    """The lines up to the closing fence, or up to the end where there is none."""
    for _, line in lines:
        closing = line.strip()
        if len(closing) >= len(fence) and not closing.strip(fence[0]):
            return
        yield line


def without_comments(body: str) -> str:
    """``<!-- ... -->`` left out, except in code; line breaks stay, so that lines keep their numbers."""
    if "<!--" not in body:
        return body
    kept: list[str] = []
    fence = ""
    inside = False
    last_end = body.rfind("-->")
    offset = 0
    for line in body.split("\n"):
        after = offset + len(line) + 1
        found = _FENCE.match(line)
        if not inside and fence:
            closing = line.strip()
            fence = "" if len(closing) >= len(fence) and not closing.strip(fence[0]) else fence
        elif not inside and found:
            fence = found[1]
        else:
            line, inside = _cut_comments(line, inside, last_end - offset)
        kept.append(line)
        offset = after
    return "\n".join(kept)


def _cut_comments(line: str, inside: bool, last_end: int) -> tuple[str, bool]:
    """``line`` without comments, and whether one goes on. One that begins after ``last_end`` never ends: it is text."""
    kept: list[str] = []
    at = 0
    while True:
        if inside:
            end = line.find("-->", at)
            if end < 0:
                return "".join(kept), True
            at, inside = end + 3, False
        begin = line.find("<!--", at)
        if begin < 0 or begin > last_end:
            kept.append(line[at:])
            return "".join(kept), False
        kept.append(line[at:begin])
        at, inside = begin + 4, True


def _heading_text(rest: str) -> str:
    """The words of a heading: closing hashes, footnotes and formatting left out."""
    text = rest.strip()
    closed = text.rstrip("#")
    if not closed or closed[-1] in " \t":
        text = closed.rstrip()
    if len(text) > MAX_PARAGRAPH or text.count("[") > MAX_BRACKETS:
        return text[:MAX_PARAGRAPH]
    text = re.sub(_FOOTNOTE, "", text)
    text = _WHOLE_LINK.sub(lambda found: "" if found[1] else found[2], text).replace("`", "")
    return " ".join(_EMPHASIS.sub(r"\2", text).split())


def _with_ids(blocks: Sequence[_Block]) -> Iterator[Heading]:
    taken: set[str] = set()
    last: dict[str, int] = {}
    for block in blocks:
        if block.kind != "heading":
            continue
        slug = slugify(block.text) or "section"
        # Ids that begin so belong to footnotes and the list of sources.
        slug = f"section-{slug}" if slug.startswith(("source-", "ref-")) else slug
        unique, number = slug, last.get(slug, 1)
        while unique in taken:
            number += 1
            unique = f"{slug}-{number}"
        last[slug] = number
        taken.add(unique)
        yield Heading(block.level, block.text, unique, block.line)


def slugify(text: str) -> str:
    """Words in lower case joined by hyphens, accents left out: ``Où aller ?`` gives ``ou-aller``."""
    folded = unicodedata.normalize("NFKD", text).casefold()
    letters = "".join(c for c in folded if not unicodedata.combining(c))
    return re.sub(r"[\W_]+", "-", letters).strip("-")[:80].rstrip("-")


# --- what a body says ------------------------------------------------------------------------------------------


def headings(body: str) -> tuple[Heading, ...]:
    """Every heading, in order, for a list of contents; the ids are those that :func:`render` gives."""
    return _scan(body).headings


def footnotes(body: str) -> tuple[Footnote, ...]:
    """Every ``[^id]`` that is not in code, in order."""
    return tuple(_footnotes(body))


def _footnotes(body: str) -> Iterator[Footnote]:
    for paragraph in _paragraphs(body):
        for found in re.finditer(_FOOTNOTE, paragraph.masked):
            before = paragraph.masked[: found.start()].rpartition("\n")[2]
            defines = not before.strip() and paragraph.masked[found.end() :].startswith(":")
            yield Footnote(found[1], paragraph.line_at(found.start()), defines)


def links(body: str) -> tuple[Link, ...]:
    """Every link and image that is not in code, in order."""
    return tuple(_links(body))


def _links(body: str) -> Iterator[Link]:
    for paragraph in _paragraphs(body):
        images = [found.start() for found in _IMAGE.finditer(paragraph.masked)]
        yield from (Link("", paragraph.line_at(start), image=True) for start in images)
        for found in _TARGET.finditer(paragraph.masked):
            opening = paragraph.masked.rfind("[", 0, found.start())
            if opening - 1 not in images:
                yield Link(html.unescape(found[1]), paragraph.line_at(found.start()))


def oversize(body: str) -> tuple[Oversize, ...]:
    """What is too large to be formatted, and is therefore shown as plain text."""
    if len(body) > MAX_BODY:
        return (Oversize(1, f"the text has {len(body)} characters, at most {MAX_BODY}"),)
    return tuple(_oversize(body))


def _oversize(body: str) -> Iterator[Oversize]:
    for block in _scan(body).blocks:
        for line, text in _split_paragraphs(block) if block.kind == "text" else ():
            if len(text) > MAX_PARAGRAPH:
                yield Oversize(line, f"a paragraph has {len(text)} characters, at most {MAX_PARAGRAPH}")
            elif text.count("[") > MAX_BRACKETS:
                yield Oversize(line, f"a paragraph has {text.count('[')} square brackets, at most {MAX_BRACKETS}")


def empty_headings(body: str) -> tuple[Heading, ...]:
    """Headings with nothing below them before the next one of their level or above."""
    scan = _scan(body)
    by_line = {heading.line: heading for heading in scan.headings}
    found: list[Heading] = []
    following: _Block | None = None
    for block in reversed(scan.blocks):
        if block.kind == "heading" and (
            following is None or (following.kind == "heading" and following.level <= block.level)
        ):
            found.append(by_line[block.line])
        if block.text.strip() or block.kind == "heading":
            following = block
    return tuple(reversed(found))


def in_order_of_use(body: str, sources: Sequence[Source]) -> tuple[Source, ...]:
    """The sources as the page numbers them: by first use, then those that nothing cites."""
    by_id = {source.id: source for source in sources}
    cited = [by_id[id] for id in dict.fromkeys(note.id for note in footnotes(body)) if id in by_id]
    used = {source.id for source in cited}
    return (*cited, *(source for source in sources if source.id not in used))


@dataclass(frozen=True, slots=True)
class _Paragraph:
    """Lines without a blank one between them. ``masked`` has spaces where code and escaped characters stand."""

    text: str
    masked: str
    line: int

    def line_at(self, offset: int) -> int:
        return self.line + self.text.count("\n", 0, offset)


def _paragraphs(body: str) -> Iterator[_Paragraph]:
    """The paragraphs whose formatting counts, in order."""
    if len(body) > MAX_BODY:
        return
    for block in _scan(body).blocks:
        if block.kind == "text":
            for line, text in _split_paragraphs(block):
                if _is_reasonable(text):
                    yield _Paragraph(text, _ESCAPE_OR_CODE.sub(_blank, text), line)


def _split_paragraphs(block: _Block) -> Iterator[tuple[int, str]]:
    pending: list[str] = []
    for number, line in enumerate((*block.text.split("\n"), ""), start=block.line):
        if line.strip():
            pending.append(line)
        elif pending:
            yield number - len(pending), "\n".join(pending)
            pending = []


def _is_reasonable(paragraph: str) -> bool:
    return len(paragraph) <= MAX_PARAGRAPH and paragraph.count("[") <= MAX_BRACKETS


def _blank(found: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", found[0])


# --- links -----------------------------------------------------------------------------------------------------


def is_external(target: str) -> bool:
    """Whether a link leads out of the knowledge base, to a web page or an e-mail address."""
    if any(c.isspace() or not c.isprintable() for c in target):
        return False
    try:
        parts = urlsplit(target)
    except ValueError:
        return False
    return bool(parts.netloc) if parts.scheme in {"http", "https"} else parts.scheme == "mailto" and bool(parts.path)


def site_path(target: str) -> str | None:
    """Where a link inside the knowledge base leads, as the site says it; None for any other target.

    ``report-remove.md`` gives ``/practices/report-remove``; ``../organisations/meta.md#x`` gives
    ``/organisations/meta#x``; ``/topics/grooming`` and ``#results`` stay.
    """
    if not target or "\\" in target or any(c.isspace() or not c.isprintable() for c in target):
        return None
    try:
        parts = urlsplit(target)
    except ValueError:
        return None
    if parts.scheme or parts.netloc or target.startswith("//"):
        return None
    if target.startswith(("#", "/")):
        return target
    file = _ENTRY_FILE.fullmatch(posixpath.normpath(posixpath.join("practices", unquote(parts.path))))
    if not file or parts.query:
        return None
    return f"/{file[1]}/{file[2]}" + (f"#{parts.fragment}" if parts.fragment else "")


# --- to HTML ---------------------------------------------------------------------------------------------------


def render(body: str, sources: Sequence[Source] = (), *, base: str = "", within: str = "", deeper: int = 0) -> str:
    """Safe HTML. Headings begin at h2 and carry ids; ``[^id]`` becomes a numbered link to ``#source-<id>``.

    ``base`` is put before links inside the knowledge base, for a site that does not live at the root. Where several
    bodies share a page, ``within`` (an id) precedes every id of this one, with two hyphens, and headings stand
    ``deeper`` levels.
    """
    if len(body) > MAX_BODY:
        return _cleaned("".join(_plain(text) for _, text in _split_paragraphs(_Block("text", body, 1))))
    ordered = in_order_of_use(body, sources)
    numbers = {source.id: (number, source.title) for number, source in enumerate(ordered, start=1)}
    return _cleaned("".join(_rendered(body, _Context(numbers, base, f"{within}--" if within else "", deeper))))


def render_by_heading(body: str, *, base: str = "", page: str = "") -> Mapping[str, str]:
    """Safe HTML of what stands under each outermost heading, to be shown beside that of other bodies.

    It has no ids of its own: headings below are paragraphs in bold, there are no footnotes, and links to places
    within the body lead to those of ``page``. Sections are those of :func:`sections`.
    """
    context = _Context({note.id: (0, "") for note in footnotes(body)}, base, page=page)
    found: dict[str, list[str]] = {}
    path: list[tuple[int, str]] = []
    for block in _scan(body).blocks if len(body) <= MAX_BODY else ():
        if block.kind == "heading":
            path = [*((level, text) for level, text in path if level < block.level), (block.level, block.text)]
            below = [text for _, text in path if text][1:]
            html_of_block = [f"<p><strong>{html.escape(' › '.join(below))}</strong></p>\n"] if below else []
        elif block.kind == "code":
            html_of_block = [f"<pre><code>{html.escape(block.text)}</code></pre>\n"]
        else:
            html_of_block = list(_rendered_text(block, context))
        outermost = next((text for _, text in path if text), "")
        if outermost:
            found.setdefault(outermost, []).extend(html_of_block)
    cleaned = {heading: _NOTE_ELEMENT.sub("", _cleaned("".join(parts))) for heading, parts in found.items()}
    return {heading: text for heading, text in cleaned.items() if text.strip()}


def _rendered(body: str, context: _Context) -> Iterator[str]:
    scan = _scan(body)
    ids = iter(scan.headings)
    for block in scan.blocks:
        if block.kind == "heading":
            level, id = min(6, max(2, block.level) + context.deeper), html.escape(context.prefix + next(ids).id)
            yield f'<h{level} id="{id}">{html.escape(block.text)}</h{level}>\n'
        elif block.kind == "code":
            yield f"<pre><code>{html.escape(block.text)}</code></pre>\n"
        else:
            yield from _rendered_text(block, context)


def _rendered_text(block: _Block, context: _Context) -> Iterator[str]:
    """Paragraphs, lists, quotations and tables; those of unreasonable size as plain text."""
    pending: list[str] = []
    for _, text in _split_paragraphs(block):
        if _is_reasonable(text):
            pending.append(text)
            continue
        yield _formatted("\n\n".join(pending), context)
        yield _plain(text)
        pending = []
    yield _formatted("\n\n".join(pending), context)


def _formatted(text: str, context: _Context) -> str:
    if not text:
        return ""
    converter = _local.converter = _local.converter or _Converter()
    try:
        return converter.convert(_with_lists_apart(text), context) + "\n"
    except RecursionError:
        # Nested deeper than any reader could follow. The converter may have been left in the middle of something.
        _local.converter = None
        return "".join(_plain(part) for part in text.split("\n\n"))


def _plain(text: str) -> str:
    return f"<p>{html.escape(text)}</p>\n"


def _with_lists_apart(text: str) -> str:
    """A blank line before a list that follows a line of text, where this Markdown wants one and others do not."""
    apart: list[str] = []
    begins, in_text = True, False
    for line in text.split("\n"):
        if not line.strip():
            begins, in_text = True, False
        elif _LIST_ITEM.match(line):
            if in_text:
                apart.append("")
            begins, in_text = False, False
        elif begins:
            begins, in_text = False, True
        apart.append(line)
    return "\n".join(apart)


def _cleaned(text: str) -> str:
    """The allow-list has the last word, whatever was rendered above."""
    clean = nh3.clean(
        text.encode("utf-8", "replace").decode("utf-8"),  # lone surrogates are no text
        tags=set(_ALLOWED),
        clean_content_tags=set(),
        attributes={tag: set(attributes) for tag, attributes in _ALLOWED.items()},
        allowed_classes={tag: set(classes) for tag, classes in _CLASSES.items()},
        url_schemes={"http", "https", "mailto"},
        link_rel=None,
    )
    # Text is escaped by now, so a "<table>" here is an element.
    opened = '<div class="table-scroll" role="region" aria-label="Table" tabindex="0"><table>'
    return clean.replace("<table>", opened).replace("</table>", "</table></div>")


@dataclass(frozen=True, slots=True)
class _Context:
    """``numbers`` maps the id of a source to its number and title; ``page`` is where ids of the body are."""

    numbers: Mapping[str, tuple[int, str]]
    base: str
    prefix: str = ""
    deeper: int = 0
    page: str = ""


class _Converter:
    """Python-Markdown without what a body does not have: raw HTML, images, other headings, link definitions."""

    def __init__(self) -> None:
        self._markdown = made = markdown.Markdown(
            extensions=["sane_lists", "tables"], extension_configs={"tables": {"use_align_attribute": True}}
        )
        for name in ("code", "hashheader", "setextheader", "reference"):
            made.parser.blockprocessors.deregister(name)
        made.preprocessors.deregister("html_block")
        for name in ("html", "reference", "short_reference", "image_reference", "short_image_ref", "automail"):
            made.inlinePatterns.deregister(name)
        self._footnotes = _FootnoteProcessor(_FOOTNOTE, made)
        self._tree = _TreeProcessor(made)
        made.inlinePatterns.register(self._footnotes, "footnote", 175)
        # After the inline patterns (20), before line breaks are tidied (10).
        made.treeprocessors.register(self._tree, "kb", 15)

    def convert(self, text: str, context: _Context) -> str:
        self._footnotes.begin(context)
        self._tree.base, self._tree.prefix, self._tree.page = context.base, context.prefix, context.page
        self._markdown.reset()
        return str(self._markdown.convert(text.replace("\x02", "").replace("\x03", "")))


class _Local(threading.local):
    """A converter keeps state while it works, so each thread has its own."""

    converter: _Converter | None = None


_local = _Local()


class _FootnoteProcessor(InlineProcessor):
    """``[^id]`` to a numbered link; a footnote without a source stays text."""

    def begin(self, context: _Context) -> None:
        self._numbers = context.numbers
        self._prefix = context.prefix

    def handleMatch(self, m: re.Match[str], data: str) -> tuple[Any, int | None, int | None]:  # type: ignore[override]
        found = self._numbers.get(m[1])
        if found is None:
            return None, None, None
        number, title = found
        sup = ElementTree.Element("sup", {"class": "footnote"})
        attributes = {"href": f"#{self._prefix}source-{m[1]}", "aria-label": f"Source {number}: {title}"}
        ElementTree.SubElement(sup, "a", attributes).text = str(number)
        return sup, m.start(0), m.end(0)


class _TreeProcessor(Treeprocessor):
    """Links to their place, images to their descriptions, alignment to classes."""

    base = ""
    prefix = ""
    page = ""

    def run(self, root: ElementTree.Element) -> None:
        for element in root.iter():
            if element.tag == "a" and "aria-label" not in element.attrib:
                self._link(element)
            elif element.tag == "img":
                element.tag, element.text = "span", element.attrib.pop("alt", "")
                element.attrib.clear()
            elif element.tag in {"td", "th"}:
                self._cell(element)

    def _link(self, element: ElementTree.Element) -> None:
        target = html.unescape(element.get("href", ""))
        element.attrib.clear()
        path = site_path(target)
        if is_external(target):
            element.set("href", target)
            element.set("rel", "noopener")
        elif path is not None:
            element.set("href", f"{self.page}#{self.prefix}{path[1:]}" if path.startswith("#") else self.base + path)
        else:
            element.tag = "span"

    def _cell(self, element: ElementTree.Element) -> None:
        align = element.attrib.pop("align", "")
        if align in {"right", "center"}:
            element.set("class", f"align-{align}")
        if element.tag == "th":
            element.set("scope", "col")


# --- to Markdown -----------------------------------------------------------------------------------------------


def nested(body: str, *, within: str, deeper: int) -> str:
    """The same Markdown for a document of several bodies: ``[^id]`` is ``[^<within>-id]``, headings stand deeper."""
    lines = without_comments(body).split("\n")
    for heading in headings(body):
        lines[heading.line - 1] = f"{'#' * min(6, max(2, heading.level) + deeper)} {heading.text}"
    for paragraph in _paragraphs(body):
        text, end = "", 0
        for found in re.finditer(_FOOTNOTE, paragraph.masked):
            text += paragraph.text[end : found.start()] + f"[^{within}-{found[1]}]"
            end = found.end()
        first = paragraph.line - 1
        changed = (text + paragraph.text[end:]).split("\n")
        lines[first : first + len(changed)] = changed
    return "\n".join(lines)


# --- to plain text ---------------------------------------------------------------------------------------------


def sections(body: str) -> tuple[Section, ...]:
    """Plain text by heading path: no footnotes, the words of links, list items as ``- `` lines.

    Paragraphs are separated by a blank line; white space is otherwise single.
    """
    texts: dict[tuple[str, ...], list[str]] = {}
    path: list[tuple[int, str]] = []
    context = _Context({note.id: (0, "") for note in footnotes(body)}, "")
    blocks = _scan(body).blocks if len(body) <= MAX_BODY else (_Block("text", body, 1),)
    for block in blocks:
        if block.kind == "heading":
            path = [(level, text) for level, text in path if level < block.level]
            path.append((block.level, block.text))
            continue
        heading = tuple(text for _, text in path if text)
        texts.setdefault(heading, []).extend(_block_texts(block, context))
    return tuple(Section(heading, "\n\n".join(parts)) for heading, parts in texts.items() if parts)


def _block_texts(block: _Block, context: _Context) -> list[str]:
    if block.kind == "code":
        text = "\n".join(" ".join(line.split()) for line in block.text.split("\n") if line.strip())
        return [text] if text else []
    if len(block.text) > MAX_BODY:
        return [" ".join(text.split()) for _, text in _split_paragraphs(block)]
    reader = _TextReader()
    reader.feed("".join(_rendered_text(block, context)))
    reader.close()
    return reader.paragraphs()


class _TextReader(HTMLParser):
    """Collects the words of rendered HTML, a paragraph at a time."""

    _PARAGRAPHS = frozenset({"p", "blockquote", "ul", "ol", "table", "hr", "div"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._paragraphs: list[list[str]] = [[]]
        self._words: list[str] = []
        self._prefix = ""
        self._lists = 0
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "sup":
            self._silent += 1
        elif tag == "li":
            self._end_line()
            self._prefix = "- "
        elif tag == "tr":
            self._end_line()
        elif tag in self._PARAGRAPHS:
            self._end_line()
            if not self._lists and tag != "hr":
                self._paragraphs.append([])
            self._lists += tag in {"ul", "ol"}

    def handle_endtag(self, tag: str) -> None:
        if tag == "sup":
            self._silent -= 1
        elif tag in {"td", "th"}:
            self._words.append(" | ")
        elif tag in {"li", "tr"}:
            self._end_line()
        elif tag in self._PARAGRAPHS:
            self._end_line()
            self._lists -= tag in {"ul", "ol"}
            if not self._lists:
                self._paragraphs.append([])

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._words.append(data)

    def paragraphs(self) -> list[str]:
        self._end_line()
        return ["\n".join(lines) for lines in self._paragraphs if lines]

    def _end_line(self) -> None:
        line = " ".join("".join(self._words).split()).removesuffix(" |").strip()
        line = re.sub(r" +([.,])(?=\s|$)", r"\1", line)
        if line:
            self._paragraphs[-1].append(self._prefix + line)
            self._prefix = ""
        self._words.clear()
