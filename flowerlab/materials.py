"""Materials: what tells the photos and shipped weights that a recipe names from others of the same name, as one text."""

from __future__ import annotations

from flowerlab.architectures import Architecture
from flowerlab.weights import shipped_digest


def materials_of(photos: str, shipped: Architecture | None) -> str:
    """Writes materials.

    Args:
        photos: What tells the photos from others; one word.
        shipped: The network that begins with the weights that come with Flowerlab; None if none does.
    """
    return photos if shipped is None else f"{photos} {shipped.name}-{shipped_digest(shipped)}"


def photos_in(materials: str) -> str:
    """Returns what tells the photos from others."""
    return materials.partition(" ")[0]


def digest_in(materials: str, architecture: str) -> str:
    """Returns what tells the shipped weights of a network from those of another version; empty if it does not say."""
    mark = f"{architecture}-"
    return next((word.removeprefix(mark) for word in materials.split() if word.startswith(mark)), "")
