"""Photos as they came, and what was computed of them: hashes, embeddings."""

from __future__ import annotations

from collections.abc import Iterator

from flowerlab.datasets.availability import Availability
from flowerlab.datasets.catalog import dataset_of_identity, dataset_title
from flowerlab.datasets.gather import gathering_lock
from flowerlab.disk.items import Item, Kind
from flowerlab.disk.kinds.kind import DiskKind, deleted_from, entries, item_of, locked
from flowerlab.estimates.cost import AT_FLOPS
from flowerlab.estimates.machine_speed import peak_flops
from flowerlab.home import Home
from flowerlab.runs.run import Run
from flowerlab.store import Store

OF_PEOPLE = "Somebody brought these photos: the Data page deletes them."
NOT_AGAIN = "What it was made from is not on this computer: it could not be made again."


def photos(home: Home, store: Store, data: Availability) -> DiskKind:
    """A data set's photos as they came."""

    def listed() -> Iterator[Item]:
        here = {data.identity(dataset): dataset for dataset in data.names()}
        for folder in entries(home.originals):
            dataset = here.get(folder.name)
            count = len(data.originals(dataset) or ()) if dataset else 0
            drawn_s = count * data.source(dataset).drawn_s if dataset else 0.0
            again_s = drawn_s * AT_FLOPS / peak_flops(home) if drawn_s else None
            yield item_of(Kind.PHOTOS, folder, dataset_title(dataset) if dataset else folder.name, again_s)

    def blocked_by() -> dict[str, str]:
        here = {data.identity(dataset): dataset for dataset in data.names()}
        return {folder.name: why for folder in entries(home.originals) if (why := why_not(folder.name, here.get(folder.name)))}

    def why_not(key: str, dataset: str | None) -> str:
        if dataset is None:
            # Another garden can be drawn once more.
            known = dataset_of_identity(key)
            return "" if known is not None and known.source.drawn_s else NOT_AGAIN
        if not data.source(dataset).available(home):
            return NOT_AGAIN
        run = next((run for run in store.unfinished() if run.recipe.dataset == dataset), None)
        if run is not None:
            return needs(run)
        return "Somebody gathers them just now." if locked(gathering_lock(home, dataset)) else ""

    return DiskKind(Kind.PHOTOS, listed, deleted_from(home.originals), blocked_by)


def hashes(home: Home, data: Availability) -> DiskKind:
    """Of photos, by which near duplicates are found."""

    def listed() -> Iterator[Item]:
        named = titles(data)
        for file in entries(home.hashes):
            yield item_of(Kind.HASHES, file, named.get(file.stem.rpartition("-")[2], "photos of before"))

    return DiskKind(Kind.HASHES, listed, deleted_from(home.hashes))


def embeddings(home: Home, store: Store) -> DiskKind:
    """What a run's last hidden layer makes of photos, by which similar ones are found."""

    def listed() -> Iterator[Item]:
        named = {run.id: run.name for run in store.all()}
        for file in entries(home.embeddings):
            yield item_of(Kind.EMBEDDINGS, file, named.get(file.name.partition("-")[0], "a run of before"))

    return DiskKind(Kind.EMBEDDINGS, listed, deleted_from(home.embeddings))


def own_photos(home: Home) -> DiskKind:
    """Imported folders of photos. With them goes more than their files, see `Disk.delete_dataset`."""

    return DiskKind(
        Kind.OWN_PHOTOS,
        lambda: [item_of(Kind.OWN_PHOTOS, folder, folder.name) for folder in entries(home.folders)],
        deleted_from(home.folders),
        lambda: {folder.name: OF_PEOPLE for folder in entries(home.folders)},
    )


def needs(run: Run) -> str:
    """Says that a run needs photos."""
    return f"{run.name!r} trains on them or waits to."


def titles(data: Availability) -> dict[str, str]:
    """Returns what gathered photos are called, by the hash of their content."""
    found = {dataset: data.originals(dataset) for dataset in data.names()}
    return {originals.content: dataset_title(dataset) for dataset, originals in found.items() if originals is not None}
