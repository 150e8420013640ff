"""What one can take home from a finished run: buttons that make each file when they are pressed."""

from __future__ import annotations

import tempfile
from pathlib import Path

import streamlit as st

from flowerlab.errors import BadInput, FlowerlabError
from flowerlab.export.formats import FORMATS, ZIP, ZIP_MIME, ExportFormat
from flowerlab.export.model_files import conversion
from flowerlab.export.program.program import program_of_run
from flowerlab.export.take_home import file_name, has_model, take_home
from flowerlab.lab import Lab
from flowerlab.locale import _
from flowerlab.locale.numbers import decimals
from flowerlab.runs.run import Run
from flowerlab.tasks import Task
from flowerlab.tasks.convert_model import Converted
from flowerlab.ui.base.text import escaped

# Of a row: the button, and what the file is for.
WIDTHS = (2, 3)


def take_home_section(lab: Lab, run: Run) -> None:
    """Draws the section of a run that is over and has a model."""
    if not has_model(lab.home, run):
        return
    model = lab.home.model(run.id)
    with st.expander(_("🎒 Take home: notebook, script, card, model"), key="take-home"):
        _programs(lab, run, [entry for entry in FORMATS.values() if entry.zipped])
        for entry in FORMATS.values():
            if entry.converts(model):
                _converted(lab, run, entry)
            elif not entry.zipped:
                _row(lab, run, entry, _words(run, entry))


def _words(run: Run, entry: ExportFormat) -> str:
    assert run.result is not None
    return _(entry.words).format(order=", ".join(map(escaped, run.result.classes)))


def _programs(lab: Lab, run: Run, entries: list[ExportFormat]) -> None:
    """Each comes as a zip where something must lie beside it, and it is here; the first row says so."""
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
    for entry in entries:
        _row(lab, run, entry, f"{_words(run, entry)} {more}", zipped=zipped)
        more = ""


def _row(lab: Lab, run: Run, entry: ExportFormat, text: str, *, zipped: bool = False) -> None:
    """A button that makes the file when it is pressed, and what it is for."""
    suffix, mime = (ZIP, ZIP_MIME) if zipped else (entry.suffix, entry.mime)

    def made() -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder) / file_name(run, suffix)
            take_home(lab, run, entry, target)
            return target.read_bytes()

    button, words = st.columns(WIDTHS, vertical_alignment="center")
    button.download_button(
        f"⬇️ {_(entry.title)}", made, file_name(run, suffix), mime, key=f"take-{entry.name}", on_click="ignore", width="stretch"
    )
    words.caption(text)


def converting(lab: Lab, run: Run) -> bool:
    """Whether a model of this run is being converted, so that watching it makes sense."""
    model = lab.home.model(run.id)
    wanted = [entry for entry in FORMATS.values() if model.is_file() and entry.converts(model)]
    tasks = [lab.tasks.state(conversion(lab, run, entry.name, entry.suffix)) for entry in wanted]
    return any(task is not None and not task.over for task in tasks)


def _converted(lab: Lab, run: Run, entry: ExportFormat) -> None:
    """A button that has the model converted, which takes some seconds, and then one that gives the file."""
    work = conversion(lab, run, entry.name, entry.suffix)
    task, what = lab.tasks.state(work), _words(run, entry)
    if task is not None and task.result is not None:
        agrees = _("Asked about {count} photos, no probability differs by more than {difference}.").format(
            count=task.result.photos, difference=decimals(float(f"{task.result.difference:.1g}"))
        )
        _row(lab, run, entry, f"{what} {agrees}")
        return
    under_way = task is not None and not task.over
    button, words = st.columns(WIDTHS, vertical_alignment="center")
    if button.button(
        _("⚙️ Convert: {what}").format(what=_(entry.title)), key=f"convert-{entry.name}", disabled=under_way, width="stretch"
    ):
        lab.tasks.start(work)
        # The whole page: only so its timer begins.
        st.rerun()
    words.caption(_how_far(task, what))


def _how_far(task: Task[Converted] | None, words: str) -> str:
    if task is None:
        return words
    if task.over:
        return "🚧 " + escaped(task.error)
    return _("⏳ It is being converted and checked, which takes some ten seconds.")
