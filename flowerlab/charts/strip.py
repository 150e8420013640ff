"""The strip of a network's layers: which are frozen, which learn."""

from __future__ import annotations

from typing import Any

from flowerlab.architectures import Architecture

FROZEN, LEARNS = "#9aa5b1", "#009E73"


def strip_options(chosen: Architecture, unfreeze_from: str, *, head_layers: int) -> dict[str, Any]:
    """Returns a bar of blocks, one a stretch of layers of the same block: grey with a lock if frozen, green if it learns.

    Args:
        chosen: The architecture.
        unfreeze_from: `none`, `all`, or a layer's name.
        head_layers: Dense layers of the head, the answer included.
    """
    series = [
        {
            "type": "bar", "stack": "layers", "name": name, "data": [width],
            "itemStyle": {"color": LEARNS if learns else FROZEN, "borderColor": "#ffffff", "borderWidth": 2},
            "label": {"show": width >= 3, "formatter": "learns" if learns else "🔒", "color": "#10201a", "fontSize": 11},
        }
        for name, width, learns in _stretches(chosen, unfreeze_from, head_layers)
    ]  # fmt: skip
    return {
        "animation": False,
        "tooltip": {"trigger": "item", "formatter": "{a}"},
        "grid": {"left": 4, "right": 4, "top": 4, "bottom": 4},
        "xAxis": {"type": "value", "show": False, "max": "dataMax"},
        "yAxis": {"type": "category", "data": [""], "show": False},
        "series": series,
    }


def _stretches(chosen: Architecture, unfreeze_from: str, head_layers: int) -> list[tuple[str, int, bool]]:
    first = chosen.first_trainable_index(unfreeze_from)
    found: list[tuple[str, int, bool]] = []
    for layer in chosen.layers[1:] if chosen.name != "handmade" else chosen.layers:
        learns = first is not None and layer.index >= first
        name = f"{layer.block}: {'learns' if learns else 'frozen'}"
        if found and found[-1][0] == name:
            found[-1] = (name, found[-1][1] + 1, learns)
        else:
            found.append((name, 1, learns))
    return [*found, ("head: learns", max(2, head_layers), True)]
