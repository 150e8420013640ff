"""The starter on the photos that it was tested on."""

from __future__ import annotations

import numpy as np
import pytest

from flowerlab.datasets.garden import Garden
from flowerlab.datasets.gather import gather
from flowerlab.metrics import load_predictions
from flowerlab.photos import read_photo
from flowerlab.runs import Lab
from flowerlab.settings import Settings
from flowerlab.starter import RUN_ID
from flowerlab.trainer.tf_flowers import gather_tf_flowers

ASKED = 60


@pytest.mark.real_data
def test_it_says_of_real_photos_what_its_predictions_say(settings: Settings) -> None:
    """Asked about the photos as they came, the shipped model answers as the shipped predictions have it, names and all."""
    lab = Lab(settings.model_copy(update={"starter": True}), own_queue=False)
    try:
        run = lab.store.get(RUN_ID)
        kept = load_predictions(lab.home.run(RUN_ID))
        assert kept is not None
        originals = gather(lab.home, "tf_flowers", Garden(), tf_flowers=gather_tf_flowers)
        place = {photo_id: position for position, photo_id in enumerate(originals.ids)}
        positions = [place[photo_id] for photo_id in kept["test_ids"][:ASKED]]
        assert originals.labels[positions].tolist() == kept["test_truth"][:ASKED].tolist()
        said = lab.predict(run, [read_photo(originals.data(position)) for position in positions])
        np.testing.assert_allclose(said, kept["test_probabilities"][:ASKED], atol=0.002)
    finally:
        lab.close()
