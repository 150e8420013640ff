"""The versions of what computes."""

from __future__ import annotations

import platform
from importlib import metadata

import flowerlab

PACKAGES = ("keras", "tensorflow", "numpy", "pillow")


def versions_here() -> dict[str, str]:
    """Returns name → version of Flowerlab, Python and the packages whose version may change a figure, as they are installed here."""
    return {
        "Flowerlab": flowerlab.__version__,
        "Python": platform.python_version(),
        **{package: metadata.version(package) for package in PACKAGES},
    }
