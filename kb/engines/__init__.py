"""The engines behind the Protocols of :mod:`kb.types`, one third-party package a module."""
