"""Caches on the disk: what can be made again, how long that would take, and whether something needs it now."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from flowerlab.architectures import ARCHITECTURES
from flowerlab.datasets.catalog import dataset_of_identity, dataset_title
from flowerlab.datasets.gather import gathering_lock
from flowerlab.datasets.parts import order_of
from flowerlab.datasets.prepared import prepared_key
from flowerlab.disk.items import Kind, Thing
from flowerlab.estimates.cost import AT_FLOPS, BFLOAT16_GAIN, RESIZED_S
from flowerlab.estimates.machine_speed import peak_flops
from flowerlab.features.sets import KeptSets
from flowerlab.recipe.knobs import KNOBS
from flowerlab.runs.run import Run
from flowerlab.system.files import bytes_of
from flowerlab.system.locks import ProcessLock
from flowerlab.system.safe_arrays import map_npy

if TYPE_CHECKING:
    from flowerlab.lab import Lab

USUAL_RESIZE = str(KNOBS["resize"].default)
NOT_AGAIN = "What it was made from is not on this computer: it could not be made again."


def caches(lab: Lab) -> Iterator[Thing]:
    """Gives every cache with its size, how long it would take to make it again, and why it must stay, if it must."""
    names = _names(lab)
    # A square array tells its size in pixels; what it shows, its photos' folder.
    sizes_px = {place.name: _side_px(place) for place in _places(lab.home.prepared)}
    yield from _features(lab, sizes_px)
    yield from _prepared(lab, names, sizes_px)
    yield from _photos(lab)
    for place in lab.home.hashes.iterdir():
        if place.is_file() and not place.name.startswith("."):
            about, title = place.stat(), names.get(place.stem.rpartition("-")[2], "photos of before")
            yield Thing(Kind.HASHES, place.name, title, about.st_size, about.st_mtime)
    runs = {run.id: run.name for run in lab.store.all()}
    for place in lab.home.embeddings.glob("[!.]*.npz"):
        about = place.stat()
        title = runs.get(place.name.partition("-")[0], "a run of before")
        yield Thing(Kind.EMBEDDINGS, place.name, title, about.st_size, about.st_mtime)


def _features(lab: Lab, sizes_px: dict[str, int]) -> Iterator[Thing]:
    kept = KeptSets(lab.home)
    for one in kept.all():
        about, again_s = one.about, None
        chosen, side_px = ARCHITECTURES.get(about.architecture), sizes_px.get(about.prepared, 0)
        title = about.architecture
        if chosen is not None:
            title = (
                f"{chosen.title}, {'all layers' if about.cut == len(chosen.layers) else f'before {chosen.layers[about.cut].name}'}"
            )
            if side_px:
                flops = about.shape[0] * sum(chosen.flops(side_px)[: about.cut])
                gain = BFLOAT16_GAIN if about.precision == "bfloat16" else 1.0
                again_s = flops / (peak_flops(lab.home) * chosen.efficiency * gain)
                title += f", {side_px} px"
        if about.views:
            title += ", changed copies"
        why_not = "A run that trains uses them." if kept.used(one.key) else ""
        yield Thing(Kind.FEATURES, one.key, title, one.bytes, one.used_s, again_s=again_s, why_not=why_not)


def _prepared(lab: Lab, names: dict[str, str], sizes_px: dict[str, int]) -> Iterator[Thing]:
    needed = needed_prepared(lab)
    for place in _places(lab.home.prepared):
        side_px = sizes_px[place.name]
        about = _about(place)
        title = f"{names.get(str(about.get('content')), 'photos of before')}, {side_px} px"
        if (resize := about.get("resize", USUAL_RESIZE)) != USUAL_RESIZE:
            title += f", {resize}"
        again_s = _rows(place) * RESIZED_S * AT_FLOPS / peak_flops(lab.home)
        yield Thing(
            Kind.PREPARED,
            place.name,
            title,
            bytes_of(place),
            place.stat().st_mtime,
            again_s=again_s,
            why_not=why_prepared_stays(lab, place.name, needed),
        )


def why_prepared_stays(lab: Lab, key: str, needed: dict[str, Run] | None = None) -> str:
    """Says why prepared photos cannot go; empty if they can."""
    if (run := (needed_prepared(lab) if needed is None else needed).get(key)) is not None:
        return _needs(run)
    return "Somebody makes them just now." if _locked(lab.home.locks / f"prepared-{key}") else ""


def needed_prepared(lab: Lab) -> dict[str, Run]:
    """Returns the keys of prepared photos that runs which wait or are under way need, each with such a run."""
    needed = {}
    for run in lab.store.unfinished():
        recipe = run.recipe
        if (originals := lab.data.originals(recipe.dataset)) is not None:
            order = order_of(originals, recipe.dataset)
            needed[prepared_key(originals, order, recipe.dataset, recipe.image_size, recipe.resize)] = run
    return needed


def _photos(lab: Lab) -> Iterator[Thing]:
    for place in _places(lab.home.originals):
        dataset = dataset_of(lab, place.name)
        count = len(lab.data.originals(dataset) or ()) if dataset else 0
        drawn_s = lab.data.source(dataset).drawn_seconds(count) if dataset else 0.0
        again_s = drawn_s * AT_FLOPS / peak_flops(lab.home) if drawn_s else None
        title = dataset_title(dataset) if dataset else place.name
        yield Thing(
            Kind.PHOTOS,
            place.name,
            title,
            bytes_of(place),
            place.stat().st_mtime,
            again_s=again_s,
            why_not=why_photos_stay(lab, place.name),
        )


def why_photos_stay(lab: Lab, name: str) -> str:
    """Says why a data set's gathered photos cannot go; empty if they can.

    Args:
        lab: The lab.
        name: Of their folder.
    """
    dataset = dataset_of(lab, name)
    if dataset is None:
        # Another garden can be drawn once more.
        known = dataset_of_identity(name)
        return "" if known is not None and known.source.drawn else NOT_AGAIN
    if not lab.data.source(dataset).available(lab.home):
        return NOT_AGAIN
    run = next((run for run in lab.store.unfinished() if run.recipe.dataset == dataset), None)
    if run is not None:
        return _needs(run)
    return "Somebody gathers them just now." if _locked(gathering_lock(lab.home, dataset)) else ""


def dataset_of(lab: Lab, name: str) -> str | None:
    """Returns the data set whose photos lie in a folder of `originals`; None if they are of none that is here now."""
    return next((dataset for dataset in lab.data.names() if lab.data.identity(dataset) == name), None)


def _names(lab: Lab) -> dict[str, str]:
    """Returns what gathered photos are called, by the hash of their content."""
    found = {dataset: lab.data.originals(dataset) for dataset in lab.data.names()}
    return {photos.content: dataset_title(dataset) for dataset, photos in found.items() if photos is not None}


def _needs(run: Run) -> str:
    return f"{run.name!r} trains on them or waits to."


def _about(place: Path) -> dict[str, str]:
    try:
        about = json.loads((place / "about.json").read_bytes())
    except (OSError, ValueError):
        return {}
    return {str(name): str(value) for name, value in about.items()} if isinstance(about, dict) else {}


def _side_px(place: Path) -> int:
    try:
        return int(map_npy(place / "photos.npy").shape[1])
    except (ValueError, IndexError):
        return 0


def _rows(place: Path) -> int:
    try:
        return int(map_npy(place / "photos.npy").shape[0])
    except (ValueError, IndexError):
        return 0


def _places(folder: Path) -> Iterator[Path]:
    yield from (path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))


def _locked(path: Path) -> bool:
    lock = ProcessLock(path)
    free = lock.acquire()
    lock.release()
    return not free
