"""Photos at one size."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from flowerlab.datasets.availability import Availability
from flowerlab.datasets.parts import order_of
from flowerlab.datasets.prepared import prepared_key
from flowerlab.disk.items import Item, Kind
from flowerlab.disk.kinds.kind import DiskKind, deleted_from, entries, item_of, locked
from flowerlab.disk.kinds.photos import needs, titles
from flowerlab.estimates.cost import AT_FLOPS, RESIZED_S
from flowerlab.estimates.machine_speed import peak_flops
from flowerlab.home import Home
from flowerlab.recipe.knobs import KNOBS
from flowerlab.store import Store
from flowerlab.system.safe_arrays import map_npy

USUAL_RESIZE = str(KNOBS["resize"].default)


def prepared(home: Home, store: Store, data: Availability) -> DiskKind:
    """A data set's photos at one size."""

    def listed() -> Iterator[Item]:
        named = titles(data)
        for place in entries(home.prepared):
            about, (photos, side_px) = _about(place), shape_of(place)
            title = f"{named.get(str(about.get('content')), 'photos of before')}, {side_px} px"
            if (resize := about.get("resize", USUAL_RESIZE)) != USUAL_RESIZE:
                title += f", {resize}"
            again_s = photos * RESIZED_S * AT_FLOPS / peak_flops(home)
            yield item_of(Kind.PREPARED, place, title, again_s)

    def blocked_by() -> dict[str, str]:
        making = [place.name for place in entries(home.prepared) if locked(home.locks / f"prepared-{place.name}")]
        why = dict.fromkeys(making, "Somebody makes them just now.")
        for run in store.unfinished():
            recipe = run.recipe
            if (originals := data.originals(recipe.dataset)) is not None:
                order = order_of(originals, recipe.dataset)
                why[prepared_key(originals, order, recipe.dataset, recipe.image_size, recipe.resize)] = needs(run)
        return why

    return DiskKind(Kind.PREPARED, listed, deleted_from(home.prepared), blocked_by)


def shape_of(place: Path) -> tuple[int, int]:
    """Returns how many photos lie in a folder of prepared ones, and their side in pixels; zeros if that cannot be read."""
    try:
        photos, side_px, *_ = map_npy(place / "photos.npy").shape
    except ValueError:
        return 0, 0
    return int(photos), int(side_px)


def _about(place: Path) -> dict[str, str]:
    try:
        about = json.loads((place / "about.json").read_bytes())
    except (OSError, ValueError):
        return {}
    return {str(name): str(value) for name, value in about.items()} if isinstance(about, dict) else {}
