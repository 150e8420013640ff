"""Frozen features: what the frozen backbone makes of every photo, computed once and kept."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from flowerlab.datasets.prepared import Prepared
from flowerlab.home import Home, written_whole
from flowerlab.locks import waiting_for
from flowerlab.trainer.models import Network

FORMAT = 1
BATCH = 16
FLOAT16_MAX = float(np.finfo(np.float16).max)
LOG = logging.getLogger(__name__)

Features = NDArray[np.float16] | NDArray[np.float32]
Progress = Callable[[str, int, int], None]


def features_key(prepared: Prepared, network: Network, architecture: str) -> str:
    """Returns the key of a feature set: it changes with whatever the features depend on.

    That is the photos (content, order, size, resize mode), the frozen layers' actual weight values and the network around
    them, the cut, and the precision of the pass.
    """
    assert network.backbone is not None
    assert network.to_features is not None
    whole = hashlib.sha256(
        json.dumps([FORMAT, prepared.key, architecture, "float32", list(network.to_features.output_shape[1:])]).encode()
    )
    for weight in network.backbone.weights:
        whole.update(np.ascontiguousarray(keras.ops.convert_to_numpy(weight)).tobytes())
    return whole.hexdigest()[:24]


def compute_features(
    home: Home, prepared: Prepared, network: Network, architecture: str, progress: Progress
) -> tuple[Features, bool]:
    """Returns the frozen backbone's output for every photo; computes it if it is not at hand.

    Args:
        home: Where features are kept.
        prepared: The photos.
        network: With a wholly frozen backbone.
        architecture: Name of the backbone.
        progress: Called with (step, done, total); may raise to give up, which leaves nothing behind.

    Returns:
        float16 (n, height, width, channels), memory-mapped, in the photos' order (float32 if a value does not fit into
        float16), and whether they were at hand.
    """
    assert network.to_features is not None
    shape = (len(prepared.ids), *network.to_features.output_shape[1:])
    folder = home.features / features_key(prepared, network, architecture)
    if (found := _open(folder, shape)) is not None:
        return found, True
    step = "Computing features"
    with waiting_for(home.locks / f"features-{folder.name}", check=lambda: progress(step, 0, shape[0])):
        if (found := _open(folder, shape)) is not None:
            return found, True
        try:
            _write(folder, shape, np.float16, prepared, network.to_features, architecture, progress)
        except OverflowError:
            LOG.info("A feature does not fit into float16; they are kept as float32.")
            _write(folder, shape, np.float32, prepared, network.to_features, architecture, progress)
    found = _open(folder, shape)
    if found is None:
        raise OSError(f"The features just written to {folder} cannot be read back.")
    return found, False


def _open(folder: Path, shape: tuple[int, ...]) -> Features | None:
    try:
        features: Features = np.load(folder / "features.npy", mmap_mode="r")
    except (OSError, ValueError, EOFError):
        return None
    return features if features.shape == shape and features.dtype in (np.float16, np.float32) else None


def _write(
    folder: Path,
    shape: tuple[int, ...],
    dtype: type[np.float16] | type[np.float32],
    prepared: Prepared,
    to_features: keras.Model,
    architecture: str,
    progress: Progress,
) -> None:
    with written_whole(folder) as scratch:
        features = np.lib.format.open_memmap(scratch / "features.npy", mode="w+", dtype=dtype, shape=shape)
        for begin in range(0, shape[0], BATCH):
            progress("Computing features", begin, shape[0])
            photos = prepared.photos[begin : begin + BATCH].astype(np.float32)
            values = keras.ops.convert_to_numpy(to_features.predict_on_batch(photos))
            if dtype is np.float16 and np.abs(values).max() > FLOAT16_MAX:
                raise OverflowError
            features[begin : begin + BATCH] = values
        features.flush()
        del features
        about = {"prepared": prepared.key, "architecture": architecture}
        (scratch / "about.json").write_text(json.dumps(about), encoding="utf-8")
        progress("Computing features", shape[0], shape[0])
