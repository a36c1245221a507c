"""Refusing what an operation does not know: a misspelt parameter that is ignored looks like an answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from functools import wraps

from flask import request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from kb.errors import UsageError
from kb.understanding.query import MAX_CHARACTERS
from web.api.operations import Operation, Parameter


def checked(operation: Operation) -> Callable[..., ResponseReturnValue]:
    """The view of an operation, behind the check of its parameters."""
    known = {parameter.name: parameter for parameter in operation.parameters}

    @wraps(operation.view)
    def view(**path: str) -> ResponseReturnValue:
        check(request.args, known)
        return operation.view(**path)

    return view


def check(args: MultiDict[str, str], known: Mapping[str, Parameter]) -> None:
    """Raises UsageError for a parameter that is unknown, empty, too long, or given twice without repeating."""
    for name, values in args.lists():
        if name not in known:
            raise UsageError(f"unknown parameter {_shown(name)}; {_advice(name, known)}")
        if len(values) > 1 and not known[name].repeats:
            raise UsageError(f"{name} is given {len(values)} times; give it once")
        if name != "q" and not all(values):
            raise UsageError(f"{name} is empty; give it a value, or leave it out")
        if any(len(value) > MAX_CHARACTERS for value in values):
            raise UsageError(f"{name} has more than {MAX_CHARACTERS} characters; make it shorter")


def _advice(name: str, known: Mapping[str, Parameter]) -> str:
    if not known:
        return "nothing can be chosen here"
    near = get_close_matches(name[:40].casefold(), known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"use one of {', '.join(known)}"


def _shown(name: str) -> str:
    return repr(name if len(name) <= 40 else f"{name[:40]}…")
