"""The converter's one task: write a run's model in another format, and check that it still answers as it did."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from flowerlab.errors import FlowerlabError, legible
from flowerlab.trainer.channel import Lines
from flowerlab.trainer.model_files import load_keras, load_saved
from flowerlab.trainer.startup import start_up

BATCH = 25

Photos = NDArray[np.float32]  # (n, height, width, 3), 0..255
Answers = NDArray[np.float32]  # (n, classes), probabilities


class Disagrees(FlowerlabError):
    """The new file gives other answers than the model."""


def main(file: TextIO) -> int:
    """Reads one request, converts, says `done` with the largest difference or `error`, and ends.

    The request is `{"model", "to", "file", "photos", "most"}`: the run's model, a name of `CONVERTERS`, the file to write, a file of photos
    to check it with, uint8 (n, height, width, 3), and how much a probability may differ.
    """
    start_up()
    lines = Lines(file)
    request = json.loads(sys.stdin.readline())
    try:
        lines.write({"kind": "done", "difference": _convert(request)})
    except FlowerlabError as error:
        lines.write({"kind": "error", "message": str(error)})
        return 1
    except Exception as error:
        traceback.print_exc(file=sys.stderr)
        what = f"{type(error).__name__}: {legible(str(error), 200)}"
        lines.write({"kind": "error", "message": f"The model could not be converted ({what}). Nothing was written."})
        return 1
    return 0


def _convert(request: dict[str, Any]) -> float:
    target, photos = Path(request["file"]), np.load(request["photos"]).astype(np.float32)
    save, ask = CONVERTERS[request["to"]]
    model = load_saved(Path(request["model"]))
    expected = model.predict(photos, batch_size=BATCH, verbose=0)
    save(model, target)
    difference = float(np.abs(ask(target, photos) - expected).max())
    if not difference <= request["most"]:
        target.unlink()
        raise Disagrees(
            f"The converted model does not answer as Keras does. Expected probabilities that differ by {request['most']:g} at most, on "
            f"{len(photos)} photos. Received: {difference:.3f}. Nothing was written. Take the .keras file instead."
        )
    return difference


def save_litert(model: keras.Model, target: Path) -> None:
    """Writes a model with nothing but LiteRT's own operations, so that a phone needs no TensorFlow for it.

    Args:
        model: float32 (n, height, width, 3) → float32 (n, classes).
        target: Ends in `.tflite`.
    """
    plain = {"supported_ops": [tf.lite.OpsSet.TFLITE_BUILTINS]}
    model.export(target, format="litert", verbose=False, target_spec=plain)


def litert_answers(path: Path, photos: Photos) -> Answers:
    """Asks a LiteRT file about one photo after the other, as a phone does."""
    interpreter = tf.lite.Interpreter(model_path=str(path))
    interpreter.allocate_tensors()
    (taken,), (given,) = interpreter.get_input_details(), interpreter.get_output_details()
    answers = []
    for photo in photos:
        interpreter.set_tensor(taken["index"], photo[None])
        interpreter.invoke()
        answers.append(interpreter.get_tensor(given["index"])[0])
    return np.stack(answers)


def keras_answers(path: Path, photos: Photos) -> Answers:
    """Asks a Keras file."""
    return load_keras(path).predict(photos, batch_size=BATCH, verbose=0)  # type: ignore[no-any-return]


# Name of a format in `flowerlab.export.formats` → what writes a model in it, and what asks the file that was written.
CONVERTERS: dict[str, tuple[Callable[[keras.Model, Path], None], Callable[[Path, Photos], Answers]]] = {
    "keras": (keras.Model.save, keras_answers),
    "litert": (save_litert, litert_answers),
}
