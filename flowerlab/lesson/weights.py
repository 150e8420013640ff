"""Weights files in a pack: only those that Keras itself would fetch, and only whole."""

from __future__ import annotations

import hashlib
from pathlib import Path

from flowerlab.architectures import ARCHITECTURES
from flowerlab.downloads import is_whole
from flowerlab.errors import BadPack

# By the number of hexadecimal digits of a digest.
HASHES = {32: "md5", 64: "sha256"}


def check_weights_file(path: Path, name: str) -> None:
    """Checks a weights file by its name and, where the package knows its hash, by that.

    Args:
        path: The file.
        name: That it has in Keras' cache.

    Raises:
        BadPack: If no architecture has weights of this name, or the file is not that one.
    """
    known = {file.name: file for chosen in ARCHITECTURES.values() for file in chosen.weights}
    if name not in known:
        raise BadPack(
            f"No network that this Flowerlab knows has weights of this name. Received: {name}. Update Flowerlab, or leave "
            "them out."
        )
    digest = known[name].digest
    if digest is None or len(digest) not in HASHES:
        if not is_whole(path):
            raise BadPack(
                f"The weights file {name} is no whole HDF5 file. Expected one of about {known[name].megabytes:g} MB. Received: "
                f"{path.stat().st_size / 1e6:.1f} MB. Fetch it anew."
            )
        return
    with path.open("rb") as file:
        if hashlib.file_digest(file, HASHES[len(digest)]).hexdigest() != digest:
            raise BadPack(
                f"The weights file {name} is not the one that Keras' authors published. Expected {known[name].megabytes:g} MB "
                f"with the hash {digest}. Received: {path.stat().st_size / 1e6:.1f} MB with another. Fetch it anew."
            )
