"""The table of all that takes disk: one ticks what shall go, reads what is lost, and says yes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import streamlit as st

from flowerlab.disk.items import CACHES, Freed, Item, Kind, Usage, total_of
from flowerlab.lab import Lab
from flowerlab.locale import _
from flowerlab.locale.numbers import size
from flowerlab.ui.base.messages import succeeded
from flowerlab.ui.base.text import escaped
from flowerlab.ui.widgets.choice import choose_word
from flowerlab.ui.widgets.sizes import MOST_NAMED, kind_words, loss_words, names_words

ROWS_PX, ROW_PX = 420, 38
ASKED, CAME, TABLE = "disk-asked", "disk-came", "disk-table-number"


def disk_table(lab: Lab, usage: Usage) -> None:
    """Draws the table, and under it the button with its question."""
    _show_freed(st.session_state.pop(CAME, None))
    chosen = _shown(usage)
    if not chosen:
        st.info(_("There is nothing of this kind. Train a run on the Train page, and it will stand here."), icon="🌱")
        return
    key = table_key(st.session_state.setdefault(TABLE, 0), chosen)
    table = st.dataframe(
        _rows(chosen),
        hide_index=True,
        key=key,
        on_select="rerun",
        selection_mode="multi-row",
        width="stretch",
        height=min(ROWS_PX, ROW_PX * (len(chosen) + 1)),
        column_config=_columns(),
        alt=_("A table of runs and caches with the disk that each takes, the largest first."),
    )
    st.caption(_("Tick rows, or go to one with Tab and the arrow keys and press Shift and Space."))
    picked = [chosen[place] for place in table.selection.rows if place < len(chosen)]
    _buttons(lab, picked)


def table_key(number: int, items: Sequence[Item]) -> str:
    """Returns the key of a table. A tick stands for a place in it: other rows, or rows after some were freed, are another table."""
    return f"disk-table-{number}-{hash(tuple(item.name for item in items))}"


def _shown(usage: Usage) -> list[Item]:
    choices = {
        "all": (_("All"), tuple(kind for kind in Kind if kind is not Kind.TRASH)),
        "runs": (_("Runs"), (Kind.RUN,)),
        "checkpoints": (_("Checkpoints"), (Kind.CHECKPOINTS,)),
        "caches": (_("Caches"), CACHES),
    }
    chosen = choose_word(
        _("Show"),
        {name: words for name, (words, _kinds) in choices.items()},
        key="disk-show",
        help=_(
            "Caches are what the lab has computed once and would compute again when needed. Checkpoints are what a run needs to be "
            "trained on."
        ),
    )
    return usage.of(*choices[chosen][1])


def _rows(items: Sequence[Item]) -> list[dict[str, Any]]:
    return [
        {
            "kind": kind_words(item.kind),
            "name": ("📌 " if item.kept else "") + item.title,
            "megabytes": item.bytes / 1e6,
            "used": datetime.fromtimestamp(item.used_s),
            "lost": loss_words(item),
        }
        for item in items
    ]


def _columns() -> dict[str, Any]:
    return {
        "kind": st.column_config.TextColumn(_("What"), width="small"),
        "name": st.column_config.TextColumn(_("Name"), width="medium", help=_("📌 marks a run that is kept.")),
        "megabytes": st.column_config.NumberColumn(_("MB"), format="%.1f", help=_("10⁶ bytes on the disk.")),
        "used": st.column_config.DatetimeColumn(_("Last used"), format="YYYY-MM-DD HH:mm"),
        "lost": st.column_config.TextColumn(_("If it is freed"), width="large", help=_("🔒 marks what is needed now, and why.")),
    }


def _buttons(lab: Lab, picked: list[Item]) -> None:
    free_ones = [item for item in picked if not item.why_not]
    runs = [item for item in picked if item.kind is Kind.RUN]
    with st.container(horizontal=True, vertical_alignment="center"):
        words = _("Free the ticked rows")
        if free_ones:
            words = _("Free {count}, {size} …").format(count=len(free_ones), size=size(total_of(free_ones)))
        if st.button(words, key="disk-free", type="primary", disabled=not free_ones):
            st.session_state[ASKED] = [item.name for item in free_ones]
        if runs:
            kept = all(item.kept for item in runs)
            label = _("Keep no more") if kept else _("📌 Keep")
            if st.button(label, key="disk-keep", help=_("The cleaning rule never touches a run that is kept.")):
                for item in runs:
                    lab.store.mark_kept(item.key, kept=not kept)
                _again(lab)
    stays = [item for item in picked if item.why_not]
    if stays:
        st.caption("🔒 " + "  \n🔒 ".join(f"{escaped(item.title)}: {escaped(item.why_not)}" for item in stays[:MOST_NAMED]))
    # Another choice is another question.
    if st.session_state.get(ASKED) == [item.name for item in free_ones] and free_ones:
        _question(lab, free_ones)


def _question(lab: Lab, items: list[Item]) -> None:
    with st.container(border=True, key="disk-question"):
        st.markdown("\n".join(f"- {line}" for line in question_lines(items)))
        with st.container(horizontal=True):
            yes = _("Yes, free {count}").format(count=len(items))
            pressed = st.button(yes, key="disk-yes", type="primary")
            if pressed and succeeded(lambda: st.session_state.update({CAME: lab.disk.free(items)})):
                st.session_state.pop(ASKED, None)
                _again(lab)
            if st.button(_("No"), key="disk-no"):
                st.session_state.pop(ASKED, None)
                st.rerun()


def question_lines(items: Sequence[Item]) -> list[str]:
    """Names what is lost, one line for each way of losing it."""
    ways = (
        (
            (Kind.RUN,),
            _("**{names}** will go to the trash: the model cannot classify any more, until you bring the run back from there."),
        ),
        (
            (Kind.CHECKPOINTS,),
            _("Of **{names}** the checkpoints will be deleted for good: the model stays, but it cannot be trained on."),
        ),
        (
            (Kind.LIST_COPIES,),
            _("**{names}** will be deleted for good: the list of runs as it was then cannot be looked up any more."),
        ),
        ((Kind.WEIGHTS, Kind.HALF_WRITTEN), _("**{names}** will be deleted for good.")),
        (CACHES, _("**{names}** will be deleted. Nothing but time is lost: {loss}.")),
    )
    lines = []
    for kinds, words in ways:
        if lost := [item for item in items if item.kind in kinds]:
            loss = "; ".join(dict.fromkeys(map(loss_words, lost)))
            lines.append(words.format(names=names_words([item.title for item in lost]), loss=loss))
    return lines


def _show_freed(came: Freed | None) -> None:
    if came is None:
        return
    if came.freed:
        words = _("Freed {size}.").format(size=size(came.bytes)) if came.bytes else ""
        if came.bytes_in_trash:
            words += " " + _("{size} went to the trash, where it stays until you empty it.").format(size=size(came.bytes_in_trash))
        st.success(words.strip() or _("Done."), icon="🧹")
    for item, why in came.stayed[:MOST_NAMED]:
        st.warning(f"{escaped(item.title)}: {escaped(why)}", icon="🔒")


def _again(lab: Lab) -> None:
    lab.usage.forget()
    st.session_state[TABLE] = st.session_state.get(TABLE, 0) + 1
    st.rerun()
