"""A small encoder for many languages whose vectors lie in the space of the default model; shipped with the project.

It is a bag of pieces of words (:mod:`kb.engines.encoders.bag`) or has the layers of its teacher
(:mod:`kb.engines.encoders.layered`), as its files are. docs/student.md tells how it was learnt. No torch in either.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kb.engines.encoders.bag import Bag
from kb.engines.encoders.chosen import ChosenEncoder
from kb.engines.encoders.layered import CONFIG, open_layered
from kb.engines.encoders.model_files import Hashes, ModelFiles, folder_fingerprint
from kb.engines.encoders.pieces import TOKENIZER, WEIGHTS
from kb.errors import ModelError
from kb.types import Encoder, Faint, Floats
from kb.understanding.crosslingual import weighed

#: The folder of the one that is shipped; its name says which version it is.
STUDENT = Path(__file__).parent.parent.parent / "models" / "european-3"


def student_files(hashes: Hashes, folder: Path = STUDENT) -> ModelFiles:
    """Raises ModelError when a file of the student is missing."""
    names = (WEIGHTS, TOKENIZER, CONFIG) if _has_layers(folder) else (WEIGHTS, TOKENIZER)
    return ModelFiles(folder.name, folder, folder_fingerprint(folder, hashes, names))


class Student(ChosenEncoder):
    """An Encoder, and kb.types.Weighing, that is read when a text first asks for it. Thread-safe."""

    def __init__(self, files: ModelFiles, data: Path, hashes: Hashes) -> None:
        """``data``: where compiled forms are kept."""
        super().__init__(files)
        self._data, self._hashes = data, hashes

    def _choose(self) -> Encoder:
        folder = self.files.folder
        try:
            return open_layered(self.files, self._data, self._hashes) if _has_layers(folder) else Bag(self.files)
        except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
            raise ModelError(
                f"the encoder in {folder} cannot be loaded ({error}); install the project again"
            ) from error

    def encode_weighed(self, text: str, faint: Sequence[Faint]) -> Floats:
        return weighed(self.chosen, text, faint)


def _has_layers(folder: Path) -> bool:
    """Only a student with layers says how many heads they have."""
    return (folder / CONFIG).exists()
