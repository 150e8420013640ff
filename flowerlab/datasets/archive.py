"""The archive of tf_flowers, fetched by us and laid where TensorFlow Datasets looks for what it has downloaded before."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path

from flowerlab.datasets import catalog
from flowerlab.datasets.gather import tfds_folder
from flowerlab.system.downloads import RemoteFile, download, in_megabytes
from flowerlab.system.files import replace_file

# The address by which TFDS knows the archive, and the beginning of the name that it makes of it.
TFDS_URL = "http://download.tensorflow.org/example_images/flower_photos.tgz"
TFDS_STEM = "downl.tenso.org_examp_image_flowe_photo"


def archive_path(file: RemoteFile) -> Path:
    """Returns where TFDS looks for the archive: its name holds the SHA-256 of the content in Base64."""
    assert file.digest is not None
    told = base64.urlsafe_b64encode(bytes.fromhex(file.digest)).decode().removesuffix("=")
    return tfds_folder() / "downloads" / "tf_flowers" / f"{TFDS_STEM}{told}.tgz"


def fetch_archive(progress: Callable[[str, int, int], None]) -> Path:
    """Returns the archive of tf_flowers; downloads it if it is missing.

    Args:
        progress: Called with (step, MB here, MB in all); may raise to give up, which keeps what has come.

    Raises:
        DownloadFailed: If it is missing and cannot be downloaded.
    """
    file = catalog.FLOWER_PHOTOS
    path = download(file, archive_path(file), in_megabytes("Downloading tf_flowers (MB)", progress))
    about = path.with_name(f"{path.name}.INFO")
    # TFDS counts an archive without this file as not there.
    if not about.is_file():
        replace_file(about, json.dumps(_about(file), sort_keys=True).encode())
    return path


def _about(file: RemoteFile) -> dict[str, object]:
    return {
        "dataset_names": ["tf_flowers"],
        "original_fname": file.name,
        "url_info": {"checksum": file.digest, "filename": file.name, "size": file.size_bytes},
        "urls": [TFDS_URL],
    }
