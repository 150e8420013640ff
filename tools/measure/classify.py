"""Measures how long a photo waits for its answer, with Grad-CAM and its nearest training photos, idle and while a run trains.

    python -m tools.measure.classify [--architecture vgg16_mini] [--pictures 3670] [--photos 40] [--home FOLDER]

In a home of its own (unless one is given), on a machine that does nothing else. B of a network (without weights here: random ones, which
take as long) on the garden answers photos that it has not seen, each read from its JPEG (every fourth one of 4032 × 3024 px), first while
nothing trains, then while a run of recipe A does.
"""

from __future__ import annotations

import os
import time

import numpy as np

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
from flowerlab.tasks.embed_photos import embed_photos
from tools.measure.harness import jpeg, own_lab, p50_p95, parser, print_heading, print_row, trained

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


def answered(lab: Lab, run: Run, number: int) -> tuple[float, float]:
    """Returns the seconds to an unseen photo's answer, and to its map and its nearest training photos after it."""
    data = pictures.draw_original(UNSEEN + number).data if number % 4 else jpeg(UNSEEN + number, PHONE_PX)
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


def measure(lab: Lab, run: Run, photos: int, when: str) -> dict[str, list[float]]:
    """Returns the seconds to the answer and to all of it, of so many photos."""
    both = [answered(lab, run, number) for number in range(photos)]
    return {f"answer, {when}": [one for one, _ in both], f"all, {when}": [whole for _, whole in both]}


def main() -> None:
    """Measures and prints."""
    options = parser(__doc__, home=True, photos=(40, "How many, each time."), pictures=(3670, "Of the garden."))
    names = [name for name, one in ARCHITECTURES.items() if one.fine_tune_from is not None]
    options.add_argument("--architecture", choices=names, default="vgg16_mini", help="Default: vgg16_mini.")
    arguments = options.parse_args()
    chosen = ARCHITECTURES[arguments.architecture]
    weights = chosen.pretrained if find_weights(chosen) is not None else "none"
    with own_lab(arguments.home, garden_pictures=arguments.pictures) as lab:
        run = trained(lab, preset_recipe("B", architecture=chosen.name, weights=weights), name="B")
        took_s = embedded(lab, run)
        answered(lab, run, 0)
        print(
            f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; {chosen.title}; the training photos took {took_s:.0f} s (once).\n"
        )
        rows = measure(lab, run, arguments.photos, "idle")
        busy = lab.queue.start(preset_recipe("A", shared={"epochs": 200, "patience": 200}), name="A", again=True).run
        while lab.store.get(busy.id).state is not RunState.TRAINING:
            time.sleep(0.1)
        rows |= measure(lab, run, arguments.photos, "while a run trains")
        still = lab.store.get(busy.id).state is RunState.TRAINING
        lab.queue.stop(busy.id)
        lab.queue.wait([busy.id])
    missed = [name for name, promised_s in PROMISED_S.items() if np.quantile(rows[name], 0.95) > promised_s]
    print_heading("a photo", "median", "p95", "promised")
    for name, seconds in rows.items():
        promised = f"{PROMISED_S[name]:g} s {'✗' if name in missed else '✓'}" if name in PROMISED_S else ""
        print_row(name, *p50_p95(seconds), promised)
    if not still:
        print("\nThe run was over before the last photo: train longer.")
    raise SystemExit(1 if missed else 0)


if __name__ == "__main__":
    main()
