"""Pretrained weights: fetched whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import pytest

from flowerlab.architectures import architecture
from flowerlab.errors import WeightsNotAtHand
from flowerlab.home import Home
from flowerlab.recipe import Recipe
from flowerlab.trainer import models
from flowerlab.weights import find_weights

SMALL = Recipe(architecture="mobilenet_v2_035", weights="imagenet", unfreeze_from="none", image_size=32)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of Keras'."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr(models, "reachable", lambda address: True)
    return tmp_path / "keras"


def _fetched(monkeypatch: pytest.MonkeyPatch, content: bytes, *, breaks: bool = False) -> None:
    """Puts a download in the place of Keras' that writes this, and may break off then."""

    def get_file(name: str, address: str, *, cache_dir: Path, **_: Any) -> str:
        path = cache_dir / name
        path.write_bytes(content)
        if breaks:
            raise KeyboardInterrupt
        return str(path)

    monkeypatch.setattr(keras.utils, "get_file", get_file)


def test_a_download_that_breaks_off_leaves_nothing(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a download runs, and after it broke off, its weights do not count as at hand."""
    chosen = architecture("mobilenet_v2_035")
    _fetched(monkeypatch, b"half", breaks=True)
    with pytest.raises(KeyboardInterrupt):
        models.fetch_weights(chosen, lambda step, done, total: None)
    assert find_weights(chosen) is None
    assert list((cache / "models").iterdir()) == []
    _fetched(monkeypatch, b"whole")
    assert models.fetch_weights(chosen, lambda step, done, total: None).read_bytes() == b"whole"
    assert find_weights(chosen) == cache / "models" / chosen.weights[0].name


def test_a_damaged_file_is_named(cache: Path, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that another program left half-written gives one sentence that names it and says what to do."""
    _fetched(monkeypatch, b"\x89HDF\r\n\x1a\nhalf")
    network = models.build(SMALL, 5)
    with pytest.raises(WeightsNotAtHand, match=r"is damaged .* Received: .*0\.35_224_no_top\.h5, 0\.0 MB\. Delete it"):
        models.load_starting_weights(network, SMALL, home, lambda step, done, total: None)
