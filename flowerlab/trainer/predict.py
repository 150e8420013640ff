"""The predictor's loop: answers photos with the models of finished runs."""

from __future__ import annotations

import base64
import json
import logging
import os
import sys
import threading
from collections import OrderedDict
from pathlib import Path
from queue import Queue
from typing import Any, TextIO

import keras
import numpy as np

from flowerlab.errors import FlowerlabError, legible
from flowerlab.trainer.channel import Lines
from flowerlab.trainer.saved import load_saved
from flowerlab.trainer.serve import limit_threads

MODELS_KEPT = 6
BATCH = 32
LOG = logging.getLogger("flowerlab.predictor")


def main(file: TextIO) -> int:
    """Answers requests until standard input closes.

    A request is `{"id", "model": path, "shape": [n, height, width, 3], "photos": base64 of uint8 RGB}`, or
    `{"id", "model", "black": [height, width]}` for a black photo, which makes a model ready; its answer is
    `{"kind": "answer", "id", "probabilities": [[…]]}` or `{"kind": "answer", "id", "error": sentence}`.
    """
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    limit_threads()
    lines = Lines(file)
    inbox: Queue[dict[str, Any]] = Queue()
    threading.Thread(target=_listen, args=(inbox,), daemon=True, name="stdin").start()
    lines.write({"kind": "ready"})
    models: OrderedDict[tuple[str, int], keras.Model] = OrderedDict()
    while True:
        request = inbox.get()
        try:
            answer: dict[str, Any] = {"probabilities": _answer(models, request)}
        except FlowerlabError as error:
            LOG.info("A request was refused: %s", error)
            answer = {"error": str(error)}
        except Exception as error:
            LOG.exception("A request could not be answered.")
            answer = {"error": f"{type(error).__name__}: {legible(str(error), 200)}"}
        lines.write({"kind": "answer", "id": request["id"], **answer})


def _listen(inbox: Queue[dict[str, Any]]) -> None:
    for line in sys.stdin:
        inbox.put(json.loads(line))
    # Whoever started this process is gone.
    os._exit(0)


def _answer(models: OrderedDict[tuple[str, int], keras.Model], request: dict[str, Any]) -> list[list[float]]:
    path = Path(request["model"])
    # The time of writing is part of the key: a model that was trained further is loaded anew.
    key = (str(path), path.stat().st_mtime_ns)
    if key not in models:
        models[key] = load_saved(path)
        while len(models) > MODELS_KEPT:
            models.popitem(last=False)
    models.move_to_end(key)
    if "black" in request:
        photos = np.zeros((1, *request["black"], 3), dtype=np.uint8)
    else:
        photos = np.frombuffer(base64.b64decode(request["photos"]), dtype=np.uint8).reshape(request["shape"])
    parts = [
        keras.ops.convert_to_numpy(models[key].predict_on_batch(photos[begin : begin + BATCH].astype(np.float32)))
        for begin in range(0, len(photos), BATCH)
    ]
    probabilities: list[list[float]] = np.concatenate(parts).astype(float).tolist()
    return probabilities
