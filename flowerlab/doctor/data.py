"""Data and weights: what is here, and what each missing one costs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from flowerlab.architectures import ARCHITECTURES, Architecture
from flowerlab.architectures.pretrained import find_weights, keras_home
from flowerlab.datasets.catalog import DATASETS
from flowerlab.datasets.import_folder import list_folders
from flowerlab.datasets.originals import open_originals
from flowerlab.datasets.sources.tfds import TfdsSource
from flowerlab.doctor.finding import Finding, Level
from flowerlab.home import Home
from flowerlab.system.downloads import RemoteFile

PACK = "python -m flowerlab unpack LESSON.zip brings it from a computer with a network."


def check_datasets(root: Path) -> Iterator[Finding]:
    """Looks for the photos of every data set, and for own ones."""
    home = Home(root.expanduser().resolve())
    for name, entry in DATASETS.items():
        if isinstance(entry.source, TfdsSource):
            yield _downloaded(home, name, entry.source)
        else:
            yield Finding(name, Level.OK, "Is drawn here; nothing has to be fetched.")
    if home.folders.is_dir():
        for info in list_folders(home.folders):
            text = f"Your photos: {info.photos:,} of {len(info.classes)} classes."
            yield Finding(f"folder:{info.name}", Level.OK, text)


def _downloaded(home: Home, name: str, source: TfdsSource) -> Finding:
    gathered = home.originals / source.published
    if open_originals(gathered) is not None:
        return Finding(name, Level.OK, f"At hand in {gathered}.")
    if source.is_prepared:
        return Finding(name, Level.OK, f"At hand in {source.prepared}.")
    host = "the address that TensorFlow Datasets knows" if source.archive is None else _host(source.archive.file)
    return Finding(
        name,
        Level.WARNING,
        f"Not on this machine: {source.count:,} photos, a download of {source.download_mb} MB from {host}.",
        f"`python -m flowerlab fetch {name}` fetches it. Without a network: {PACK} Or train on the garden.",
        float(source.download_mb),
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
