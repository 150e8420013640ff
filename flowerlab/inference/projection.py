"""Laying photos out in the plane by their features: near ones near each other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# t-SNE balances near against far with about so many neighbours a photo (van der Maaten and Hinton 2008).
PERPLEXITY = 30.0
FEWEST_FOR_TSNE = 8
# Above that, t-SNE takes minutes and points hide one another.
MOST_PHOTOS = 2000


def chosen_for_map(positions: NDArray[np.int64]) -> NDArray[np.int64]:
    """Returns the photos that a map shows: all, or evenly spread ones if they are more than `MOST_PHOTOS`."""
    if len(positions) <= MOST_PHOTOS:
        return positions
    return positions[np.linspace(0, len(positions) - 1, MOST_PHOTOS).round().astype(np.int64)]


def arrange(features: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
    """Returns the places of photos, by PCA and by t-SNE (scikit-learn's); equal features, equal places.

    Args:
        features: float32, (n, features), n ≥ 1.

    Returns:
        `pca` and `tsne`: float32, (n, 2). Where there are too few photos for t-SNE, or all are alike, both are those of PCA.
    """
    # scikit-learn takes a second to be imported: only who needs it waits for it.
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    count = len(features)
    if float(np.ptp(features, axis=0).max(initial=0.0)) == 0:
        nowhere = np.zeros((count, 2), dtype=np.float32)
        return {"pca": nowhere, "tsne": nowhere}
    dimensions = min(2, count, features.shape[1])
    flat = PCA(n_components=dimensions, random_state=0).fit_transform(features.astype(np.float64))
    flat = np.pad(flat, ((0, 0), (0, 2 - dimensions))).astype(np.float32)
    if count < FEWEST_FOR_TSNE:
        return {"pca": flat, "tsne": flat}
    # It begins where PCA ended, small, as scikit-learn itself begins.
    begin = flat / max(float(flat[:, 0].std()), 1e-12) * 1e-4
    perplexity = min(PERPLEXITY, (count - 1) / 3)
    # Its steps are so short that several threads mostly wait for one another: while a run trains, minutes instead of seconds.
    with threadpool_limits(limits=1):
        spread = TSNE(n_components=2, init=begin, perplexity=perplexity, random_state=0).fit_transform(features)
    return {"pca": flat, "tsne": spread.astype(np.float32)}
