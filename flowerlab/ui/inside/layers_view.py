"""The layers of a run: their strip, what each makes of a photo, and the first filters."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from flowerlab.architectures import Layer
from flowerlab.charts.heat_picture import named_places
from flowerlab.charts.strip import pieces, strip_options, strip_sentence
from flowerlab.inference.explanations import feature_maps, first_filters
from flowerlab.lab import Lab
from flowerlab.locale import _
from flowerlab.photos.photo import Photo
from flowerlab.runs.run import Run
from flowerlab.ui.explain.ask_predictor import asked
from flowerlab.ui.widgets.photo_tiles import turned_to
from flowerlab.ui.widgets.run_picker import run_title

MAPS_A_PAGE = 12
MAP_PX = 132
FILTER_PX = 56


def layers_with_maps(run: Run) -> list[tuple[int, Layer]]:
    """Returns the layers whose output still has height and width, each with its place among the layers, inputs left out."""
    layers = [layer for layer in run.recipe.chosen.layers if layer.kind != "InputLayer"]
    return [(place, layer) for place, layer in enumerate(layers) if layer.halvings >= 0]


def show_layers(lab: Lab, run: Run, photo: Photo) -> None:
    """Shows a run's layers, and what the one that is chosen makes of a photo."""
    recipe = run.recipe
    run_title(run)
    parts = pieces(recipe.chosen, recipe.unfreeze_from, head_layers=len(recipe.head) + 1)
    sentence = strip_sentence(parts)
    st.echarts_chart(strip_options(parts), height=44, key=f"inside-strip-{run.id}", alt=sentence)
    st.caption(_("From the photo (left) to the answer (right). {sentence}").format(sentence=sentence))
    offered = layers_with_maps(run)
    by_place = dict(offered)
    first = next((place for place, layer in offered if layer.kind == "Conv2D"), offered[0][0])
    key = f"inside-layer-{recipe.architecture}"
    if st.session_state.get(key, first) not in by_place:
        st.session_state.pop(key)
    place = st.selectbox(
        _("Layer"),
        list(by_place),
        index=list(by_place).index(first),
        key=key,
        persist_state="session",
        format_func=lambda place: _layer_words(run, by_place[place]),
        help=_(
            "Early layers find edges and colours, late ones find parts of flowers. A map is light where its channel found something."
        ),
    )
    st.subheader(
        _("Feature maps"),
        anchor=False,
        help=_(
            "What each channel of the layer makes of the photo: one picture a channel, those with the largest mean magnitude first."
        ),
    )
    _show_maps(lab, run, photo, int(place), by_place[int(place)])
    _show_filters(lab, run)


def _layer_words(run: Run, layer: Layer) -> str:
    side = run.recipe.chosen.side(run.recipe.image_size, layer)
    return f"{layer.name} · {layer.kind} · {side} × {side} × {layer.channels}"


def _show_maps(lab: Lab, run: Run, photo: Photo, place: int, layer: Layer) -> None:
    key = f"inside-maps-{run.id}-{place}"
    begin = turned_to(layer.channels, key=key, a_page=MAPS_A_PAGE, words=_("{first}–{last} of {count} channels"))
    found = asked(lab, run, feature_maps, photo, place=place, begin=begin, count=MAPS_A_PAGE)
    if found is None:
        return
    with st.container(horizontal=True, gap="small", key=f"{key}-pictures"):
        for rank, channel in enumerate(found.channels):
            with st.container(width=MAP_PX, gap="xxsmall"):
                st.image(
                    _enlarged(found.maps[rank]),
                    width=MAP_PX,
                    alt=_map_words(found.maps[rank], channel, begin + rank + 1, layer.name),
                )
                st.caption(
                    _("channel {number}: {low:.2g} to {high:.2g}").format(
                        number=channel, low=found.lows[rank], high=found.highs[rank]
                    )
                )
    words = _("Each picture is scaled by itself: black is its channel's lowest value, white its highest.")
    if found.silent:
        words += " " + _("{silent} of the {count} channels are the same everywhere: they find nothing in this photo.").format(
            silent=found.silent, count=found.channels_in_all
        )
    st.caption(words)


def _map_words(values: NDArray[np.uint8], channel: int, rank: int, layer: str) -> str:
    places = named_places(values.astype(np.float32))
    lightest = _("lightest {place}").format(place=places[0][0]) if places else _("the same everywhere")
    return _("Channel {channel} of layer {layer}, number {rank} by strength: {lightest}").format(
        channel=channel, layer=layer, rank=rank, lightest=lightest
    )


def _enlarged(values: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Makes small maps larger without smoothing them: their squares are what the network has."""
    height, width = values.shape
    share = max(1, -(-2 * MAP_PX // max(height, width)))
    return np.repeat(np.repeat(values, share, axis=0), share, axis=1) if share > 1 else values


def _show_filters(lab: Lab, run: Run) -> None:
    box = st.expander(_("The filters of the first layer"), icon="🎨", key=f"inside-filters-{run.id}", on_change="rerun")
    # What is shut asks nothing.
    if not box.open:
        return
    with box:
        found = asked(lab, run, first_filters)
        if found is None:
            return
        count, height, width = found.filters.shape[:3]
        st.markdown(
            _(
                "Layer `{layer}` slides these {count} patches of {height} × {width} pixels over the photo; each finds what looks like "
                "it. Grey counts nothing, lighter colours count for, darker ones against."
            ).format(layer=found.layer, count=count, height=height, width=width)
        )
        with st.container(horizontal=True, gap="xxsmall"):
            for number, patch in enumerate(found.filters):
                enlarged = Image.fromarray(patch).resize((FILTER_PX, FILTER_PX), Image.Resampling.NEAREST)
                st.image(
                    np.asarray(enlarged),
                    width=FILTER_PX,
                    alt=_("Filter {number}: {words}").format(number=number, words=_filter_words(patch)),
                )


def _filter_words(patch: NDArray[np.uint8]) -> str:
    """Says which colour a filter counts for most, and whether it has a direction."""
    weights = patch.astype(np.float64) - 127.5
    red, green, blue = weights.mean(axis=(0, 1))
    colour = max((red, _("red")), (green, _("green")), (blue, _("blue")))[1]
    grey = weights.mean(axis=2)
    across = abs(float(grey[:, : grey.shape[1] // 2].mean() - grey[:, -(grey.shape[1] // 2) :].mean()))
    down = abs(float(grey[: grey.shape[0] // 2].mean() - grey[-(grey.shape[0] // 2) :].mean()))
    if max(across, down) < 20:
        return _("most for {colour}, without a direction").format(colour=colour)
    edge = _("left against right") if across > down else _("above against below")
    return _("most for {colour}, {edge}").format(colour=colour, edge=edge)
