"""A home that cannot be written, with a real network in it."""

from __future__ import annotations

import numpy as np
import pytest

from flowerlab.home import Home
from flowerlab.inference.classify import predict
from flowerlab.inference.explanations import explain
from flowerlab.lab import Lab
from flowerlab.packs.starter import STARTER_ID
from flowerlab.settings import Settings
from tests.support.read_only import bytes_in, mounted_read_only


@pytest.mark.nightly
def test_photos_are_answered_where_nothing_can_be_written(home: Home, settings: Settings) -> None:
    """A run names a photo and shows where it looks as it does in a lab that can be written; no byte of the home changes."""
    settings = settings.model_copy(update={"starter": True})
    photo = np.random.default_rng(0).integers(0, 256, (150, 200, 3), dtype=np.uint8)
    lab = Lab(settings)
    try:
        expected = predict(lab.predictor, lab.home, lab.store.get(STARTER_ID), [photo])
    finally:
        lab.close()
    before = bytes_in(home.root)
    with mounted_read_only(home.root):
        lab = Lab(settings)
        try:
            assert lab.store.read_only
            run = lab.store.get(STARTER_ID)
            np.testing.assert_allclose(predict(lab.predictor, lab.home, run, [photo]), expected, atol=1e-6)
            assert explain(lab.predictor, lab.home, run, photo).heat.any()
        finally:
            lab.close()
    assert bytes_in(home.root) == before
