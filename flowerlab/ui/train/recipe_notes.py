"""What a recipe means, before one clicks Start: how much learns, and what to know about it."""

from __future__ import annotations

import streamlit as st

from flowerlab.charts.strip import pieces, strip_options, strip_sentence
from flowerlab.datasets.catalog import dataset_title
from flowerlab.estimates.cost import Estimate
from flowerlab.lab import Lab
from flowerlab.locale import _
from flowerlab.locale.numbers import roughly, size
from flowerlab.recipe.recipe import Recipe
from flowerlab.ui.base.text import trainable_of, what_parameters_are
from flowerlab.ui.widgets.backbone_picker import megabytes
from flowerlab.ui.widgets.task_progress import fetch_panel

# Where no number of augmented copies is chosen, what so many would cost is said.
OFFERED_VIEWS = 4


def show_what_learns(lab: Lab, recipe: Recipe) -> None:
    """Writes how many parameters train and draws the strip of layers.

    Raises:
        BadRecipe: If the recipe names photos that are not in this lab.
    """
    counts = recipe.counts(len(lab.data.classes_of(recipe.dataset)))
    st.markdown(f"**{trainable_of(counts.trainable, counts.total)}**", help=what_parameters_are())
    parts = pieces(recipe.chosen, recipe.unfreeze_from, head_layers=len(recipe.head) + 1)
    sentence = strip_sentence(parts)
    st.echarts_chart(strip_options(parts), height=44, key="strip", alt=sentence)
    st.caption(sentence)


def show_estimate(estimate: Estimate) -> None:
    """Writes what the run will cost: how long, how much of it once, how much memory and disk."""
    st.markdown(
        "⏱ **" + _("about {time}").format(time=roughly(estimate.seconds_total)) + "** · " + _parts(estimate),
        help=_(
            "An estimate for this computer, nothing else running; it gets better with every run. Frozen layers look at each photo "
            "once, and what they make of it (the features) is kept: the next run with the same frozen layers finds them."
        ),
    )
    needs = _("needs about {memory} of memory, and {disk} of disk while it trains")
    st.caption(
        "💾 " + needs.format(memory=size(estimate.memory_bytes), disk=size(estimate.disk_bytes)),
        help=_(
            "Memory: the network, what learns with its gradients and the optimizer's arrays, and a batch on its way through the layers. "
            "A smaller batch, smaller photos or more frozen layers need less. Disk: photos, features, checkpoints and the model."
        ),
    )


def _parts(estimate: Estimate) -> str:
    parts = []
    if estimate.seconds_photos >= 1:
        parts.append(_("photos {time}").format(time=roughly(estimate.seconds_photos)))
    if estimate.features_at_hand:
        parts.append(_("frozen features at hand"))
    elif estimate.way != "plain":
        words = _("frozen features {time}, {megabytes} MB on the disk")
        parts.append(words.format(time=roughly(estimate.seconds_features), megabytes=f"{estimate.cache_bytes / 1e6:,.0f}"))
    parts.append(_("an epoch {time}").format(time=roughly(estimate.seconds_epoch)))
    return " · ".join(parts)


def show_warnings(recipe: Recipe) -> None:
    """Writes what is wrong in method, so that it stands out before the click."""
    if recipe.split == "lecture":
        st.warning(
            _(
                "This split is a leak: every test photo was seen in training, so the test accuracy will be too high. "
                "Choose “honest” to know how good the network really is."
            ),
            icon="⚠️",
        )


def show_notes(lab: Lab, recipe: Recipe, estimate: Estimate) -> None:
    """Writes what is good to know."""
    for note in notes(lab, recipe, estimate):
        st.caption("💡 " + note)
    fetch_panel(lab, [recipe.dataset, *([recipe.architecture] if recipe.needs_pretrained else [])], place="train")


def notes(lab: Lab, recipe: Recipe, estimate: Estimate) -> list[str]:
    """Returns the quieter notes, one sentence or two each."""
    found = []
    if recipe.patience >= recipe.epochs:
        text = _(
            "Early stopping cannot stop this run: its patience ({patience}) is not below its epochs ({epochs}). "
            "It only keeps the best epoch."
        )
        found.append(text.format(patience=recipe.patience, epochs=recipe.epochs))
    return [*found, *_speed(lab, recipe, estimate), *_materials(lab, recipe)]


def _speed(lab: Lab, recipe: Recipe, estimate: Estimate) -> list[str]:
    """What makes it slower than it could be, with what each choice costs."""
    if recipe.augment != "none" and recipe.cut:
        views = recipe.augment_views or OFFERED_VIEWS
        text = _(
            "New changes in every epoch send every photo through the frozen layers each time: about {fresh}. With {views} "
            "of each photo, looked at once: about {copies}; without augmentation: about {none}."
        )
        choices: dict[str, dict[str, object]] = {
            "fresh": {"augment_views": 0},
            "copies": {"augment_views": views},
            "none": {"augment": "none", "augment_views": 0},
        }
        times = {name: lab.estimates.of(recipe.changed(**knobs)) for name, knobs in choices.items()}
        return [text.format(views=_copies(views), **{name: roughly(one.seconds_total) for name, one in times.items()})]
    if estimate.too_large:
        return [
            _(
                "The features of this recipe are larger than this lab may keep, so every photo goes through all layers in every "
                "epoch. Unfreeze from a later layer, or take smaller photos."
            )
        ]
    return []


def _copies(views: int) -> str:
    return _("1 augmented copy") if views == 1 else _("{count} augmented copies").format(count=views)


def _materials(lab: Lab, recipe: Recipe) -> list[str]:
    """What is to be said of its photos and starting weights: what is missing here, how large it is, what they have seen."""
    found = []
    if recipe.needs_pretrained and not lab.data.has_weights(recipe.architecture):
        text = _(
            "The weights of {title} are not on this computer: {size:.0f} MB are downloaded first. Without a network "
            "choose another architecture, or the starting weights “none”."
        )
        found.append(text.format(title=recipe.chosen.title, size=megabytes(recipe.architecture)))
    if recipe.seen_before:
        found.append(_(recipe.seen_before))
    if recipe.weights == "none" and not recipe.from_scratch and recipe.start_from is None:
        found.append(_("This network begins with random numbers: it knows nothing yet that could be transferred."))
    if not lab.data.has_photos(recipe.dataset):
        text = _("{title} is not on this computer: {size} MB are downloaded first. The garden needs no network.")
        found.append(text.format(title=dataset_title(recipe.dataset), size=lab.data.source(recipe.dataset).download_mb))
    return found
