"""What must hold between files, and against the calendar: tags, organisations, ids, links, dates.

Checks read what a file says rather than the value made of it, so that a file with a wrong field is still checked
in all its others.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import islice
from types import MappingProxyType

from kb.content.codes import is_language, language_name
from kb.content.frontmatter import FrontMatter
from kb.content.model import SCHEMES, Organisation, Practice, Problem, Taxonomy
from kb.content.parsing import Parsed
from kb.content.plainyaml import Place
from kb.content.schema import is_date
from kb.content.taxonomy import nearest_concept
from kb.content.wording import listed, nearest, quoted, shortened
from kb.text import markup
from kb.text.languages import surely

#: The fields that hold concepts, with their scheme.
TAGS: Mapping[Place, str] = MappingProxyType(
    {
        ("strand",): "strand",
        ("risks",): "risk",
        ("topics",): "topic",
        ("audiences",): "audience",
        ("stage",): "stage",
        ("evidence", "kind"): "evidence",
    }
)

_DATES = ("started", "ended", "added", "updated", "verified")
_IN_ORDER = (("started", "ended"), ("added", "updated"), ("added", "verified"))

# Items of a list beyond this many are not looked up; that the list is too long is told anyway.
_MAX_ITEMS = 100

# More dead links than this in one file are not looked for; each costs a search for what was meant.
_MAX_LINKS = 50

# Pages of the site that are not entries: of concepts, each scheme under the name of its file, and others.
_CONCEPT_PAGES = {file.removesuffix(".yaml"): scheme for scheme, file in SCHEMES.items()}
_OTHER_PAGES = frozenset({"/", "/search", "/browse"})


@dataclass(frozen=True, slots=True)
class Known:
    """What a practice can refer to.

    ``organisations``: id to the words that mean it (names, aliases); ``broken``: paths of files with errors, which
    exist all the same; ``aliases``: old ids of practices; ``anchors``: the ids of headings, by practice.
    """

    taxonomy: Taxonomy
    organisations: Mapping[str, tuple[str, ...]]
    practices: frozenset[str]
    aliases: Mapping[str, str]
    anchors: Mapping[str, frozenset[str]]
    broken: frozenset[str] = frozenset()

    def nearest_organisation(self, text: str) -> str | None:
        words = {word.casefold(): id for id, names in self.organisations.items() for word in (*names, id)}
        meant = nearest(text, words)
        return words[meant] if meant is not None else None


def check_practice(parsed: Parsed[Practice], known: Known, today: date) -> Iterator[Problem]:
    """Every problem of a practice that needs other files or the date to be seen, except shared ids and texts."""
    front = parsed.front
    if front.data is not None:
        yield from check_tags(front, known.taxonomy, TAGS)
        yield from _organisations(front, known)
        yield from _related(front, parsed.id, known)
        yield from _dates(front, today)
        yield from _translations(front)
    yield from islice(_links(parsed, known), _MAX_LINKS)


def check_tags(front: FrontMatter, taxonomy: Taxonomy, tags: Mapping[Place, str]) -> Iterator[Problem]:
    """Tags that are no concept. A scheme that could not be read is passed over: its file has a problem of its own."""
    for field, scheme in tags.items():
        if scheme not in taxonomy.schemes:
            continue
        for place, tag in _texts(front, field):
            if taxonomy.get(scheme, tag) is None:
                message = f"{field[0]}: {quoted(tag)} is no concept of {SCHEMES[scheme]}"
                yield Problem(front.path, front.line(*place), message, _meant_concept(taxonomy, scheme, tag))


def _meant_concept(taxonomy: Taxonomy, scheme: str, tag: str) -> str:
    meant = nearest_concept(taxonomy, scheme, tag)
    if meant is not None:
        return f"did you mean {meant}?"
    elsewhere = next((field[0] for field, other in TAGS.items() if taxonomy.get(other, tag) is not None), None)
    if elsewhere is not None:
        return f"write it in {elsewhere}"
    ids = taxonomy.ids(scheme)
    return f"write {listed(ids)}" if len(ids) <= 8 else f"choose from taxonomy/{SCHEMES[scheme]}"


def _organisations(front: FrontMatter, known: Known) -> Iterator[Problem]:
    for place, id in _texts(front, ("organisations",)):
        line = front.line(*place)
        if f"organisations/{id}.md" in known.broken:
            message = f"organisation {id} is not shown, because organisations/{id}.md has errors"
            yield Problem(front.path, line, message, "mend that file", "warning")
        elif id not in known.organisations:
            meant = known.nearest_organisation(id)
            remedy = f"did you mean {meant}?" if meant else f"write organisations/{shortened(id)}.md"
            yield Problem(front.path, line, f"there is no organisation {quoted(id)}", remedy)


def _related(front: FrontMatter, own: str, known: Known) -> Iterator[Problem]:
    for place, id in _texts(front, ("related",)):
        line = front.line(*place)
        if id == own:
            yield Problem(front.path, line, "related to itself", f"remove {id} from related")
        elif id not in known.practices and id in known.aliases:
            message = f"related: {quoted(id)} is an old id"
            yield Problem(front.path, line, message, f"write {known.aliases[id]}")
        elif id not in known.practices:
            meant = nearest(id, known.practices)
            remedy = f"did you mean {meant}?" if meant else "write the id of a practice, or remove it"
            yield Problem(front.path, line, f"related: there is no practice {quoted(id)}", remedy)


def _dates(front: FrontMatter, today: date) -> Iterator[Problem]:
    """Dates to come, dates in the wrong order, and an end that the stage does not know of."""
    data = front.data or {}
    said = {name: str(data[name]) for name in _DATES if name in data and is_date(str(data[name]))}
    now = today.isoformat()
    stage = data.get("stage")
    for name, value in said.items():
        # An idea may say when it is to begin.
        if _is_after(value, now) and not (name == "started" and stage == "idea"):
            message = f"{name} is in the future: {value}"
            yield Problem(front.path, front.line(name), message, "write it once it has come, or mend the date")
    for first, second in _IN_ORDER:
        if first in said and second in said and _is_after(said[first], said[second]):
            message = f"{second} ({said[second]}) is before {first} ({said[first]})"
            yield Problem(front.path, front.line(second), message, "mend one of the two")
    if "ended" in said and isinstance(stage, str) and stage != "ended":
        message = f"it ended ({said['ended']}), but stage is {quoted(stage)}"
        yield Problem(front.path, front.line("stage"), message, "write stage: ended, or leave ended out")
    sources = data.get("sources")
    for number, source in enumerate(sources[:_MAX_ITEMS] if isinstance(sources, list) else ()):
        year = source.get("year") if isinstance(source, dict) else None
        if isinstance(year, int) and today.year < year <= 2100:
            line = front.line("sources", number, "year")
            yield Problem(front.path, line, f"year of source {number + 1} is in the future: {year}", "mend the year")


def _is_after(one: str, other: str) -> bool:
    """Whether ``one`` is certainly later; a year says nothing about days, so it is compared as far as both go."""
    shared = min(len(one), len(other))
    return one[:shared] > other[:shared]


def _translations(front: FrontMatter) -> Iterator[Problem]:
    """Translations into a language that is there already, and those that are none."""
    data = front.data or {}
    own, translations = data.get("language"), data.get("translations")
    if not isinstance(own, str) or not isinstance(translations, dict):
        return
    there = {_spoken(own): ("the language of the entry", "remove it, or mend language")}
    for code, translation in translations.items():
        line = front.line("translations", code)
        if (spoken := _spoken(code)) in there:
            which, remedy = there[spoken]
            yield Problem(front.path, line, f"a translation into {quoted(code)}, {which}", remedy)
            continue
        there[spoken] = (f"which {quoted(code)} is as well", "keep one of the two")
        if is_language(code) and is_language(own) and isinstance(translation, dict):
            yield from _untranslated(front, code, translation)


def _untranslated(front: FrontMatter, code: str, translation: Mapping[str, object]) -> Iterator[Problem]:
    """Words that are still those of the entry, and a summary that is surely in its language."""
    data = front.data or {}
    name, own = language_name(code), str(data["language"])
    copied = [field for field in ("title", "summary") if _same(translation.get(field), data.get(field))]
    for field in copied:
        message = f"{field} of translations {code} is that of the entry"
        line = front.line("translations", code, field)
        yield Problem(front.path, line, message, f"write it in {name}, or remove translations {code}")
    summary = translation.get("summary")
    if not copied and isinstance(summary, str) and surely(summary) == _spoken(own):
        message = f"summary of translations {code} seems to be in {language_name(own)}, not in {name}"
        line = front.line("translations", code, "summary")
        yield Problem(front.path, line, message, f"write it in {name}, or mend the code", "warning")


def _same(one: object, other: object) -> bool:
    return isinstance(one, str) and isinstance(other, str) and one.casefold().split() == other.casefold().split() != []


def _spoken(code: str) -> str:
    """A language without the region in which it is spoken."""
    return re.sub(r"-([A-Z]{2}|[0-9]{3})$", "", code.strip())


def _links(parsed: Parsed[Practice], known: Known) -> Iterator[Problem]:
    front = parsed.front
    for link in markup.links(front.body):
        if link.image or markup.is_external(link.target):
            continue
        wrong = _dead(link.target, parsed, known)
        if wrong is not None:
            line = front.body_line + link.line - 1
            yield Problem(front.path, line, f"the link {quoted(link.target)} {wrong[0]}", wrong[1])


def _dead(target: str, parsed: Parsed[Practice], known: Known) -> tuple[str, str] | None:
    """What is wrong with a link inside the knowledge base, and what helps."""
    path = markup.site_path(target)
    if path is None:
        return "cannot be followed", "link to https://..., other-practice.md, ../organisations/id.md or #heading"
    page, _, anchor = path.partition("#")
    folder, _, id = page.strip("/").partition("/")
    if not page:
        return _dead_anchor(anchor, parsed.anchors | _source_anchors(parsed.front))
    if folder == "practices" and id:
        if id in known.practices:
            return _dead_anchor(anchor, known.anchors.get(id, frozenset({anchor}))) if anchor else None
        return None if id in known.aliases else ("leads nowhere", _meant_entry(id, known.practices, "practice"))
    if folder == "organisations" and id:
        if id in known.organisations or f"organisations/{id}.md" in known.broken:
            return None
        return "leads nowhere", _meant_entry(id, known.organisations, "organisation")
    if folder in _CONCEPT_PAGES and id:
        scheme = _CONCEPT_PAGES[folder]
        if scheme not in known.taxonomy.schemes or known.taxonomy.get(scheme, id) is not None:
            return None
        return "leads nowhere", _meant_concept(known.taxonomy, scheme, id)
    if page.partition("?")[0] in _OTHER_PAGES:
        return None
    return "leads nowhere", "there are /practices/id, /organisations/id, /topics/id, /browse and /search"


def _dead_anchor(anchor: str, anchors: Iterable[str]) -> tuple[str, str] | None:
    if anchor in (there := set(anchors)):
        return None
    meant = nearest(anchor, there)
    return (
        "leads to no heading",
        f"did you mean #{meant}?" if meant else "write the heading with hyphens, like #results",
    )


def _source_anchors(front: FrontMatter) -> frozenset[str]:
    return frozenset(f"source-{note.id}" for note in markup.footnotes(front.body))


def _meant_entry(id: str, ids: Iterable[str], noun: str) -> str:
    meant = nearest(id, ids)
    return f"did you mean {meant}?" if meant else f"link to a {noun} that there is"


def _texts(front: FrontMatter, place: Place) -> Iterator[tuple[Place, str]]:
    """The texts at a place: one, or the items of a list."""
    value: object = front.data
    for key in place:
        value = value.get(key) if isinstance(value, dict) else None
    if isinstance(value, str):
        yield place, value.strip()
    elif isinstance(value, list):
        for number, item in enumerate(value[:_MAX_ITEMS]):
            if isinstance(item, str):
                yield (*place, number), item.strip()


@dataclass(frozen=True, slots=True)
class AliasClaim:
    """An old id that the practice ``id`` in the file ``path`` says it had."""

    path: str
    id: str
    alias: str
    line: int


def alias_claims(parsed: Parsed[Practice]) -> Iterator[AliasClaim]:
    for place, alias in _texts(parsed.front, ("aliases",)):
        yield AliasClaim(parsed.path, parsed.id, alias, parsed.front.line(*place))


def check_aliases(claims: Iterable[AliasClaim], owner: Callable[[str], str | None]) -> Iterator[Problem]:
    """Old ids that belong to another practice as well. The first file, by path, that claims an old id keeps it.

    ``claims`` are in the order of paths; ``owner`` gives the path of the practice whose id, case folded, this is.
    """
    claimed: dict[str, str] = {}
    for claim in claims:
        key = claim.alias.casefold()
        if key == claim.id.casefold():
            message = f"the alias {quoted(claim.alias)} is this entry's own id"
            yield Problem(claim.path, claim.line, message, "remove it")
        elif (path := owner(key)) is not None:
            message = f"the alias {quoted(claim.alias)} is the id of {path}"
            yield Problem(claim.path, claim.line, message, "remove it, or merge the two")
        elif claimed.setdefault(key, claim.path) != claim.path:
            message = f"the alias {quoted(claim.alias)} is an alias of {claimed[key]} too"
            yield Problem(claim.path, claim.line, message, "keep it in one of the two")


def references(parsed: Parsed[Practice]) -> frozenset[str]:
    """What :func:`check_practice` looks up: ``topic:helpline``, ``organisation:ofcom``, ``practice:x``."""
    front = parsed.front
    fields = {**TAGS, ("organisations",): "organisation", ("related",): "practice"}
    named = {f"{kind}:{text}" for place, kind in fields.items() for _, text in _texts(front, place)}
    pages = {**_CONCEPT_PAGES, "practices": "practice", "organisations": "organisation"}
    for link in markup.links(front.body):
        if not (link.image or markup.is_external(link.target)):
            path = markup.site_path(link.target) or ""
            folder, _, id = path.partition("#")[0].strip("/").partition("/")
            if folder in pages:
                named.add(f"{pages[folder]}:{id}")
    return frozenset(named)


def check_organisations(organisations: Iterable[Parsed[Organisation]], taxonomy: Taxonomy) -> Iterator[Problem]:
    """Kinds that are no concept, and names that belong to another organisation as well; the first file keeps it."""
    named: dict[str, str] = {}
    for organisation in organisations:
        front = organisation.front
        yield from check_tags(front, taxonomy, {("kind",): "kind"})
        for place, name in (*_texts(front, ("name",)), *_texts(front, ("aliases",))):
            key = " ".join(name.casefold().split())
            if named.setdefault(key, organisation.path) != organisation.path:
                message = f"the name {quoted(name)} belongs to {named[key]} too"
                yield Problem(organisation.path, front.line(*place), message, "keep it in one of the two")
