"""Measures what a class waits for: from Start to the first batch with a warm trainer, and for answers to photos.

    python -m tools.measure.latency [--repeats 5]

In a home of its own, on a machine that does nothing else. The trainer is warm as the lab leaves it: TensorFlow loaded, nothing
trained yet. Photos are JPEGs of usual sizes, read, resized and classified by the starter.
"""

from __future__ import annotations

import argparse
import io
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from flowerlab.datasets.garden import pictures
from flowerlab.inference.classify import predict
from flowerlab.lab import Lab
from flowerlab.packs.starter import RUN_ID
from flowerlab.photos.reading import read_photo, resize_photo
from flowerlab.recipe.grid import grid
from flowerlab.recipe.presets import preset_recipe
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.events import Batch
from flowerlab.settings import Settings

PICTURES = 600
SPARE_IS_READY_S = 30.0
SIZES_PX = ((640, 480), (1920, 1080), (4032, 3024))
PHOTOS_A_SIZE = 40
MANY = 200


def first_batch_s(settings: Settings, recipe: Recipe) -> float:
    """Returns the seconds from `start` to the first batch's event, by a trainer that was started ahead."""
    lab = Lab(settings)
    try:
        time.sleep(SPARE_IS_READY_S)
        begun_s = time.time()
        started = lab.queue.start(recipe, again=True)
        lab.queue.wait([started.run.id], every_s=0.02)
        events = [event for event in lab.store.record(started.run.id).events if isinstance(event, Batch)]
        return events[0].time_s - begun_s
    finally:
        lab.close()


def trained(settings: Settings, recipe: Recipe) -> None:
    """Trains once, so that photos and features are ready."""
    lab = Lab(settings)
    try:
        lab.queue.wait([lab.queue.start(recipe).run.id])
    finally:
        lab.close()


def answers_s(lab: Lab) -> dict[str, list[float]]:
    """Returns the seconds of answers to single photos, by size."""
    run, found = lab.store.get(RUN_ID), {}
    for width, height in SIZES_PX:
        seconds = []
        for number in range(PHOTOS_A_SIZE):
            picture = Image.fromarray(pictures.draw(number).photo).resize((width, height))
            file = io.BytesIO()
            picture.save(file, "JPEG", quality=90)
            begun_s = time.perf_counter()
            predict(lab.predictor, lab.home, run, [read_photo(file.getvalue())])
            seconds.append(time.perf_counter() - begun_s)
        # The first answer loads the model.
        found[f"{width} × {height}"] = seconds[1:]
    return found


def many_a_second(lab: Lab) -> tuple[float, float]:
    """Returns how many photos of a batch of 200 are answered a second: by the lab, and by the model itself in this process."""
    from flowerlab.trainer.model_files import load_saved

    run = lab.store.get(RUN_ID)
    size_px, mode = run.recipe.image_size, run.recipe.resize
    photos = [resize_photo(pictures.draw(number % 20).photo, size_px, mode) for number in range(MANY)]
    model, array = load_saved(lab.home.model(run.id)), np.stack(photos).astype(np.float32)
    return (
        MANY / _quickest(lambda: predict(lab.predictor, lab.home, run, photos)),
        MANY / _quickest(lambda: model.predict(array, batch_size=32, verbose=0)),
    )


def _quickest(work: Callable[[], object]) -> float:
    seconds = []
    for _ in range(4):
        begun_s = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - begun_s)
    return min(seconds)


def sweep_s(settings: Settings) -> tuple[float, float]:
    """Returns (seconds of 20 heads on kept features from the click to the last result, the sum of their own seconds)."""
    lab = Lab(settings)
    try:
        heads = [f"{first},{second}" for first in (10, 20, 40, 80, 160) for second in (5, 10, 20, 40)]
        points = grid({"architecture": "vgg16_mini", "unfreeze_from": "none", "epochs": "5"}, [("head", heads)])
        time.sleep(SPARE_IS_READY_S)
        begun_s = time.perf_counter()
        started = [lab.queue.start(point.recipe, name=point.name).run.id for point in points]
        lab.queue.wait(started, every_s=0.05)
        whole_s = time.perf_counter() - begun_s
        results = [lab.store.get(run_id).result for run_id in started]
        return whole_s, sum(result.seconds for result in results if result is not None)
    finally:
        lab.close()


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5, help="Starts of each kind. Default: 5.")
    repeats = parser.parse_args().repeats
    print(f"{os.cpu_count()} cores.\n\n| what | time |\n| --- | --- |")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        settings = Settings(home=Path(folder), garden_pictures=PICTURES, starter=True)
        for letter in "AB":
            recipe = preset_recipe(letter, architecture="vgg16_mini", shared={"epochs": 1})
            trained(settings, recipe)
            seconds = [first_batch_s(settings, recipe) for _ in range(repeats)]
            print(
                f"| {letter}: Start → first batch, photos and features at hand | "
                f"{statistics.median(seconds):.2f} s ({min(seconds):.2f}–{max(seconds):.2f}) |",
                flush=True,
            )
        whole_s, own_s = sweep_s(settings)
        print(
            f"| a sweep of 20 heads on kept features | {whole_s:.0f} s; their own seconds together {own_s:.0f} s |",
            flush=True,
        )
        lab = Lab(settings.model_copy(update={"warm_spare": False}), run_queue=False)
        try:
            by_size = answers_s(lab)
            for size, seconds in by_size.items():
                print(
                    f"| one photo of {size} px, answered | median {np.median(seconds):.3f} s, p95 {np.quantile(seconds, 0.95):.3f} s |"
                )
            by_lab, by_model = many_a_second(lab)
            print(f"| {MANY} photos at once | {by_lab:.0f} photos/s; the model alone, in a process of its own {by_model:.0f} |")
        finally:
            lab.close()


if __name__ == "__main__":
    main()
