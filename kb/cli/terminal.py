"""How results and practices look in a terminal. click leaves colours out where there is none."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import click

from kb.backends import Backend
from kb.content.model import Practice
from kb.text.excerpt import excerpt
from kb.types import Hit, Results, Why

_BAND_COLOURS = {"strong": "green", "fair": "yellow", "weak": "bright_black"}
_WIDEST = 100
_PASSAGE_CHARACTERS = 360


def results_lines(results: Results, backend: Backend, site: str) -> Iterator[str]:
    """The hits, below what the query was taken for, how many there are, and how well they fit."""
    yield from _understood(results)
    yield _summary(results)
    for number, hit in enumerate(results.hits, start=results.query.offset + 1):
        yield ""
        yield from hit_lines(number, hit, backend, site)
    last = results.query.offset + len(results.hits)
    if results.hits and last < results.total:
        yield ""
        yield click.style(f"{results.total - last} more: add --offset {last}", dim=True)


def hit_lines(number: int, hit: Hit, backend: Backend, site: str) -> Iterator[str]:
    yield f"{number:>2}. {click.style(hit.title, bold=True)}"
    facts = [click.style(f"{hit.band} match", fg=_BAND_COLOURS[hit.band])] if hit.band else []
    if hit.practice:
        facts.append(", ".join(backend.label("organisation", key) for key in hit.practice.organisations))
        facts.append(", ".join(backend.label("country", key) for key in hit.practice.countries))
        facts.append(", ".join(backend.label("topic", key) for key in hit.practice.topics))
    yield from _wrapped(" · ".join(facts), "    ")
    if hit.passage.translated:
        found = f"Found in its summary in {backend.label('language', hit.passage.language)}:"
        yield from _wrapped(click.style(found, italic=True), "    ")
    if hit.question:
        yield from _wrapped(click.style(f"Answers: {hit.question}", italic=True), "    ")
    yield from _wrapped(_marked(hit), "    ")
    if reasons := _reasons(hit.why):
        yield from _wrapped(click.style(reasons, dim=True), "    ")
    yield f"    {click.style(f'{site}/practices/{hit.id}', fg='cyan')}"


def _reasons(why: Why) -> str:
    """The words that matched, as what if they were translated, and the concepts that bridged a language."""
    words = [
        f"{found.word} as {' or '.join(found.translations)}" if found.translations else found.word
        for found in why.words
    ]
    share = round(100 * why.lexical)
    parts = [f"words {share} % ({', '.join(words)})" if words else "", f"meaning {100 - share} %" if words else ""]
    if why.concepts:
        parts.append(f"through {', '.join(concept.label for concept in why.concepts)}")
    return "Why: " + ", ".join(filter(None, parts)) if any(parts) else ""


def practice_lines(practice: Practice, backend: Backend, site: str) -> Iterator[str]:
    yield click.style(practice.title, bold=True)
    yield from _wrapped(practice.summary, "")
    for language, translation in practice.translations.items():
        yield ""
        yield from _wrapped(f"{click.style(f'{language}:', dim=True)} {translation.title}", "")
        yield from _wrapped(translation.summary, "")
    yield ""
    facts = {
        "By": ", ".join(backend.label("organisation", key) for key in practice.organisations),
        "With": ", ".join(practice.partners),
        "Where": ", ".join(backend.label("country", key) for key in practice.countries),
        "Topics": ", ".join(backend.label("topic", key) for key in practice.topics),
        "Stage": backend.label("stage", practice.stage),
        "Since": practice.started or "",
        "Evidence": backend.label("evidence", practice.evidence.kind)
        + (f" (findings: {practice.evidence.findings})" if practice.evidence.findings else ""),
    }
    for name, value in facts.items():
        if value:
            yield from _wrapped(f"{click.style(f'{name}:', dim=True)} {value}", "")
    yield ""
    yield practice.body.strip()
    yield ""
    for source in practice.sources:
        details = ", ".join(filter(None, (source.publisher, str(source.year or ""))))
        yield f"[^{source.id}]: {source.title}{f' ({details})' if details else ''}"
        yield f"    {source.url}"
    yield ""
    yield click.style(f"{site}/practices/{practice.id}", fg="cyan")


def _summary(results: Results) -> str:
    count = f"{results.total} {'practice' if results.total == 1 else 'practices'}"
    if not results.total:
        return "Nothing fits. Use other words, or fewer filters."
    if results.total <= results.query.offset:
        return f"{count}, none beyond --offset {results.query.offset}"
    if results.fitting == results.total:
        return count
    if not results.fitting:
        return f"Nothing fits well. {count} come near:"
    return f"{count}, {results.fitting} of them strong or fair matches"


def _understood(results: Results) -> Iterator[str]:
    """How the query was read, where that is not how it was typed."""
    understood = results.understood
    if understood.corrected:
        hint = click.style("(--exact searches for the words as they are)", dim=True)
        yield from _wrapped(f"Showing results for {click.style(understood.corrected, bold=True)} {hint}", "")
    if understood.english:
        yield from _wrapped(f"Searched in English as well: {', '.join(understood.english)}", "")
    if understood.concepts:
        yield from _wrapped(f"Also searched for: {', '.join(concept.label for concept in understood.concepts)}", "")


def _marked(hit: Hit) -> str:
    """An excerpt of the passage with the words that match in bold."""
    shown = excerpt(hit.passage, _PASSAGE_CHARACTERS)
    parts, end = [], 0
    for start, stop in shown.spans:
        parts += [shown.text[end:start], click.style(shown.text[start:stop], fg="yellow", bold=True)]
        end = stop
    text = "".join((*parts, shown.text[end:]))
    heading = click.style(" › ".join(hit.passage.heading) + ": ", dim=True) if hit.passage.heading else ""
    return f"{heading}{'… ' if shown.cut_before else ''}{' '.join(text.split())}{' …' if shown.cut_after else ''}"


def _wrapped(text: str, indent: str) -> Iterator[str]:
    """Lines that fit the terminal. Colour codes take no room, so each word is measured without them."""
    width = min(shutil.get_terminal_size().columns, _WIDEST)
    room = max(width - len(indent), 20)
    line: list[str] = []
    used = 0
    for word in text.split(" "):
        length = len(click.unstyle(word))
        if line and used + 1 + length > room:
            yield indent + " ".join(line)
            line, used = [], 0
        line.append(word)
        used += length + (1 if used else 0)
    if line:
        yield indent + " ".join(line)
