"""The same answers as JSON, for programs.

``operations`` is the one table of what there is: the routes, the check of parameters and the OpenAPI document are all
made from it. Shapes are those of the command line's ``--json``, and a change of shape is a new version.
"""

from __future__ import annotations

from flask import Flask

from web.api.checking import checked
from web.api.operations import OPERATIONS


def register(app: Flask) -> None:
    for operation in OPERATIONS:
        app.add_url_rule(operation.rule, operation.endpoint, checked(operation))
