"""Measures how long a photo waits for its answer, with Grad-CAM and its nearest training photos, idle and while a run trains.

    python -m tools.measure.classify [--architecture vgg16_mini] [--pictures 3670] [--photos 40] [--home FOLDER]

In a home of its own (unless one is given), on a machine that does nothing else. B of a network (without weights at hand: random ones, which
take as long) on the garden answers photos that it has not seen, each read from its JPEG (every fourth one of 4032 × 3024 px), first while
nothing trains, then while a run of recipe A does.
"""

from __future__ import annotations

import argparse
import io
import os
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from flowerlab.architectures import ARCHITECTURES
from flowerlab.architectures.pretrained import find_weights
from flowerlab.datasets.garden import pictures
from flowerlab.inference.classify import predict
from flowerlab.inference.embeddings import features, kept_embedding, nearest, training_photos
from flowerlab.inference.explanations import explain
from flowerlab.lab import Lab
from flowerlab.photos.reading import read_photo
from flowerlab.recipe.presets import preset_recipe
from flowerlab.runs.run import Run, RunState
from flowerlab.settings import Settings
from flowerlab.tasks.embed_photos import embed_photos

UNSEEN = 100_000
PHONE_PX = (4032, 3024)
# Idle: the answer, and all of it. While a run trains: all of it.
PROMISED_S = {"answer, idle": 0.3, "all, idle": 1.5, "all, while a run trains": 3.0}


def embedded(lab: Lab, run: Run) -> float:
    """Lets the training photos go through the network; returns the seconds that took, 0 if they had."""
    found = training_photos(lab.home, lab.store, lab.data, run)
    assert found is not None
    originals, wanted = found
    if kept_embedding(lab.home, wanted) is not None:
        return 0.0
    begun_s = time.monotonic()
    task = lab.tasks.start(embed_photos(wanted, originals, lab.home, lab.predictor))
    task.wait()
    if task.error:
        raise SystemExit(task.error)
    return time.monotonic() - begun_s


def photo_file(number: int) -> bytes:
    """Returns a photo that the run has not seen, as JPEG; every fourth one as large as a phone takes it."""
    if number % 4:
        return pictures.draw_original(UNSEEN + number).data
    file = io.BytesIO()
    Image.fromarray(pictures.draw(UNSEEN + number).photo).resize(PHONE_PX).save(file, "JPEG", quality=90)
    return file.getvalue()


def answered(lab: Lab, run: Run, number: int) -> tuple[float, float]:
    """Returns the seconds to a photo's answer, and to its map and its nearest training photos behind it."""
    data = photo_file(number)
    begun_s = time.perf_counter()
    pixels = read_photo(data)
    predict(lab.predictor, lab.home, run, [pixels])
    first_s = time.perf_counter() - begun_s
    explain(lab.predictor, lab.home, run, pixels)
    found = training_photos(lab.home, lab.store, lab.data, run)
    assert found is not None
    embedding = kept_embedding(lab.home, found[1])
    assert embedding is not None
    assert len(nearest(embedding, features(lab.predictor, lab.home, run, pixels), 3)) == 3
    return first_s, time.perf_counter() - begun_s


def told(name: str, seconds: list[float]) -> str:
    """Writes a row."""
    p95, promised_s = float(np.quantile(seconds, 0.95)), PROMISED_S.get(name)
    judged = "" if promised_s is None else f"{promised_s:g} s {'✓' if p95 <= promised_s else '✗'}"
    return f"| {name} | {np.median(seconds):.2f} s | {p95:.2f} s | {judged} |"


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, help="The lab's home. Default: a new one, removed at the end.")
    parser.add_argument("--photos", type=int, default=40, help="How many, each time. Default: 40.")
    names = [name for name, one in ARCHITECTURES.items() if one.fine_tune_from is not None]
    parser.add_argument("--architecture", choices=names, default="vgg16_mini", help="Default: vgg16_mini.")
    parser.add_argument("--pictures", type=int, default=3670, help="Of the garden. Default: 3670.")
    arguments = parser.parse_args()
    chosen = ARCHITECTURES[arguments.architecture]
    weights = chosen.pretrained if find_weights(chosen) is not None else "none"
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        lab = Lab(
            Settings(
                home=arguments.home or Path(scratch),
                starter=False,
                warm_spare=False,
                garden_pictures=arguments.pictures,
            )
        )
        try:
            run = lab.queue.start(preset_recipe("B", architecture=chosen.name, weights=weights), name="B").run
            lab.queue.wait([run.id])
            run = lab.store.get(run.id)
            took_s = embedded(lab, run)
            answered(lab, run, 0)
            print(
                f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; {chosen.title}; the training photos took {took_s:.0f} s (once).\n"
            )
            print("| a photo | median | p95 | promised |\n| --- | --- | --- | --- |")
            idle = [answered(lab, run, number) for number in range(arguments.photos)]
            rows = {"answer, idle": [one for one, _ in idle], "all, idle": [whole for _, whole in idle]}
            busy = lab.queue.start(preset_recipe("A", shared={"epochs": 200, "patience": 200}), name="A", again=True).run
            while lab.store.get(busy.id).state is not RunState.TRAINING:
                time.sleep(0.1)
            training = [answered(lab, run, number) for number in range(arguments.photos)]
            still = lab.store.get(busy.id).state is RunState.TRAINING
            rows["answer, while a run trains"] = [one for one, _ in training]
            rows["all, while a run trains"] = [whole for _, whole in training]
            for name, seconds in rows.items():
                print(told(name, seconds))
            print("" if still else "\nThe run was over before the last photo: train longer.")
            lab.queue.stop(busy.id)
            lab.queue.wait([busy.id])
        finally:
            lab.close()
    missed = [name for name, promised_s in PROMISED_S.items() if np.quantile(rows[name], 0.95) > promised_s]
    raise SystemExit(1 if missed else 0)


if __name__ == "__main__":
    main()
