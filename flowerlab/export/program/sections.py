"""The program in sections, from the templates: a title, a few sentences, code. Script and notebook are two ways to write them down."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from flowerlab.architectures import handmade
from flowerlab.datasets import splits
from flowerlab.datasets.catalog import DATASETS
from flowerlab.export.program.stages import Stage
from flowerlab.locale import _
from flowerlab.photos import augmentation, reading
from flowerlab.recipe.knobs import KNOBS, as_text
from flowerlab.recipe.optimizers import OPTIMIZERS

if TYPE_CHECKING:
    from jinja2 import Template

TEMPLATES = Path(__file__).parent / "templates"
SECTION = re.compile(r"^# %% (?P<title>.+)\n(?P<words>(?:# .+\n)+)(?P<code>(?:(?!# %% ).*\n)+)", re.MULTILINE)


@dataclass(frozen=True)
class Section:
    """One step of the program.

    Args:
        title: For people, one line.
        text: What the step does and why, for a pupil: sentences, one paragraph.
        code: Python, without a line break at its end.
    """

    title: str
    text: str
    code: str


def sections(stages: Sequence[Stage]) -> list[Section]:
    """Returns the whole program.

    Args:
        stages: From the first training to the last; they share architecture, image size, head and classes.
    """
    new = [_new_sections(stage, stages[number - 1] if number else None) for number, stage in enumerate(stages)]
    text = _template().render(stages=stages, new_sections=new)
    return [
        Section(found["title"], " ".join(line[2:] for line in found["words"].splitlines()), found["code"].strip("\n"))
        for found in SECTION.finditer(text)
    ]


def _new_sections(stage: Stage, before: Stage | None) -> set[str]:
    """Returns which sections a stage needs that are not as in the stage before."""
    if before is None:
        return {knob.section for knob in KNOBS.values()}
    changed = [knob for knob in KNOBS.values() if getattr(stage.recipe, knob.name) != getattr(before.recipe, knob.name)]
    new: set[str] = {"training", *(knob.section for knob in changed)}
    if any(knob.code_name for knob in changed):
        new.add("settings")
    if "photos" in new or stage.cuts != before.cuts:
        new.add("split")
    # Changed copies are made of the photos that train.
    return new | {"batches"} if "split" in new else new


@cache
def _template() -> Template:
    # Loading Jinja takes 60 ms, and most commands write no program.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(as_text=as_text, quoted=_quoted)
    environment.globals.update(
        _=_,
        DATASETS=DATASETS,
        KNOBS=KNOBS,
        OPTIMIZERS=OPTIMIZERS,
        augmentation=augmentation,
        handmade=handmade,
        reading=reading,
        splits=splits,
    )
    return environment.get_template("program.py.jinja")


def _quoted(name: str) -> str:
    """Returns a class's name as Python text: in double quotes, but with Python's own escapes, because it may be any name."""
    return f'"{name}"' if name.isprintable() and not set(name) & set('"\\') else repr(name)
