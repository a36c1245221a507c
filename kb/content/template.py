"""A new practice: a file that holds what is known and says what is to be written."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from kb.content.body import HEADINGS
from kb.content.files import shown
from kb.content.ids import is_id, to_id
from kb.content.model import SCHEMES, Organisation, Taxonomy
from kb.content.taxonomy import nearest_concept
from kb.content.wording import listed, quoted
from kb.errors import ContentError, UsageError

#: What stands under each heading until the author writes it. Comments are not shown.
GUIDANCE: Mapping[str, str] = dict(
    zip(
        HEADINGS,
        (
            "What it is, who runs it and for whom, in plain words.",
            "What happens, step by step, as somebody would see it who takes part.",
            "Figures with their date and who measured them. Tell a trial without effect as plainly as a success.",
            "What it does not do, what went wrong, where sources disagree.",
            "What another organisation needs in order to do the same, as far as the sources say.",
        ),
        strict=True,
    )
)
SOURCE_ID = "first-source"


@dataclass(frozen=True, slots=True)
class Draft:
    """What is known of a practice before it is written. Tags are ids of concepts."""

    id: str
    title: str
    organisations: tuple[str, ...] = ()
    strand: tuple[str, ...] = ()
    risks: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    audiences: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    stage: str = "unknown"
    language: str = "en"
    summary: str = ""


def suggested_id(title: str) -> str:
    """The id for a title: its proper name, the part before the colon. May be empty."""
    name, _, rest = title.partition(":")
    return to_id(name) or to_id(rest)


def concept_meant(taxonomy: Taxonomy, scheme: str, text: str) -> str:
    """The id of the concept that ``text`` names, by id or by its English label. Raises UsageError."""
    found = taxonomy.schemes.get(scheme)
    for concept in found.concepts if found else ():
        if text.casefold() in {concept.id, concept.label().casefold()}:
            return concept.id
    meant = nearest_concept(taxonomy, scheme, text)
    ids = taxonomy.ids(scheme)
    choice = f"choose from {SCHEMES[scheme]}" if len(ids) > 8 else f"choose {listed(ids)}"
    raise UsageError(f"{quoted(text)} is no {scheme}; {f'did you mean {meant}?' if meant else choice}")


def organisation_meant(organisations: Mapping[str, Organisation], text: str) -> str:
    """The id of the organisation that ``text`` names; an id made of the text where there is none yet."""
    for organisation in organisations.values():
        names = (organisation.id, organisation.name, *organisation.aliases)
        if text.casefold() in {name.casefold() for name in names}:
            return organisation.id
    if not (id := to_id(text)):
        raise UsageError(f"{quoted(text)} names no organisation; give its name or its id")
    return id


def filled_in(draft: Draft, taxonomy: Taxonomy, *, today: date) -> str:
    """The text of a new entry: what ``draft`` says, and comments about what is to be written."""
    day = today.isoformat()
    lines = [
        "---",
        "# Lines that begin with # are comments; remove them, or remove the # and fill them in.",
        f"title: {_text(draft.title)}  # the proper name, a colon, what it does",
        f"summary: {_text(draft.summary)}  # plain language, at most 400 characters",
        f"language: {draft.language}",
        f"organisations: {_list(draft.organisations)}  # ids of files in organisations/",
        "# partners: [others who take part, by name]",
        f"strand: {_list(draft.strand)}  # the primary one first: {_ids(taxonomy, 'strand')}",
        f"risks: {_list(draft.risks)}  # {_ids(taxonomy, 'risk')}",
        f"topics: {_list(draft.topics)}  # ids from taxonomy/{SCHEMES['topic']}",
        f"audiences: {_list(draft.audiences)}  # {_ids(taxonomy, 'audience')}",
        "# ages: {from: 9, to: 12}",
        f"countries: {_list(draft.countries)}  # like DE; EU for all of the Union, INT for worldwide",
        f"stage: {draft.stage}  # {_ids(taxonomy, 'stage')}",
        "# started: 2017",
        "# ended: 2021",
        f"evidence: {{kind: none}}  # {_ids(taxonomy, 'evidence')}; add findings where an evaluation says",
        "# questions:  # 4 to 8, in the plain words of those who would ask",
        '#   - "How do I get my picture off the internet?"',
        "sources:",
        f"  - id: {SOURCE_ID}",
        '    url: ""',
        '    title: ""',
        '    # publisher: ""',
        "    # year: 2024",
        "# translations:  # title and summary in the language of sources that are not in that of the entry",
        '#   de: {title: "Name: was es tut", summary: "Worum es geht, in einfachen Worten."}',
        "# help:  # only for a service that somebody in need can turn to, as the sources give it; for: talk or report",
        '#   - {for: talk, phone: "116 111", url: "https://www.example.org/chat"}',
        f"added: {day}",
        f"updated: {day}",
        "---",
    ]
    for heading, guidance in GUIDANCE.items():
        cited = f" Each claim ends with its source: [^{SOURCE_ID}]" if heading == HEADINGS[0] else ""
        lines += ["", f"## {heading}", "", f"<!-- {guidance}{cited} -->"]
    return "\n".join(lines) + "\n"


def create(entries: Path, draft: Draft, taxonomy: Taxonomy, *, today: date) -> Path:
    """Write a new entry; its path. Raises UsageError when ``draft`` cannot be an entry or would replace one."""
    if not is_id(draft.id):
        raise UsageError(
            f"{quoted(draft.id)} is no id; write lower-case letters, digits and hyphens, like report-remove"
        )
    for name, text in (("title", draft.title), ("summary", draft.summary)):
        if not text.isprintable():
            raise UsageError(f"the {name} has a line break or an invisible character; write it on one line")
    folder = entries / "practices"
    path = folder / f"{draft.id}.md"
    if os.path.lexists(path):
        raise UsageError(f"{shown(str(path))} is there already; choose another id, or edit that file")
    if not entries.is_dir():
        raise ContentError(f"no folder {shown(str(entries))}; say where the entries are: kb --entries DIR")
    try:
        folder.mkdir(exist_ok=True)
        _write_new(path, filled_in(draft, taxonomy, today=today))
    except FileExistsError as error:
        raise UsageError(f"{shown(str(path))} is there already; choose another id, or edit that file") from error
    except OSError as error:
        raise ContentError(f"{shown(str(path))} cannot be written ({error.strerror}); make room or allow it") from error
    return path


def _write_new(path: Path, text: str) -> None:
    """All of the text or nothing, and never over another file."""
    descriptor, temporary = tempfile.mkstemp(prefix=".", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        # mkstemp keeps its files private; an entry is as readable as any other new file.
        Path(temporary).chmod(0o666 & ~_umask())
        _link(temporary, path)
    finally:
        with suppress(FileNotFoundError):
            Path(temporary).unlink()


def _link(temporary: str, path: Path) -> None:
    try:
        # Fails where the name is taken, unlike a rename.
        os.link(temporary, path)
    except FileExistsError:
        raise
    except OSError:
        # A file system without hard links.
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(Path(temporary).read_text(encoding="utf-8"))


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _text(text: str) -> str:
    """A double-quoted scalar; JSON's are YAML's."""
    return json.dumps(text, ensure_ascii=False)


def _list(items: Iterable[str]) -> str:
    return f"[{', '.join(items)}]"


def _ids(taxonomy: Taxonomy, scheme: str) -> str:
    return ", ".join(taxonomy.ids(scheme)) or f"ids from taxonomy/{SCHEMES[scheme]}"
