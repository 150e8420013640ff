"""The layers of a network, and the tables of them that `tools/describe_architectures.py` makes from Keras."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import resources

COLUMNS = ("name", "kind", "parameters", "block", "clean", "halvings", "channels")


@dataclass(frozen=True)
class Layer:
    """One layer of a backbone.

    Args:
        index: Its place in Keras' `base.layers`, from 0.
        name: As Keras names it. Keras numbers the names of the input and of preprocessing layers afresh for every model
            that it builds (`rescaling_1`), so a trainer finds a layer by its index.
        kind: Keras' class name, for example `Conv2D`.
        parameters: How many numbers it has, learnable or not.
        block: The part of the network that it belongs to, for example `block4`.
        clean: Whether exactly one tensor crosses the cut right before this layer: the output of the layer before it.
            False for the first layer, before which there is nothing to cut.
        halvings: How often the photo's side was halved on the way to its output; −1 if it gives one value a channel.
        channels: Last axis of its output.
        stop: Whether it is a stop of the unfreeze-from slider: a clean cut after which, and before the next clean
            cut, a layer with weights that can learn begins. So each stop trains other weights than the next one.
    """

    index: int
    name: str
    kind: str
    parameters: int
    block: str
    clean: bool
    halvings: int = 0
    channels: int = 0
    stop: bool = False

    @property
    def batch_norm(self) -> bool:
        """Whether it is a BatchNormalization layer, which never learns inside a backbone."""
        return self.kind == "BatchNormalization"

    @property
    def learnable(self) -> int:
        """How many of its parameters learn when it is not frozen."""
        return 0 if self.batch_norm else self.parameters


def read_table(name: str) -> tuple[Layer, ...]:
    """Returns the layers of an architecture, from `tables/NAME.json`.

    Raises:
        ValueError: If the table has other columns than expected.
    """
    text = resources.files(__package__).joinpath("tables", f"{name}.json").read_text(encoding="utf-8")
    table = json.loads(text)
    if tuple(table["columns"]) != COLUMNS:
        raise ValueError(
            f"The table of {name} cannot be read. Expected the columns {', '.join(COLUMNS)}. Received: {table['columns']}. "
            "Make it again with tools/describe_architectures.py."
        )
    rows = enumerate(table["layers"])
    return mark_stops([Layer(index, **dict(zip(COLUMNS, row, strict=True))) for index, row in rows])


def mark_stops(layers: Sequence[Layer]) -> tuple[Layer, ...]:
    """Returns the layers with `stop` filled in: a clean cut before whose follower something can learn."""
    cuts = [layer.index for layer in layers if layer.clean]
    ends = [*cuts[1:], len(layers)]
    stops = {start for start, end in zip(cuts, ends, strict=True) if any(layer.learnable for layer in layers[start:end])}
    return tuple(replace(layer, stop=layer.index in stops) for layer in layers)
