"""The photos of an open cell: which they are, in a headline, and what every run said of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from flowerlab.evaluation.confusion import Cell, differing_photos, only_first_right, photos_in_cell
from flowerlab.locale import _
from flowerlab.results.answers import Answers
from flowerlab.results.pairing import order_in
from flowerlab.results.photos_of_run import run_photos
from flowerlab.ui.base.lab import lab
from flowerlab.ui.base.text import escaped
from flowerlab.ui.confusion.open_choice import close_at
from flowerlab.ui.widgets.photo_grid import PHOTOS_A_PAGE
from flowerlab.ui.widgets.photo_tiles import LazyTiles, Said, Tile, photo_tiles
from flowerlab.ui.widgets.run_picker import colour_mark

# Where a link from a matrix leads: on a phone others stand between it and its photos.
ANCHOR = "cell-photos"
# Where the photos of one matrix minus another open.
MINUS = "compare-minus"
FRAME, MINUS_FRAME = "compare-cell", "compare-minus-cell"
# A row of A's photos and one of B's: more at once would keep a click waiting for longer than a second.
A_SIDE = 6


def link_to_photos() -> None:
    """Leads from an open matrix down to its photos."""
    st.markdown(f"[{_('↓ The photos of the framed cell')}](#{ANCHOR})")


def show_cell(one: Answers, others: Sequence[Answers], cell: Cell, *, frame: str, close: Callable[[], None]) -> None:
    """Shows the photos of a run's cell, with the answers of the others that were given the same photos."""
    places = photos_in_cell(one.truth, one.probabilities, cell)
    key = f"{_photos_key(frame)}-{one.run.id}-{cell.truth}-{cell.answer}"
    words = cell_headline(one, cell, len(places))
    photos_frame(words, one, others, places, frame=frame, key=key, close=close, asked=[cell.answer] * len(places))


def photos_frame(
    words: str,
    one: Answers,
    others: Sequence[Answers],
    places: Sequence[int] | NDArray[np.int64],
    *,
    frame: str,
    key: str,
    close: Callable[[], None],
    asked: Sequence[int] | None = None,
) -> None:
    """Shows photos (see `tiles_of`) under a headline, in Markdown, with a button that closes them."""
    with st.container(border=True, key=frame):
        _headline(words, frame, close)
        if len(places):
            _tiles(one, others, places, asked, key)


def show_only_right(first: Answers, second: Answers, *, frame: str, close: Callable[[], None]) -> None:
    """Shows the photos that the first of two runs, tested on the same photos, named rightly and the second did not."""
    of_second = second.probabilities[order_in(second, first)]
    places = only_first_right(first.truth, first.probabilities, of_second)
    words = _("{photos} that only “{first}” got right and “{second}” did not, surest first").format(
        photos=photos_words(len(places)), first=escaped(first.run.name), second=escaped(second.run.name)
    )
    with st.container(border=True, key=frame):
        _headline(words, frame, close)
        key = f"{_photos_key(frame)}-{first.run.id}-{second.run.id}"
        _tiles(first, [second], places, of_second[places].argmax(axis=1).tolist(), key)


def show_differing(first: Answers, second: Answers, cell: Cell) -> None:
    """Shows the photos that only one of two runs, tested on the same photos, put into a cell, each run's apart from the other's."""
    order = order_in(second, first)
    found = differing_photos(first.truth, first.probabilities, second.probabilities[order], cell)
    truth, answer = (escaped(first.classes[label]) for label in cell)
    with st.container(border=True, key=MINUS_FRAME):
        words = _("Where A and B differ: {truth} called {answer}").format(truth=truth, answer=answer)
        _headline(words, MINUS_FRAME, partial(close_at, MINUS))
        st.caption(_("Photos that lie in this cell of both: {count}.").format(count=f"{found.both:,}"))
        _show_side("A", first, second, found.only_first, cell)
        # Found by their places in the first; tiles need them in its own answers.
        _show_side("B", second, first, order[found.only_second], cell)


def _show_side(letter: str, one: Answers, other: Answers, places: NDArray[np.int64], cell: Cell) -> None:
    words = _("Only {letter}, “{name}”: {photos} called {answer}, surest first")
    if not len(places):
        words = _("Only {letter}, “{name}”: nothing")
    truth, answer = (escaped(one.classes[label]) for label in cell)
    with st.container(horizontal=True, wrap=False, gap="small", vertical_alignment="center"):
        colour_mark(one.run)
        words = words.format(letter=letter, name=escaped(one.run.name), photos=of_class(len(places), truth), answer=answer)
        st.markdown(f"**{words}**", width="stretch")
    if len(places):
        key = f"photos-{one.run.id}-not-{other.run.id}-{cell.truth}-{cell.answer}"
        _tiles(one, [other], places, [cell.answer] * len(places), key, a_page=A_SIDE)


def cell_headline(one: Answers, cell: Cell, count: int) -> str:
    """Says what a cell is: `31 roses that “From scratch 1” called tulips, surest first`. Markdown."""
    if not count:
        words = _("“{name}” called no {truth} {answer}: this cell has no photos")
    elif cell.truth == cell.answer:
        words = _("{photos} that “{name}” rightly called {answer}, surest first")
    else:
        words = _("{photos} that “{name}” called {answer}, surest first")
    truth, answer = (escaped(one.classes[label]) for label in cell)
    return words.format(photos=of_class(count, truth), truth=truth, answer=answer, name=escaped(one.run.name))


def of_class(count: int, name: str) -> str:
    """Counts photos of a class: `31 roses`, `1 photo of roses`."""
    return (_("1 photo of {name}") if count == 1 else _("{count} {name}")).format(count=f"{count:,}", name=name)


def photos_words(count: int) -> str:
    """Counts photos: `31 photos`, `1 photo`."""
    return _("1 photo") if count == 1 else _("{count} photos").format(count=f"{count:,}")


def _headline(words: str, frame: str, close: Callable[[], None]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.subheader(words, anchor=ANCHOR if frame == FRAME else False, width="stretch")
        st.button(_("Close"), key=f"{frame}-close", on_click=close)


def _photos_key(frame: str) -> str:
    return "photos" if frame == FRAME else f"{frame}-photos"


def _tiles(
    one: Answers,
    others: Sequence[Answers],
    places: Sequence[int] | NDArray[np.int64],
    asked: Sequence[int] | None,
    key: str,
    a_page: int = PHOTOS_A_PAGE,
) -> None:
    photo_tiles(
        tiles_of(one, others, places, asked), run_photos(lab().home, lab().store, lab().data, one.run), key=key, a_page=a_page
    )


def tiles_of(
    one: Answers, others: Iterable[Answers], places: Sequence[int] | NDArray[np.int64], asked: Sequence[int] | None = None
) -> LazyTiles:
    """Returns tiles of photos, with the answers of a run and of all others that were given the same photos.

    Args:
        others: One that was tested on photos of another data set has no say.
        places: Of the photos, in its answers.
        asked: A label for each photo: every run's probability of it and of the truth is shown, whatever its answer; None: its answers.
    """
    sides = [one, *(other for other in others if same_data_set(one, other))]

    def make(number: int) -> Tile:
        place = int(places[number])
        photo, truth = str(one.ids[place]), int(one.truth[place])
        label = int(one.probabilities[place].argmax()) if asked is None else asked[number]
        said = tuple(_said(side, side.places[photo], (label, truth)) for side in sides if photo in side.places)
        return Tile(photo, one.classes[truth], said)

    return LazyTiles(range(len(places)), make)


def same_data_set(one: Answers, other: Answers) -> bool:
    """Whether an id names the same photo in both, and a label the same class."""
    return (one.run.recipe.dataset, one.photos_of, one.classes) == (other.run.recipe.dataset, other.photos_of, other.classes)


def _said(side: Answers, place: int, asked: Sequence[int]) -> Said:
    shares = side.probabilities[place]
    label = int(shares.argmax())
    beside = tuple((side.classes[other], float(shares[other])) for other in dict.fromkeys(asked) if other != label)
    return Said(side.run.name, side.classes[label], float(shares[label]), label == int(side.truth[place]), beside)
