"""The converter knows every format of a model that one can take home."""

from __future__ import annotations

from flowerlab.export.formats import FORMATS
from flowerlab.trainer.convert import CONVERTERS


def test_every_format_of_a_model_can_be_made() -> None:
    """No button and no command asks the converter for a format that it does not know, and it knows none that nobody can ask for."""
    assert set(CONVERTERS) == {entry.name for entry in FORMATS.values() if entry.of_model}
