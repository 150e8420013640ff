"""The program in plain Keras that rebuilds a recipe without Flowerlab, as a script."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from importlib import metadata

import flowerlab
from flowerlab.export.network_code import MINI, network_section, weights_file
from flowerlab.export.photo_code import photos_section, split_section
from flowerlab.export.sections import Section, lines
from flowerlab.export.stages import Stage
from flowerlab.export.training_code import batches_section, fit_section, test_section
from flowerlab.locale import _
from flowerlab.recipe.recipe import Recipe

WIDTH = 110
# What each section depends on: where a stage has the same values as the one before, its section is not repeated.
OF_SECTION = {
    "photos": ("dataset", "resize"),
    "split": ("dataset", "resize", "split", "validation_fraction"),
    "batches": ("augment", "augment_views", "batch_size"),
    "network": ("dropout",),
}


def sections(stages: Sequence[Stage]) -> list[Section]:
    """Returns the whole program.

    Args:
        stages: From the first training to the last; they share architecture, image size, head and classes.
    """
    program = [_settings_section(stages)]
    for number, stage in enumerate(stages, start=1):
        before = stages[number - 2] if number > 1 else None
        new = _new_sections(stage, before)
        if before is not None and (settings := _changed_settings(stage.recipe, before.recipe)):
            program.append(settings)
        if "photos" in new:
            program.append(photos_section(stage))
        if "split" in new:
            program.append(split_section(stage))
        if "network" in new:
            program.append(network_section(stage.recipe, goes_on=number > 1))
        if "batches" in new:
            program.append(batches_section(stage.recipe, again=number > 1))
        program.append(fit_section(stage.recipe, number=number, stages=len(stages)))
    return [*program, test_section()]


def _new_sections(stage: Stage, before: Stage | None) -> set[str]:
    """Returns which sections a stage needs that are not as in the stage before."""
    if before is None:
        return set(OF_SECTION)
    new = {
        section
        for section, knobs in OF_SECTION.items()
        if any(getattr(stage.recipe, knob) != getattr(before.recipe, knob) for knob in knobs)
    }
    if stage.cuts != before.cuts:
        new.add("split")
    # Changed copies are made of the photos that train.
    return new | ({"batches"} if "split" in new else set())


def script(stages: Sequence[Stage], *, name: str, remark: str = "") -> str:
    """Returns the program as a Python file.

    Args:
        stages: As for `sections`.
        name: Of the run or recipe, for people: one line.
        remark: What else is to be known of it; empty if nothing.
    """
    parts = [_comment(text) for text in introduction(stages, name=name, remark=remark)]
    head = "\n#\n".join(parts)
    return f"{head}\n\n{code(stages)}\n"


def code(stages: Sequence[Stage], *, wrapped: bool = True) -> str:
    """Returns the program without what stands above it.

    Args:
        stages: As for `sections`.
        wrapped: Whether comments are broken into lines; otherwise each is one line, for what breaks lines itself.
    """
    return "\n\n\n".join(
        lines(f"# {number}. {section.title}", _comment(section.text, wrapped=wrapped), section.code)
        for number, section in enumerate(sections(stages), start=1)
    )


def introduction(stages: Sequence[Stage], *, name: str, remark: str = "") -> list[str]:
    """Returns what stands above the program: what it is, what it needs, what must lie beside it. One paragraph each.

    Args:
        stages: As for `sections`.
        name: Comes first.
        remark: Comes last, in one line; empty if there is none.
    """
    last = stages[-1].recipe
    needs = ["tensorflow", "keras", *(["tensorflow-datasets"] if _uses_tfds(stages) else [])]
    pinned = " ".join(f'"{package}=={metadata.version(package)}"' for package in needs)
    texts = [
        name,
        _("Written by Flowerlab {version}. It rebuilds this recipe in plain Keras and needs nothing of Flowerlab.").format(
            version=flowerlab.__version__
        ),
        f"pip install {pinned}",
    ]
    beside = companions(stages)
    if beside:
        texts.append(_("Beside this file must lie: {files}.").format(files=", ".join(beside)))
    if last.seen_before:
        texts.append(_(last.seen_before))
    return [*texts, *([" ".join(remark.split())] if remark else [])]


def companions(stages: Sequence[Stage]) -> list[str]:
    """Returns what must lie beside the program: the folder of photos, a file with weights."""
    folders = {f"{stage.folder}/": None for stage in stages if stage.recipe.dataset != "tf_flowers"}
    weights = weights_file(stages[0].recipe)
    return [*folders, *([weights] if weights is not None else [])]


def _settings_section(stages: Sequence[Stage]) -> Section:
    recipe, sets = stages[0].recipe, {stage.recipe.dataset for stage in stages}
    program = lines(
        "from pathlib import Path\n" if sets - {"tf_flowers"} else "",
        "import keras",
        "import numpy as np" if recipe.architecture == MINI and recipe.weights == "flowerlab" else "",
        "import tensorflow as tf",
        "import tensorflow_datasets as tfds" if "tf_flowers" in sets else "",
        "from keras import layers\n",
        f"IMAGE_SIZE = {recipe.image_size}",
        f"BATCH_SIZE = {recipe.batch_size}",
        f"SEED = {recipe.seed}",
        "keras.utils.set_random_seed(SEED)",
    )
    text = _("The same seed gives the same random numbers; the last digits may differ from computer to computer.")
    return Section(_("Libraries and settings"), text, program)


def _changed_settings(recipe: Recipe, before: Recipe) -> Section | None:
    values = {"BATCH_SIZE": "batch_size", "SEED": "seed"}
    changed = [
        f"{constant} = {getattr(recipe, knob)}"
        for constant, knob in values.items()
        if getattr(recipe, knob) != getattr(before, knob)
    ]
    return Section(_("Settings of the next stage"), _("What differs from the stage before."), lines(*changed)) if changed else None


def _uses_tfds(stages: Sequence[Stage]) -> bool:
    return any(stage.recipe.dataset == "tf_flowers" for stage in stages)


def _comment(text: str, *, wrapped: bool = True) -> str:
    if not wrapped:
        return f"# {text}"
    return "\n".join(f"# {line}" for line in textwrap.wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False))
