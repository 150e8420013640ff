"""Data and weights: what is at hand, and what each missing one costs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from flowerlab.architectures import ARCHITECTURES, Architecture
from flowerlab.architectures.pretrained import find_weights, keras_home
from flowerlab.datasets.catalog import DATASETS, FLOWER_PHOTOS
from flowerlab.datasets.gather import tf_flowers_info, tf_flowers_originals
from flowerlab.datasets.import_folder import list_folders
from flowerlab.datasets.originals import open_originals
from flowerlab.doctor.finding import Finding, Level
from flowerlab.home import Home
from flowerlab.system.downloads import RemoteFile

PACK = "python -m flowerlab unpack LESSON.zip brings it from a computer with a network."


def check_datasets(root: Path) -> Iterator[Finding]:
    """Looks for the photos: the garden, tf_flowers, own ones."""
    home = Home(root.expanduser().resolve())
    yield Finding("garden", Level.OK, "Is drawn here; nothing has to be fetched.")
    yield _tf_flowers(home)
    if home.folders.is_dir():
        for info in list_folders(home.folders):
            text = f"Your photos: {info.photos:,} of {len(info.classes)} classes."
            yield Finding(f"folder:{info.name}", Level.OK, text)


def _tf_flowers(home: Home) -> Finding:
    entry = DATASETS["tf_flowers"]
    if open_originals(tf_flowers_originals(home)) is not None:
        return Finding("tf_flowers", Level.OK, f"At hand in {tf_flowers_originals(home)}.")
    if tf_flowers_info().exists():
        return Finding("tf_flowers", Level.OK, f"At hand in {tf_flowers_info().parent}.")
    host = _host(FLOWER_PHOTOS)
    return Finding(
        "tf_flowers",
        Level.WARNING,
        f"Not on this machine: {entry.photos:,} photos, a download of {entry.download_mb} MB from {host}.",
        f"`python -m flowerlab fetch tf_flowers` fetches it. Without a network: {PACK} Or train on the garden.",
        float(entry.download_mb),
        host,
    )


def check_weights() -> Iterator[Finding]:
    """Looks for the pretrained weights of every architecture that has some."""
    for chosen in ARCHITECTURES.values():
        if chosen.pretrained is not None:
            yield _weights_of(chosen)


def _weights_of(chosen: Architecture) -> Finding:
    subject, found = f"{chosen.name} weights", find_weights(chosen)
    if found is not None:
        return Finding(subject, Level.OK, f"At hand: {found}.")
    if not chosen.weights:
        return Finding(
            subject,
            Level.WARNING,
            "Missing, though they come with Flowerlab.",
            "Install Flowerlab anew, or train with --weights none.",
        )
    file = chosen.weights[0]
    host = _host(file)
    return Finding(
        subject,
        Level.WARNING,
        f"Not on this machine: {file.name}, a download of {file.megabytes:g} MB from {host}.",
        f"`python -m flowerlab fetch {chosen.name}` fetches them. Without a network: {PACK} Or copy the file into "
        f"{keras_home() / 'models'}, or train with --weights none.",
        file.megabytes,
        host,
    )


def _host(file: RemoteFile) -> str:
    return urlsplit(file.url).hostname or file.url
