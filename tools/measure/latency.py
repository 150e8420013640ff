"""Measures what a class waits for: from Start to the first batch with a warm trainer, and for answers to photos.

    python -m tools.measure.latency [--repeats 5]

In a home of its own, on a machine that does nothing else. The trainer is warm as the lab leaves it: TensorFlow loaded, nothing
trained yet. Photos are JPEGs of usual sizes, read, resized and classified by the starter.
"""

from __future__ import annotations

import os
import time
from functools import partial
from pathlib import Path

import numpy as np

from flowerlab.datasets.garden import pictures
from flowerlab.inference.classify import predict
from flowerlab.lab import Lab
from flowerlab.packs.starter import STARTER_ID
from flowerlab.photos.reading import read_photo, resize_photo
from flowerlab.recipe.grid import grid
from flowerlab.recipe.presets import preset_recipe
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.events import Batch
from tools.measure.harness import jpeg, own_home, own_lab, p50_p95, parser, print_heading, print_row, seconds_of, spread, trained

PICTURES = 600
SPARE_IS_READY_S = 30.0
SIZES_PX = ((640, 480), (1920, 1080), (4032, 3024))
PHOTOS_A_SIZE = 40
MANY = 200
HEADS = [f"{first},{second}" for first in (10, 20, 40, 80, 160) for second in (5, 10, 20, 40)]

open_lab = partial(own_lab, garden_pictures=PICTURES, starter=True)


def first_batch_s(home: Path, recipe: Recipe) -> float:
    """Returns the seconds from `start` to the first batch's event, by a trainer that was started ahead."""
    with open_lab(home, warm_spare=True) as lab:
        time.sleep(SPARE_IS_READY_S)
        begun_s = time.time()
        run = trained(lab, recipe, again=True, every_s=0.02)
        return next(event.time_s for event in lab.store.record(run.id).events if isinstance(event, Batch)) - begun_s


def answers_s(lab: Lab, size_px: tuple[int, int]) -> list[float]:
    """Returns the seconds of answers to single photos of (width, height)."""
    run, seconds = lab.store.get(STARTER_ID), []
    for number in range(PHOTOS_A_SIZE):
        photo = jpeg(number, size_px)
        seconds.append(seconds_of(lambda: predict(lab.predictor, lab.home, run, [read_photo(photo)])))  # noqa: B023
    # The first answer loads the model.
    return seconds[1:]


def many_a_second(lab: Lab) -> tuple[float, float]:
    """Returns how many photos of a batch of 200 are answered a second: by the lab, and by the model itself in this process."""
    from flowerlab.trainer.model_files import load_saved

    run = lab.store.get(STARTER_ID)
    size_px, mode = run.recipe.image_size, run.recipe.resize
    photos = [resize_photo(pictures.draw(number % 20).photo, size_px, mode) for number in range(MANY)]
    model, array = load_saved(lab.home.model(run.id)), np.stack(photos).astype(np.float32)
    by_lab = min(seconds_of(lambda: predict(lab.predictor, lab.home, run, photos)) for _ in range(4))
    by_model = min(seconds_of(lambda: model.predict(array, batch_size=32, verbose=0)) for _ in range(4))
    return MANY / by_lab, MANY / by_model


def sweep_s(home: Path) -> tuple[float, float]:
    """Returns (seconds of 20 heads on kept features from the click to the last result, the sum of their own seconds)."""
    with open_lab(home, warm_spare=True) as lab:
        points = grid({"architecture": "vgg16_mini", "unfreeze_from": "none", "epochs": "5"}, [("head", HEADS)])
        time.sleep(SPARE_IS_READY_S)
        begun_s = time.perf_counter()
        started = [lab.queue.start(point.recipe, name=point.name).run.id for point in points]
        lab.queue.wait(started, every_s=0.05)
        whole_s = time.perf_counter() - begun_s
        results = [lab.store.get(run_id).result for run_id in started]
        return whole_s, sum(result.seconds for result in results if result is not None)


def main() -> None:
    """Measures and prints."""
    repeats = parser(__doc__, repeats=(5, "Starts of each kind.")).parse_args().repeats
    print(f"{os.cpu_count()} cores.\n")
    print_heading("what", "time")
    with own_home() as home:
        for letter in "AB":
            recipe = preset_recipe(letter, architecture="vgg16_mini", shared={"epochs": 1})
            # Once, so that photos and features are ready.
            with open_lab(home, warm_spare=True) as lab:
                trained(lab, recipe)
            seconds = [first_batch_s(home, recipe) for _ in range(repeats)]
            print_row(f"{letter}: Start → first batch, photos and features at hand", spread(seconds))
        whole_s, own_s = sweep_s(home)
        print_row("a sweep of 20 heads on kept features", f"{whole_s:.0f} s; their own seconds together {own_s:.0f} s")
        with open_lab(home, run_queue=False) as lab:
            for width, height in SIZES_PX:
                median, p95 = p50_p95(answers_s(lab, (width, height)), 3)
                print_row(f"one photo of {width} × {height} px, answered", f"median {median}, p95 {p95}")
            by_lab, by_model = many_a_second(lab)
            print_row(f"{MANY} photos at once", f"{by_lab:.0f} photos/s; the model alone, in a process of its own {by_model:.0f}")


if __name__ == "__main__":
    main()
