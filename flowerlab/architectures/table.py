"""Reading the tables of layers that `tools/describe_architectures.py` makes from Keras."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from importlib import resources

from flowerlab.architectures.architecture import Layer

COLUMNS = ("name", "kind", "parameters", "block", "clean", "halvings", "channels")


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
