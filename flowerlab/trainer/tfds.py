"""Data sets of TensorFlow Datasets (TFDS), read with the photos' own bytes."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import tensorflow_datasets as tfds

from flowerlab.datasets.originals import Original
from flowerlab.datasets.sources.tfds import TfdsSource, tfds_folder
from flowerlab.errors import DatasetNotAtHand, DownloadFailed
from flowerlab.system.progress import Progress

# TFDS writes all the time while it prepares.
UNFINISHED_FOR_S = 600
LOG = logging.getLogger(__name__)


def read_tfds(source: TfdsSource, progress: Progress) -> Iterator[Original]:
    """Loads a data set with `tfds.load` and returns its photos as they came; fetches and prepares it first if need be.

    Args:
        progress: Called with (step, done, total); may raise to give up.

    Raises:
        DatasetNotAtHand: If it is not on this machine and cannot be downloaded.
    """
    if not source.is_prepared:
        if source.archive is not None:
            try:
                source.archive.fetch(tfds_folder(), source.name, progress)
            except DownloadFailed as error:
                raise DatasetNotAtHand(missing_sentence(source, str(error))) from error
        progress(f"Preparing {source.name}", 0, 0)
        drop_unfinished(source.folder)
    try:
        dataset, info = tfds.load(
            f"{source.name}:{source.version}",
            split=source.split,
            data_dir=tfds_folder(),
            decoders={"image": tfds.decode.SkipDecoding()},
            shuffle_files=False,
            with_info=True,
            # An archive that we have fetched lies where TFDS looks for it; nothing else is asked of a network then.
            download_and_prepare_kwargs={"download_config": tfds.download.DownloadConfig(try_download_gcs=False)},
            # One shard after the other: only so the order is the one in which slices such as train[:70%] count.
            read_config=tfds.ReadConfig(interleave_cycle_length=1, try_autocache=False),
        )
    except (OSError, AssertionError, tfds.core.download.downloader.DownloadError) as error:
        LOG.exception("TFDS could not load %s.", source.name)
        raise DatasetNotAtHand(missing_sentence(source, f"TFDS could not prepare it ({type(error).__name__}).")) from error
    names = tuple(info.features["label"].names)
    if names != source.class_names:
        raise ValueError(
            f"{source.name} has other classes in TFDS than in the catalog. Expected {source.class_names}. Received: {names}."
        )
    total = info.splits[source.split].num_examples

    def counted() -> Iterator[Original]:
        for done, photo in enumerate(dataset.as_numpy_iterator()):
            if done % 64 == 0:
                progress("Gathering photos", done, total)
            yield Original(id=f"{source.name}-{done:05d}", label=int(photo["label"]), data=photo["image"])

    return counted()


def drop_unfinished(folder: Path) -> None:
    """Deletes what TFDS left there when it was ended while it prepared; what another process may be writing to stays.

    Args:
        folder: Of the data set; it need not exist.
    """
    for left in folder.glob("incomplete.*"):
        newest_s = max((path.stat().st_mtime for path in (left, *left.rglob("*"))), default=0.0)
        if time.time() - newest_s > UNFINISHED_FOR_S:
            LOG.info("Deleting %s, which was left unfinished.", left)
            shutil.rmtree(left, ignore_errors=True)


def missing_sentence(source: TfdsSource, reason: str) -> str:
    """Says what is missing, why, and the two ways out."""
    return (
        f"{source.name} ({source.count:,} photos, a download of {source.download_mb} MB) is not on this machine. {reason} Train on "
        "the garden, which needs no network, or bring a lesson pack from another computer (python -m flowerlab unpack), or copy "
        "a tensorflow_datasets folder from there and set TFDS_DATA_DIR to it."
    )
