"""The reader's window: a Flask site and a JSON API over :class:`kb.backends.Backend`.

``create_app`` is the way in; nothing happens at import. The interface speaks several languages
(:mod:`web.languages`); every phrase that the code itself chooses stands in :mod:`web.words` or in a template.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from kb.upkeep.review import REVIEW_DAYS
from web import api, assets, caching, compression, discovery, errors, feeds, languages, security, templating, views
from web.site import EXTENSION, SITE_NAME, Site

if TYPE_CHECKING:
    from kb.backends import Backend
    from kb.upkeep.history import History
    from kb.upkeep.repository import Repository

__all__ = ["Site", "create_app"]


def create_app(
    backend: Backend,
    *,
    trusted_proxies: int = 0,
    site_name: str = SITE_NAME,
    contact: str | None = None,
    repository: Repository | None = None,
    history: History | None = None,
    styleguide: bool = False,
    address: str | None = None,
    offline: bool = False,
    interface: Sequence[str] = tuple(languages.LANGUAGES),
    review_days: int = REVIEW_DAYS,
) -> Flask:
    """The site over an open backend, which stays the caller's to close.

    ``trusted_proxies`` is how many proxies stand in front and set ``X-Forwarded-*``; with 0 those headers are ignored.
    ``contact``, ``repository``, ``history``, ``address``, ``offline``, ``review_days``: see :class:`Site`.
    ``interface``: the languages that pages offer, by code. ``styleguide`` adds the page of components, for development.
    """
    site = Site(
        backend,
        name=site_name,
        contact=contact,
        repository=repository,
        history=history,
        address=address,
        offline=offline,
        review_days=review_days,
    )
    app = bare_app(site)
    languages.offer(app, interface)
    if not offline:
        languages.register_choice(app)
    views.register(app)
    if styleguide:
        views.register_styleguide(app)
    api.register(app)
    feeds.register(app)
    discovery.register(app)
    caching.register(app)
    if trusted_proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app,
            x_for=trusted_proxies,
            x_proto=trusted_proxies,
            x_host=trusted_proxies,
            x_prefix=trusted_proxies,
        )
    return app


def bare_app(site: Site) -> Flask:
    """The frame that the site and the preview share: templates, headers and error pages, but no page."""
    app = Flask("web", static_folder=None, template_folder="templates")
    app.config["MAX_CONTENT_LENGTH"] = 64 * 1024
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.extensions[EXTENSION] = site
    templating.register(app)
    languages.register(app)
    security.register(app)
    errors.register(app)
    compression.register(app)
    assets.register(app, Path(app.root_path) / "static")
    return app
