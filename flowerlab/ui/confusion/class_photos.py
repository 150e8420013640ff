"""The photos that a figure of a class counts: those that its recall, its precision or its F1 counts, the mistakes first."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from flowerlab.evaluation.confusion import Figure, photos_behind
from flowerlab.locale import _
from flowerlab.ui.base.text import escaped
from flowerlab.ui.confusion.cell_photos import of_class, photos_frame, photos_words
from flowerlab.ui.confusion.open_choice import close_at, on_choice, opened_at
from flowerlab.ui.confusion.sides import Side, answers_among

PLACE = "compare-figures"
# A column of `per_class.class_rows` that holds how many photos a class has: of all runs, or of one.
PHOTOS = "photos"


@dataclass(frozen=True)
class Behind:
    """A figure, of a class or (None) of the mean over all, whose photos are shown."""

    run_id: str
    figure: Figure
    class_name: str | None


def on_figure(figure: Figure, key: str, sides: Sequence[Side], names: Sequence[str]) -> Callable[[], None]:
    """Returns what the table of a figure calls when one of its cells was chosen; below the rows of these names are means."""
    run_ids = [side.run.id for side in sides]

    def behind(row: int, column: str) -> Behind | None:
        class_name = names[row] if row < len(names) else None
        if column in run_ids:
            return Behind(column, figure, class_name)
        if column.startswith(PHOTOS):
            # How many photos a class has is what its recall counts.
            return Behind(column.removeprefix(PHOTOS).removeprefix("-") or run_ids[0], "recall", class_name)
        return None

    return on_choice(PLACE, key, behind)


def show_behind(sides: Sequence[Side]) -> None:
    """Shows the photos of the chosen figure; nothing if none is chosen, or its run is not compared any more."""
    opened: Behind | None = opened_at(PLACE)
    side = next((one for one in sides if opened is not None and one.run.id == opened.run_id), None)
    if opened is None or side is None:
        return
    if opened.class_name is not None and opened.class_name not in side.classes:
        return
    if side.answers is None:
        st.info(_("This run's answers to the single photos are not kept, so that a number cannot be opened."), icon="🗂️")
        return
    one, others = side.answers, answers_among([other for other in sides if other is not side])
    label = None if opened.class_name is None else one.classes.index(opened.class_name)
    places, wrong = photos_behind(one.truth, one.probabilities, opened.figure, label)
    key = f"{PLACE}-{opened.run_id}-{opened.figure}-{label}"
    words = behind_words(opened, one.run.name, len(places), wrong)
    photos_frame(words, one, others, places, frame=PLACE, key=key, close=functools.partial(close_at, PLACE))


def behind_words(opened: Behind, name: str, count: int, wrong: int) -> str:
    """Says which photos they are and how the figure comes of them, in Markdown."""
    if not count:
        return _("This number counts no photo")
    name_of_class = escaped(opened.class_name or "")
    photos = photos_words(count)
    if opened.class_name is None:
        words = _("{photos} of the test: “{run}” called {right} of them rightly")
    elif opened.figure == "recall":
        photos, words = of_class(count, name_of_class), _("{photos}: “{run}” called {right} of them so")
    elif opened.figure == "precision":
        words = _("{photos} that “{run}” called {name}: {right} of them are")
    else:
        words = _("{photos} that are {name} or that “{run}” called so: {right} of them are both")
    words = words.format(photos=photos, right=f"{count - wrong:,}", run=escaped(name), name=name_of_class)
    return words + (_("; mistakes first") if wrong else "")
