"""The strip of a network's layers: which are frozen, which learn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flowerlab.architectures import Architecture, Layer
from flowerlab.charts.parts import bar_in_parts
from flowerlab.locale import _

FROZEN, LEARNS, LEARNS_LIGHT, HEAD = "#aab3ba", "#009E73", "#7fcdb5", "#E69F00"
# Up to so many layers each has a block of its own; longer networks are drawn by their named blocks.
MOST_SINGLE = 24
NARROW_KINDS = ("MaxPooling2D", "Flatten", "Rescaling", "Dropout")


@dataclass(frozen=True)
class Piece:
    """One block of the strip.

    Args:
        name: Of the layer, or of the block of layers.
        learners: How many of them have weights that can learn.
        learns: Whether its weights change in training.
        kind: `weights`, `plain` (nothing to learn in it, such as pooling) or `head`.
    """

    name: str
    layers: int
    learners: int
    width: int
    learns: bool
    kind: str


def pieces(chosen: Architecture, unfreeze_from: str, *, head_layers: int) -> list[Piece]:
    """Cuts a network into the blocks of its strip, from the photo to the answer.

    Args:
        head_layers: Dense layers of the head, the answer included.

    Raises:
        BadRecipe: If the architecture has no such layer.
    """
    first = chosen.first_trainable_index(unfreeze_from)
    layers = [layer for layer in chosen.layers if layer.kind != "InputLayer"]
    found: list[Piece] = []
    for layer in layers:
        learns = first is not None and layer.index >= first
        width = 1 if layer.kind in NARROW_KINDS else 3
        kind = "weights" if layer.parameters else "plain"
        can = int(layer.learnable > 0)
        if len(layers) <= MOST_SINGLE:
            found.append(Piece(layer.name, 1, can, width, learns, kind))
        elif found and found[-1].name == _block(layer) and found[-1].learns == learns:
            last = found[-1]
            kind = "weights" if "weights" in (kind, last.kind) else "plain"
            wider = last.width + bool(layer.parameters)
            found[-1] = Piece(last.name, last.layers + 1, last.learners + can, wider, learns, kind)
        else:
            found.append(Piece(_block(layer), 1, can, 1, learns, kind))
    total = sum(piece.width for piece in found)
    # The head keeps a visible share beside two hundred layers.
    return [*found, Piece(_("head"), head_layers, head_layers, max(3 * head_layers, round(total / 10)), True, "head")]


def strip_options(parts: list[Piece]) -> dict[str, Any]:
    """Returns the strip as ECharts options: frozen blocks are grey with a snowflake, blocks that learn are coloured."""
    total = sum(part.width for part in parts)
    return bar_in_parts([_series(part, total) for part in parts])


def strip_sentence(parts: list[Piece]) -> str:
    """Says in words what the strip shows; layers without weights, such as pooling, are not counted."""
    backbone = [part for part in parts if part.kind != "head"]
    frozen = sum(part.learners for part in backbone if not part.learns)
    learning = sum(part.learners for part in backbone if part.learns)
    if not frozen:
        return _("All {count} layers with weights learn, and the head behind them.").format(count=learning)
    if not learning:
        return _("❄ All {count} layers with weights are frozen; only the head learns.").format(count=frozen)
    return _("❄ {frozen} layers with weights are frozen; the last {learning} learn, and the head behind them.").format(
        frozen=frozen, learning=learning
    )


def _block(layer: Layer) -> str:
    return layer.block or layer.name


def _series(part: Piece, total: int) -> dict[str, Any]:
    colour = FROZEN if not part.learns else {"head": HEAD, "plain": LEARNS_LIGHT}.get(part.kind, LEARNS)
    name = part.name if part.layers == 1 else _("{name} ({count} layers)").format(name=part.name, count=part.layers)
    state = _("learns") if part.learns else _("frozen")
    if part.kind == "plain":
        state = _("nothing to learn in it")
    sign = _("head") if part.kind == "head" else "❄" if not part.learns and part.kind == "weights" else ""
    return {
        "name": f"{name}: {state}",
        "data": [part.width],
        "itemStyle": {"color": colour, "borderColor": "rgba(128,138,133,0.6)", "borderWidth": 1, "borderRadius": 3},
        "label": {"show": bool(sign) and part.width / total >= 0.03, "formatter": sign, "color": "#10201a", "fontSize": 13},
        "emphasis": {"disabled": True},
    }
