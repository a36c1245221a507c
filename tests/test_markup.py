"""Markdown: what is rendered, what is refused, and that nothing hostile gets through or takes long."""

from __future__ import annotations

import re
import time
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.content.model import Source
from kb.text.markup import (
    MAX_BODY,
    Heading,
    Link,
    empty_headings,
    footnotes,
    headings,
    in_order_of_use,
    is_external,
    links,
    oversize,
    render,
    render_by_heading,
    sections,
    site_path,
    slugify,
)
from kb.types import Section

A = Source("a", "https://a.example/", 'The "first" <source>')
B = Source("b", "https://b.example/", "The second")

TAGS = frozenset(
    re.findall(
        r"\w+", "a blockquote br code div em h2 h3 h4 h5 h6 hr li ol p pre strong sup table tbody td th thead tr ul"
    )
)
ATTRIBUTES = frozenset({"href", "rel", "aria-label", "id", "class", "start", "scope", "role", "tabindex"})


class Unsafe(AssertionError):
    """Something in the HTML that the allow-list should have kept out."""


class SafetyCheck(HTMLParser):
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS:
            raise Unsafe(f"<{tag}>")
        for name, value in attrs:
            if name not in ATTRIBUTES:
                raise Unsafe(f"{tag} {name}={value}")
            if name == "href" and not re.match(r"https?://|mailto:|/(?!/)|#", value or ""):
                raise Unsafe(f"href={value}")

    def handle_comment(self, data: str) -> None:
        raise Unsafe(f"<!--{data}-->")

    def handle_decl(self, decl: str) -> None:
        raise Unsafe(f"<!{decl}>")

    def handle_pi(self, data: str) -> None:
        raise Unsafe(f"<?{data}>")


def assert_safe(html: str) -> None:
    check = SafetyCheck(convert_charrefs=True)
    check.feed(html)
    check.close()


# --- rendering -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "html"),
    [
        ("Text.", "<p>Text.</p>"),
        ("**bold** and *stressed* `code`", "<p><strong>bold</strong> and <em>stressed</em> <code>code</code></p>"),
        ("# One", '<h2 id="one">One</h2>'),
        ("## Two", '<h2 id="two">Two</h2>'),
        ("###### Six ##", '<h6 id="six">Six</h6>'),
        ("## A *b* [c](/d) `e` [^a]", '<h2 id="a-b-c-e">A b c e</h2>'),
        ("#NoHeading", "<p>#NoHeading</p>"),
        ("Text\n----", "<p>Text</p>\n<hr>"),
        ("> quoted", "<blockquote>\n<p>quoted</p>\n</blockquote>"),
        ("```html\n<b>&\n```", "<pre><code>&lt;b&gt;&amp;</code></pre>"),
        ("~~~\n## x", "<pre><code>## x</code></pre>"),
        ("    indented", "<p>indented</p>"),
        ("a <!-- hidden --> b", "<p>a  b</p>"),
        ("a <!-- never ended", "<p>a &lt;!-- never ended</p>"),
        ("`<!-- shown`", "<p><code>&lt;!-- shown</code></p>"),
        ("AT&T &copy; &lt;b&gt;", "<p>AT&amp;T © &lt;b&gt;</p>"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
        ("3. a\n4. b", '<ol start="3">\n<li>a</li>\n<li>b</li>\n</ol>'),
        # Lists need no blank line before them, as in most kinds of Markdown.
        ("Text:\n- a\n- b", "<p>Text:</p>\n<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
        ("2017 - 2019\nand later", "<p>2017 - 2019\nand later</p>"),
        ("- a\n\n    more\n- b", "<ul>\n<li>\n<p>a</p>\n<p>more</p>\n</li>\n<li>\n<p>b</p>\n</li>\n</ul>"),
        ("[x](https://e.org/?a=1&b=(2))", '<p><a href="https://e.org/?a=1&amp;b=(2)" rel="noopener">x</a></p>'),
        ("[x](mailto:a@b.org)", '<p><a href="mailto:a@b.org" rel="noopener">x</a></p>'),
        ("<https://e.org>", '<p><a href="https://e.org" rel="noopener">https://e.org</a></p>'),
        ("[x](other.md)", '<p><a href="/practices/other">x</a></p>'),
        ("[x](../organisations/meta.md#y)", '<p><a href="/organisations/meta#y">x</a></p>'),
        ("[x](/topics/grooming)", '<p><a href="/topics/grooming">x</a></p>'),
        ("[x](#results)", '<p><a href="#results">x</a></p>'),
        ("![A cat](https://e.org/cat.png) after", "<p>A cat after</p>"),
        ("[x][y]\n\n[y]: https://e.org", "<p>[x][y]</p>\n<p>[y]: https://e.org</p>"),
        (r"\[^a] \*not\*", "<p>[^a] *not*</p>"),
        ("`[^a]`", "<p><code>[^a]</code></p>"),
        ("[^unknown]", "<p>[^unknown]</p>"),
    ],
)
def test_markdown_to_html(body: str, html: str) -> None:
    assert re.sub(r" ?</?span>", "", render(body, [A])).strip() == html


def test_footnotes_are_numbered_by_first_use() -> None:
    html = render("Second.[^b] First.[^a] Again.[^b]", [A, B])
    assert re.findall(r'href="#source-(\w)">(\d)</a></sup>', html) == [("b", "1"), ("a", "2"), ("b", "1")]
    assert 'aria-label="Source 1: The second"' in html
    assert 'aria-label="Source 2: The &quot;first&quot; &lt;source&gt;"' in html
    assert in_order_of_use("x[^b]", [A, B]) == (B, A)


def test_a_table_scrolls_and_is_aligned_by_class() -> None:
    html = render("| a | b |\n|:-:|--:|\n| 1 | `x|y`[^a] |", [A])
    assert '<div class="table-scroll" role="region" aria-label="Table" tabindex="0"><table>' in html
    assert '<th class="align-center" scope="col">a</th>' in html
    assert "style" not in html
    assert html.count("<div") == html.count("</div>") == 1


def test_a_site_that_does_not_live_at_the_root() -> None:
    html = render("[x](other.md) [y](#z) [w](https://e.org)", base="/kb")
    assert re.findall(r'href="([^"]*)"', html) == ["/kb/practices/other", "#z", "https://e.org"]


# --- hostile input ---------------------------------------------------------------------------------------------

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<div style='position:fixed'>x</div>",
    "<svg/onload=alert(1)>",
    "<iframe src=//evil.example></iframe>",
    "<a href='javascript:alert(1)'>x</a>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java&#115;cript:alert(1))",
    "[x](&#x6A;avascript:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x]( javascript:alert(1) )",
    "[x](<javascript:alert(1)>)",
    "[x](\x01javascript:alert(1))",
    "[x](vbscript:x) [x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](//evil.example) [x](\\\\evil.example) [x](/\\evil.example) [x](http:evil)",
    '[x](https://e.org "onmouseover=alert(1)")',
    '[x](https://e.org" onmouseover="alert(1))',
    '![x](javascript:alert(1)) ![" onerror="alert(1)](x)',
    '<javascript:alert(1)> <https://e.org/"onclick=alert(1)>',
    '## x" onclick="alert(1)\n\ntext',
    "```\n</code></pre><script>alert(1)</script>\n```",
    "`</code><script>alert(1)</script>`",
    "| <script>alert(1)</script> |\n|---|\n| <b onclick=x> |",
    '[^<script>] [^a"b] [^a<]',
    "<!--><script>alert(1)</script>-->",
    "<!-- --><script>alert(1)</script><!-- -->",
    "<![CDATA[<script>alert(1)</script>]]> <?php x ?> <!DOCTYPE html>",
    "&lt;script&gt;alert(1)&lt;/script&gt; &#60;script&#62;",
    "\x02wzxhzdk:0\x03 \x02amp\x03 \x02klzzwxh:0000\x03",
    "<table><tr><td>x</td></tr></table>",
    "*[x](javascript:a)* **[y](data:a)** ~~x~~ {: onclick=x }",
    "{: #id .class onclick=alert(1) }\n\n## x {#id onclick=alert(1)}",
    "\ud800 \udfff \ufffe \u202e \u2028",
]


@pytest.mark.parametrize("body", HOSTILE)
def test_nothing_hostile_gets_through(body: str) -> None:
    for text in (body, f"> {body}", f"- {body}", f"## {body}", f"x {body} y", f"| a |\n|---|\n| {body} |"):
        assert_safe(render(text, [A, Source('a"b', "https://e.org", '"><script>alert(1)</script>')]))


_PIECES = st.sampled_from(
    [*HOSTILE, "*", "_", "`", "[", "](", ")", ">", "- ", "\n", "\n\n", "|", "#", "<", "&", "[^a]"]
)


@given(st.lists(_PIECES | st.text(max_size=5), max_size=12).map("".join))
@settings(max_examples=150, deadline=None)
def test_no_mixture_gets_through_either(body: str) -> None:
    assert_safe(render(body, [A]))
    sections(body), headings(body), footnotes(body), links(body), oversize(body), empty_headings(body)


@pytest.mark.parametrize(
    "body",
    [
        "> " * 5000 + "x",
        "".join(f"{'> ' * level}x\n\n" for level in range(300)),
        "".join(f"{'    ' * level}- x\n" for level in range(300)),
        "- " * 5000 + "x",
        "1. " * 5000 + "x",
        "*a **b " * 3000,
        "[" * 50_000,
        "[a](" * 20_000,
        "![" * 20_000,
        "`" * 50_000,
        " ".join("`" * length for length in range(300)),
        "<!--" * 20_000,
        "~~~a\n" * 20_000,
        "## a\n" * 20_000,
        "|" * 50_000,
        "\n".join(["|a" * 500, "|-" * 500, "|b" * 500]),
        "[^a]" * 20_000,
        "&" * 50_000,
        "\\" * 50_000,
        "word " * 200_000,
        "word\n\n" * 20_000,
        "x" * 1_000_000,
    ],
    ids=lambda body: f"{body[:12]!r}...{len(body)}",
)
def test_huge_and_deep_bodies_take_no_time(body: str) -> None:
    """What takes quadratic time here takes minutes; of this process only, as others may keep it waiting."""
    began = time.process_time()
    assert_safe(render(body, [A]))
    sections(body), headings(body), footnotes(body), links(body), oversize(body), empty_headings(body)
    assert time.process_time() - began < 10


def test_what_is_too_large_is_shown_as_text_and_told() -> None:
    body = "**a**\n\n" + "[" * 201 + "\n\n*b*"
    assert render(body) == f"<p><strong>a</strong></p>\n<p>{'[' * 201}</p>\n<p><em>b</em></p>\n"
    assert [(part.line, part.what) for part in oversize(body)] == [
        (3, "a paragraph has 201 square brackets, at most 200")
    ]
    assert [part.line for part in oversize("x " * MAX_BODY)] == [1]


# --- what a body says ------------------------------------------------------------------------------------------


def test_headings_have_the_ids_of_the_page() -> None:
    body = "## Où aller ?\n\n### Results\n\n## Results\n\n## 日本 GR: Ελλάδα\n\n## ***\n\n## source-a\n"
    found = headings(body)
    assert [heading.id for heading in found] == [
        "ou-aller", "results", "results-2", "日本-gr-ελλαδα", "section", "section-source-a",
    ]  # fmt: skip
    assert found[1] == Heading(3, "Results", "results", 3)
    html = render(body)
    assert re.findall(r'id="([^"]*)"', html) == [heading.id for heading in found]


def test_footnotes_with_their_lines() -> None:
    body = "One[^a] two[^b].\n\n`[^c]` \\[^d]\n\n```\n[^e]\n```\n[^f]: a note\n- item\n  more[^g]"
    assert [(note.id, note.line, note.defines) for note in footnotes(body)] == [
        ("a", 1, False),
        ("b", 1, False),
        ("f", 8, True),
        ("g", 10, False),
    ]


def test_links_with_their_lines() -> None:
    body = "[a](x.md)\n`[b](y.md)`\n![c](z.png) [d](https://e.org/a_(b) 'title')\n\n[e](<f.md>)"
    assert links(body) == (Link("", 3, image=True), Link("x.md", 1), Link("https://e.org/a_(b)", 3), Link("f.md", 5))


@pytest.mark.parametrize(
    ("body", "empty"),
    [
        ("## A\n\nx", []),
        ("## A\n\n## B\n\nx", ["A"]),
        ("## A\n\n### B\n\nx", []),
        ("### A\n\n## B\n\nx", ["A"]),
        ("## A\n\n### B\n\n## C\n", ["B", "C"]),
        ("## A\n\n<!-- later -->\n", ["A"]),
        ("## A\n\n```\n\n```\n", ["A"]),
        ("## A\n\n```\nx\n```\n", []),
        ("text", []),
    ],
)
def test_sections_without_content(body: str, empty: list[str]) -> None:
    assert [heading.text for heading in empty_headings(body)] == empty


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("", ()),
        ("## Empty", ()),
        ("A  *b*\nc.[^a]", (Section((), "A b c."),)),
        ("One [link](https://e.org) [^a].", (Section((), "One link."),)),
        ("One.\n\nTwo.", (Section((), "One.\n\nTwo."),)),
        ("- a[^a]\n- b\n    - c", (Section((), "- a\n- b\n- c"),)),
        ("Text:\n\n1. a\n2. b\n\nMore.", (Section((), "Text:\n\n- a\n- b\n\nMore."),)),
        ("> quoted\n>\n> twice", (Section((), "quoted\n\ntwice"),)),
        ("| a | b |\n|---|---|\n| 1 | 2 |", (Section((), "a | b\n1 | 2"),)),
        ("```\nx  y\n```", (Section((), "x y"),)),
        ("a <!-- b --> c", (Section((), "a c"),)),
        ("<b>raw</b> &amp; &lt;", (Section((), "<b>raw</b> & <"),)),
        ("![alt](x.png)", (Section((), "alt"),)),
        ("# A\n\none\n\n## B\n\ntwo\n\n# C\n\nthree", (
            Section(("A",), "one"), Section(("A", "B"), "two"), Section(("C",), "three"),
        )),
        ("intro\n\n### Deep\n\nx\n\n## Up\n\ny", (
            Section((), "intro"), Section(("Deep",), "x"), Section(("Up",), "y"),
        )),
        ("## A\n\none\n\n## A\n\ntwo", (Section(("A",), "one\n\ntwo"),)),
    ],
)  # fmt: skip
def test_plain_text_by_heading(body: str, expected: tuple[Section, ...]) -> None:
    assert sections(body) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("before\n\n## A\n\n## B\n\n- one[^s]\n- two", {"B": "<ul><li>one</li><li>two</li></ul>"}),
        ("## A\n\none\n\n### In <A>\n\ntwo", {"A": "<p>one</p><p><strong>In &lt;A&gt;</strong></p><p>two</p>"}),
        ("### Deep\n\n[x](#deep)\n\n## Up\n\n[y](other.md)", {
            "Deep": '<p><a href="/de/practices/p#deep">x</a></p>', "Up": '<p><a href="/de/practices/other">y</a></p>',
        }),
        ("## A\n\none <b onclick=x>\n\n## B\n\n## A\n\n```\ntwo\n```", {
            "A": "<p>one &lt;b onclick=x&gt;</p><pre><code>two</code></pre>",
        }),
    ],
)  # fmt: skip
def test_html_by_heading(body: str, expected: dict[str, str]) -> None:
    found = render_by_heading(body, base="/de", page="/de/practices/p")
    assert {heading: text.replace("\n", "") for heading, text in found.items()} == expected


@given(st.text(alphabet="abc #*-\n[]()^`>|", max_size=200))
@settings(max_examples=150, deadline=None)
def test_html_and_plain_text_have_the_same_headings(body: str) -> None:
    with_text = {section.heading[0] for section in sections(body) if section.heading}
    assert with_text <= set(render_by_heading(body))
    assert " id=" not in "".join(render_by_heading(body).values())


@given(st.text(alphabet="abc #*-\n[]()^`>|", max_size=200))
@settings(max_examples=150, deadline=None)
def test_plain_text_is_tidy(body: str) -> None:
    for section in sections(body):
        assert section.text == section.text.strip()
        assert "\n\n\n" not in section.text
        assert "  " not in section.text


@pytest.mark.parametrize(
    ("target", "external", "path"),
    [
        ("https://e.org", True, None),
        ("HTTP://e.org/x", True, None),
        ("http:e.org", False, None),
        ("mailto:a@b.org", True, None),
        ("mailto:", False, None),
        ("javascript:x", False, None),
        ("//e.org", False, None),
        ("https://[::1", False, None),
        ("x.md", False, "/practices/x"),
        ("./x.md#y", False, "/practices/x#y"),
        ("../practices/x.md", False, "/practices/x"),
        ("../organisations/x.md", False, "/organisations/x"),
        ("../../x.md", False, None),
        ("x", False, None),
        ("x.md?y", False, None),
        ("/practices/x?y#z", False, "/practices/x?y#z"),
        ("/\\e.org", False, None),
        ("#x", False, "#x"),
        ("", False, None),
        ("a b.md", False, None),
    ],
)
def test_where_links_lead(target: str, external: bool, path: str | None) -> None:
    assert (is_external(target), site_path(target)) == (external, path)


@pytest.mark.parametrize(
    ("text", "slug"),
    [("How it works", "how-it-works"), ("  A/B -- C_d! ", "a-b-c-d"), ("Ça coûte 5 €", "ca-coute-5"), ("***", "")],
)
def test_slugs(text: str, slug: str) -> None:
    assert slugify(text) == slug
