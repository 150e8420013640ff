"""The map of a run's test photos: near ones look alike to it. Selected ones are shown, one opens with its nearest neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from flowerlab.charts.photo_map import map_figure, map_sentence, separation_sentence
from flowerlab.datasets.originals import Originals
from flowerlab.inference.embeddings import Embedding, tested_photos
from flowerlab.lab import Lab
from flowerlab.locale import _
from flowerlab.results.answers import Answers
from flowerlab.runs.run import Run
from flowerlab.ui.confusion.cell_photos import tiles_of
from flowerlab.ui.explain.classifying import photo_of
from flowerlab.ui.explain.embedding import compute_panel, embedding_of
from flowerlab.ui.explain.photo_choice import CHOSEN
from flowerlab.ui.explain.similar_photos import known_photos, show_similar
from flowerlab.ui.widgets.choice import choose_word
from flowerlab.ui.widgets.photo_grid import LONGEST_SIDE_PX, picture, show_picture
from flowerlab.ui.widgets.photo_tiles import Tile, photo_tiles, table_rows
from flowerlab.ui.widgets.run_picker import run_title
from flowerlab.ui.widgets.stored_answers import stored_of

OPENED = "inside-map-opened"
NEIGHBOURS = 5
PICTURE_PX = 300
TABLE_PX = 330


def show_map(lab: Lab, run: Run) -> None:
    """Shows the map, and what was chosen on it."""
    run_title(run)
    answers = stored_of(lab, run).tested
    if answers is None:
        st.info(_("The test of this run was skipped, so it has no answers to test photos."), icon="🔍")
        return
    found = tested_photos(lab.home, lab.store, lab.data, run, answers)
    if found is None:
        st.info(_("The photos of this run are not in the lab. Bring them in on the Data page."), icon="🗂️")
        return
    originals, wanted = found
    embedding = embedding_of(lab, wanted)
    if embedding is None:
        st.markdown(
            _(
                "Before its answer a network has turned each photo into a few numbers. The map lays the test photos out so that those "
                "with nearly the same numbers lie side by side."
            )
        )
        compute_panel(
            lab,
            wanted,
            originals,
            key=f"inside-test-{run.id}",
            at_once=False,
            label=_("Draw the map of {count} test photos").format(count=f"{len(wanted.positions):,}"),
        )
        return
    places = np.asarray([answers.places[originals.ids[position]] for position in embedding.positions], dtype=np.int64)
    chosen = _draw(run, answers, embedding, places)
    opened = _opened(run, answers, originals, places, chosen)
    if opened is not None:
        _show_opened(lab, run, answers, originals, opened)


def _draw(run: Run, answers: Answers, embedding: Embedding, places: NDArray[np.int64]) -> list[int]:
    """Draws the map and returns the places (on the map) of the photos that are selected."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        how = choose_word(
            _("Laid out by"),
            {"tsne": "t-SNE", "pca": "PCA"},
            key="inside-map-how",
            help=_(
                "PCA turns the cloud of photos so that its two widest directions are seen; nothing is bent, but what lies apart in "
                "other directions may fall together. t-SNE keeps near photos near, and says little about how far apart clusters are."
            ),
        )
        colour = choose_word(
            _("Coloured by"),
            {"class": _("class"), "error": _("right or wrong")},
            key="inside-map-colour",
            help=_("The true class of each photo, or whether the run named it rightly."),
        )
    truth, said = answers.truth[places], answers.probabilities[places].argmax(axis=1)
    sentence = map_sentence(truth, said, answers.classes)
    figure = map_figure(embedding.arranged[how], truth, said, answers.classes, by_error=colour == "error")
    event: Any = st.plotly_chart(
        figure,
        key=f"inside-map-{run.id}-{how}-{colour}",
        on_select="rerun",
        selection_mode=("points", "box", "lasso"),
        config={"displaylogo": False, "displayModeBar": True, "modeBarButtonsToRemove": ["autoScale2d"]},
        alt=sentence,
    )
    st.caption(
        sentence
        + " "
        + separation_sentence(embedding.features, truth)
        + " "
        + _("Click a point to open its photo; take the lasso or the box above the map to see several.")
    )
    return [int(figure.data[point["curve_number"]].customdata[point["point_index"]]) for point in event.selection.points]


def _opened(run: Run, answers: Answers, originals: Originals, places: NDArray[np.int64], chosen: Sequence[int]) -> str | None:
    """Shows what is selected, on the map or in the table, and returns the id of the photo that is open."""
    key = f"{OPENED}-{run.id}"
    # A click is news only once: a photo opened by its button stays open while the point is still selected.
    marked = tuple(chosen)
    if st.session_state.get(f"{key}-marked") != marked:
        st.session_state[f"{key}-marked"] = marked
        if len(chosen) == 1:
            st.session_state[key] = str(answers.ids[places[chosen[0]]])
    if len(chosen) > 1:
        st.subheader(_("{count} selected photos").format(count=f"{len(chosen):,}"), anchor=False)
        tiles = tiles_of(answers, [], [int(places[place]) for place in chosen])

        def below(tile: Tile) -> None:
            pressed = st.button(
                _("Open"),
                key=f"{key}-open-{tile.photo}",
                on_click=st.session_state.update,
                args=({key: tile.photo},),
                width="stretch",
            )
            if pressed:
                # The tiles are a part of their own: what is open is drawn outside of it.
                st.rerun()

        photo_tiles(tiles, originals, key=f"inside-selected-{run.id}-{hash(marked)}", below=below)
    with st.expander(_("As a table: choose a photo with the keyboard"), icon="⌨️"):
        st.caption(_("Go to a row with Tab and the arrow keys and press Shift and Space, or tick it: its photo opens."))
        tiles = tiles_of(answers, [], places.tolist())
        table = st.dataframe(
            table_rows(tiles),
            hide_index=True,
            height=TABLE_PX,
            key=f"{key}-table",
            on_select="rerun",
            selection_mode="single-row",
            alt=_("All photos of the map, with truth and answer, one row a photo."),
        )
        rows = [row for row in table.selection.rows if row < len(tiles)]
        if st.session_state.get(f"{key}-row") != rows:
            st.session_state[f"{key}-row"] = rows
            if rows:
                st.session_state[key] = tiles[rows[0]].photo
    opened: str | None = st.session_state.get(key)
    return opened


def _show_opened(lab: Lab, run: Run, answers: Answers, originals: Originals, photo: str) -> None:
    position = originals.positions.get(photo)
    if position is None or photo not in answers.places:
        return
    (tile,) = tiles_of(answers, [], [answers.places[photo]])
    with st.container(border=True, key="inside-opened"):
        left, right = st.columns([2, 3], gap="large")
        with left:
            shown = picture(originals, position, longest_px=LONGEST_SIDE_PX)
            show_picture(shown, width=PICTURE_PX, alt=tile.sentence)
            st.markdown(f"**{tile.truth}** · {tile.said[0].words}")
            pressed = st.button(
                _("Look where it looks in this photo"),
                key="inside-look-at",
                icon="👁️",
                on_click=st.session_state.update,
                args=({CHOSEN: photo, "inside-view": "where"},),
            )
            if pressed:
                # What is looked at is chosen outside of this part of the page.
                st.rerun()
        with right:
            known = known_photos(lab, run, key=f"inside-near-{run.id}")
            if known is not None:
                show_similar(lab, run, photo_of(originals, position), known, count=NEIGHBOURS)
