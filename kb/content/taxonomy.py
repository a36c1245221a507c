"""Concepts: ``entries/taxonomy/*.yaml``, one scheme a file, and the concept that a wrong tag was meant to be.

A concept with a problem is kept as far as it is sound, so that one slip does not make every practice wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from kb.content.files import decode, list_folder, read_file
from kb.content.model import SCHEMES, Concept, Label, Problem, Scheme, Taxonomy
from kb.content.plainyaml import Tree, read_yaml
from kb.content.schema import ConceptFields, LabelFields, SchemeFields, validate
from kb.content.wording import nearest, quoted

FOLDER = "taxonomy"


@dataclass(frozen=True, slots=True)
class TaxonomyReading:
    """The taxonomy as far as it is sound. ``left_out``: files that could not be read as a scheme at all."""

    taxonomy: Taxonomy
    problems: tuple[Problem, ...]
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SchemeReading:
    scheme: Scheme | None
    problems: tuple[Problem, ...]


def read_taxonomy(entries: Path) -> TaxonomyReading:
    """Every scheme of ``entries/taxonomy``, with all problems."""
    listing = list_folder(entries, FOLDER, ".yaml")
    problems = list(listing.problems)
    schemes: dict[str, Scheme] = {}
    left_out: list[str] = []
    expected = {file: scheme for scheme, file in SCHEMES.items()}
    for name in listing.names:
        path = f"{FOLDER}/{name}"
        if name not in expected:
            meant = nearest(name, expected)
            remedy = f"did you mean {meant}?" if meant else f"the schemes are {', '.join(expected)}"
            problems.append(Problem(path, 1, "no scheme of this name", remedy))
            left_out.append(path)
            continue
        data = read_file(entries, path)
        read = SchemeReading(None, (data,)) if isinstance(data, Problem) else parse_scheme(path, data, expected[name])
        problems.extend(read.problems)
        if read.scheme is None:
            left_out.append(path)
        else:
            schemes[expected[name]] = read.scheme
    problems.extend(
        Problem(f"{FOLDER}/{name}", 1, "the file is missing", "write the scheme, or restore the file")
        for name in expected.keys() - set(listing.names)
    )
    ordered = {scheme: schemes[scheme] for scheme in SCHEMES if scheme in schemes}
    return TaxonomyReading(Taxonomy(ordered), tuple(sorted(problems)), tuple(left_out))


def parse_scheme(path: str, data: bytes, scheme: str) -> SchemeReading:
    """The scheme that the file ``path`` holds. A pure function of its arguments."""
    decoded = decode(path, data)
    if decoded.text is None:
        return SchemeReading(None, decoded.problems)
    tree = read_yaml(decoded.text, path=path)
    problems = [*decoded.problems, *tree.problems]
    if tree.data is None and tree.problems:
        return SchemeReading(None, tuple(problems))
    head = validate(SchemeFields, tree.data, path=path, line=tree.line)
    problems.extend(head.problems)
    if head.fields is None:
        return SchemeReading(None, tuple(problems))
    if head.fields.scheme != scheme:
        message = f"scheme is {quoted(head.fields.scheme)}, but this file holds {scheme}"
        problems.append(Problem(path, tree.line("scheme"), message, f"write scheme: {scheme}"))
    if "en" not in head.fields.preferred:
        problems.append(
            Problem(path, tree.line("prefLabel"), "prefLabel has no English label", 'write en: "..." below prefLabel')
        )
    source = head.fields.label_source
    concepts: dict[str, tuple[int, Concept]] = {}
    for number, item in enumerate(head.fields.concepts):
        checked = validate(ConceptFields, item, path=path, line=tree.line, within=("concepts", number))
        problems.extend(checked.problems)
        if checked.fields is None:
            continue
        concept = _concept(checked.fields, scheme, source)
        if concept.id in concepts:
            first = tree.line("concepts", concepts[concept.id][0])
            message = f"concept {concept.id} stands here twice (first in line {first})"
            problems.append(Problem(path, tree.line("concepts", number, "id"), message, "rename or remove one of them"))
            continue
        concepts[concept.id] = (number, concept)
        problems.extend(_words_missing(path, tree, number, concept))
    problems.extend(_labels_twice(path, tree, concepts))
    sound = dict(_above(path, tree, concepts, problems))
    preferred = _labels(head.fields.preferred, source)
    return SchemeReading(Scheme(scheme, preferred, tuple(sound.values())), tuple(problems))


def nearest_concept(taxonomy: Taxonomy, scheme: str, tag: str) -> str | None:
    """The concept of ``scheme`` that ``tag`` was probably meant to be, by id or by any English label."""
    found = taxonomy.schemes.get(scheme)
    if found is None:
        return None
    words = {concept.id: concept.id for concept in found.concepts}
    for concept in found.concepts:
        labels = [concept.preferred.get("en"), *concept.alternative.get("en", ())]
        for text in (label.text for label in labels if label is not None):
            words.setdefault(text.casefold(), concept.id)
            words.setdefault(text.casefold().replace(" ", "-"), concept.id)
    meant = nearest(tag, words)
    return words[meant] if meant is not None else None


def _concept(fields: ConceptFields, scheme: str, source: str) -> Concept:
    alternative = {code: tuple(_text(label, source) for label in some) for code, some in _items(fields.alternative)}
    return Concept(
        scheme=scheme,
        id=fields.id,
        preferred=_labels(fields.preferred, source),
        alternative=alternative,
        broader=fields.broader,
        definition=dict(fields.definition),
    )


def _items(labels: Mapping[str, list[LabelFields]] | None) -> Iterator[tuple[str, list[LabelFields]]]:
    yield from (labels or {}).items()


def _labels(labels: Mapping[str, LabelFields], source: str) -> Mapping[str, Label]:
    return {code: _text(label, source) for code, label in labels.items()}


def _text(label: LabelFields, source: str) -> Label:
    return Label(label.text, label.source or source)


def _words_missing(path: str, tree: Tree, number: int, concept: Concept) -> Iterator[Problem]:
    wanted = (("prefLabel", concept.preferred), ("definition", concept.definition))
    for name, words in wanted:
        if "en" not in words:
            line = tree.line("concepts", number, name)
            yield Problem(path, line, f"{name} of {concept.id} has no English", f'write en: "..." below {name}')


def _labels_twice(path: str, tree: Tree, concepts: Mapping[str, tuple[int, Concept]]) -> Iterator[Problem]:
    """A word must lead to one concept, so no two concepts of a scheme share a label in a language."""
    owners: dict[tuple[str, str], str] = {}
    for number, concept in concepts.values():
        for code, label, place in _all_labels(concept):
            key = (code, " ".join(label.text.casefold().split()))
            owner = owners.setdefault(key, concept.id)
            if owner != concept.id:
                line = tree.line("concepts", number, *place)
                message = f"{quoted(label.text)} ({code}) is a label of {concept.id} and of {owner}"
                yield Problem(path, line, message, "keep it where it fits best")


def _all_labels(concept: Concept) -> Iterator[tuple[str, Label, tuple[str | int, ...]]]:
    for code, label in concept.preferred.items():
        yield code, label, ("prefLabel", code)
    for code, labels in concept.alternative.items():
        for number, label in enumerate(labels):
            yield code, label, ("altLabel", code, number)


def _above(
    path: str, tree: Tree, concepts: Mapping[str, tuple[int, Concept]], problems: list[Problem]
) -> Iterator[tuple[str, Concept]]:
    """The concepts with what stands above each checked; a broken or circular ``broader`` is told and dropped."""
    above = {id: concept.broader for id, (_, concept) in concepts.items() if concept.broader is not None}
    for id, (number, concept) in concepts.items():
        wrong = None
        if concept.broader is not None and concept.broader not in concepts:
            meant = nearest(concept.broader, concepts)
            remedy = f"did you mean {meant}?" if meant else "add that concept, or leave broader out"
            wrong = (f"broader of {id} is {quoted(concept.broader)}, which is no concept here", remedy)
        elif id in (circle := _circle(id, above)):
            wrong = (f"{' under '.join((*circle, id))} is a circle", f"leave out broader of {id}, or change it")
        if wrong:
            problems.append(Problem(path, tree.line("concepts", number, "broader"), *wrong))
            above.pop(id)
            concept = replace(concept, broader=None)
        yield id, concept


def _circle(id: str, above: Mapping[str, str]) -> tuple[str, ...]:
    """The chain from ``id`` upwards if it leads back to ``id``, else nothing."""
    chain = [id]
    seen = {id}
    while (current := above.get(chain[-1])) is not None:
        if current == id:
            return tuple(chain)
        if current in seen:
            return ()
        chain.append(current)
        seen.add(current)
    return ()
