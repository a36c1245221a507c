"""What a request needs to know of the site: where the content comes from, and what the site is called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, cast

from flask import current_app, g

from kb.upkeep.history import History
from kb.upkeep.repository import Repository
from kb.upkeep.review import REVIEW_DAYS
from web.languages import language, lazy

if TYPE_CHECKING:
    from kb.backends import Backend
    from kb.content.model import Organisation, Taxonomy
    from kb.facets.labels import Labels

EXTENSION = "shared-practice"
SITE_NAME = "Shared Practice"


class Names(Protocol):
    """Where words for ids come from: the backend, or the entries folder when a single file is previewed."""

    def taxonomy(self) -> Taxonomy: ...

    def organisations(self) -> Mapping[str, Organisation]: ...

    def labels(self) -> Labels: ...


@dataclass(frozen=True, slots=True)
class Site:
    """The state of one application, kept in ``app.extensions``.

    ``contact`` is where readers may report errors: an address of mail or of the web, and
    ``repository`` where the entries are kept in public, for when there is none. ``history`` tells of changes in the
    folder of the entries. ``address`` is the one under which people reach the site, where it is configured.
    ``offline`` pages are written to files: they offer nothing that a server would have to do. ``review_days``: after so
    many an entry that nobody has changed or verified is overdue for review.
    """

    names: Names
    name: str = SITE_NAME
    subtitle: str = lazy("what works to protect minors online")
    contact: str | None = None
    repository: Repository | None = None
    history: History | None = None
    address: str | None = None
    offline: bool = False
    review_days: int = REVIEW_DAYS
    examples: tuple[str, ...] = (
        lazy("how can we stop strangers from messaging children"),
        lazy("a teenager is being blackmailed with a picture"),
        lazy("does teaching about cyberbullying work"),
        lazy("check ages without collecting documents"),
    )


def current_site() -> Site:
    return cast("Site", current_app.extensions[EXTENSION])


def current_backend() -> Backend:
    return cast("Any", current_site().names)  # type: ignore[no-any-return]


def label(facet: str, value: str) -> str:
    """What a value of a facet is called, in the language of the request."""
    return labelling()(facet, value)


def labelling() -> Callable[[str, str], str]:
    """:func:`label`, made once a request: a page asks for hundreds of names."""
    kept = cast("dict[str, Callable[[str, str], str]]", g.setdefault("labelling", {}))
    code = language()
    if code not in kept:
        kept[code] = partial(current_site().names.labels().label, language=code)
    return kept[code]
