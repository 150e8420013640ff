"""What the Data page says of a data set as a whole: its balance, its split, its source."""

from __future__ import annotations

import numpy as np
import streamlit as st

from flowerlab.charts.balance import balance_options, balance_sentence, majority_share, split_options, split_sentence
from flowerlab.datasets.catalog import DATASETS
from flowerlab.datasets.originals import Originals
from flowerlab.datasets.parts import parts_of
from flowerlab.datasets.splits import SPLITS
from flowerlab.locale import _
from flowerlab.ui.base.text import escaped
from flowerlab.ui.widgets.choice import choose_word


def show_balance(originals: Originals, dataset: str) -> None:
    """How many photos each class has."""
    counts = [int(count) for count in np.bincount(originals.labels, minlength=len(originals.classes))]
    left, right = st.columns([3, 2], vertical_alignment="center", gap="large")
    with left:
        st.subheader(_("{photos} photos in {classes} classes").format(photos=f"{len(originals):,}", classes=len(originals.classes)))
        st.echarts_chart(
            balance_options(originals.classes, counts),
            height=max(120, 42 * len(counts)),
            key="data-balance",
            alt=_("Photos in each class. {sentence}").format(sentence=balance_sentence(originals.classes, counts)),
        )
    with right:
        st.metric(
            _("Accuracy to beat"),
            f"{majority_share(counts) * 100:.1f} %",
            help=_("The majority baseline: the accuracy of a network that has learnt nothing but the most frequent class."),
        )
        st.markdown(
            _(
                "Always saying *{name}* would be right for {share:.1f} % of the photos. A network has learnt something only "
                "if it does better."
            ).format(name=escaped(originals.classes[int(np.argmax(counts))]), share=majority_share(counts) * 100)
        )
        if st.button(_("Train on these photos"), type="primary", key="data-train"):
            st.switch_page("pages/train.py", query_params={"dataset": dataset})


def show_split(originals: Originals, dataset: str) -> None:
    """Which photos train, which validate, which test."""
    st.subheader(
        _("Which photos train, and which test"),
        help=_(
            "Training photos change the weights, validation photos watch progress after each epoch, test photos judge "
            "the finished network. A test is fair only on photos that the network has never seen."
        ),
    )
    splits = {name: _("Honest") if name == "honest" else _("As in the lecture: a leak") for name in SPLITS}
    chosen = choose_word(
        _("Split"), splits, key="data-split", help=_("How the photos are shared out among training, validation and test.")
    )
    count = len(originals)
    _order, parts = parts_of(originals, dataset, split=chosen, validation_fraction=0.2)
    st.echarts_chart(
        split_options(parts, count=count, leak=chosen == "lecture"),
        height=190,
        key="data-split-picture",
        alt=split_sentence(parts, count=count),
    )
    (st.warning if chosen == "lecture" else st.success)(_(SPLITS[chosen]))


def show_credits(dataset: str) -> None:
    """Whose photos these are."""
    if dataset in DATASETS:
        entry = DATASETS[dataset]
        st.caption(_("Source: {source}. Licence: {licence}.").format(source=entry.credit, licence=entry.licence))
    else:
        st.caption(_("Your own photos. They stay on this machine."))
