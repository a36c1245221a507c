"""What ``entries/`` holds, found by reading only what changed since the ledger was written.

In an empty ledger everything has changed, so this is the one way of reading entries. What is told of a file depends on
the file, on what it refers to (concepts, organisations, practices) and on texts that it shares words with; a change
goes no further than that. Files with a problem that lies between files are looked at in every run, because what might
be meant instead depends on everything.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from kb.content.checks import (
    AliasClaim,
    Known,
    check_aliases,
    check_organisations,
    check_practice,
)
from kb.content.codec import (
    organisation_from_json,
    organisation_to_json,
    practice_from_json,
    taxonomy_from_json,
    taxonomy_to_json,
)
from kb.content.files import list_folder, read_file, shown
from kb.content.frontmatter import body_of
from kb.content.ledger import Ledger, discard, folder_range, prints_of, problems_to_json
from kb.content.model import SCHEMES, Organisation, Practice, Problem, Scheme, Taxonomy
from kb.content.parsing import Parsed, parse_organisation, parse_practice
from kb.content.reading import FileRead, NotYet, PracticeReader, Reading, Said, lead, read_whole, stamp_of
from kb.content.taxonomy import FOLDER, read_taxonomy
from kb.content.twins import MAX_PAIRED, Text, Words, compare, words_of
from kb.content.wording import listed
from kb.errors import ContentError
from kb.text.languages import keep_unpacked
from kb.workers import spread

PRACTICES = "practices"
ORGANISATIONS = "organisations"
TAXONOMY = FOLDER
_IN_PRACTICES = folder_range(PRACTICES)
_IN_ORGANISATIONS = folder_range(ORGANISATIONS)
_FOLDERS = (PRACTICES, ORGANISATIONS, TAXONOMY)
_OTHERS = frozenset({"README.md", "LICENSE", "LICENSE.md", "LICENSE.txt"})

#: Words of so many texts are held at a time, for those that are compared with several others.
_HELD = 256


@dataclass(frozen=True)
class Survey:
    """What there is; values are read from the ledger, which must stay open, when they are asked for.

    ``digests`` maps the id of every sound practice to what changes with anything that is kept of it; ``left_out`` names
    the files with an error. ``taxonomy`` has the schemes that can be read, and in place of others those found last.
    """

    problems: tuple[Problem, ...]
    left_out: tuple[str, ...]
    digests: Mapping[str, str]
    _ledger: Ledger
    _last: Mapping[str, Scheme]

    @cached_property
    def taxonomy(self) -> Taxonomy:
        return _with_last(_taxonomy(self._ledger), self._last)

    @cached_property
    def organisations(self) -> Mapping[str, Organisation]:
        """The sound organisations, by id."""
        return _organisations(self._ledger)

    @cached_property
    def aliases(self) -> Mapping[str, str]:
        """The earlier ids of sound practices, with those that they have now."""
        rows = self._ledger.rows(
            "SELECT alias, id FROM aliases JOIN files USING (no) WHERE sound ORDER BY key, ordinal"
        )
        return dict(rows)

    @property
    def vocabulary_digest(self) -> str:
        """Changes with the taxonomy, the organisations and the aliases."""
        found = hashlib.sha256(self._ledger.meta("taxonomy").encode())
        found.update(json.dumps(sorted(self._last)).encode())
        for row in self._ledger.rows(
            "SELECT value FROM files WHERE key >= ? AND key < ? AND sound ORDER BY key", _IN_ORGANISATIONS
        ):
            found.update(row[0].encode())
        found.update(json.dumps(self.aliases).encode())
        return found.hexdigest()

    def practice(self, id: str) -> tuple[Practice, str]:
        """A sound practice, without references to files that were left out, and the text of its file."""
        return self.unpacking(self.packed(id))

    def packed(self, id: str) -> Packed:
        """A sound practice as it is kept, to be unpacked by :attr:`unpacking`, here or elsewhere."""
        rows = self._ledger.rows("SELECT value, text FROM files WHERE key = ?", (_key(PRACTICES, f"{id}.md"),))
        return Packed(*rows[0])

    @cached_property
    def unpacking(self) -> Unpacking:
        return Unpacking(frozenset(self.organisations), frozenset(self.digests))


class Packed(NamedTuple):
    """A practice in JSON, and the text of its file, compressed."""

    value: str
    text: bytes


@dataclass(frozen=True, slots=True)
class Unpacking:
    """Makes practices of what the ledger keeps. Can be sent to another process; holds the ids of all that is sound."""

    organisations: frozenset[str]
    practices: frozenset[str]

    def __call__(self, packed: Packed) -> tuple[Practice, str]:
        """A practice, without references to files that were left out, and the text of its file."""
        practice = practice_from_json(json.loads(packed.value))
        practice = replace(
            practice,
            organisations=tuple(one for one in practice.organisations if one in self.organisations),
            related=tuple(other for other in practice.related if other in self.practices),
        )
        return practice, zlib.decompress(packed.text).decode()


@contextmanager
def surveyed(
    entries: Path,
    folder: Path | None = None,
    *,
    today: date | None = None,
    last: Callable[[frozenset[str]], Mapping[str, Scheme]] = lambda missing: {},
) -> Iterator[Survey]:
    """:func:`survey` with the ledger in the data folder ``folder``; one in memory where that cannot be used."""
    if folder is not None:
        keep_unpacked(folder)
    with ExitStack() as stack:
        try:
            found = survey(entries, stack.enter_context(Ledger(folder)), today=today, last=last)
        except sqlite3.DatabaseError as error:
            stack.close()
            if folder is not None and not isinstance(error, sqlite3.OperationalError):
                discard(folder)
            found = survey(entries, stack.enter_context(Ledger()), today=today, last=last)
        yield found


def survey(
    entries: Path,
    ledger: Ledger,
    *,
    today: date | None = None,
    last: Callable[[frozenset[str]], Mapping[str, Scheme]] = lambda missing: {},
) -> Survey:
    """Read what changed. No date of an entry may be after ``today``, by default the clock's.

    ``last`` gives for the names of schemes that cannot be read those that were found last. Raises ContentError when
    ``entries`` is no folder of entries.
    """
    _require_entries(entries)
    ledger.begin(os.path.realpath(entries))
    day = today or date.today()
    run = _Run(entries, ledger, day)
    before = ledger.meta("schemes")
    run.read_taxonomy()
    run.read_organisations()
    missing = frozenset(SCHEMES) - run.taxonomy_schemes
    kept = last(missing) if missing else {}
    schemes = json.dumps([sorted(run.taxonomy_schemes), sorted(kept)])
    run.everything = schemes != before or day.isoformat() < ledger.meta("today")
    ledger.set_meta("schemes", schemes)
    run.read_practices(kept)
    ledger.set_meta("today", day.isoformat())
    ledger.keep()
    problems = tuple(sorted({*_stray(entries), *run.loose, *ledger.problems()}))
    scheme_files = {f"{TAXONOMY}/{SCHEMES[scheme]}" for scheme in run.taxonomy_schemes}
    digests = dict(ledger.rows("SELECT id, digest FROM files WHERE key >= ? AND key < ? AND sound", _IN_PRACTICES))
    return Survey(problems, tuple(sorted(_with_errors(problems) - scheme_files)), digests, ledger, kept)


class _Anchors(dict[str, frozenset[str]]):
    """The headings of practices, looked up one at a time."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__()
        self._ledger = ledger

    def get(self, key: str, default: Any = None) -> Any:
        rows = self._ledger.rows("SELECT anchors FROM files WHERE key = ?", (_key(PRACTICES, f"{key}.md"),))
        return frozenset(json.loads(rows[0][0])) if rows and rows[0][0] is not None else default


@dataclass
class _Run:
    """One reading. ``targets`` is what changed of all that a file may refer to."""

    entries: Path
    ledger: Ledger
    today: date
    everything: bool = False
    targets: set[str] = field(default_factory=set)
    loose: list[Problem] = field(default_factory=list)
    words: dict[int, Words] = field(default_factory=dict)

    # --- concepts and organisations: few, and read whole when one of them changed ----------------------------------

    @cached_property
    def taxonomy(self) -> Taxonomy:
        return _taxonomy(self.ledger)

    @property
    def taxonomy_schemes(self) -> frozenset[str]:
        return frozenset(json.loads(self.ledger.meta("held") or "[]"))

    @cached_property
    def organisations(self) -> Mapping[str, Organisation]:
        return _organisations(self.ledger)

    def read_taxonomy(self) -> None:
        listing = list_folder(self.entries, TAXONOMY, ".yaml")
        if not self._notice(TAXONOMY, listing.names) and not listing.problems and self.ledger.meta("taxonomy"):
            return
        before = _concept_facts(_taxonomy(self.ledger))
        reading = read_taxonomy(self.entries)
        self.ledger.set_problems("taxonomy", None, reading.problems)
        self.ledger.set_meta("taxonomy", json.dumps(taxonomy_to_json(reading.taxonomy), ensure_ascii=False))
        self.ledger.set_meta("held", json.dumps(sorted(reading.taxonomy.schemes)))
        self.targets |= _changed(before, _concept_facts(reading.taxonomy))

    def read_organisations(self) -> None:
        listing = list_folder(self.entries, ORGANISATIONS, ".md")
        before = self._organisation_facts()
        changed = self._notice(ORGANISATIONS, listing.names)
        kinds = any(target.startswith("kind:") for target in self.targets)
        if not (changed or kinds or listing.problems or self.ledger.meta("organisations") != "read"):
            return
        problems = list(listing.problems)
        read: list[Parsed[Organisation]] = []
        for name in listing.names:
            data = read_file(self.entries, f"{ORGANISATIONS}/{name}")
            if isinstance(data, Problem):
                problems.append(data)
            else:
                parsed = parse_organisation(shown(f"{ORGANISATIONS}/{name}"), data)
                read.append(parsed)
                problems.extend(parsed.problems)
        problems.extend(check_organisations(read, self.taxonomy))
        wrong = _with_errors(problems)
        values = {one.path: one.value for one in read if one.value is not None and one.path not in wrong}
        for no, path in self.ledger.rows("SELECT no, path FROM files WHERE key >= ? AND key < ?", _IN_ORGANISATIONS):
            value = values.get(path)
            kept = json.dumps(organisation_to_json(value), ensure_ascii=False) if value else None
            self.ledger.connection.execute(
                "UPDATE files SET value = ?, sound = ? WHERE no = ?", (kept, kept is not None, no)
            )
        self.ledger.set_problems("organisations", None, problems)
        self.ledger.set_meta("organisations", "read")
        self.targets |= _changed(before, self._organisation_facts())

    def _organisation_facts(self) -> dict[str, str | None]:
        rows = self.ledger.rows("SELECT id, value FROM files WHERE key >= ? AND key < ?", _IN_ORGANISATIONS)
        return {f"organisation:{id}": value for id, value in rows}

    def _notice(self, folder: str, names: Iterable[str]) -> bool:
        """Note which files a folder holds, and whether any is new, gone or other than before."""
        stamps = self.ledger.stamps(folder)
        changed = False
        keys = set()
        for name in names:
            key = _key(folder, name)
            keys.add(key)
            no, stamp = stamps.get(key, (0, ""))
            if no and stamp and stamp == stamp_of(self.entries / folder / name):
                continue
            read = read_whole(self.entries, folder, name)
            changed = changed or read.sha is None or not no or read.sha != self._sha(no)
            self._put(no, key, read, folder, name)
        for key, (no, _) in stamps.items():
            if key not in keys:
                self.ledger.remove(no)
                changed = True
        return changed

    def _sha(self, no: int) -> bytes | None:
        found: bytes | None = self.ledger.rows("SELECT sha FROM files WHERE no = ?", (no,))[0][0]
        return found

    def _put(self, no: int, key: bytes, read: FileRead, folder: str, name: str) -> int:
        path, id = shown(f"{folder}/{name}"), shown(name).rpartition(".")[0]
        if no:
            self.ledger.connection.execute(
                "UPDATE files SET stamp = ?, sha = ? WHERE no = ?", (read.stamp, read.sha, no)
            )
            return no
        row = (key, path, id, id.casefold(), read.stamp, read.sha)
        found = self.ledger.connection.execute(
            "INSERT INTO files (key, path, id, folded, stamp, sha) VALUES (?, ?, ?, ?, ?, ?)", row
        )
        assert found.lastrowid is not None
        return found.lastrowid

    # --- practices: many -------------------------------------------------------------------------------------------

    def read_practices(self, last: Mapping[str, Scheme]) -> None:
        listing = list_folder(self.entries, PRACTICES, ".md")
        self.loose.extend(listing.problems)
        self.practices = frozenset(shown(name).removesuffix(".md") for name in listing.names)
        stamps = self.ledger.stamps(PRACTICES)
        keys = {_key(PRACTICES, name): name for name in listing.names}
        near: set[int] = set()
        for key, (no, _) in stamps.items():
            if key not in keys:
                near |= self._holders(no)
                self._note_facts(no)
                self.ledger.remove(no)
        changed: set[int] = set()
        unsure: set[int] = set()
        todo: list[tuple[int, bytes, str]] = []
        for key, name in keys.items():
            no, stamp = stamps.get(key, (0, ""))
            if not (no and stamp and stamp == stamp_of(self.entries / PRACTICES / name)):
                todo.append((no, key, name))
        if todo:
            work = PracticeReader(self.entries, PRACTICES, self._known_early, self.today)
            files = ((name, self._sha(no) if no else None) for no, _, name in todo)
            with closing(spread(work, files, len(todo))) as readings:
                for (no, key, name), reading in zip(todo, readings, strict=True):
                    if reading.said is None:
                        self._put(no, key, FileRead(b"", reading.sha, reading.stamp), PRACTICES, name)
                        continue
                    changed.add(no := self._take(no, key, name, reading, near))
                    if isinstance(reading.said, Said) and reading.said.cross is None:
                        unsure.add(no)
            self.ledger.flush_fingerprints()
        another_day = self.ledger.meta("today") != self.today.isoformat()
        if changed or self.targets or self.everything or another_day:
            self._check(changed, unsure)
        if self.targets or changed or near:
            self._check_aliases()
        self._check_twins(changed, near)
        self._settle(changed, last)

    def _take(self, no: int, key: bytes, name: str, reading: Reading, near: set[int]) -> int:
        """Note what a file says that is new or other than before; its number."""
        read = FileRead(b"", reading.sha, reading.stamp)
        if no:
            near |= self._holders(no)
        before = self._facts(no)
        if no:
            self.ledger.unlink(no)
        no = self._put(no, key, read, PRACTICES, name)
        if isinstance(reading.said, Said):
            self._keep(no, reading.said)
        else:
            self.ledger.connection.execute(
                "UPDATE files SET value = NULL, text = NULL, anchors = NULL, prints = NULL WHERE no = ?", (no,)
            )
            self.ledger.set_problems("own", no, [reading.said] if reading.said else [])
        self.targets |= _changed(before, self._facts(no))
        return no

    def _keep(self, no: int, said: Said) -> None:
        self.ledger.connection.execute(
            "UPDATE files SET value = ?, text = ?, anchors = ?, prints = ? WHERE no = ?",
            (said.value, said.text, said.anchors, said.prints, no),
        )
        self.ledger.set_problems("own", no, said.problems)
        if said.cross is not None:
            self.ledger.set_problems("cross", no, said.cross)
        many = self.ledger.connection.executemany
        many("INSERT INTO refs VALUES (?, ?)", ((target, no) for target in said.refers_to))
        many(
            "INSERT INTO aliases VALUES (?, ?, ?, ?)",
            ((no, number, claim.alias, claim.line) for number, claim in enumerate(said.claims)),
        )
        self.ledger.add_fingerprints(no, said.prints)

    def _facts(self, no: int) -> dict[str, str | None]:
        """What other files may rest on in this one."""
        rows = self.ledger.rows("SELECT id, anchors, value IS NOT NULL FROM files WHERE no = ?", (no,))
        aliases = self.ledger.rows("SELECT alias FROM aliases WHERE no = ?", (no,))
        facts: dict[str, str | None] = {f"practice:{alias}": rows[0][0] for (alias,) in aliases if rows and rows[0][2]}
        return facts | {f"practice:{id}": f"itself {anchors} {read}" for id, anchors, read in rows}

    def _note_facts(self, no: int) -> None:
        self.targets |= self._facts(no).keys()

    @cached_property
    def _known_early(self) -> Known:
        """What can be known before all practices are read; asking for more raises NotYetError."""
        broken = "SELECT path FROM files WHERE key >= ? AND key < ? AND NOT sound"
        return Known(
            taxonomy=self.taxonomy,
            organisations={id: (found.name, *found.aliases) for id, found in self.organisations.items()},
            practices=self.practices,
            aliases=NotYet(),
            anchors=NotYet(),
            broken=frozenset(path for (path,) in self.ledger.rows(broken, _IN_ORGANISATIONS)),
        )

    @cached_property
    def _known(self) -> Known:
        rows = self.ledger.rows(
            "SELECT alias, id FROM aliases JOIN files USING (no) WHERE value IS NOT NULL ORDER BY key, ordinal"
        )
        return replace(self._known_early, aliases=dict(rows), anchors=_Anchors(self.ledger))

    def _check(self, changed: set[int], unsure: set[int]) -> None:
        """Check against the others whatever may have a new problem, or one less."""
        if self.everything:
            again = {no for no, _ in self.ledger.stamps(PRACTICES).values()}
        else:
            again = {no for (no,) in self.ledger.rows("SELECT DISTINCT no FROM problems WHERE source = 'cross'")}
            again |= self.ledger.referring(self.targets)
        for no in sorted((again - changed) | unsure):
            parsed = self._parsed(no)
            if parsed is not None:
                self.ledger.set_problems("cross", no, check_practice(parsed, self._known, self.today))

    def _parsed(self, no: int) -> Parsed[Practice] | None:
        """A file as it was read, None where it could not be."""
        path, text = self.ledger.rows("SELECT path, text FROM files WHERE no = ?", (no,))[0]
        return None if text is None else parse_practice(path, zlib.decompress(text))

    def _check_aliases(self) -> None:
        rows = self.ledger.rows("SELECT path, id, alias, line FROM aliases JOIN files USING (no) ORDER BY key, ordinal")

        def owner(folded: str) -> str | None:
            found = self.ledger.rows(
                "SELECT path FROM files WHERE folded = ? AND key >= ? AND key < ? AND anchors IS NOT NULL"
                " ORDER BY key DESC LIMIT 1",
                (folded, *_IN_PRACTICES),
            )
            return found[0][0] if found else None

        self.ledger.set_problems("aliases", None, check_aliases((AliasClaim(*row) for row in rows), owner))

    # --- twins -----------------------------------------------------------------------------------------------------

    def _holders(self, no: int) -> set[int]:
        """The files that share a fingerprint with this one."""
        rows = self.ledger.rows("SELECT prints FROM files WHERE no = ?", (no,))
        prints = prints_of(rows[0][0]) if rows else []
        return {other for (other,) in self.ledger.many("SELECT no FROM fingerprints WHERE hash IN (?*)", prints)}

    def _check_twins(self, changed: set[int], near: set[int]) -> None:
        """Compare what changed, and what shares words with it or did, with the first that share a fingerprint."""
        if not changed and not near:
            return
        execute = self.ledger.connection.execute
        for table, column in (("affected", "affected_no"), ("shared", "shared_hash")):
            execute(f"CREATE TEMP TABLE IF NOT EXISTS {table} ({column} INTEGER PRIMARY KEY)")
            execute(f"DELETE FROM temp.{table}")
        few = len(changed) <= 100
        affected = set(near) | changed
        if few:
            for no in changed:
                affected |= self._holders(no)
        else:
            affected = {no for no, _ in self.ledger.stamps(PRACTICES).values()}
        present = {no for no, _ in self.ledger.stamps(PRACTICES).values()} if near else affected
        affected &= present
        self.ledger.connection.executemany("INSERT INTO temp.affected VALUES (?)", ((no,) for no in affected))
        if few:
            hashes = {one for no in affected for one in self._prints(no)}
            self.ledger.connection.executemany("INSERT INTO temp.shared VALUES (?)", ((one,) for one in hashes))
        else:
            execute("INSERT INTO temp.shared SELECT hash FROM fingerprints GROUP BY hash HAVING count(*) > 1")
        pairs = self.ledger.rows(
            "WITH held AS (SELECT hash, no, row_number() OVER (PARTITION BY hash ORDER BY key) AS place"
            " FROM temp.shared JOIN fingerprints ON hash = shared_hash JOIN files USING (no))"
            " SELECT DISTINCT one.no, other.no FROM held AS one JOIN held AS other USING (hash)"
            " JOIN temp.affected ON affected_no = one.no WHERE other.place <= ? AND one.no <> other.no ORDER BY 1, 2",
            (MAX_PAIRED,),
        )
        self.ledger.connection.executemany("DELETE FROM twins WHERE no = ?", ((no,) for no in affected))
        keys = dict(
            self.ledger.many("SELECT no, key FROM files WHERE no IN (?*)", {no for pair in pairs for no in pair})
        )
        for one, other in pairs:
            later, earlier = sorted((one, other), key=lambda no: keys[no], reverse=True)
            found = list(compare(self._words(later), self._words(earlier)))
            if found:
                execute("INSERT INTO twins VALUES (?, ?, ?)", (one, other, problems_to_json(found)))

    def _prints(self, no: int) -> list[int]:
        return prints_of(self.ledger.rows("SELECT prints FROM files WHERE no = ?", (no,))[0][0])

    def _words(self, no: int) -> Words:
        if no not in self.words:
            if len(self.words) >= _HELD:
                del self.words[next(iter(self.words))]
            path, text, value = self.ledger.rows("SELECT path, text, value FROM files WHERE no = ?", (no,))[0]
            fields = json.loads(value) if value is not None else None
            body, line = body_of(zlib.decompress(text).decode("utf-8", "surrogatepass"))
            self.words[no] = words_of(
                Text(path, body, line, lead(fields["title"], fields["summary"]) if fields else "")
            )
        return self.words[no]

    # --- what is sound, and what is kept of it ---------------------------------------------------------------------

    def _settle(self, changed: set[int], last: Mapping[str, Scheme]) -> None:
        """Say which practices are sound, and give each a digest of all that is kept of it."""
        wrong = "path IN (SELECT path FROM problems WHERE severity = 'error')"
        sound = f"(value IS NOT NULL AND NOT {wrong})"
        rows = self.ledger.rows(
            f"SELECT no, id, {sound} FROM files WHERE key >= ? AND key < ? AND sound <> {sound}", _IN_PRACTICES
        )
        for no, id, is_sound in rows:
            self.ledger.connection.execute("UPDATE files SET sound = ? WHERE no = ?", (is_sound, no))
            self.targets.add(f"practice:{id}")
        if self.everything:
            stale = {no for no, _ in self.ledger.stamps(PRACTICES).values()}
        else:
            stale = changed | (self.ledger.referring(self.targets) if self.targets else set())
        if not stale:
            return
        taxonomy = _with_last(self.taxonomy, last)
        concepts = {id: value for id, value in _concept_facts(taxonomy).items() if id.startswith("topic:")}
        held = {
            id for (id,) in self.ledger.rows("SELECT id FROM files WHERE sound AND key >= ? AND key < ?", _IN_PRACTICES)
        }
        organisations = self._organisation_facts()
        for no, sha, value in self.ledger.many(
            "SELECT no, sha, value FROM files WHERE no IN (?*) AND value IS NOT NULL", sorted(stale)
        ):
            fields = json.loads(value)
            rests_on = [
                sha.hex(),
                [organisations.get(f"organisation:{one}") for one in fields["organisations"]],
                [other in held for other in fields.get("related", ())],
                [concepts.get(f"topic:{topic}") for topic in fields["topics"]],
            ]
            digest = hashlib.sha256(json.dumps(rests_on).encode()).hexdigest()
            self.ledger.connection.execute("UPDATE files SET digest = ? WHERE no = ?", (digest, no))


def _key(folder: str, name: str) -> bytes:
    return os.fsencode(f"{folder}/{name}")


def _taxonomy(ledger: Ledger) -> Taxonomy:
    return taxonomy_from_json(json.loads(ledger.meta("taxonomy") or "[]"))


def _with_last(taxonomy: Taxonomy, last: Mapping[str, Scheme]) -> Taxonomy:
    return Taxonomy({**taxonomy.schemes, **last}) if last else taxonomy


def _organisations(ledger: Ledger) -> dict[str, Organisation]:
    rows = ledger.rows(
        "SELECT id, value FROM files WHERE key >= ? AND key < ? AND sound ORDER BY key", _IN_ORGANISATIONS
    )
    return {id: organisation_from_json(json.loads(value)) for id, value in rows}


def _concept_facts(taxonomy: Taxonomy) -> dict[str, str | None]:
    """What files rest on in each concept: that it is there, what it is called, and what stands above it."""
    return {
        f"{scheme.id}:{concept.id}": f"{concept.label()} {taxonomy.broader(scheme.id, concept.id)}"
        for scheme in taxonomy.schemes.values()
        for concept in scheme.concepts
    }


def _changed(before: Mapping[str, str | None], after: Mapping[str, str | None]) -> set[str]:
    nothing = object()
    return {
        target for target in before.keys() | after.keys() if before.get(target, nothing) != after.get(target, nothing)
    }


def _require_entries(entries: Path) -> None:
    if not entries.is_dir():
        raise ContentError(f"no folder {shown(str(entries))}; say where the entries are: kb --entries DIR")
    try:
        names = {path.name for path in entries.iterdir()}
    except OSError as error:
        raise ContentError(f"{shown(str(entries))} cannot be read ({error.strerror}); make it readable") from error
    if names.isdisjoint(_FOLDERS):
        message = f"{shown(str(entries))} holds no {listed(_FOLDERS)}; say where the entries are: kb --entries DIR"
        raise ContentError(message)


def _stray(entries: Path) -> Iterator[Problem]:
    """What lies beside the folders of entries and is not read."""
    for name in sorted(path.name for path in entries.iterdir()):
        if not name.startswith(".") and name not in _FOLDERS and name not in _OTHERS:
            remedy = f"entries lie in {listed(f'{folder}/' for folder in _FOLDERS)}"
            yield Problem(shown(name), 1, "not read", remedy, "warning")


def _with_errors(problems: Iterable[Problem]) -> set[str]:
    return {problem.path for problem in problems if problem.severity == "error"}
