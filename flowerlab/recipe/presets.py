"""The lecture's recipes: A from scratch, B transfer learning, C fine-tuning, and C mended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flowerlab.architectures import architecture as find_architecture
from flowerlab.errors import BadRecipe
from flowerlab.recipe.knobs import KNOBS
from flowerlab.recipe.recipe import Recipe

GENTLE_LEARNING_RATE = 1e-5


@dataclass(frozen=True)
class Preset:
    """One of the lecture's recipes.

    Args:
        sentence: What it does, for a pupil.
        starts_from: Letter of the preset whose run it starts from; None if it starts from no run.
    """

    letter: str
    title: str
    sentence: str
    starts_from: str | None = None

    @property
    def heading(self) -> str:
        """Letter and title: `B · transfer learning`."""
        # “gently” is the lecture's C, mended: its name begins with C.
        return f"{'C' if self.letter == 'gently' else self.letter} · {self.title}"

    @property
    def run_name(self) -> str:
        """A name for its runs, for people; `{number}` is left for the store to fill."""
        return f"{self.heading} #{{number}}"


PRESETS: dict[str, Preset] = {
    "A": Preset("A", "from scratch", "A small network of our own begins with random weights and learns everything itself."),
    "B": Preset(
        "B",
        "transfer learning",
        "A known network keeps what it learnt before, from very many photos; only a new head on top of it learns.",
    ),
    "C": Preset(
        "C",
        "fine-tuning",
        "Goes on from B and lets the last layers of the known network learn too, at the lecture's learning rate of 0.001.",
        "B",
    ),
    "gently": Preset(
        "gently",
        "fine-tuning, gently",
        "As C, but with a learning rate of 0.00001, so that what the network knew is not destroyed.",
        "B",
    ),
}
LECTURE = ("A", "B", "C")


def preset_recipe(
    letter: str,
    *,
    architecture: str = "vgg16",
    weights: str | None = None,
    start_from: str | None = None,
    shared: Mapping[str, Any] | None = None,
) -> Recipe:
    """Returns one of the lecture's recipes.

    Args:
        letter: A key of `PRESETS`.
        architecture: The backbone of B, C and gently; A has none.
        weights: Of the backbone; None: its pretrained ones.

    Raises:
        BadRecipe: If a knob has a value that it cannot have, or the architecture has nothing to fine-tune.
    """
    if letter == "A":
        return Recipe.parse({**(shared or {}), "architecture": "handmade"})
    chosen = find_architecture(architecture)
    if chosen.fine_tune_from is None:
        raise BadRecipe(
            "architecture",
            "of the recipes B and C must be a known network.",
            received=architecture,
            advice="Choose for example vgg16 or mobilenet_v2.",
        )
    values: dict[str, Any] = {**(shared or {}), "architecture": architecture, "unfreeze_from": "none"}
    if weights is not None:
        values["weights"] = weights
    if PRESETS[letter].starts_from is not None:
        values |= {"unfreeze_from": chosen.fine_tune_from, "start_from": start_from}
    if letter == "gently":
        values["learning_rate"] = GENTLE_LEARNING_RATE
    return Recipe.parse(values)


def name_of(recipe: Recipe) -> str:
    """Returns a readable name for a run of this recipe; `{number}` is left for the store to fill."""
    title = recipe.chosen.title
    if recipe.from_scratch:
        return f"{title} #{{number}}"
    part = {"none": "head only", "all": "all layers"}.get(recipe.unfreeze_from, f"from {recipe.unfreeze_from}")
    return f"{title}, {part} #{{number}}"


LECTURE_LEARNING_RATE = float(KNOBS["learning_rate"].default)
