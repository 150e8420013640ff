"""Attempts at runs, made in this process."""

from __future__ import annotations

import io
import json
import shutil
from typing import Any

import numpy as np

from flowerlab.home import Home
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.events import End
from flowerlab.trainer.attempt import run_job
from flowerlab.trainer.channel import Channel, Lines
from tests.support.engines import job_of


def begun_attempt(home: Home, recipe: Recipe, **more: Any) -> tuple[Channel, io.StringIO]:
    """An attempt at a run, and what it will say."""
    home.run("run").mkdir(exist_ok=True)
    said = io.StringIO()
    return Channel(job_of("run", recipe, **more), Lines(said)), said


# Recipe C and B in small; C's cut has frozen layers before it and trained ones, with BatchNormalization or not, after it.
C = Recipe(architecture="vgg16_mini", weights="flowerlab", unfreeze_from="block4_conv3", image_size=64, epochs=2, head=(8,))


B = C.changed(unfreeze_from="none")


def attempt(home: Home, recipe: Recipe, run_id: str = "run", **more: Any) -> tuple[End, list[dict[str, Any]]]:
    """Makes a run in this process; returns its end and all that it said."""
    shutil.rmtree(home.run(run_id), ignore_errors=True)
    home.run(run_id).mkdir()
    said = io.StringIO()
    end = run_job(Channel(job_of(run_id, recipe, **{"origin": "test", **more}), Lines(said)), home)
    return end, [json.loads(line) for line in said.getvalue().splitlines()]


def losses(said: list[dict[str, Any]]) -> list[float]:
    """The training loss of each batch, from the running means that Keras gives."""
    means = np.array([event["loss"] for event in said if event["kind"] == "batch"], dtype=np.float64)
    return list(np.diff(means * np.arange(1, len(means) + 1), prepend=0.0).tolist())


# Dropout and augmentation draw random numbers in every step. The plain way, and kept features of changed copies.
PLAIN = Recipe(
    architecture="handmade", image_size=72, epochs=4, head=(8,), dropout=0.3, augment="standard", batch_size=12, patience=4
)


CACHED = Recipe(
    architecture="vgg16_mini",
    weights="flowerlab",
    unfreeze_from="block4_conv3",
    image_size=32,
    epochs=4,
    head=(8,),
    dropout=0.3,
    augment="flip",
    augment_views=2,
    batch_size=12,
    patience=4,
)
