"""Style sheets, scripts and pictures under addresses that hold a hash of their content, to be kept for ever.

``url_for("static", filename="style.css")`` gives ``/static/style.0f3a9c12d4.css``; templates need not know. Scripts
import each other by such names too. A name without its hash, or with an old one, is answered with what there is now,
to be asked for again the next time.
"""

from __future__ import annotations

import gzip
import mimetypes
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from flask import Flask, Response, abort, request

#: As long as caches keep anything: a year, in seconds.
FOR_EVER = "public, max-age=31536000, immutable"
CHECKED = "no-cache"

_HASHED = re.compile(r"(?P<stem>.+)\.(?P<hash>[0-9a-f]{10})(?P<ending>\.[a-z0-9]+)")
_IMPORT = re.compile(rb"""((?:\bfrom|\bimport)\s*\(?\s*["'])\./([\w./-]+)(["'])""")
#: Media types by file ending, whatever the machine believes.
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".txt": "text/plain"}


@dataclass(frozen=True, slots=True)
class Asset:
    """``name`` is the path below the folder, ``hashed_name`` the same with the hash before its ending."""

    name: str
    body: bytes
    compressed: bytes
    digest: str

    @property
    def hashed_name(self) -> str:
        stem, dot, ending = self.name.rpartition(".")
        return f"{stem}.{self.digest}{dot}{ending}"

    @property
    def media_type(self) -> str:
        guessed = TYPES.get(Path(self.name).suffix) or mimetypes.guess_type(self.name)[0]
        return guessed or "application/octet-stream"


Assets = Mapping[str, Asset]


def read_assets(folder: Path) -> Assets:
    """Every file below ``folder``, by its name."""
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    made: dict[str, Asset] = {}

    def make(name: str, above: tuple[str, ...] = ()) -> Asset:
        if name not in made:
            made[name] = _asset(name, _IMPORT.sub(lambda match: imported(name, match, above), files[name]))
        return made[name]

    def imported(name: str, match: re.Match[bytes], above: tuple[str, ...]) -> bytes:
        """An import with the hash of what is imported, which changes the hash of what imports it."""
        target = (Path(name).parent / match[2].decode()).as_posix()
        if target not in files or target in (name, *above):
            return match[0]
        hashed = Path(make(target, (name, *above)).hashed_name).name
        return match[1] + b"./" + match[2].rpartition(b"/")[0] + hashed.encode() + match[3]

    for name in sorted(files):
        make(name)
    return made


def _asset(name: str, body: bytes) -> Asset:
    return Asset(name, body, gzip.compress(body, 9, mtime=0), sha256(body).hexdigest()[:10])


def register(app: Flask, folder: Path) -> Assets:
    assets = read_assets(folder)

    def serve(filename: str) -> Response:
        found = _HASHED.fullmatch(filename)
        asset = assets.get(f"{found['stem']}{found['ending']}" if found else filename) or assets.get(filename)
        if asset is None:
            abort(404)
        squeezed = bool(request.accept_encodings["gzip"]) and len(asset.compressed) < len(asset.body)
        response = Response(asset.compressed if squeezed else asset.body, mimetype=asset.media_type)
        if squeezed:
            response.content_encoding = "gzip"
        response.vary.add("Accept-Encoding")
        response.set_etag(asset.digest, weak=True)
        response.headers["Cache-Control"] = FOR_EVER if filename == asset.hashed_name else CHECKED
        response.make_conditional(request)
        return response

    def with_hash(endpoint: str, values: dict[str, str]) -> None:
        if endpoint == "static" and (asset := assets.get(values.get("filename", ""))):
            values["filename"] = asset.hashed_name

    app.add_url_rule("/static/<path:filename>", "static", serve)
    app.url_defaults(with_hash)
    return assets
