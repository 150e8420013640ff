"""Choosing photos and a known network for the recipes B and C, and how such networks are named to people."""

from __future__ import annotations

import streamlit as st

from flowerlab.architectures import architecture
from flowerlab.datasets.catalog import dataset_title
from flowerlab.lab import Lab
from flowerlab.locale import _


def pick_photos_and_backbone(lab: Lab, *, key: str, photos_help: str, label: str, help: str) -> tuple[str, str]:
    """Lets one choose which photos, and which known network; returns the names of the data set and of the architecture."""
    left, right = st.columns(2, gap="medium")
    dataset = left.selectbox(
        _("Photos"), lab.data.names(), format_func=dataset_title, key=f"{key}-dataset", persist_state="session", help=photos_help
    )
    backbone = right.selectbox(
        label,
        lab.data.backbones(),
        format_func=lambda name: backbone_title(lab, name),
        key=f"{key}-backbone",
        persist_state="session",
        help=help,
    )
    return str(dataset), str(backbone)


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
