"""All that the lab has on the disk, put together from its kinds: measured, and freed."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import replace

from flowerlab.datasets.availability import Availability
from flowerlab.datasets.import_folder import delete_folder
from flowerlab.datasets.photo_hashes import hashes_file
from flowerlab.datasets.sources.folder import FOLDER_PREFIX
from flowerlab.disk.items import Freed, Item, Usage
from flowerlab.disk.kinds.downloads import downloads, own_weights
from flowerlab.disk.kinds.features import features
from flowerlab.disk.kinds.half_written import half_written
from flowerlab.disk.kinds.list_copies import list_copies, rest
from flowerlab.disk.kinds.photos import embeddings, hashes, own_photos, photos
from flowerlab.disk.kinds.prepared import prepared
from flowerlab.disk.kinds.runs import checkpoints, runs, trashed
from flowerlab.disk.trash import Trash
from flowerlab.errors import BadInput, FlowerlabError, InUse
from flowerlab.features.eviction import delete_prepared
from flowerlab.home import Home
from flowerlab.inference.embeddings import forget_embeddings
from flowerlab.store import Store


class Disk:
    """What a lab has on the disk, by kind."""

    def __init__(self, home: Home, store: Store, data: Availability, trash: Trash) -> None:
        self._home, self._store, self._data = home, store, data
        kinds = (
            runs(home, store, trash),
            checkpoints(home, store),
            features(home),
            prepared(home, store, data),
            photos(home, store, data),
            hashes(home, data),
            embeddings(home, store),
            own_photos(home),
            own_weights(home, store),
            downloads(),
            trashed(trash),
            list_copies(home),
            half_written(home),
            rest(home, store),
        )
        self.kinds = {one.kind: one for one in kinds}

    def measure(self) -> Usage:
        """Looks at every file of the lab. It takes a while where there are many: pages show what was measured last."""
        found: list[Item] = []
        for kind in self.kinds.values():
            why = kind.blocked_by()
            found += [replace(item, why_not=why.get(item.key, "")) for item in kind.list() if item.bytes]
        disk = shutil.disk_usage(self._home.root)
        return Usage(tuple(sorted(found, key=lambda item: -item.bytes)), disk.free, disk.total)

    def free(self, items: Iterable[Item]) -> Freed:
        """Frees what may go: runs go to the trash, everything else for good.

        Args:
            items: As they were measured, which may be a while ago: whether something needs one is looked up once more.

        Raises:
            HomeReadOnly: If nothing may be changed in this lab.
        """
        self._store.check_changeable()
        came = Freed()
        for item in items:
            kind = self.kinds[item.kind]
            try:
                if why := kind.blocked_by().get(item.key):
                    raise InUse(why)
                kind.free(item.key)
            except (FlowerlabError, OSError) as error:
                came.stayed.append((item, str(error)))
            else:
                came.freed.append(item)
        return came

    def delete_dataset(self, dataset: str) -> None:
        """Removes an imported data set with all that was made of it. Runs that trained on it keep their models.

        Args:
            dataset: `folder:NAME`.

        Raises:
            BadInput: If a run trains on it or waits to.
            BadFolder: If there is none of this name.
        """
        self._store.check_changeable()
        needing = [run.name for run in self._store.unfinished() if run.recipe.dataset == dataset]
        if needing:
            raise BadInput(f"{needing[0]!r} trains on these photos or waits to. Stop that run first, or wait for its end.")
        gathered = self._data.originals(dataset)
        delete_folder(self._home.folders, dataset.removeprefix(FOLDER_PREFIX))
        if gathered is not None:
            delete_prepared(self._home, gathered.content)
            hashes_file(self._home, gathered.content).unlink(missing_ok=True)
            forget_embeddings(self._home, content=gathered.content)
            shutil.rmtree(gathered.folder)
