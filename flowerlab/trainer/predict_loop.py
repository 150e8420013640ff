"""The predictor's loop: answers questions about photos with the models of finished runs, the short ones first."""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any, TextIO

import keras
import numpy as np
from numpy.typing import NDArray

from flowerlab.engine.wire import packed, unpacked
from flowerlab.errors import FlowerlabError, legible
from flowerlab.trainer.channel import Inbox, Lines
from flowerlab.trainer.explain import explain, feature_maps, first_filters, seen
from flowerlab.trainer.model_files import load_saved
from flowerlab.trainer.network_parts import Opened
from flowerlab.trainer.train_loop import limit_threads

MODELS_KEPT = 6
BATCH = 32
LOG = logging.getLogger("flowerlab.predictor")


class Loaded:
    """A model in memory, opened up when somebody first wants to look inside.

    Args:
        model: Photos → probabilities.
    """

    def __init__(self, model: keras.Model) -> None:
        self.model = model

    @cached_property
    def opened(self) -> Opened:
        """The network's parts."""
        return Opened(self.model)


def main(file: TextIO) -> int:
    """Answers requests until standard input closes.

    A request is one line: `{"id", "do": task, "model": path, "rank": 0 or 1, …}`; those of rank 0 are answered first. What else it
    holds is said at each task; arrays are written as `flowerlab.engine.wire` does. Its answer is
    `{"kind": "answer", "id", …}`, or `{"kind": "answer", "id", "error": sentence}`. `{"cancel": id}` takes back what was not begun.
    """
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    limit_threads()
    lines = Lines(file)
    inbox = Inbox()
    threading.Thread(target=_listen, args=(inbox,), daemon=True, name="stdin").start()
    lines.write({"kind": "ready"})
    models: OrderedDict[tuple[str, int], Loaded] = OrderedDict()
    while True:
        request = inbox.take()
        try:
            answer = TASKS[request.get("do", "photos")](_loaded(models, Path(request["model"])), request)
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
    # Whoever started this process is gone.
    os._exit(0)


def _loaded(models: OrderedDict[tuple[str, int], Loaded], path: Path) -> Loaded:
    # The time of writing is part of the key: a model that was trained further is loaded anew.
    key = (str(path), path.stat().st_mtime_ns)
    if key not in models:
        models[key] = Loaded(load_saved(path))
        while len(models) > MODELS_KEPT:
            models.popitem(last=False)
    models.move_to_end(key)
    return models[key]


def _photos(loaded: Loaded, request: dict[str, Any]) -> dict[str, Any]:
    """`photos` uint8 (n, height, width, 3), or `black` [height, width], which makes a model ready → `probabilities` [[…]]."""
    black = request.get("black")
    photos = unpacked(request["photos"]) if black is None else np.zeros((1, *black, 3), dtype=np.uint8)
    return {"probabilities": _passed(loaded.model, photos).astype(float).tolist()}


def _embed(loaded: Loaded, request: dict[str, Any]) -> dict[str, Any]:
    """`photos` → `features` float32 (n, features), what the answer is computed from."""
    return {"features": packed(_passed(loaded.opened.penultimate, unpacked(request["photos"])))}


def _passed(model: keras.Model, photos: NDArray[np.uint8]) -> NDArray[np.float32]:
    parts = [
        keras.ops.convert_to_numpy(model.predict_on_batch(photos[begin : begin + BATCH].astype(np.float32)))
        for begin in range(0, len(photos), BATCH)
    ]
    return np.concatenate(parts)


def _explain(loaded: Loaded, request: dict[str, Any]) -> dict[str, Any]:
    """`photo` uint8 (height, width, 3), `label` or null for the answer → the fields of `explain.Explanation`."""
    found = explain(loaded.opened, unpacked(request["photo"]), request["label"])
    probabilities = found.probabilities.astype(float).tolist()
    return {**asdict(found), "heat": packed(found.heat), "probabilities": probabilities}


def _maps(loaded: Loaded, request: dict[str, Any]) -> dict[str, Any]:
    """`photo`, `place` of the layer, `begin`, `count` → the fields of `explain.Maps`."""
    found = feature_maps(
        loaded.opened, unpacked(request["photo"]), request["place"], begin=request["begin"], count=request["count"]
    )
    return {**asdict(found), "maps": packed(found.maps)}


def _filters(loaded: Loaded, request: dict[str, Any]) -> dict[str, Any]:
    """Nothing more → `layer`, `filters` uint8 (filters, height, width, 3)."""
    name, filters = first_filters(loaded.opened)
    return {"layer": name, "filters": packed(filters)}


def _seen(loaded: Loaded, request: dict[str, Any]) -> dict[str, Any]:
    """`photo` → the fields of `explain.Seen`."""
    found = seen(loaded.opened, unpacked(request["photo"]))
    return {**asdict(found), "picture": packed(found.picture)}


TASKS: dict[str, Callable[[Loaded, dict[str, Any]], dict[str, Any]]] = {
    "photos": _photos,
    "embed": _embed,
    "explain": _explain,
    "maps": _maps,
    "filters": _filters,
    "seen": _seen,
}
