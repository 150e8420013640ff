"""Near-duplicates on a page: looked for in the background, shown side by side, marked where they are a leak."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from flowerlab.datasets.near_duplicates import MOST_BITS, MOST_EACH, Duplicates, Pair, find_duplicates, part_names
from flowerlab.datasets.originals import Originals
from flowerlab.datasets.parts import parts_of
from flowerlab.datasets.photo_hashes import kept_hashes
from flowerlab.lab import Lab
from flowerlab.locale import _
from flowerlab.runs.run import Run
from flowerlab.tasks.hash_photos import hash_photos
from flowerlab.ui.base.text import class_words, escaped
from flowerlab.ui.widgets.photo_grid import picture, show_picture
from flowerlab.ui.widgets.photo_tiles import turned_to
from flowerlab.ui.widgets.task_progress import task_panel

PICTURE_PX = 146
LONGEST_PX = 232
# Three stand in a row on a laptop, one on a phone.
PAIR_PX = 346
PAIRS_A_PAGE = 6
LEAK_SIGN = "⚠️"


def duplicates_of(lab: Lab, run: Run, originals: Originals) -> Duplicates | None:
    """Returns the near-duplicates among a run's photos; None before they were looked for."""
    if kept_hashes(lab.home, originals) is None:
        return None
    recipe = run.recipe
    return _duplicates(lab, originals, originals.content, recipe.dataset, recipe.split, recipe.validation_fraction)


@st.cache_resource(max_entries=24, show_spinner=False)
def _duplicates(_lab: Lab, _originals: Originals, content: str, dataset: str, split: str, validation_fraction: float) -> Duplicates:
    hashes = kept_hashes(_lab.home, _originals)
    assert hashes is not None
    named = part_names(*parts_of(_originals, dataset, split=split, validation_fraction=validation_fraction))
    return find_duplicates(hashes, named)


def search_panel(lab: Lab, originals: Originals) -> None:
    """Looks for near-duplicates without a click, as it takes seconds, and shows how far it is."""
    task_panel(lab.tasks, hash_photos(originals, lab.home), _("Look for near-duplicates"), key="hash", at_once=True)


def show_duplicates(found: Duplicates, originals: Originals, *, leaky_split: bool, key: str) -> None:
    """Shows the pairs, those that are a leak first; of a leaky split every test photo was trained on anyway."""
    if not found.pairs:
        st.success(_("No two of the {count} photos show nearly the same.").format(count=f"{len(originals):,}"), icon="✅")
        return
    st.markdown(duplicates_sentence(found, len(originals), leaky_split=leaky_split))
    if found.crowded:
        st.caption(
            _(
                "Some photos have very many, as those of a burst do. Of each its {count} nearest are shown, and one across training and "
                "test if there is any."
            ).format(count=MOST_EACH)
        )
    begin = turned_to(len(found.pairs), key=key, a_page=PAIRS_A_PAGE, words=_("{first}–{last} of {count} pairs"))
    with st.container(horizontal=True, gap="medium", key=f"{key}-pairs"):
        for pair in found.pairs[begin : begin + PAIRS_A_PAGE]:
            with st.container(width=PAIR_PX, border=True):
                show_pair(pair, found, originals)


def duplicates_sentence(found: Duplicates, photos: int, *, leaky_split: bool) -> str:
    """Says how many pairs there are, how many of them are a leak, and what that means."""
    count, leaking = len(found.pairs), len(found.leaking)
    text = (
        _("**{count} pairs** of the {photos} photos show nearly the same.")
        if count > 1
        else _("**One pair** of the {photos} photos shows nearly the same.")
    ).format(count=count, photos=f"{photos:,}")
    if leaky_split:
        return text + " " + _("With the lecture's split every test photo was trained on anyway.")
    if not leaking:
        return text + " " + _("None of them lies across training and test.")
    across = _(
        "{sign} **{count} of them** lie across training and test: that is a leak, as such a test photo is not new to the run."
    )
    if leaking == 1:
        across = _(
            "{sign} **One of them** lies across training and test: that is a leak, as this test photo is not new to the run."
        )
    return text + " " + across.format(sign=LEAK_SIGN, count=leaking)


def show_pair(pair: Pair, found: Duplicates, originals: Originals) -> None:
    """Shows two photos side by side, with class, part and whether that is a leak."""
    # A row and no columns, which would stand one above the other on a phone.
    with st.container(horizontal=True, gap="small"):
        for position in (pair.first, pair.second):
            with st.container(width=PICTURE_PX):
                _show_one(position, found, originals)
    notes = [_("{bits} of 64 bits differ").format(bits=pair.bits)]
    if found.leaks(pair):
        notes.append(_("{sign} **leak:** one tested, the other learnt from").format(sign=LEAK_SIGN))
    if originals.labels[pair.first] != originals.labels[pair.second]:
        notes.append(_("🏷️ **two labels:** at most one can be right"))
    st.caption("  \n".join(notes))


def _show_one(position: int, found: Duplicates, originals: Originals) -> None:
    words = class_words(originals.classes, int(originals.labels[position]))
    parts = part_words(found.parts.get(position, frozenset()))
    shown = picture(originals, position, longest_px=LONGEST_PX)
    show_picture(shown, alt=_("Photo {photo}: {name}, {parts}").format(photo=originals.ids[position], name=words, parts=parts))
    st.caption(f"**{words}** · {parts}  \n{escaped(originals.ids[position])}")


def part_words(parts: Sequence[str] | frozenset[str]) -> str:
    """Writes in which parts of the split a photo is."""
    words = {"train": _("training"), "validation": _("validation"), "test": _("test")}
    return " + ".join(words[name] for name in words if name in parts)


def how_they_are_found() -> str:
    """Says what counts as a near-duplicate."""
    return _(
        "Each photo is shrunk to 32 × 32 grey pixels; which of its 8 × 8 slowest waves are strong gives 64 bits (a perceptual "
        "hash, pHash). Two photos count as near-duplicates if at most {bits} of the 64 bits differ."
    ).format(bits=MOST_BITS)
