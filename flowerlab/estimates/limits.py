"""Whether this machine has room for a run: enough memory and enough disk, or one sentence that says what is missing."""

from __future__ import annotations

import shutil

from flowerlab.errors import NoRoom
from flowerlab.estimates.footprint import Footprint
from flowerlab.home import Home
from flowerlab.locale.numbers import size
from flowerlab.recipe.recipe import Recipe
from flowerlab.settings import Settings, variable_of
from flowerlab.system.memory import memory_for_a_run


def check_room(footprint: Footprint, recipe: Recipe, home: Home, settings: Settings) -> None:
    """Checks that a run has enough memory and disk, by estimate.

    Raises:
        NoRoom: If it has not.
    """
    if settings.refuse:
        _check_memory(footprint.memory_bytes, recipe, settings)
        check_disk(footprint.disk_bytes, home, settings)


def _check_memory(needed: float, recipe: Recipe, settings: Settings) -> None:
    bound = None if settings.memory_gb is None else settings.memory_gb * 1e9
    given = memory_for_a_run() if bound is None else bound
    if needed <= given:
        return
    there = f"only {size(given)} is free" if bound is None else f"a run may have {size(given)} here"
    raise NoRoom(
        f"This run needs about {size(needed)} of memory, and {there}. Take a smaller batch or smaller photos, freeze more layers"
        f"{', or close other programs' if bound is None else ''}. Received: batch_size={recipe.batch_size}, "
        f"image_size={recipe.image_size}, unfreeze_from={recipe.unfreeze_from}, head={','.join(map(str, recipe.head)) or 'none'}. "
        f"({variable_of('memory_gb')} moves the bound.)"
    )


def check_disk(needed_bytes: float, home: Home, settings: Settings) -> None:
    """Checks that a run has enough disk, by estimate, and that some of the disk is left.

    Raises:
        NoRoom: If it has not.
    """
    free, reserve = float(shutil.disk_usage(home.root).free), settings.disk_reserve_gb * 1e9
    if not settings.refuse or needed_bytes + reserve <= free:
        return
    raise NoRoom(
        f"This run needs about {size(needed_bytes)} of disk, and {size(free)} is free, of which {size(reserve)} must stay free. Free some "
        f"on the Disk page, or with: python -m flowerlab disk. Received: {home.root}. ({variable_of('disk_reserve_gb')} moves the "
        "bound.)"
    )
