"""Puts the trained backbone into the package: float16 arrays, one a weight, in an npz.

python -m tools.pretrain.ship [--weights pretraining/checkpoints/folded.weights.h5]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from flowerlab.architectures.pretrained import SHIPPED
from flowerlab.trainer.vgg16_mini import vgg16_mini


def main() -> None:
    """Writes the file and prints its size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--weights", type=Path, default=Path("pretraining/checkpoints/folded.weights.h5"), help="What distil saved."
    )
    arguments = parser.parse_args()
    network = vgg16_mini((150, 150, 3))
    network.load_weights(arguments.weights)
    arrays = {
        f"{layer.name}/{part}": value.astype(np.float16)
        for layer in network.layers
        if layer.weights
        for part, value in zip(("kernel", "bias"), layer.get_weights(), strict=True)
    }
    if not all(np.isfinite(array).all() for array in arrays.values()):
        raise SystemExit("A weight does not fit into float16.")
    SHIPPED.mkdir(exist_ok=True)
    target = SHIPPED / f"{network.name}.npz"
    np.savez(target, **arrays)
    print(f"{target}: {sum(array.size for array in arrays.values()):,} numbers, {target.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
