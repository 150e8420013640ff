"""The formats in which a run can be taken home, one entry each: pages, command line and docs read them here."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from flowerlab.errors import RunFailed
from flowerlab.export.card import card
from flowerlab.export.model_files import conversion
from flowerlab.export.notebook import notebook
from flowerlab.export.program.program import program_of_run
from flowerlab.export.program.script import script
from flowerlab.lab import Lab
from flowerlab.runs.run import Run
from flowerlab.system.progress import Progress
from flowerlab.system.safe_zip import plain_entry

ZIP, ZIP_MIME = ".zip", "application/zip"


@dataclass(frozen=True)
class Made:
    """What is to be known of a file that was made.

    Args:
        difference: Largest difference of a probability between a converted model and Keras; None if nothing was converted.
        lacks: What must be laid beside a program that was written alone.
    """

    difference: float | None = None
    photos: int = 0
    lacks: tuple[str, ...] = ()


Make = Callable[[Lab, Run, Path, Progress], Made]


@dataclass(frozen=True)
class ExportFormat:
    """One format.

    Args:
        suffix: Of a file in this format.
        words: What it is for; `{order}` stands for the classes in the order of the model's answers.
        make: (run with a model, file to make, progress) → what is to be known of it. The suffix of the file is one of `suffixes`.
        zipped: Whether it can come in a zip, with what must lie beside it.
        of_model: Whether it is a model, which the trainer converts unless the run has it in this format.
    """

    name: str
    suffix: str
    mime: str
    title: str
    words: str
    make: Make
    zipped: bool = False
    of_model: bool = False

    @property
    def suffixes(self) -> tuple[str, ...]:
        """Those that a file may have, the best first."""
        return (ZIP, self.suffix) if self.zipped else (self.suffix,)

    def converts(self, model: Path) -> bool:
        """Whether a run's model must be converted for it, which takes some seconds."""
        return self.of_model and model.suffix != self.suffix


def _program(name: str, suffix: str, mime: str, title: str, words: str, write: Callable[..., str]) -> ExportFormat:
    def make(lab: Lab, run: Run, made: Path, progress: Progress) -> Made:
        program = program_of_run(lab, run)
        text = write(program.stages, name=program.name, remark=program.remark)
        if made.suffix != ZIP:
            made.write_text(text, encoding="utf-8")
            return Made(lacks=program.beside)
        program.check_companions()
        with zipfile.ZipFile(made, "x", zipfile.ZIP_STORED) as archive:
            archive.writestr(plain_entry(f"{made.stem}{suffix}"), text)
            for path, source in program.companions(progress):
                archive.writestr(plain_entry(path), source.read_bytes() if isinstance(source, Path) else source)
        return Made()

    return ExportFormat(name, suffix, mime, title, words, make, zipped=True)


def _make_card(lab: Lab, run: Run, made: Path, progress: Progress) -> Made:
    made.write_text(card(lab.store, run), encoding="utf-8")
    return Made()


def _model(name: str, suffix: str, title: str, words: str) -> ExportFormat:
    def make(lab: Lab, run: Run, made: Path, progress: Progress) -> Made:
        model = lab.home.model(run.id)
        if model.suffix == suffix:
            shutil.copyfile(model, made)
            return Made()
        progress("Converting the model", 0, 0)
        task = lab.tasks.start(conversion(lab, run, name, suffix))
        task.wait()
        if task.result is None:
            raise RunFailed(task.error)
        shutil.copyfile(task.result.file, made)
        return Made(task.result.difference, task.result.photos)

    return ExportFormat(name, suffix, "application/octet-stream", title, words, make, of_model=True)


_ENTRIES = (
    _program(
        "notebook",
        ".ipynb",
        "application/x-ipynb+json",
        "Notebook",
        "Rebuilds this run in plain Keras, step by step, in Jupyter or Colab.",
        notebook,
    ),
    _program("script", ".py", "text/x-python", "Script", "The same as one Python file. Neither needs Flowerlab.", script),
    ExportFormat(
        "card",
        ".html",
        "text/html",
        "Card",
        "The run on one page: recipe, figures, curves, matrix. To print, or to hand in.",
        _make_card,
    ),
    _model(
        "keras",
        ".keras",
        "Model for Keras",
        "keras.models.load_model opens it. It takes photos as they are, 0 to 255, and answers in this order: {order}.",
    ),
    _model("litert", ".tflite", "Model for phones", "LiteRT, for apps and small computers. It is checked to answer as Keras does."),
)

FORMATS: Mapping[str, ExportFormat] = MappingProxyType({entry.name: entry for entry in _ENTRIES})
