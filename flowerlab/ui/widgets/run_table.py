"""A table of finished runs: numbers that sort as numbers, each accuracy with its doubt, and the same as CSV."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from flowerlab.charts.colours import run_colour
from flowerlab.datasets.catalog import dataset_title
from flowerlab.evaluation.intervals import accuracy_interval
from flowerlab.lab import Lab
from flowerlab.locale import _
from flowerlab.recipe.knobs import KNOBS
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.run import Run, told_apart

if TYPE_CHECKING:
    import pandas as pd

LEAK_MARK = "⚠️"
SPARED_MARK = "⚡"


def table_rows(lab: Lab, runs: Sequence[Run]) -> list[dict[str, Any]]:
    """Returns one row a run with plain values: accuracies and their 95 % intervals in percent, times in seconds.

    Args:
        lab: Knows how many photos validated.
        runs: Each with a result.
    """
    rows = []
    for run in runs:
        result, recipe = run.result, run.recipe
        assert result is not None
        tested = result.test_accuracy
        rows.append(
            {
                "run": run.name,
                "run_id": run.id,
                "state": run.state.value,
                **recipe_row(recipe),
                "epochs_run": result.epochs_run,
                "seconds": result.seconds,
                "features_at_hand": result.features_at_hand,
                "trainable_parameters": result.trainable_parameters,
                "total_parameters": result.total_parameters,
                **_accuracy("validation", result.val_accuracy, validation_photos(lab, run)),
                **_accuracy("test", tested, None if tested is None else result.test_photos),
            }
        )
    return rows


def validation_photos(lab: Lab, run: Run) -> int | None:
    """Returns how many photos validated a run; None if that is not known."""
    if run.result is not None and run.result.validation_photos is not None:
        return run.result.validation_photos
    # A run of before said it only when its training began.
    start = lab.store.history(run.id).start
    return None if start is None else start.validation_photos


def _accuracy(part: str, share: float | None, photos: int | None) -> dict[str, float | None]:
    low = high = None
    if share is not None and photos is not None:
        low, high = (100 * bound for bound in accuracy_interval(share, photos))
    return {f"{part}_accuracy": None if share is None else 100 * share, f"{part}_low": low, f"{part}_high": high}


def recipe_row(recipe: Recipe) -> dict[str, Any]:
    """Returns every knob of a recipe as a plain value: the head as `50,20`, nothing as an empty text."""
    values = recipe.model_dump(mode="json")
    return {
        name: ",".join(map(str, value)) if isinstance(value := values[name], list) else "" if value is None else value
        for name in KNOBS
    }


def coloured_table(runs: Sequence[Run], rows: Sequence[dict[str, Any]]) -> Any:
    """Returns `shown_table` as a pandas Styler, each run behind its colour. For few rows: what is styled is sent twice."""
    frame = shown_table(runs, rows)
    frame.insert(0, "mark", "⬤")
    colours = [f"color: {run_colour(run.number)}" for run in runs]
    return frame.style.apply(lambda column: colours, subset=["mark"])


def shown_table(runs: Sequence[Run], rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Returns the table as people read it; what is a number stays one, so that a column sorts by it.

    Args:
        runs: In the order of the rows.
        rows: From `table_rows`.
    """
    import pandas as pd

    def column(name: str) -> list[Any]:
        return [row[name] for row in rows]

    return pd.DataFrame(
        {
            "run": list(told_apart(runs).values()),
            **{
                f"{part}_{what}": pd.Series(column(f"{part}_{what}"), dtype="float64")
                for part in ("test", "validation")
                for what in ("accuracy", "low", "high")
            },
            "architecture": [run.recipe.chosen.title for run in runs],
            "unfreeze_from": column("unfreeze_from"),
            "learning_rate": column("learning_rate"),
            "epochs_run": column("epochs_run"),
            "epochs": column("epochs"),
            "seconds": column("seconds"),
            "features": [_features_words(row["features_at_hand"]) for row in rows],
            "trainable_parameters": column("trainable_parameters"),
            "dataset": [dataset_title(row["dataset"]) for row in rows],
            "split": [f"{LEAK_MARK} {_('leak')}" if row["split"] == "lecture" else _("honest") for row in rows],
        }
    )


def _features_words(at_hand: bool | None) -> str:
    if at_hand is None:
        return "–"
    return f"{SPARED_MARK} {_('already there')}" if at_hand else _("computed")


def column_words() -> dict[str, Any]:
    """Returns heading, explanation and form of each column of `shown_table`."""
    text, number = st.column_config.TextColumn, st.column_config.NumberColumn
    interval = _("of the interval in which the true value lies with 95 % confidence (Wilson).")
    return {
        "mark": text("", help=_("The colour of the run, the same in every figure."), width=30, pinned=True),
        "run": text(_("Run"), help=_("Its name."), pinned=True),
        "test_accuracy": number(
            _("Test"),
            format="%.1f %%",
            width=80,
            help=_(
                "Share of the test photos that were named rightly. With the leak (⚠️) they were trained on, else they took no part in the "
                "training."
            ),
        ),
        "test_low": number(_("from"), help=_("Test accuracy: lower end") + " " + interval, format="%.1f", width=60),
        "test_high": number(_("to"), help=_("Test accuracy: upper end") + " " + interval, format="%.1f", width=60),
        "validation_accuracy": number(
            _("Validation"),
            format="%.1f %%",
            width=90,
            help=_(
                "Share of the validation photos named rightly in the best epoch. They chose that epoch, so this is a "
                "little too friendly."
            ),
        ),
        "validation_low": number(_("from"), help=_("Validation accuracy: lower end") + " " + interval, format="%.1f", width=60),
        "validation_high": number(_("to"), help=_("Validation accuracy: upper end") + " " + interval, format="%.1f", width=60),
        "architecture": text(_("Architecture"), help=_("The network.")),
        "unfreeze_from": text(_("Unfreeze from"), help=_("The first layer that learnt; layers before it kept their weights.")),
        "learning_rate": number(_("Learning rate"), help=_("How large each change of the weights was."), format="%.2g"),
        "epochs_run": number(_("Epochs"), help=_("How many epochs ran."), width=70),
        "epochs": number(_("of"), help=_("How many epochs were asked for."), width=50),
        "seconds": number(_("Time (s)"), help=_("Seconds from the start of the run to its result."), format="%.1f"),
        "features": text(
            _("Features"),
            help=_(
                "Of the frozen layers. Already there: an earlier run had computed them, so the time leaves that out. Computed: the "
                "time has it. –: it trained without, or it is not known."
            ),
        ),
        "trainable_parameters": number(
            _("Trainable"), help=_("How many of the network's numbers (parameters) could learn."), format="localized"
        ),
        "dataset": text(_("Data set"), help=_("The photos it learnt from.")),
        "split": text(_("Split"), help=_("Honest: no test photo was seen in training. Leak: all of them were.")),
    }


def download_csv(rows: Sequence[dict[str, Any]], *, key: str) -> None:
    """Offers rows of `table_rows` as a file.

    Args:
        rows: The table.
        key: Of the button.
    """
    import pandas as pd

    st.download_button(
        _("Download as CSV"),
        lambda: pd.DataFrame(rows).to_csv(index=False).encode(),
        file_name="flowerlab-runs.csv",
        mime="text/csv",
        key=key,
        help=_("The table with plain numbers and every knob of the recipes, for a spreadsheet."),
        on_click="ignore",
    )
