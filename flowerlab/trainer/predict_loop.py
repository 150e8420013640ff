"""The predictor's loop: answers questions about photos with the models of finished runs, the short ones first."""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, TextIO

import keras
import numpy as np
from numpy.typing import NDArray

from flowerlab.engine.wire import from_wire, to_wire
from flowerlab.errors import FlowerlabError, legible
from flowerlab.trainer.channel import Inbox, Lines
from flowerlab.trainer.explain import explain, feature_maps, first_filters, network_input
from flowerlab.trainer.model_files import load_saved
from flowerlab.trainer.network_parts import NetworkParts
from flowerlab.trainer.startup import start_up

MODELS_KEPT = 6
BATCH = 32
LOG = logging.getLogger("flowerlab.predictor")

Question = Callable[..., Mapping[str, Any]]


class Loaded:
    """A model in memory: photos → probabilities."""

    def __init__(self, model: keras.Model) -> None:
        self.model = model

    @cached_property
    def parts(self) -> NetworkParts:
        """The network's parts, found when it is first looked into."""
        return NetworkParts(self.model)


def main(file: TextIO) -> int:
    """Answers requests until standard input closes.

    A request is one line: `{"id", "do": task, "model": path, "rank": 0 or 1, "about": arguments of the task}`; those of rank 0 are
    answered first. Its answer is `{"kind": "answer", "id", "found": fields of what the task returned}`, or
    `{"kind": "answer", "id", "error": sentence}`. `{"cancel": id}` takes back what was not begun.
    """
    start_up()
    lines = Lines(file)
    inbox = Inbox()
    threading.Thread(target=_listen, args=(inbox,), daemon=True, name="stdin").start()
    lines.write({"kind": "ready"})
    models: OrderedDict[tuple[str, int], Loaded] = OrderedDict()
    while True:
        request = inbox.take()
        try:
            found = TASKS[request["do"]](_loaded(models, Path(request["model"])), **from_wire(request["about"]))
            answer: dict[str, Any] = {"found": to_wire(found)}
        except FlowerlabError as error:
            LOG.info("A request was refused: %s", error)
            answer = {"error": str(error)}
        except Exception as error:
            LOG.exception("A request could not be answered.")
            answer = {"error": f"{type(error).__name__}: {legible(str(error), 200)}"}
        lines.write({"kind": "answer", "id": request["id"], **answer})


def _listen(inbox: Inbox) -> None:
    for line in sys.stdin:
        inbox.put(json.loads(line))
    # The process that started this one is gone.
    os._exit(0)


def _loaded(models: OrderedDict[tuple[str, int], Loaded], path: Path) -> Loaded:
    # The time of writing is part of the key: a model that was trained further is loaded again.
    key = (str(path), path.stat().st_mtime_ns)
    if key not in models:
        models[key] = Loaded(load_saved(path))
        while len(models) > MODELS_KEPT:
            models.popitem(last=False)
    models.move_to_end(key)
    return models[key]


def _photos(loaded: Loaded, *, photos: NDArray[np.uint8] | None = None, black: tuple[int, int] | None = None) -> dict[str, Any]:
    """Classifies photos, uint8 (n, height, width, 3); or one black photo of (height, width), which makes a model ready."""
    if photos is None:
        photos = np.zeros((1, *(black or ()), 3), dtype=np.uint8)
    return {"probabilities": _passed(loaded.model, photos)}


def _embed(loaded: Loaded, *, photos: NDArray[np.uint8]) -> dict[str, Any]:
    """Returns what the answers are computed from: float32, (n, features)."""
    return {"features": _passed(loaded.parts.penultimate, photos)}


def _passed(model: keras.Model, photos: NDArray[np.uint8]) -> NDArray[np.float32]:
    parts = [
        keras.ops.convert_to_numpy(model.predict_on_batch(photos[begin : begin + BATCH].astype(np.float32)))
        for begin in range(0, len(photos), BATCH)
    ]
    return np.concatenate(parts)


def _inside(look: Callable[..., Any]) -> Question:
    """Returns the task that asks something about a network's parts: its answer has the fields of a record."""
    return lambda loaded, **about: vars(look(loaded.parts, **about))


TASKS: dict[str, Question] = {
    "photos": _photos,
    "embed": _embed,
    "explain": _inside(explain),
    "maps": _inside(feature_maps),
    "filters": _inside(first_filters),
    "input": _inside(network_input),
}
