"""What the Compare page shows of runs: rows of a table, curves, and whether they were tested alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from flowerlab.charts.colours import run_colour
from flowerlab.charts.curves import Curve, Measure
from flowerlab.datasets.catalog import dataset_title
from flowerlab.figures import duration
from flowerlab.history import History
from flowerlab.locale import _
from flowerlab.metrics import accuracy_interval
from flowerlab.recipe import KNOBS, Recipe
from flowerlab.run import Run
from flowerlab.ui.run_picker import escaped

LEAK_MARK = "⚠️"
# Knobs with a column of their own; any other gets one where the compared runs differ in it.
ALWAYS_SHOWN = ("architecture", "unfreeze_from", "learning_rate", "batch_size", "epochs", "dataset", "split")


def table_rows(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """Returns one row a run with plain values: accuracies in percent, times in seconds.

    Args:
        runs: Each with a result.
    """
    rows = []
    for run in runs:
        result, recipe = run.result, run.recipe
        assert result is not None
        row: dict[str, Any] = {
            "run": run.name,
            **recipe_row(recipe),
            "epochs_run": result.epochs_run,
            "seconds": result.seconds,
            "trainable_parameters": result.trainable_parameters,
            "total_parameters": result.total_parameters,
            "validation_accuracy": result.val_accuracy * 100,
            "test_accuracy": None,
            "test_low": None,
            "test_high": None,
        }
        if result.test_accuracy is not None:
            low, high = accuracy_interval(result.test_accuracy, result.test_photos)
            row |= {"test_accuracy": result.test_accuracy * 100, "test_low": low * 100, "test_high": high * 100}
        rows.append(row)
    return rows


def recipe_row(recipe: Recipe) -> dict[str, Any]:
    """Returns every knob of a recipe as a plain value: the head as `50,20`, nothing as an empty text."""
    values = recipe.model_dump(mode="json")
    return {
        name: ",".join(map(str, value)) if isinstance(value := values[name], list) else "" if value is None else value
        for name in KNOBS
    }


def differing_knobs(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Returns the knobs without a column of their own in which these rows differ, in the recipe's order."""
    return [name for name in KNOBS if name not in ALWAYS_SHOWN and len({row[name] for row in rows}) > 1]


def shown_table(runs: Sequence[Run], rows: Sequence[dict[str, Any]]) -> Any:
    """Returns the table as people read it: numbers with their unit and doubt, each run behind its colour.

    Args:
        runs: In the order of the rows.
        rows: From `table_rows`.

    Returns:
        A pandas Styler.
    """
    import pandas as pd

    frame = pd.DataFrame(
        {
            "mark": ["⬤"] * len(rows),
            "run": [row["run"] for row in rows],
            "test": [tested_text(row) for row in rows],
            "validation": [f"{row['validation_accuracy']:.1f} %" for row in rows],
            "architecture": [run.recipe.chosen.title for run in runs],
            "unfreeze": [row["unfreeze_from"] for row in rows],
            "rate": [f"{row['learning_rate']:g}" for row in rows],
            "batch": [f"{row['batch_size']}" for row in rows],
            "epochs": [f"{row['epochs_run']}/{row['epochs']}" for row in rows],
            "seconds": [duration(row["seconds"]) for row in rows],
            "parameters": [
                _("{trainable} of {total}").format(
                    trainable=f"{row['trainable_parameters']:,}", total=f"{row['total_parameters']:,}"
                )
                for row in rows
            ],
            "dataset": [dataset_title(row["dataset"]) for row in rows],
            "split": [f"{LEAK_MARK} {_('leak')}" if row["split"] == "lecture" else _("honest") for row in rows],
            **{name: [f"{row[name]}" or "–" for row in rows] for name in differing_knobs(rows)},
        }
    )
    colours = [f"color: {run_colour(run.number)}" for run in runs]
    return frame.style.apply(lambda column: colours, subset=["mark"])


def tested_text(row: dict[str, Any]) -> str:
    """Writes a row's test accuracy with its 95 % interval, and marks a leak."""
    if row["test_accuracy"] is None:
        return _("not tested")
    text = f"{row['test_accuracy']:.1f} % ({row['test_low']:.1f}–{row['test_high']:.1f})"
    return f"{text} {LEAK_MARK}" if row["split"] == "lecture" else text


def column_words() -> dict[str, Any]:
    """Returns heading and explanation of each column that `shown_table` may have."""
    words = {
        **{name: (_(knob.label), _(knob.help)) for name, knob in KNOBS.items() if name not in ALWAYS_SHOWN},
        "mark": ("", _("The colour of the run, the same in every figure.")),
        "run": (_("Run"), _("Its name.")),
        "test": (
            _("Test accuracy (95 %)"),
            _(
                "Share of the test photos, which took no part in the training, that were named rightly. In brackets: "
                "where the true value lies with 95 % confidence (Wilson interval)."
            ),
        ),
        "validation": (
            _("Validation accuracy"),
            _(
                "Share of the validation photos named rightly in the best epoch. They chose that epoch, so this is a "
                "little too friendly."
            ),
        ),
        "architecture": (_("Architecture"), _("The network.")),
        "unfreeze": (_("Unfreeze from"), _("The first layer that learnt; layers before it kept their weights.")),
        "rate": (_("Learning rate"), _("How large each change of the weights was.")),
        "batch": (_("Batch size"), _("How many photos the network saw before it changed its weights once.")),
        "epochs": (_("Epochs"), _("How many epochs ran, and how many were asked for.")),
        "seconds": (_("Time"), _("From the start of the run to its result.")),
        "parameters": (_("Trainable parameters"), _("How many of the network's numbers could learn, of all it has.")),
        "dataset": (_("Data set"), _("The photos it learnt from.")),
        "split": (_("Split"), _("Honest: no test photo was seen in training. Leak: all of them were.")),
    }
    return {name: st.column_config.TextColumn(label, help=told) for name, (label, told) in words.items()}


def curve_of(run: Run, history: History, measure: Measure) -> Curve:
    """Returns a run's curve for one measure."""
    epochs = [history.epochs[number] for number in sorted(history.epochs)]
    best = run.result.best_epoch if run.result is not None else history.best_epoch
    return Curve(
        name=run.name,
        number=run.number,
        epochs=tuple(epoch.epoch + 1 for epoch in epochs),
        training=tuple(epoch.accuracy if measure == "accuracy" else epoch.loss for epoch in epochs),
        validation=tuple(epoch.val_accuracy if measure == "accuracy" else epoch.val_loss for epoch in epochs),
        best_epoch=None if best is None else best + 1,
    )


def notes_on_fairness(runs: Sequence[Run]) -> list[str]:
    """Returns sentences on what makes the test accuracies of these runs not comparable; empty if nothing does."""
    notes = []
    leaky = [escaped(run.name) for run in runs if run.recipe.split == "lecture"]
    if leaky:
        notes.append(
            _(
                "{names}: the test photos were also in the training (the lecture's split). That is a leak: the accuracy is "
                "too high and must not be set against an honest one."
            ).format(names=", ".join(leaky))
        )
    notes += [
        f"{escaped(run.name)}: {_(run.recipe.seen_before)}"
        for run in runs
        if run.result is not None and run.recipe.seen_before
    ]
    tested = {
        (run.recipe.dataset, run.recipe.split, run.result.test_photos)
        for run in runs
        if run.result is not None and run.result.test_accuracy is not None
    }
    if len(tested) > 1:
        notes.append(
            _("These runs were tested on different photos, so a difference between them may come from the photos.")
        )
    return notes
