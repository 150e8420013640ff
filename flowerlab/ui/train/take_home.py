"""What one can take home from a finished run: buttons that make each file when they are pressed."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import streamlit as st

from flowerlab.engine.protocol import SUFFIXES, ModelFormat
from flowerlab.errors import BadInput, FlowerlabError
from flowerlab.export.program.program import program_of_run
from flowerlab.export.take_home import Kind, conversion, file_name, take_home
from flowerlab.lab import Lab
from flowerlab.locale import _
from flowerlab.runs.run import Run
from flowerlab.tasks import Task
from flowerlab.tasks.convert_model import Converted
from flowerlab.ui.base.text import decimals, escaped

# Of a row: the button, and what the file is for.
WIDTHS = (2, 3)
MIME = {
    ".keras": "application/octet-stream",
    ".tflite": "application/octet-stream",
    ".zip": "application/zip",
    ".py": "text/x-python",
    ".ipynb": "application/x-ipynb+json",
    ".html": "text/html",
}


@dataclass(frozen=True)
class _Offer:
    """One file: what it is, how it ends, the words on its button, and what it is for."""

    kind: Kind
    ending: str
    label: str
    words: str


def take_home_section(lab: Lab, run: Run) -> None:
    """Draws the section of a run that is over and has a model."""
    if not run.state.over or run.result is None or not lab.home.model(run.id).is_file():
        return
    with st.expander(_("🎒 Take home: notebook, script, card, model"), key="take-home"):
        _programs(lab, run)
        words = _("The run on one page: recipe, figures, curves, matrix. To print, or to hand in.")
        _row(lab, run, _Offer(Kind.CARD, ".html", _("Card"), words))
        model = _Offer(Kind.KERAS, ".keras", _("Model for Keras"), _keras_words(run))
        if lab.home.model(run.id).suffix == ".keras":
            _row(lab, run, model)
        else:
            _converted(lab, run, model, "keras")
        words = _("LiteRT, for apps and small computers. It is checked to answer as Keras does.")
        _converted(lab, run, _Offer(Kind.LITERT, ".tflite", _("Model for phones"), words), "litert")


def _keras_words(run: Run) -> str:
    assert run.result is not None
    words = _("keras.models.load_model opens it. It takes photos as they are, 0 to 255, and answers in this order: {order}.")
    return words.format(order=", ".join(map(escaped, run.result.classes)))


def _programs(lab: Lab, run: Run) -> None:
    """Notebook and script: a zip where something must lie beside them, and it is here."""
    zipped, more = False, ""
    try:
        program = program_of_run(lab, run)
        if program.beside:
            program.check_companions()
            zipped = True
            more = _("It comes as a zip with {files}: unpack it first.").format(files=", ".join(map(escaped, program.beside)))
    except FlowerlabError as error:
        more = "🚧 " + escaped(str(error))
        if isinstance(error, BadInput):
            st.caption(more)
            return
    words = _("Rebuilds this run in plain Keras, step by step, in Jupyter or Colab.") + f" {more}"
    _row(lab, run, _Offer(Kind.NOTEBOOK, ".zip" if zipped else ".ipynb", _("Notebook"), words))
    words = _("The same as one Python file. Neither needs Flowerlab.")
    _row(lab, run, _Offer(Kind.SCRIPT, ".zip" if zipped else ".py", _("Script"), words))


def _row(lab: Lab, run: Run, offer: _Offer) -> None:
    """A button that makes the file when it is pressed, and what it is for."""

    def made() -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder) / f"{file_name(run, '')}{offer.ending}"
            return take_home(lab, run, offer.kind, target).path.read_bytes()

    button, words = st.columns(WIDTHS, vertical_alignment="center")
    button.download_button(
        f"⬇️ {offer.label}",
        made,
        file_name(run, offer.ending),
        MIME[offer.ending],
        key=f"take-{offer.kind}",
        on_click="ignore",
        width="stretch",
    )
    words.caption(offer.words)


def converting(lab: Lab, run: Run) -> bool:
    """Whether a model of this run is being converted, so that watching it makes sense."""
    if not lab.home.model(run.id).is_file():
        return False
    tasks = [lab.tasks.state(conversion(lab, run, to)) for to in SUFFIXES]
    return any(task is not None and not task.over for task in tasks)


def _converted(lab: Lab, run: Run, offer: _Offer, to: ModelFormat) -> None:
    """A button that has the model converted, which takes some seconds, and then one that gives the file."""
    work = conversion(lab, run, to)
    task = lab.tasks.state(work)
    if task is not None and task.result is not None:
        _row(lab, run, replace(offer, words=f"{offer.words} {_agrees(task.result)}"))
        return
    under_way = task is not None and not task.over
    button, words = st.columns(WIDTHS, vertical_alignment="center")
    if button.button(
        _("⚙️ Convert: {what}").format(what=offer.label),
        key=f"convert-{offer.kind}",
        disabled=under_way,
        width="stretch",
    ):
        lab.tasks.start(work)
        # The whole page: only so its timer begins.
        st.rerun()
    words.caption(_how_far(task, offer.words))


def _how_far(task: Task[Converted] | None, words: str) -> str:
    if task is None:
        return words
    if task.over:
        return "🚧 " + escaped(task.error)
    return _("⏳ It is being converted and checked, which takes some ten seconds.")


def _agrees(converted: Converted) -> str:
    return _("Asked about {count} photos, no probability differs by more than {difference}.").format(
        count=converted.photos, difference=decimals(float(f"{converted.difference:.1g}"))
    )
