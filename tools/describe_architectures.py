"""Makes flowerlab/architectures/tables/*.json: what Flowerlab knows of Keras' networks without TensorFlow.

python -m tools.describe_architectures [NAME …]     writes the tables (of these architectures, or of all)
python -m tools.describe_architectures --check      writes nothing; exit code 1 if a table is not what Keras says
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # read by TensorFlow when it is imported

import keras

from flowerlab.architectures import ARCHITECTURES
from flowerlab.trainer.networks import constructor_of

TABLES = Path(__file__).resolve().parent.parent / "flowerlab" / "architectures" / "tables"
BACKBONES = {name: constructor_of(entry) for name, entry in ARCHITECTURES.items() if entry.fine_tune_from is not None}
COLUMNS = ("name", "kind", "parameters", "block", "clean", "halvings", "channels")
# A power of two times this is the side of every output at its size, so that halvings are found without rounding.
SIDE_PX = 224
# What the layers of one block have in common in their names; the first pattern that matches counts.
BLOCKS = (
    (r"(input|rescaling|normalization)", "input"),
    (r"(block\d+[a-z]?|block_\d+|expanded_conv|conv\d_block\d+)_", None),
    (r"(bn_)?Conv1", "Conv1"),
    (r"(Conv_1|out_relu)", "Conv_1"),
    (r"(conv1|pool1)_", "conv1"),
    (r"(stem|top)_", None),
)


def block_of(name: str) -> str:
    """Returns the part of the network that a layer belongs to, read from its name.

    Raises:
        ValueError: If no pattern fits.
    """
    for pattern, block in BLOCKS:
        if match := re.match(pattern, name):
            return block or match.group(1)
    raise ValueError(f"No pattern names the block of layer {name}. Add one to BLOCKS.")


def clean_cuts(layers: list[Any]) -> list[bool]:
    """Says for each layer whether exactly one tensor crosses the cut right before it.

    Args:
        layers: `base.layers`, in which every layer stands after those that it reads.

    Raises:
        ValueError: If a layer reads one that stands after it, or is used more than once.
    """
    index = {layer.name: place for place, layer in enumerate(layers)}
    last_reader = list(range(len(layers)))
    for place, layer in enumerate(layers):
        nodes = layer._inbound_nodes
        sources = [index[tensor._keras_history.operation.name] for node in nodes for tensor in node.input_tensors]
        if len(nodes) != 1 or any(source >= place for source in sources):
            raise ValueError(f"Layer {layer.name} is used more than once or out of order; cuts cannot be named by index.")
        for source in sources:
            last_reader[source] = place
    crossing = [sum(last_reader[source] >= cut for source in range(cut)) for cut in range(len(layers))]
    return [tensors == 1 for tensors in crossing]


def halvings(layer: Any) -> int:
    """Returns how often the photo's side was halved on the way to a layer's output; −1 if it gives one value a channel."""
    shape = layer.output.shape
    side = shape[1] if len(shape) == 4 else 1
    return -1 if side == 1 else (SIDE_PX // side).bit_length() - 1


def describe(name: str) -> str:
    """Returns the table of an architecture as JSON text, one line per layer."""
    keras.backend.clear_session()  # else Keras numbers the names that it chooses itself
    base = BACKBONES[name](include_top=False, weights=None, input_shape=(SIDE_PX, SIDE_PX, 3))
    rows = [
        [
            layer.name,
            type(layer).__name__,
            int(layer.count_params()),
            block_of(layer.name),
            clean,
            halvings(layer),
            int(layer.output.shape[-1]),
        ]
        for layer, clean in zip(base.layers, clean_cuts(base.layers), strict=True)
    ]
    lines = ",\n".join(json.dumps(row) for row in rows)
    return f'{{"keras": "{keras.__version__}", "columns": {json.dumps(COLUMNS)}, "layers": [\n{lines}\n]}}\n'


def main() -> int:
    """Writes or checks the tables; returns the exit code."""
    parser = argparse.ArgumentParser(description="Makes the tables of layers from Keras.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(BACKBONES)}; default: all")
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 if a table differs")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(BACKBONES):
        parser.error(f"unknown architecture: {', '.join(sorted(unknown))}. Expected: {', '.join(BACKBONES)}.")
    differ = False
    for name in arguments.names or BACKBONES:
        path, text = TABLES / f"{name}.json", describe(name)
        same = path.is_file() and path.read_text(encoding="utf-8") == text
        differ = differ or not same
        if not arguments.check and not same:
            path.write_text(text, encoding="utf-8")
        print(f"{name}: {text.count(chr(10)) - 2} layers, {'as it was' if same else 'differs' if arguments.check else 'written'}")
    return int(arguments.check and differ)


if __name__ == "__main__":
    sys.exit(main())
