"""Homes in which every page has something to show: random runs and the runs of all three experiments, or models that answer."""

from __future__ import annotations

import shutil

from flowerlab.datasets.gather import gather
from flowerlab.experiments.ready_made import EXPERIMENTS, arm_recipe
from flowerlab.lab import Lab
from flowerlab.packs.starter import STARTER_ID
from flowerlab.runs.run import Run
from tests.support.random_runs import random_run

EPOCHS = 4
RUNS = 3
MINI = "vgg16_mini"


def fill() -> list[Run]:
    """Writes runs on the garden into the home of the settings; returns those that belong to no experiment."""
    lab = Lab(run_queue=False)
    originals = gather(lab.home, "garden", lab.data.garden)
    arms: dict[str, Run] = {}
    number = RUNS
    for arm in (arm for experiment in EXPERIMENTS.values() for arm in experiment.arms):
        if arm.name in arms:
            continue
        number += 1
        recipe = arm_recipe(arm, architecture=MINI, start_from=arms[arm.starts_from].id if arm.starts_from else None)
        layers = [layer.name for layer in recipe.chosen.layers if layer.parameters]
        learnt = layers[layers.index(recipe.unfreeze_from) :] if arm.fine_tunes else []
        moved = {layer: (1 + place) / 1000 for place, layer in enumerate([*learnt, "dense1", "answer"])}
        arms[arm.name], _answers = random_run(
            lab.store,
            lab.home,
            originals,
            number,
            recipe=recipe,
            name=arm.run_name,
            materials=lab.queue.materials(recipe),
            epochs=EPOCHS,
            weight_changes=moved,
        )
    made = [random_run(lab.store, lab.home, originals, one + 1, epochs=EPOCHS)[0] for one in range(RUNS)]
    lab.close()
    return made


def fill_with_models() -> tuple[Run, Run]:
    """Brings the starter, and a run with its model whose photos are those of the garden; returns both.

    Its answers to these photos, as they are kept, are random.
    """
    lab = Lab(run_queue=False)
    starter = lab.store.get(STARTER_ID)
    originals = gather(lab.home, "garden", lab.data.garden)
    recipe = starter.recipe.model_copy(update={"dataset": "garden"})
    run, _answers = random_run(lab.store, lab.home, originals, 1, recipe=recipe, name="On the garden", epochs=EPOCHS)
    lab.home.model(run.id).unlink()
    shutil.copy(lab.home.model(STARTER_ID), lab.home.run(run.id))
    lab.close()
    return starter, run
