"""Known networks for the recipes B and C, those that can be used at once first."""

from __future__ import annotations

from flowerlab.architectures import ARCHITECTURES, architecture
from flowerlab.locale import _
from flowerlab.runs import Lab


def backbones(lab: Lab) -> list[str]:
    """Returns the names of all networks that have something to fine-tune, the one to offer first at the head.

    VGG16, the lecture's, leads if its weights are on this machine or nobody's are; else the first whose weights are here.
    """
    known = [name for name, entry in ARCHITECTURES.items() if entry.fine_tune_from is not None]
    return sorted(known, key=lambda name: (not lab.weights_at_hand(name), name != "vgg16", known.index(name)))


def backbone_title(lab: Lab, name: str) -> str:
    """Returns what people call a network, and whether its weights are here: `VGG16 · to fetch: 59 MB`."""
    title = architecture(name).title
    if lab.weights_at_hand(name):
        return title + " · " + _("weights at hand ✓")
    return title + " · " + _("weights to fetch: {size:.0f} MB").format(size=megabytes(name))


def megabytes(name: str) -> float:
    """Returns the size of a network's ImageNet weights in MB (10⁶ bytes); 0 if it has none."""
    files = architecture(name).weights
    return files[0].megabytes if files else 0.0
