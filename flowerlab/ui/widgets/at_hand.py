"""What is on this machine: photos, weights and the engine, as a small table."""

from __future__ import annotations

import streamlit as st

from flowerlab.architectures import architecture
from flowerlab.datasets.catalog import DATASETS
from flowerlab.datasets.import_folder import list_folders
from flowerlab.lab import Lab
from flowerlab.locale import _
from flowerlab.ui.base.text import escaped
from flowerlab.ui.widgets.backbone_picker import megabytes

# A telephone has room for what and state alone.
NARROW = """<style>@media (max-width: 640px) { .st-key-at-hand :is(td, th):nth-child(3) { display: none; } }</style>"""


def at_hand_table(lab: Lab) -> None:
    """Draws the table; what is missing is named with its size."""
    rows = [*_photos(lab), *_weights(lab), _engine(lab)]
    head = f"| {_('What')} | {_('State')} | {_('About it')} |\n|:--|:--|:--|\n"
    st.html(NARROW)
    with st.container(key="at-hand"):
        st.markdown(head + "\n".join(f"| {what} | {state} | {about} |" for what, state, about in rows))


def _photos(lab: Lab) -> list[tuple[str, str, str]]:
    rows = [
        (f"🧺 {entry.title}", _state(lab.data.has_photos(name), entry.source.download_mb), _(entry.sentence))
        for name, entry in DATASETS.items()
    ]
    words = _("Your own photos, {count} classes.")
    own = list_folders(lab.home.folders)
    return rows + [(f"🧺 {escaped(info.name)}", _state(True, 0), words.format(count=len(info.classes))) for info in own]


def _weights(lab: Lab) -> list[tuple[str, str, str]]:
    return [
        (f"🧠 {architecture(name).title}", _state(lab.data.has_weights(name), megabytes(name)), _(architecture(name).sentence))
        for name in lab.data.backbones()
    ]


def _engine(lab: Lab) -> tuple[str, str, str]:
    name = "⚙️ " + _("Engine")
    if not lab.owns_queue:
        return name, _("not here"), _("It is starting, or another window or command of Flowerlab trains.")
    if lab.settings.engine == "fake":
        return name, _("ready ✓"), _("Plays scripted runs: their numbers are made up.")
    return name, _("ready ✓"), _("Trains one run at a time, in a process of its own; the others wait their turn.")


def _state(here: bool, size_mb: float) -> str:
    return _("at hand ✓") if here else _("to fetch: {size:.0f} MB").format(size=size_mb)
