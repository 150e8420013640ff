"""The parts of a data set, as a run cuts them, without preparing its photos."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from flowerlab.datasets.catalog import DATASETS
from flowerlab.datasets.originals import Originals
from flowerlab.datasets.prepared import order_of
from flowerlab.datasets.splits import Split, make_split


def parts_of(
    originals: Originals, dataset: str, *, split: str, validation_fraction: float
) -> tuple[NDArray[np.int64], Split]:
    """Cuts a data set as `flowerlab.datasets.prepared.Prepared.split` does.

    Args:
        originals: The photos.
        dataset: Its name; decides the order.
        split: `honest` or `lecture`.
        validation_fraction: Share of the training photos kept for validation, 0 < fraction < 1.

    Returns:
        (order, parts): int64 (n,), positions of the photos in the order in which they are split; and the parts, which are
        positions in that order.
    """
    order = order_of(originals, dataset)
    keeps_order = dataset in DATASETS and DATASETS[dataset].keeps_order
    digests = None if keeps_order else [originals.digests[position] for position in order]
    return order, make_split(len(originals), split=split, validation_fraction=validation_fraction, digests=digests)
