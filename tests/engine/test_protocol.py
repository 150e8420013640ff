"""What travels to another process."""

from __future__ import annotations

import json
import os

import pytest

from flowerlab.datasets.sources.garden import garden_of
from flowerlab.engine import Job, TrainerSettings
from flowerlab.engine.process import trainer_environment
from flowerlab.recipe.presets import PRESETS, preset_recipe
from flowerlab.settings import Settings

UNUSUAL = Settings(
    garden_pictures=77,
    precision="bfloat16",
    training_precision="float32",
    features="float32",
    features_gb=3.5,
    threads=1,
    niceness=3,
)


@pytest.mark.parametrize("letter", PRESETS)
def test_a_job_is_the_same_behind_the_border(letter: str) -> None:
    """Written as JSON and read again it is equal, its recipe a recipe and its settings settings."""
    source = "0123456789ab" if PRESETS[letter].starts_from else None
    recipe = preset_recipe(letter, start_from=source)
    job = Job(run_id="run", attempt=2, recipe=recipe, settings=TrainerSettings.of(UNUSUAL), task="finish", also_keep=(13, 15))
    again = Job.model_validate(json.loads(json.dumps(job.model_dump(mode="json"))))
    assert again == job
    assert again.recipe.fingerprint() == recipe.fingerprint()


def test_settings_reach_a_trainer_by_one_record() -> None:
    """Every one of its fields is that of the lab; the environment has what must be known before TensorFlow is loaded, and no more."""
    given = TrainerSettings.of(UNUSUAL)
    assert given.garden == garden_of(UNUSUAL)
    for name in TrainerSettings.model_fields.keys() - {"garden"}:
        assert getattr(given, name) == getattr(UNUSUAL, name) != getattr(Settings(), name), name
    added = {name: value for name, value in trainer_environment(UNUSUAL).items() if name not in os.environ}
    ours = {name: value for name, value in added.items() if name.startswith("FLOWERLAB_")}
    assert ours == {"FLOWERLAB_THREADS": "1", "FLOWERLAB_NICENESS": "3"}
