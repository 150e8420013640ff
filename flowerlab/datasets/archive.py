"""The archive of a data set, fetched by us and laid where TensorFlow Datasets (TFDS) looks for what it has downloaded before."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path

from flowerlab.system.downloads import RemoteFile, download, in_megabytes
from flowerlab.system.files import replace_file
from flowerlab.system.progress import Progress


@dataclass(frozen=True)
class Archive:
    """An archive that TFDS would download.

    Args:
        file: Where we fetch it, with its size and SHA-256.
        url: By which TFDS knows it.
        stem: Beginning of the name that TFDS makes of the address.
    """

    file: RemoteFile
    url: str
    stem: str

    def path(self, data_dir: Path, dataset: str) -> Path:
        """Returns where TFDS looks for it: the name holds the SHA-256 of the content in Base64."""
        assert self.file.digest is not None
        digest = base64.urlsafe_b64encode(bytes.fromhex(self.file.digest)).decode().removesuffix("=")
        return data_dir / "downloads" / dataset / f"{self.stem}{digest}.tgz"

    def fetch(self, data_dir: Path, dataset: str, progress: Progress) -> Path:
        """Returns the archive; downloads it if it is missing.

        Args:
            dataset: Name by which TFDS knows the data set.
            progress: Called with (step, MB here, MB in all); may raise to give up, which keeps what has come.

        Raises:
            DownloadFailed: If it is missing and cannot be downloaded.
        """
        path = download(self.file, self.path(data_dir, dataset), in_megabytes(f"Downloading {dataset} (MB)", progress))
        about = path.with_name(f"{path.name}.INFO")
        # TFDS counts an archive without this file as not there.
        if not about.is_file():
            record = {
                "dataset_names": [dataset],
                "original_fname": self.file.name,
                "url_info": {"checksum": self.file.digest, "filename": self.file.name, "size": self.file.size_bytes},
                "urls": [self.url],
            }
            replace_file(about, json.dumps(record, sort_keys=True).encode())
        return path
