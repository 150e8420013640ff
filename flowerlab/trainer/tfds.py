"""tf_flowers through TensorFlow Datasets, gathered with the photos' own bytes."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import tensorflow_datasets as tfds

from flowerlab.datasets.archive import fetch_archive
from flowerlab.datasets.catalog import DATASETS
from flowerlab.datasets.gather import TF_FLOWERS_VERSION, Progress, tf_flowers_info, tf_flowers_originals, tfds_folder
from flowerlab.datasets.originals import Original, Originals, write_originals
from flowerlab.errors import DatasetNotAtHand, DownloadFailed
from flowerlab.home import Home

# TFDS writes all the time while it prepares.
UNFINISHED_FOR_S = 600
LOG = logging.getLogger(__name__)


def gather_tf_flowers(folder: Path, progress: Progress) -> Originals:
    """Loads tf_flowers with `tfds.load` and writes its photos as they came; fetches the archive first if need be.

    Args:
        folder: FLOWERLAB_HOME's folder of originals.
        progress: Called with (step, done, total).

    Raises:
        DatasetNotAtHand: If it is not on this machine and cannot be downloaded.
    """
    if not tf_flowers_info().exists():
        try:
            fetch_archive(progress)
        except DownloadFailed as error:
            raise DatasetNotAtHand(missing_sentence(str(error))) from error
        progress("Preparing tf_flowers", 0, 0)
        drop_unfinished(tfds_folder() / "tf_flowers")
    try:
        dataset, info = tfds.load(
            f"tf_flowers:{TF_FLOWERS_VERSION}",
            split="train",
            data_dir=tfds_folder(),
            decoders={"image": tfds.decode.SkipDecoding()},
            shuffle_files=False,
            with_info=True,
            # The archive lies where TFDS looks for it; nothing else is asked of a network.
            download_and_prepare_kwargs={"download_config": tfds.download.DownloadConfig(try_download_gcs=False)},
            # One shard after the other: only so the order is the one in which slices such as train[:70%] count.
            read_config=tfds.ReadConfig(interleave_cycle_length=1, try_autocache=False),
        )
    except (OSError, AssertionError, tfds.core.download.downloader.DownloadError) as error:
        LOG.exception("TFDS could not load tf_flowers.")
        raise DatasetNotAtHand(missing_sentence(f"TFDS could not prepare it ({type(error).__name__}).")) from error
    total = info.splits["train"].num_examples

    def counted() -> Iterator[Original]:
        for done, photo in enumerate(dataset.as_numpy_iterator()):
            if done % 64 == 0:
                progress("Gathering photos", done, total)
            yield Original(id=f"tf_flowers-{done:05d}", label=int(photo["label"]), data=photo["image"])

    return write_originals(tf_flowers_originals(Home(folder.parent)), tuple(info.features["label"].names), counted())


def drop_unfinished(folder: Path) -> None:
    """Deletes what TFDS left there when it was ended while it prepared; what somebody may be writing to stays.

    Args:
        folder: Of the data set; it need not exist.
    """
    for left in folder.glob("incomplete.*"):
        newest_s = max((path.stat().st_mtime for path in (left, *left.rglob("*"))), default=0.0)
        if time.time() - newest_s > UNFINISHED_FOR_S:
            LOG.info("Deleting %s, which was left unfinished.", left)
            shutil.rmtree(left, ignore_errors=True)


def missing_sentence(reason: str) -> str:
    """Says what is missing, why, and the two ways out."""
    entry = DATASETS["tf_flowers"]
    return (
        f"tf_flowers ({entry.photos:,} photos, a download of {entry.download_mb} MB) is not on this machine. {reason} Train on "
        "the garden, which needs no network, or bring a lesson pack from another computer (python -m flowerlab unpack), or copy "
        "a tensorflow_datasets folder from there and set TFDS_DATA_DIR to it."
    )
