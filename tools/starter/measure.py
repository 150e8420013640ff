"""Measures the starter as Flowerlab ships it, on photos that nothing was learnt from or chosen on.

    python -m tools.starter.measure --photos source_photos.zip

Accuracy and calibration are those of the pack's own predictions of tf_flowers' 1,097 test photos; what is no flower is measured on
1,500 everyday photos of categories of which nothing was trained on (tools/pretrain/photos.py).
"""

from __future__ import annotations

import argparse
import json
import tempfile
import zipfile
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from flowerlab.evaluation.calibration import calibration_error
from flowerlab.evaluation.intervals import accuracy_interval
from flowerlab.evaluation.metrics import certainty
from flowerlab.packs.starter import PACK, STARTER_ID
from flowerlab.photos.reading import read_photo, resize_photo
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.events import Result
from flowerlab.trainer.model_files import load_saved
from tools.pretrain.photos import read_everyday

CAUGHT = 0.90


def answers(model: keras.Model, photos: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Returns what a saved model says of photos (n, height, width, 3) of its size: float32, (n, classes)."""
    parts = [
        keras.ops.convert_to_numpy(model.predict_on_batch(photos[begin : begin + 64].astype(np.float32)))
        for begin in range(0, len(photos), 64)
    ]
    return np.concatenate(parts)


def measure(photos_zip: Path) -> None:
    """Measures the pack and prints what its model card says."""
    with tempfile.TemporaryDirectory() as scratch, zipfile.ZipFile(PACK) as pack:
        folder = Path(pack.extract(f"runs/{STARTER_ID}/run.json", scratch)).parent
        for name in ("model.npz", "predictions.npz"):
            pack.extract(f"runs/{STARTER_ID}/{name}", scratch)
        about = json.loads((folder / "run.json").read_bytes())
        recipe, result = Recipe.parse(about["recipe"]), Result.model_validate(about["result"])
        with np.load(folder / "predictions.npz", allow_pickle=False) as stored:
            flowers, truth = stored["test_probabilities"], stored["test_truth"]
        model = load_saved(folder / "model.npz")
    right = float((flowers.argmax(axis=1) == truth).mean())
    low, high = accuracy_interval(right, len(truth))
    error = calibration_error(flowers, truth)
    print(f"test: {right:.3f} ({low:.3f}–{high:.3f}) of {len(truth)}; calibration error {error:.3f}")
    archive, everyday = read_everyday(photos_zip)
    seen = [resize_photo(read_photo(archive.read(name), name), recipe.image_size, recipe.resize) for name in everyday.held_out]
    others, known = certainty(answers(model, np.stack(seen))), certainty(flowers)
    assert result.unknown_below is not None
    for kind, part in (
        ("everyday photos", np.ones(len(others), dtype=bool)),
        ("of the held-out category", np.asarray([name.startswith("imagenette/") for name in everyday.held_out])),
        ("of single photos of other categories", np.asarray([name.startswith("samples/") for name in everyday.held_out])),
    ):
        print(f"unknown below {result.unknown_below}: {(others[part] < result.unknown_below).mean():.3f} of {part.sum()} {kind}")
    print(f"unknown below {result.unknown_below}: {(known < result.unknown_below).mean():.3f} of {len(known)} flowers")
    level = float(np.quantile(others, CAUGHT))
    print(f"at {CAUGHT:.0%} of the everyday photos caught ({level:.3f}): {(known < level).mean():.3f} of the flowers")
    print(f"{PACK.name}: {PACK.stat().st_size / 1e6:.1f} MB")


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True, help="Zip of everyday photos.")
    measure(parser.parse_args().photos)


if __name__ == "__main__":
    main()
