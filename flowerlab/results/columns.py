"""What Compare says of a finished run: each row here is a column of its table.

A row that says how right a run is (`quality`) is also in the file with the table, in `compare`, its `--json`, and on the run card.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flowerlab.datasets.catalog import dataset_title
from flowerlab.evaluation.intervals import accuracy_interval
from flowerlab.locale import _
from flowerlab.recipe.knobs import KNOBS
from flowerlab.results.answers import Answers
from flowerlab.runs.events import Result
from flowerlab.runs.run import Run
from flowerlab.store import Store

LEAK_MARK = "⚠️"
SPARED_MARK = "⚡"

Plain = str | float | None


@dataclass(frozen=True)
class Finished:
    """A run with a result, as a column sees it.

    Args:
        validation_photos: How many photos validated it; None if that is not known.
        answers: To its test photos; None if they are not kept, or not read: a table of hundreds of runs reads none.
    """

    run: Run
    validation_photos: int | None = None
    answers: Answers | None = None

    @property
    def result(self) -> Result:
        """What it came to."""
        assert self.run.result is not None
        return self.run.result

    def test_accuracy(self) -> tuple[float | None, float | None, float | None]:
        """Test accuracy and the ends of its 95 % interval, each 0..1; None if it was not tested."""
        return _with_interval(self.result.test_accuracy, self.result.test_photos)

    def validation_accuracy(self) -> tuple[float | None, float | None, float | None]:
        """Validation accuracy and the ends of its 95 % interval, each 0..1; no ends if nobody knows of how many photos."""
        return _with_interval(self.result.val_accuracy, self.validation_photos)


def _with_interval(share: float | None, photos: int | None) -> tuple[float | None, float | None, float | None]:
    low, high = (None, None) if share is None or photos is None else accuracy_interval(share, photos)
    return share, low, high


@dataclass(frozen=True)
class Column:
    """A column of the table.

    Args:
        name: Its key in the table, its file and `--json`.
        title, help: For people; `help` is one sentence that a pupil understands.
        of: Returns the value of a run; None where it is not known. A share is 0..1.
        form: How a number is written, in the words of C's printf, or `localized`; empty: it is a text.
        percent: Whether a share is shown as percent.
        width_px: None: as wide as what is in it.
        quality: Whether it says how right the run is.
        of_answers: Whether `of` reads `Finished.answers`; then it is only where few runs are compared.
    """

    name: str
    title: str
    help: str
    of: Callable[[Finished], Plain]
    form: str = ""
    percent: bool = False
    width_px: int | None = None
    quality: bool = False
    of_answers: bool = False

    def value(self, one: Finished) -> Plain:
        """Returns the value of a run; None where it is not known."""
        return None if self.of_answers and one.answers is None else self.of(one)

    def plain(self, one: Finished) -> Plain:
        """Returns the value as the table has it: percent instead of shares, so that a column sorts by its numbers."""
        value = self.value(one)
        return 100 * float(value) if self.percent and value is not None else value

    def written(self, one: Finished) -> str:
        """Writes the value for people."""
        value = self.plain(one)
        if value is None:
            return "–"
        return f"{value:,}" if self.form == "localized" else self.form % value if self.form else str(value)


def _features_words(one: Finished) -> str:
    here = one.result.features_at_hand
    if here is None:
        return "–"
    return f"{SPARED_MARK} {_('already there')}" if here else _("computed")


def _split_words(one: Finished) -> str:
    return f"{LEAK_MARK} {_('leak')}" if one.run.recipe.split == "lecture" else _("honest")


COLUMNS: tuple[Column, ...] = (
    Column(
        "test_accuracy",
        "Test",
        "Share of the test photos that were named rightly. With the leak (⚠️) they were trained on, else they took no part in the training.",
        lambda one: one.test_accuracy()[0],
        "%.1f %%",
        percent=True,
        width_px=80,
    ),
    Column(
        "test_low",
        "from",
        "Test accuracy: lower end of the interval in which the true value lies with 95 % confidence (Wilson).",
        lambda one: one.test_accuracy()[1],
        "%.1f",
        percent=True,
        width_px=60,
    ),
    Column(
        "test_high",
        "to",
        "Test accuracy: upper end of the interval in which the true value lies with 95 % confidence (Wilson).",
        lambda one: one.test_accuracy()[2],
        "%.1f",
        percent=True,
        width_px=60,
    ),
    Column(
        "validation_accuracy",
        "Validation",
        "Share of the validation photos named rightly in the best epoch. They chose that epoch, so this is a little too friendly.",
        lambda one: one.validation_accuracy()[0],
        "%.1f %%",
        percent=True,
        width_px=90,
    ),
    Column(
        "validation_low",
        "from",
        "Validation accuracy: lower end of the interval in which the true value lies with 95 % confidence (Wilson).",
        lambda one: one.validation_accuracy()[1],
        "%.1f",
        percent=True,
        width_px=60,
    ),
    Column(
        "validation_high",
        "to",
        "Validation accuracy: upper end of the interval in which the true value lies with 95 % confidence (Wilson).",
        lambda one: one.validation_accuracy()[2],
        "%.1f",
        percent=True,
        width_px=60,
    ),
    Column("architecture", "Architecture", "The network.", lambda one: one.run.recipe.chosen.title),
    Column(
        "unfreeze_from",
        "Unfreeze from",
        "The first layer that learnt; layers before it kept their weights.",
        lambda one: one.run.recipe.unfreeze_from,
    ),
    Column(
        "learning_rate",
        "Learning rate",
        "How large each change of the weights was.",
        lambda one: one.run.recipe.learning_rate,
        "%.2g",
    ),
    Column("epochs_run", "Epochs", "How many epochs ran.", lambda one: one.result.epochs_run, "%d", width_px=70),
    Column("epochs", "of", "How many epochs were asked for.", lambda one: one.run.recipe.epochs, "%d", width_px=50),
    Column("seconds", "Time (s)", "Seconds from the start of the run to its result.", lambda one: one.result.seconds, "%.1f"),
    Column(
        "features",
        "Features",
        "Of the frozen layers. Already there: an earlier run had computed them, so the time leaves that out. Computed: the "
        "time has it. –: it trained without, or it is not known.",
        _features_words,
    ),
    Column(
        "trainable_parameters",
        "Trainable",
        "How many of the network's numbers (parameters) could learn.",
        lambda one: one.result.trainable_parameters,
        "localized",
    ),
    Column("dataset", "Data set", "The photos it learnt from.", lambda one: dataset_title(one.run.recipe.dataset)),
    Column("split", "Split", "Honest: no test photo was seen in training. Leak: all of them were.", _split_words),
)


def table_columns(*, with_answers: bool) -> list[Column]:
    """Returns the columns of a table; those that read answers only where answers were read."""
    return [column for column in COLUMNS if with_answers or not column.of_answers]


def reads_answers() -> bool:
    """Whether a column needs answers, so that they are read for it."""
    return any(column.of_answers for column in COLUMNS)


def quality_columns(one: Finished) -> list[Column]:
    """Returns the columns that say how right a run is, beside its accuracy, as far as that is known."""
    return [column for column in COLUMNS if column.quality and column.value(one) is not None]


def finished_of(store: Store, run: Run, answers: Answers | None = None) -> Finished:
    """Returns a run as columns see it."""
    result = run.result
    if result is not None and result.validation_photos is not None:
        return Finished(run, result.validation_photos, answers)
    # A run made before said it only when its training began.
    start = store.history(run.id).start
    return Finished(run, None if start is None else start.validation_photos, answers)


def plain_row(one: Finished) -> dict[str, Plain]:
    """Returns a run as plain values for a spreadsheet: every knob of its recipe, accuracies in percent, times in seconds."""
    values = one.run.recipe.model_dump(mode="json")
    columns = table_columns(with_answers=one.answers is not None)
    figures: dict[str, Any] = {column.name: column.plain(one) for column in columns if column.form and column.name not in KNOBS}
    figures |= {"features_at_hand": one.result.features_at_hand, "total_parameters": one.result.total_parameters}
    # In this order since there are such files.
    costs = ("epochs_run", "seconds", "features_at_hand", "trainable_parameters", "total_parameters")
    first = (*costs, *(f"validation_{what}" for what in ("accuracy", "low", "high")))
    return {
        "run": one.run.name,
        "run_id": one.run.id,
        "state": one.run.state.value,
        **{name: _cell(values[name]) for name in KNOBS},
        **{name: figures.pop(name) for name in first},
        **figures,
    }


def _cell(value: Any) -> Plain:
    """A knob as one cell: the head as `50,20`, nothing as an empty text."""
    if isinstance(value, list):
        return ",".join(map(str, value))
    return "" if value is None else value
