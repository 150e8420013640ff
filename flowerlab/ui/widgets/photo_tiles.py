"""Photos with their truth and what runs answered, in pages: shared by the pages that lead to photos."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import overload

import streamlit as st

from flowerlab.datasets.originals import Originals
from flowerlab.locale import _
from flowerlab.locale.numbers import confidence
from flowerlab.ui.base.fragments import fragment
from flowerlab.ui.base.text import escaped
from flowerlab.ui.widgets.photo_grid import PHOTOS_A_PAGE, thumbnail

# Six stand in a row on a laptop, two on a phone, also inside a frame.
TILE_PX = 156
NO_BREAK = "\u00a0"


@dataclass(frozen=True)
class Said:
    """What a run answered to a photo.

    Args:
        run: The run's name.
        probability: Of the answer, 0..1.
        beside: Other classes that are asked for, each with the run's probability of it.
    """

    run: str
    answer: str
    probability: float
    right: bool
    beside: tuple[tuple[str, float], ...] = ()

    @property
    def words(self) -> str:
        """The answer, its probability, and whether it is right."""
        return f"{'✓' if self.right else '✗'} {self.answer} {confidence(self.probability)}"

    @property
    def beside_words(self) -> list[str]:
        """The other classes, each with its probability: `roses 5 %`."""
        return [f"{name} {confidence(probability)}" for name, probability in self.beside]


@dataclass(frozen=True)
class Tile:
    """One photo, by its id in the data set, and what is written under it: answers in their order, and notes, a line each."""

    photo: str
    truth: str
    said: tuple[Said, ...]
    notes: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """Truth and answers, for those who do not see the photo."""
        answers = ", ".join(
            _("{run} called it {answer} ({percent})").format(
                run=one.run, answer=one.answer, percent="; ".join([confidence(one.probability), *one.beside_words])
            )
            for one in self.said
        )
        words = _("Photo {photo}: {truth}. {answers}.").format(photo=self.photo, truth=self.truth, answers=answers)
        return " ".join([words, *(f"{note}." for note in self.notes)])


@dataclass(frozen=True)
class LazyTiles(Sequence[Tile]):
    """Tiles that are made of their places when they are asked for: of thousands of photos twelve are on a page."""

    places: Sequence[int]
    make: Callable[[int], Tile]

    def __len__(self) -> int:
        return len(self.places)

    @overload
    def __getitem__(self, index: int) -> Tile: ...

    @overload
    def __getitem__(self, index: slice) -> list[Tile]: ...

    def __getitem__(self, index: int | slice) -> Tile | list[Tile]:
        if isinstance(index, slice):
            return [self.make(place) for place in self.places[index]]
        return self.make(self.places[index])


@fragment()
def photo_tiles(
    tiles: Sequence[Tile],
    originals: Originals | None,
    *,
    key: str,
    a_page: int = PHOTOS_A_PAGE,
    below: Callable[[Tile], None] = lambda tile: None,
) -> None:
    """Shows photos, a page at a time, in a fragment of their own: turning the page draws nothing else again.

    Args:
        originals: None if they are not in this lab any more: then a table says the same without the pictures.
        key: Another one for every choice of photos, so that each begins on its first page.
        below: Draws what stands under a tile.
    """
    if originals is None:
        st.info(
            _(
                "These photos are not or no longer in this lab: they were deleted or never fetched, or the data set of this name holds "
                "other ones now. Their ids and what was answered are kept."
            ),
            icon="🗂️",
        )
        st.dataframe(table_rows(tiles), hide_index=True, key=f"{key}-table", alt=_("Ids of photos, and the answers."))
        return
    begin = turned_to(len(tiles), key=key, a_page=a_page)
    with st.container(horizontal=True, gap="small", key=f"{key}-tiles"):
        for tile in tiles[begin : begin + a_page]:
            with st.container(width=TILE_PX, gap="xxsmall"):
                show_tile(tile, originals)
                below(tile)


def turned_to(count: int, *, key: str, a_page: int = PHOTOS_A_PAGE, words: str = "") -> int:
    """Draws what turns the pages, with words around `{first}`, `{last}` and `{count}`; returns the 0-based place of the first one."""
    last = max(0, (count - 1) // a_page)
    page = min(int(st.session_state.get(f"{key}-page", 0)), last)
    if not last:
        return 0
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        for name, label, to in (("back", _("← Back"), page - 1), ("on", _("More →"), page + 1)):
            st.button(
                label,
                key=f"{key}-{name}",
                disabled=not 0 <= to <= last,
                on_click=st.session_state.update,
                args=({f"{key}-page": to},),
            )
        begin = page * a_page
        st.markdown(
            (words or _("{first}–{last} of {count} photos")).format(
                first=f"{begin + 1:,}", last=f"{min(count, begin + a_page):,}", count=f"{count:,}"
            ),
            width="content",
        )
    return begin


def show_tile(tile: Tile, originals: Originals) -> None:
    """Draws one photo with what is written under it."""
    position = originals.positions.get(tile.photo)
    picture = None if position is None else thumbnail(originals, position)
    if picture is None:
        st.caption(_("{photo} cannot be read").format(photo=escaped(tile.photo)))
    else:
        st.image(picture, width=TILE_PX, alt=tile.sentence)
    # Where one run alone is looked at, its name under each photo would only take room.
    heads = {one.run: f"{escaped(one.run)}: " if len(tile.said) > 1 else "" for one in tile.said}
    lines = [
        _("truth: {name}").format(name=f"**{escaped(tile.truth)}**"),
        # An answer is not broken between its words.
        *(heads[one.run] + ", ".join([f"**{_unbroken(one.words)}**", *map(_unbroken, one.beside_words)]) for one in tile.said),
        *(escaped(note) for note in tile.notes),
    ]
    st.caption("  \n".join(lines))


def _unbroken(words: str) -> str:
    return escaped(words).replace(" ", NO_BREAK)


def table_rows(tiles: Sequence[Tile]) -> list[dict[str, str]]:
    """Returns the tiles as rows of a table with one column a run."""
    return [
        {
            _("Photo"): tile.photo,
            _("Truth"): tile.truth,
            **{one.run: ", ".join([one.words, *one.beside_words]) for one in tile.said},
            **({_("Notes"): "; ".join(tile.notes)} if tile.notes else {}),
        }
        for tile in tiles
    ]
