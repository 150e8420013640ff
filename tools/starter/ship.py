"""Measures what tools.starter.teach taught, and writes the starter that Flowerlab ships: a lesson pack with one finished run.

    TFDS_DATA_DIR=… KERAS_HOME=… python -m tools.starter.ship --photos source_photos.zip [--state pretraining]

What is chosen is chosen on photos that it did not learn from and that are not tested on:

- the epoch: the best on tf_flowers' validation photos;
- the temperature (Guo et al. 2017): the least cross-entropy on them; the last layer is divided by it;
- the score by which one sees what is no flower: the areas under the curve between the validation photos and the spare everyday photos
  (tools/pretrain/photos.py) are printed for all in SCORES; certainty was taken, than which none is larger, because it needs
  nothing but the probabilities;
- its threshold: below it lie TURNED_AWAY of the validation photos.

Nothing is chosen on the 1,097 test photos and the 1,500 everyday photos that were held out: they give the figures.
"""

from __future__ import annotations

import json
import tempfile
import time
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from sklearn.metrics import roc_auc_score

from flowerlab.datasets.garden import Garden
from flowerlab.datasets.prepared import Prepared
from flowerlab.evaluation.metrics import certainty, confusion_matrix
from flowerlab.home import Home
from flowerlab.packs.packing import pack
from flowerlab.packs.starter import PACK, STARTER_ID
from flowerlab.photos.reading import read_photo, resize_photo
from flowerlab.runs.events import Attempt, End, Epoch, Event, Result, Start
from flowerlab.runs.run import Run, RunRecord, RunState
from flowerlab.settings import Settings
from flowerlab.store import Store
from flowerlab.trainer.model_files import load_saved
from flowerlab.trainer.networks import Network, build
from flowerlab.trainer.prediction import loss_and_accuracy
from tools.pretrain.photos import VALIDATION_FRACTION, read_everyday
from tools.starter.compact import write_compact
from tools.starter.measure import answers, measure
from tools.starter.teach import EPOCHS, FLOWERS_A_BATCH, IMAGE_SIZE_PX, flowers_at, logits_of, parsed, recipe, softmax, student

TURNED_AWAY = 0.10
NAME = "Starter, comes with Flowerlab"
MESSAGE = (
    "Comes with Flowerlab: it learned tf_flowers' training photos from labels and from a larger network. "
    "docs/models/starter.md tells how."
)
# Each is high where the network knows the photo's kind. From tempered logits (n, classes).
SCORES: dict[str, Callable[[NDArray[np.float32]], NDArray[np.float64]]] = {
    "highest probability": lambda logits: softmax(logits).max(axis=1).astype(np.float64),
    "certainty": lambda logits: certainty(softmax(logits)),
    "highest logit": lambda logits: logits.max(axis=1).astype(np.float64),
    "energy": lambda logits: np.log(np.exp(logits.astype(np.float64)).sum(axis=1)),
}


def best_temperature(logits: NDArray[np.float32], truth: NDArray[np.int64]) -> float:
    """Returns the temperature at which the logits' cross-entropy is least."""
    found = minimize_scalar(
        lambda log_t: loss_and_accuracy(softmax(logits / np.exp(log_t)), truth)[0], bounds=(-2, 2), method="bounded"
    )
    return float(np.exp(found.x))


def network_of(trained: keras.Model, temperature: float, classes: int) -> Network:
    """Builds the recipe's network with the student's weights; its pooled head becomes a flat one that gives the same.

    A mean over h · w places followed by a kernel is a flat kernel with a (h · w)th of it at every place.
    """
    network = build(recipe(), classes)
    assert network.backbone is not None
    for layer in network.backbone.layers:
        if layer.weights:
            layer.set_weights(trained.get_layer(layer.name).get_weights())
    kernel, bias = trained.get_layer("answer").get_weights()
    _, height, width, _ = network.backbone.output_shape
    flat = np.tile(kernel / (height * width), (height * width, 1))
    network.model.get_layer("answer").set_weights([flat / temperature, bias / temperature])
    return network


def everyday_logits(model: keras.Model, archive: zipfile.ZipFile, names: Sequence[str]) -> NDArray[np.float32]:
    """Returns float32, (photos, classes)."""
    parts = []
    for begin in range(0, len(names), 64):
        chunk = [read_photo(archive.read(name), name) for name in names[begin : begin + 64]]
        parts.append(logits_of(model, np.stack([resize_photo(photo, IMAGE_SIZE_PX, "squash") for photo in chunk])))
    return np.concatenate(parts)


def epochs_of(state: Path) -> list[dict[str, Any]]:
    """Returns the figures of each epoch."""
    return [json.loads((state / f"epoch-{number}.json").read_text()) for number in range(EPOCHS)]


def write_pack(
    folder: Path,
    prepared: Prepared,
    network: Network,
    epochs: Sequence[dict[str, Any]],
    best: int,
    threshold: float,
    val_logits: Sequence[NDArray[np.float32]],
    temperature: float,
) -> None:
    """Writes the run into a lab of its own in `folder`, and packs it."""
    home = Home(folder / "home").create()
    split, classes = prepared.split("honest", VALIDATION_FRACTION), prepared.classes
    run_folder = home.run(STARTER_ID)
    run_folder.mkdir()
    write_compact(run_folder / "model.npz", network.model, recipe(), len(classes))
    probabilities = answers(load_saved(run_folder / "model.npz"), prepared.photos[split.test])
    truth, ids = prepared.labels[split.test], np.asarray(prepared.ids)
    np.savez_compressed(
        run_folder / "predictions.npz",
        classes=np.asarray(classes),
        test_ids=ids[split.test],
        test_truth=truth,
        test_probabilities=probabilities,
        val_ids=ids[split.validation],
        val_truth=prepared.labels[split.validation],
        val_probabilities=np.stack([softmax(logits / temperature) for logits in val_logits]),
    )
    total, trainable = network.counts()
    seconds = sum(line["seconds"] for line in epochs)
    result = Result(
        classes=classes,
        best_epoch=best,
        epochs_run=len(epochs),
        val_accuracy=epochs[best]["val_accuracy"],
        test_accuracy=float((probabilities.argmax(axis=1) == truth).mean()),
        test_photos=len(truth),
        confusion_matrix=confusion_matrix(truth, probabilities.argmax(axis=1), len(classes)).tolist(),
        total_parameters=total,
        trainable_parameters=trainable,
        seconds=seconds,
        seconds_training=seconds,
        cached_features=False,
        unknown_below=threshold,
    )
    about: dict[str, Any] = {"run_id": STARTER_ID, "attempt": 1}
    ended_s = time.time()
    begun_s = ended_s - seconds
    events: list[Event] = [
        Attempt(**about, time_s=begun_s, pid=0, warm=False),
        Start(
            **about,
            time_s=begun_s,
            epochs=len(epochs),
            batches=-(-len(split.train) // FLOWERS_A_BATCH),
            total_parameters=total,
            trainable_parameters=trainable,
            train_photos=len(split.train),
            validation_photos=len(split.validation),
            test_photos=len(truth),
            classes=classes,
            cached_features=False,
        ),
        *(
            Epoch(**about, time_s=begun_s + sum(line["seconds"] for line in epochs[: number + 1]), **epochs[number])
            for number in range(len(epochs))
        ),
        End(**about, time_s=ended_s, state="done", message=MESSAGE, result=result),
    ]
    run = Run(
        id=STARTER_ID,
        number=1,
        name=NAME,
        recipe=recipe(),
        state=RunState.DONE,
        attempt=1,
        created_s=begun_s,
        started_s=begun_s,
        ended_s=ended_s,
        message=MESSAGE,
        stop_requests=0,
        result=result,
    )
    store = Store(home.store)
    # No equal recipe of a student shall find this run in place of its own.
    store.adopt([RunRecord(run, "starter", tuple(events))])
    PACK.unlink(missing_ok=True)
    pack(PACK, home=home, store=store, runs=[store.get(STARTER_ID)], garden=Garden())
    store.close()


def main() -> None:
    """Chooses, measures, writes the pack, and prints what the model card says."""
    arguments = parsed(__doc__)
    home = Home(Settings.from_environment().home).create()
    state = arguments.state / "starter"
    _, prepared = flowers_at(home)
    split = prepared.split("honest", VALIDATION_FRACTION)
    truth = prepared.labels[split.validation]
    epochs = epochs_of(state)
    val_logits = [np.load(state / f"val-{number}.npy") for number in range(EPOCHS)]
    best = max(range(EPOCHS), key=lambda number: (epochs[number]["val_accuracy"], -number))
    temperature = best_temperature(val_logits[best], truth)
    print(f"epoch {best + 1} of {EPOCHS}: validation {epochs[best]['val_accuracy']:.3f}; temperature {temperature:.3f}")

    trained = student(home, len(prepared.classes))
    trained.load_weights(state / f"epoch-{best}.weights.h5")
    archive, everyday = read_everyday(arguments.photos)
    known, spare = val_logits[best] / temperature, everyday_logits(trained, archive, everyday.spare) / temperature
    for name, score in SCORES.items():
        both = np.concatenate([score(known), score(spare)])
        area = roc_auc_score(np.repeat([1, 0], [len(known), len(spare)]), both)
        print(f"score {name}: area {area:.3f} on {len(known)} validation and {len(spare)} spare everyday photos")
    network = network_of(trained, temperature, len(prepared.classes))
    threshold = round(float(np.quantile(certainty(softmax(known)), TURNED_AWAY)), 4)
    with tempfile.TemporaryDirectory() as folder:
        write_pack(Path(folder), prepared, network, epochs, best, threshold, val_logits, temperature)
    measure(arguments.photos)


if __name__ == "__main__":
    main()
