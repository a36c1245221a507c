"""Errors that a user can act on.

Every message is one line: what happened, to which thing, and what to do next. The command line prints it
and exits with 2, the site turns it into an error page. Anything else that is raised is a bug and stays loud.
"""


class KbError(Exception):
    """Base of all errors that carry a message for the user.

    ``pattern`` is the message before ``values`` are filled in, for pages that say it in another language. What is given
    values is said there (``web.errors.REASONS``); all else is for operators, and English.
    """

    def __init__(self, pattern: str = "", /, **values: object) -> None:
        super().__init__(pattern % values if values else pattern)
        self.pattern = pattern
        self.values = values


class UsageError(KbError):
    """The request itself is wrong: an unknown filter, a query that is too long (HTTP 400)."""


class NotFound(KbError):
    """The thing asked for is not in the knowledge base (HTTP 404)."""


class StoreError(KbError):
    """The derived data cannot be read or written: missing, damaged, locked, read-only or no room left."""


class NoIndex(StoreError):
    """Nothing was indexed yet."""


class Damaged(StoreError):
    """The derived data is not what was published, or was made by another version; a reindex makes it anew."""


class Busy(StoreError):
    """Another process is writing the same data folder."""


class ModelError(KbError):
    """The embedding model is missing, altered, or not the one that the index was built with."""


class ContentError(KbError):
    """The entries folder cannot be read at all (single bad files are problems, not errors)."""


class Offline(KbError):
    """What needs a network was asked for where there is none."""


class WorkerLost(KbError):
    """A process that did a part of the work ended before it was done."""
