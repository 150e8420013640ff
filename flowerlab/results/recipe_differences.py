"""In what recipes differ: the knobs that are not the same in all, as rows and as a sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from flowerlab.datasets.catalog import dataset_title
from flowerlab.locale import _
from flowerlab.recipe.knobs import KNOBS, as_text
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.run import Run


def differing_knobs(recipes: Sequence[Recipe]) -> list[str]:
    """Returns the knobs that have more than one value among these recipes, in the recipe's order."""
    return [name for name in KNOBS if len({getattr(recipe, name) for recipe in recipes}) > 1]


def difference_rows(runs: Sequence[Run], find: Callable[[str], Run | None]) -> dict[str, list[str]]:
    """Returns the knobs in which runs differ: knob → each run's value as people read it.

    Args:
        find: Id → the run that another starts from; None if it was deleted.
    """
    return {name: [_value(find, run.recipe, name) for run in runs] for name in differing_knobs([run.recipe for run in runs])}


def differences_sentence(rows: Mapping[str, Sequence[str]]) -> str:
    """Says in one sentence in what two runs or more differ, see `difference_rows`."""
    if not rows:
        return _("Their recipes are equal: the same seed gives the same run.")
    labels = [_(KNOBS[name].label).lower() for name in rows]
    if len(rows) > 1:
        return _("They differ in {count} knobs: {names}.").format(count=len(rows), names=", ".join(labels))
    (values,) = rows.values()
    *first, last = dict.fromkeys(values)
    listed = _("{first} and {last}").format(first=", ".join(first), last=last)
    return _("They differ only in the {knob}: {values}.").format(knob=labels[0], values=listed)


def _value(find: Callable[[str], Run | None], recipe: Recipe, name: str) -> str:
    value = getattr(recipe, name)
    if name == "architecture":
        return recipe.chosen.title
    if name == "dataset":
        return dataset_title(recipe.dataset)
    if name == "start_from" and value is not None:
        source = find(value)
        return _("a run that was deleted ({id})").format(id=value) if source is None else source.name
    return rate_text(value) if name == "learning_rate" else as_text(value)


def rate_text(rate: float) -> str:
    """Writes a learning rate as one says it in a lab: `1e-3`, `2e-5`, `0.5`."""
    mantissa, exponent = f"{rate:e}".split("e")
    return f"{float(mantissa):g}e{int(exponent)}" if rate < 0.1 else f"{rate:g}"
