"""One side of a pair, in a process of its own: `python -m tools.bench.one_way '{"side": "plain", …}'` prints one JSON object.

A process of its own, because the second in one would find memory, threads and traces warm.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

BEGAN_S = time.perf_counter()
ONEDNN = "TF_ENABLE_ONEDNN_OPTS"


def main() -> None:
    """Runs what the argument describes.

    Keys: `side` (plain, flowerlab, or peak for the speed of matrix products), `home`, `letter` (A, B, or BC for B and then C),
    `architecture`, `weights`, `seed`, `epochs`, `precision` (of Flowerlab's frozen pass), `again` (whether features and B are at hand
    from a process before), `image_size`, `pictures`.
    """
    asked = json.loads(sys.argv[1])
    found = SIDES[asked["side"]](asked)
    print(json.dumps({**found, "whole_s": time.perf_counter() - BEGAN_S}))


def plain(asked: dict[str, Any]) -> dict[str, Any]:
    """The lecture in plain Keras; the photos are read from the prepared array, into memory, before the clock starts."""
    # First of all: TensorFlow reads the environment when it is loaded.
    import keras  # noqa: F401

    chosen_by_user = os.environ.get(ONEDNN)
    from flowerlab.architectures import architecture
    from flowerlab.datasets.garden import Garden
    from flowerlab.datasets.gather import gather
    from flowerlab.datasets.prepared import prepare
    from flowerlab.home import Home
    from flowerlab.recipe.recipe import Recipe
    from flowerlab.trainer.networks import build
    from flowerlab.trainer.starting_weights import load_starting_weights
    from tools.bench.plain_keras import Parts, recipe_a, recipes_b_and_c

    # Importing Flowerlab's trainer asks for oneDNN; plain Keras gets what TensorFlow chooses by itself.
    if chosen_by_user is None:
        del os.environ[ONEDNN]
    home = Home(Path(asked["home"]))
    originals = gather(home, "garden", Garden(asked["pictures"]))
    prepared = prepare(home, originals, "garden", image_size=asked["image_size"], resize="squash")
    split = prepared.split("honest", 0.2)
    pairs = [(prepared.photos[part].copy(), prepared.labels[part]) for part in (split.train, split.validation, split.test)]
    parts = Parts(pairs[0], pairs[1], pairs[2], len(prepared.classes))
    # No seed is set: with one, `fit` goes through the photos in the same order in every epoch, which costs accuracy.
    if asked["letter"] == "A":
        a = recipe_a(parts, asked["epochs"])
        return {"seeded": False, "A": {"seconds": a.seconds, "test_accuracy": a.test_accuracy}}
    chosen = architecture(asked["architecture"])
    # Only the weights come from Flowerlab: both sides begin with the same.
    recipe = Recipe.parse({key: asked[key] for key in ("architecture", "weights", "image_size", "seed")})
    network = build(recipe, len(prepared.classes))
    load_starting_weights(network, recipe, home, lambda step, done, total: None)
    assert network.backbone is not None
    assert chosen.fine_tune_from is not None
    unfreeze_from = chosen.fine_tune_from if asked["letter"] == "BC" else None
    both = recipes_b_and_c(parts, asked["epochs"], network.backbone, chosen.name, unfreeze_from)
    return {"seeded": False} | {
        letter: {"seconds": one.seconds, "test_accuracy": one.test_accuracy}
        for letter, one in zip(asked["letter"], both, strict=True)
    }


def flowerlab(asked: dict[str, Any]) -> dict[str, Any]:
    """The same by Flowerlab's trainer: without features, or with those that another process has left."""
    import io

    from flowerlab.engine import Job, TrainerSettings
    from flowerlab.home import Home
    from flowerlab.recipe.presets import preset_recipe
    from flowerlab.settings import Settings
    from flowerlab.trainer.attempt import run_job
    from flowerlab.trainer.channel import Channel, Lines

    home = Home(Path(asked["home"]))
    settings = Settings(
        garden_pictures=asked["pictures"], precision=asked["precision"], training_precision="float32", features_gb=100
    )
    shared = {"seed": asked["seed"], "epochs": asked["epochs"], "image_size": asked["image_size"]}

    def ran(letter: str) -> dict[str, Any]:
        recipe = preset_recipe(
            letter,
            architecture=asked["architecture"],
            weights=asked["weights"],
            start_from=RUNS["B"] if letter == "C" else None,
            shared=shared,
        )
        run_id = RUNS[letter][::-1] if asked["again"] else RUNS[letter]
        home.run(run_id).mkdir()
        job = Job(run_id=run_id, attempt=1, recipe=recipe, settings=TrainerSettings.of(settings), origin="bench")
        result = run_job(Channel(job, Lines(io.StringIO())), home).result
        assert result is not None
        timing = result.timing
        assert timing is not None
        # From the decoded photos to the test accuracy, as on the other side. The saved model is checked when that is known.
        return {
            "seconds": timing.seconds_features + timing.seconds_training + timing.seconds_rest,
            "seconds_checking": timing.seconds_checking,
            "test_accuracy": result.test_accuracy,
            "features_flops": timing.flops_features / timing.seconds_features if timing.seconds_features else None,
            "precision": result.precision,
            "at_hand": result.features_at_hand,
        }

    return {letter: ran(letter) for letter in asked["letter"]}


def peak(asked: dict[str, Any]) -> dict[str, Any]:
    """The speed of this processor's matrix products."""
    from tools.bench.peak import matrix_flops

    return {"peak_flops": matrix_flops(asked["precision"])}


SIDES = {"plain": plain, "flowerlab": flowerlab, "peak": peak}
# Of Flowerlab's runs; those with features at hand have them backwards.
RUNS = {"A": "a00000000000", "B": "b00000000000", "C": "c00000000000"}


if __name__ == "__main__":
    main()
