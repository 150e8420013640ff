"""Sweeps: a grid of recipes that differ in a few knobs, trained one after the other on the features that they share."""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flowerlab.errors import BadRecipe
from flowerlab.recipe.knobs import KNOBS, as_text
from flowerlab.recipe.recipe import Recipe

MOST_RUNS = 100
# A head has commas itself, so that heads are parted by colons.
BY_COLON = ("head",)
# A run to start from is no value among others: each would need its own.
FIXED = ("start_from",)


@dataclass(frozen=True)
class GridPoint:
    """One recipe of a grid; `differs` has the knobs of the grid with this recipe's values, as text."""

    recipe: Recipe
    differs: Mapping[str, str]

    @property
    def name(self) -> str:
        """A name for its run; `{number}` is left for the store to fill."""
        values = ", ".join(f"{KNOBS[knob].label.lower()} {value}" for knob, value in self.differs.items())
        return f"{values.replace('{', '').replace('}', '')[:60]} #{{number}}"


def parse_axis(text: str) -> tuple[str, tuple[str, ...]]:
    """Reads one axis of a grid: `learning_rate=1e-4,1e-3`, `head=50,20:128`.

    Returns:
        The knob's name, and its values as text.

    Raises:
        BadRecipe: If it names no knob or no value.
    """
    name, equals, rest = text.partition("=")
    name = name.strip().replace("-", "_").casefold()
    if name not in KNOBS or name in FIXED:
        near = difflib.get_close_matches(name[:80], [knob for knob in KNOBS if knob not in FIXED])
        raise BadRecipe(
            "knob",
            "must begin with a knob that a grid can have, and an equals sign.",
            received=text[:120],
            advice=f"Did you mean {near[0]}=…?" if near else "For example learning_rate=1e-4,1e-3.",
        )
    values = tuple(value.strip() for value in rest.split(":" if name in BY_COLON else ",") if value.strip())
    if not equals or not values:
        raise BadRecipe(
            "knob",
            f"must give values for {name}.",
            received=text[:120],
            advice="For example head=50,20:128." if name in BY_COLON else f"For example {name}=A,B.",
        )
    return name, values


def grid(base: Mapping[str, str], axes: Sequence[tuple[str, Sequence[str]]]) -> list[GridPoint]:
    """Returns every combination of the axes' values, each recipe once, the last axis changing fastest.

    Raises:
        BadRecipe: If a value cannot be used, a knob comes twice, or there are too many combinations.
    """
    names = [name for name, _ in axes]
    if not axes:
        raise BadRecipe("knob", "must be given at least once.", advice="For example --knob learning_rate=1e-4,1e-3.")
    twice = next((name for name in names if names.count(name) > 1 or name in base), None)
    if twice is not None:
        raise BadRecipe("knob", f"must name {twice} once only.", received=twice, advice="Put all its values into one.")
    count = 1
    for _, values in axes:
        count *= len(values)
    if count > MOST_RUNS:
        raise BadRecipe("knob", f"must not make more than {MOST_RUNS} runs.", received=count, advice="Leave some values out.")
    points: dict[str, GridPoint] = {}
    for values in itertools.product(*(values for _, values in axes)):
        knobs = {**base, **dict(zip(names, values, strict=True))}
        if knobs.get("augment") == "none" and "augment_views" not in names:
            # Copies that the others draw from have nothing to differ by here.
            knobs.pop("augment_views", None)
        recipe = Recipe.parse(knobs)
        differs = {name: as_text(getattr(recipe, name)) for name in names}
        points.setdefault(recipe.fingerprint(), GridPoint(recipe, differs))
    return list(points.values())
