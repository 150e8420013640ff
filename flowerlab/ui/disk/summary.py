"""The disk at a glance: how much is free, and what takes how much."""

from __future__ import annotations

import streamlit as st

from flowerlab.charts.disk import disk_options, disk_sentence
from flowerlab.disk.items import CACHES, Kind, Usage
from flowerlab.locale import _
from flowerlab.locale.numbers import size

BAR_PX = 44


def parts_of(usage: Usage) -> list[tuple[str, int]]:
    """Returns the parts of the bar with their bytes; those that take nothing are left out."""
    named = [
        (_("runs"), (Kind.RUN,)),
        (_("checkpoints"), (Kind.CHECKPOINTS,)),
        (_("caches"), CACHES),
        (_("own photos and weights"), (Kind.OWN_PHOTOS, Kind.WEIGHTS)),
        (_("trash"), (Kind.TRASH,)),
        (_("downloads"), (Kind.DOWNLOADS,)),
        (_("lists and logs"), (Kind.REST, Kind.LIST_COPIES, Kind.HALF_WRITTEN)),
    ]
    return [(name, taken) for name, kinds in named if (taken := usage.total(*kinds))]


def disk_summary(usage: Usage) -> None:
    """Draws the free disk, the bar, and the bar in words."""
    parts = parts_of(usage)
    left, right = st.columns([1, 1])
    left.metric(
        _("The lab takes"),
        size(usage.total() + usage.total(Kind.DOWNLOADS)),
        help=_("Runs, caches, photos, the trash, and what was downloaded for it."),
    )
    right.metric(
        _("Free"),
        size(usage.free_bytes),
        _("of {size}").format(size=size(usage.disk_bytes)),
        delta_color="off",
        delta_arrow="off",
        help=_("On the disk that Flowerlab's folder lies on."),
    )
    sentence = disk_sentence(parts)
    st.echarts_chart(disk_options(parts, dark=st.context.theme.type == "dark"), height=BAR_PX, key="disk-bar", alt=sentence)
    st.caption(sentence)
