"""Which pretrained weights are on this machine, without Keras."""

from __future__ import annotations

import functools
import shutil
from pathlib import Path

from flowerlab.architectures import Architecture
from flowerlab.errors import BadInput, legible
from flowerlab.home import Home
from flowerlab.system.downloads import download, in_megabytes, is_whole
from flowerlab.system.environment import folder_named_by
from flowerlab.system.files import digest_of
from flowerlab.system.progress import Progress
from flowerlab.system.safe_models import check_model_file

SUFFIXES = (".h5", ".keras")
SHIPPED = Path(__file__).parent / "shipped"


def keras_home() -> Path:
    """Returns Keras' own folder: `KERAS_HOME`, or ~/.keras."""
    return folder_named_by("KERAS_HOME", Path("~/.keras"))


def find_weights(chosen: Architecture) -> Path | None:
    """Returns the file with an architecture's pretrained weights; None if it is not on this machine.

    ImageNet's lie in Keras' cache, as Keras saves them; Flowerlab's own in the package: an npz of float16 arrays, one a
    weight, each named after its layer (`block1_conv1/kernel`).
    """
    if chosen.pretrained == "flowerlab":
        path = SHIPPED / f"{chosen.name}.npz"
        return path if path.is_file() else None
    for file in chosen.weights:
        path = keras_home() / "models" / file.name
        if is_whole(path):
            return path
    return None


def shipped_digest(chosen: Architecture) -> str:
    """Returns what distinguishes the weights that come with this Flowerlab from those of another version; `missing` without them."""
    path = SHIPPED / f"{chosen.name}.npz"
    return _digest(path, path.stat().st_mtime_ns) if path.is_file() else "missing"


@functools.lru_cache(maxsize=8)
def _digest(path: Path, written_ns: int) -> str:
    return digest_of(path)[:8]


def fetch_weights(chosen: Architecture, progress: Progress) -> Path:
    """Returns the file with an architecture's ImageNet weights; downloads it into Keras' cache if it is missing.

    Args:
        chosen: One that has pretrained weights.
        progress: Called with (step, MB here, MB in all); may raise to give up, which keeps what has come.

    Raises:
        DownloadFailed: If it is missing and cannot be downloaded.
    """
    found = find_weights(chosen)
    if found is not None:
        return found
    file, step = chosen.weights[0], f"Downloading {chosen.title} weights (MB)"
    return download(file, keras_home() / "models" / file.name, in_megabytes(step, progress))


def weights_name(source: Path) -> str:
    """Looks at a weights file and returns the name that it would have in the lab; writes nothing.

    Raises:
        BadInput: If it is not there, has another ending, or is `BadModel`.
    """
    try:
        there = source.suffix in SUFFIXES and source.is_file()
    except OSError:
        # A path that no file system can hold.
        there = False
    if not there:
        raise BadInput(
            f"This is no weights file. Expected an existing file that ends in {' or '.join(SUFFIXES)}. "
            f"Received: {legible(str(source))}. Save it with model.save_weights or model.save."
        )
    check_model_file(source)
    stem = "".join(letter if letter.isalnum() and letter.isascii() else "-" for letter in source.name.split(".")[0])[:60]
    suffix = ".weights.h5" if source.name.endswith(".weights.h5") else source.suffix
    return f"{stem.strip('-') or 'weights'}-{digest_of(source)[:8]}{suffix}"


def import_weights(source: Path, home: Home) -> str:
    """Copies a weights file into the lab and returns the value for the recipe's `weights`.

    Raises:
        BadInput: As `weights_name`.
    """
    name = weights_name(source)
    if not (home.weights / name).exists():
        part = home.weights / f".{name}.part"
        shutil.copyfile(source, part)
        part.replace(home.weights / name)
    return f"file:{name}"
