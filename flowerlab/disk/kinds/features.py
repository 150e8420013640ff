"""What frozen layers made of photos."""

from __future__ import annotations

from collections.abc import Iterator

from flowerlab.architectures import ARCHITECTURES
from flowerlab.disk.items import Item, Kind
from flowerlab.disk.kinds.kind import DiskKind
from flowerlab.disk.kinds.prepared import shape_of
from flowerlab.errors import InUse
from flowerlab.estimates.cost import BFLOAT16_GAIN
from flowerlab.estimates.machine_speed import peak_flops
from flowerlab.features.sets import About, KeptSets
from flowerlab.home import Home

IN_USE = "A run that trains uses them."


def features(home: Home) -> DiskKind:
    """What one network made of prepared photos, up to one of its layers."""
    kept = KeptSets(home)

    def listed() -> Iterator[Item]:
        for one in kept.all():
            title, again_s = _described(home, one.about)
            yield Item(Kind.FEATURES, one.key, title, one.bytes, one.used_s, again_s=again_s)

    def free(key: str) -> None:
        if not kept.free(key):
            raise InUse(IN_USE)

    return DiskKind(Kind.FEATURES, listed, free, lambda: {one.key: IN_USE for one in kept.all() if kept.used(one.key)})


def _described(home: Home, about: About) -> tuple[str, float | None]:
    """Returns a title, and in how many seconds they would be made again; None if that is not known."""
    chosen = ARCHITECTURES.get(about.architecture)
    title, again_s = about.architecture, None
    if chosen is not None:
        layers = "all layers" if about.cut == len(chosen.layers) else f"before {chosen.layers[about.cut].name}"
        title = f"{chosen.title}, {layers}"
        _photos, side_px = shape_of(home.prepared / about.prepared)
        if side_px:
            gain = BFLOAT16_GAIN if about.precision == "bfloat16" else 1.0
            flops = about.shape[0] * sum(chosen.flops(side_px)[: about.cut])
            again_s = flops / (peak_flops(home) * chosen.efficiency * gain)
            title += f", {side_px} px"
    return title + (", changed copies" if about.views else ""), again_s
