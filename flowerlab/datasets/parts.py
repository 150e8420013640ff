"""The order in which a data set is cut, and its parts, known without preparing its photos."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from flowerlab.datasets.catalog import dataset_source
from flowerlab.datasets.originals import Originals
from flowerlab.datasets.splits import Split, make_split, stratified_order


def order_of(originals: Originals, dataset: str) -> NDArray[np.int64]:
    """Returns the positions of a data set's photos in the order in which it is cut: int64, (n,)."""
    if dataset_source(dataset).keeps_order:
        return np.arange(len(originals), dtype=np.int64)
    return stratified_order(originals.labels.tolist(), originals.digests)


def digests_in(order: NDArray[np.int64], originals: Originals, dataset: str) -> tuple[str, ...] | None:
    """Returns the hashes by which the cut keeps identical photos together; None where it falls as the data set has it."""
    return None if dataset_source(dataset).keeps_order else tuple(originals.digests[position] for position in order)


def parts_of(originals: Originals, dataset: str, *, split: str, validation_fraction: float) -> tuple[NDArray[np.int64], Split]:
    """Cuts a data set as its prepared photos are cut.

    Args:
        dataset: Its name; decides the order.
        validation_fraction: Share of the training photos kept for validation, 0 < fraction < 1.

    Returns:
        (order, parts): int64 (n,), positions of the photos in the order in which they are cut; and the parts, which are
        positions in that order.
    """
    order = order_of(originals, dataset)
    digests = digests_in(order, originals, dataset)
    return order, make_split(len(originals), split=split, validation_fraction=validation_fraction, digests=digests)
