"""A knowledge base of practices that protect minors online: the library.

Rooms: :mod:`kb.content` reads ``entries/``; :mod:`kb.engines` holds the search engines, one third-party
package a module; :mod:`kb.search` turns a query into results; :mod:`kb.backends` puts them together.
"""

__version__ = "0.1.0"
