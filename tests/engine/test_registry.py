"""Every engine by its name."""

from __future__ import annotations

from typing import get_args

from flowerlab.engine.registry import ENGINES
from flowerlab.settings import Settings


def test_the_setting_names_every_engine() -> None:
    """What FLOWERLAB_ENGINE may be is what can be made, no more and no less."""
    assert set(get_args(Settings.model_fields["engine"].annotation)) == set(ENGINES)
