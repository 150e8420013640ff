"""The starter on the photos that it was tested on."""

from __future__ import annotations

import numpy as np
import pytest

from flowerlab.datasets.garden import Garden
from flowerlab.datasets.gather import gather
from flowerlab.inference.classify import predict
from flowerlab.lab import Lab
from flowerlab.packs.starter import STARTER_ID
from flowerlab.photos.reading import read_photo
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.predictions import load_predictions
from flowerlab.settings import Settings
from flowerlab.trainer.model_files import load_saved
from flowerlab.trainer.networks import build
from flowerlab.trainer.starting_weights import load_starting_weights
from flowerlab.trainer.tfds import read_tfds

ASKED = 60


def test_a_run_can_go_on_from_it(settings: Settings) -> None:
    """A recipe that starts from the starter begins with its very weights, whatever it freezes."""
    lab = Lab(settings.model_copy(update={"starter": True}), run_queue=False)
    recipe = Recipe.parse({"architecture": "vgg16_mini", "unfreeze_from": "block4_conv3", "head": [], "start_from": STARTER_ID})
    lab.queue.check(recipe)
    network = build(recipe, 5)
    load_starting_weights(network, recipe, lab.home, lambda step, done, total: None)
    source = load_saved(lab.home.model(STARTER_ID))
    lab.close()
    photos = np.random.default_rng(0).integers(0, 256, (4, 150, 150, 3)).astype(np.float32)
    np.testing.assert_allclose(network.model.predict_on_batch(photos), source.predict_on_batch(photos), atol=1e-5)


@pytest.mark.nightly
@pytest.mark.real_data
def test_it_says_of_real_photos_what_its_predictions_say(settings: Settings) -> None:
    """Asked about the photos as they came, the shipped model answers as the shipped predictions have it, names and all."""
    lab = Lab(settings.model_copy(update={"starter": True}), run_queue=False)
    try:
        run = lab.store.get(STARTER_ID)
        kept = load_predictions(lab.home.run(STARTER_ID))
        assert kept is not None
        originals = gather(lab.home, "tf_flowers", Garden(), read_tfds=read_tfds)
        place = {photo_id: position for position, photo_id in enumerate(originals.ids)}
        positions = [place[photo_id] for photo_id in kept["test_ids"][:ASKED]]
        assert originals.labels[positions].tolist() == kept["test_truth"][:ASKED].tolist()
        said = predict(lab.predictor, lab.home, run, [read_photo(originals.data(position)) for position in positions])
        np.testing.assert_allclose(said, kept["test_probabilities"][:ASKED], atol=0.002)
    finally:
        lab.close()
