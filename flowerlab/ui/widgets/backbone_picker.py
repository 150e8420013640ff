"""How known networks for the recipes B and C are named to people."""

from __future__ import annotations

from flowerlab.architectures import architecture
from flowerlab.lab import Lab
from flowerlab.locale import _


def backbone_title(lab: Lab, name: str) -> str:
    """Returns what people call a network, and whether its weights are here: `VGG16 · to fetch: 59 MB`."""
    title = architecture(name).title
    if architecture(name).pretrained == "flowerlab":
        return title + " · " + _("comes with Flowerlab ✓")
    if lab.data.has_weights(name):
        return title + " · " + _("weights at hand ✓")
    return title + " · " + _("weights to fetch: {size:.0f} MB").format(size=megabytes(name))


def megabytes(name: str) -> float:
    """Returns the size of a network's ImageNet weights in MB (10⁶ bytes); 0 if it has none."""
    files = architecture(name).weights
    return files[0].megabytes if files else 0.0
