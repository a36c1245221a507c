"""Questions of somebody in need are known by what they mean, in any language; those of professionals are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from kb.backends import load_encoder
from kb.engines.encoders.model_files import DEFAULT_MODEL
from kb.types import Encoder, Multilingual, NamedConcept, Understanding
from kb.understanding import distress


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    """The one that the site has."""
    data: Path = tmp_path_factory.mktemp("data")
    return load_encoder(DEFAULT_MODEL, data)


NEED = [
    ("en", "i want to kill myself"),
    ("en", "I am being blackmailed with a nude"),
    ("en", "my daughter cuts herself"),
    ("en", "my uncle touches me"),
    ("en", "suicide"),
    ("de", "ich will nicht mehr leben"),
    ("fr", "je veux mourir"),
    ("es", "quiero suicidarme"),
    ("pl", "nie chcę już żyć"),
]
OTHERS = [
    ("en", "how do schools teach about sexting"),
    ("en", "sextortion prevention"),
    ("en", "check ages without collecting documents"),
    ("en", "I want to protect my children"),
    ("en", "how to prevent suicide content being recommended"),
    ("de", "Mobbing in der Klasse"),
    ("fr", "contrôle parental"),
]


@pytest.mark.parametrize(("language", "text", "expected"), [(*q, True) for q in NEED] + [(*q, False) for q in OTHERS])
def test_need_is_known_by_what_is_meant(encoder: Encoder, language: str, text: str, expected: bool) -> None:
    reader = encoder.reader(language) if isinstance(encoder, Multilingual) else encoder
    assert distress.in_need([(text, reader), (" ", encoder)], distress.sentences(encoder)) is expected


def test_concepts_are_enough() -> None:
    def understood(id: str) -> Understanding:
        return Understanding("de", concepts=(NamedConcept("topic", id, "Words"),))

    assert distress.named(understood("sextortion"))
    assert distress.named(understood("self-harm-and-suicide"))
    assert not distress.named(understood("parental-controls"))
    assert not distress.named(Understanding())
