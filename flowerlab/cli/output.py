"""What the command line writes: one JSON object or text on standard output, everything else on standard error."""

from __future__ import annotations

import json
import sys
from typing import Annotated, Any

import typer

from flowerlab.evaluation.intervals import accuracy_interval
from flowerlab.lab import Lab
from flowerlab.locale.numbers import duration, percent
from flowerlab.results.sentences import accuracy_words
from flowerlab.runs.run import Run

AsJson = Annotated[bool, typer.Option("--json", metavar="", help="Write one JSON object to standard output.")]


def give(record: dict[str, Any]) -> None:
    """Writes the one JSON object of a command to standard output."""
    # Plain ASCII: a file name may hold bytes that no encoding can write.
    sys.stdout.write(json.dumps(record, ensure_ascii=True) + "\n")
    sys.stdout.flush()


def write(text: str) -> None:
    """Writes a result for people to standard output."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def say(text: str) -> None:
    """Writes a remark to standard error."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def one_line(text: str) -> str:
    """Returns a text without line breaks."""
    return " ".join(text.split())


def run_record(lab: Lab, run: Run) -> dict[str, Any]:
    """Returns a run as a JSON object; what is not known is None.

    Keys: `run_id`, `name`, `state`, `message`, `recipe`, `test_accuracy`, `test_interval` (Wilson, 95 %), `val_accuracy` (of
    the best epoch), `best_epoch` (0-based), `epochs_run`, `confusion_matrix` (rows are the truth), `classes`,
    `total_parameters`, `trainable_parameters`, `seconds`, `seen_before` (what the starting weights had seen of these photos),
    `model_path` (absolute).
    """
    result, model = run.result, lab.home.model(run.id)
    return {
        "run_id": run.id,
        "name": run.name,
        "state": str(run.state),
        "message": run.message or None,
        "recipe": run.recipe.model_dump(mode="json"),
        "test_accuracy": result and result.test_accuracy,
        "test_interval": test_interval(run),
        "val_accuracy": result and result.val_accuracy,
        "best_epoch": result and result.best_epoch,
        "epochs_run": result and result.epochs_run,
        "confusion_matrix": result and result.confusion_matrix,
        "classes": result and list(result.classes),
        "total_parameters": result and result.total_parameters,
        "trainable_parameters": result and result.trainable_parameters,
        "seconds": result and result.seconds,
        "seen_before": run.recipe.seen_before or None,
        "model_path": str(model) if result is not None and model.exists() else None,
    }


def test_interval(run: Run) -> list[float] | None:
    """Returns the 95 % Wilson interval of a run's test accuracy, each end 0..1; None if it was not tested."""
    result = run.result
    if result is None or result.test_accuracy is None:
        return None
    return list(accuracy_interval(result.test_accuracy, result.test_photos))


def parameters_text(trainable: int, total: int) -> str:
    """Writes how many parameters train."""
    return f"{trainable:,} of {total:,} parameters train"


def summary(lab: Lab, run: Run) -> str:
    """Returns what a run came to, for people; why it has no model is said on standard error."""
    lines = [f"{run.name} ({run.id}): {run.state}"]
    if (result := run.result) is not None:
        tested = accuracy_words(run, "not tested")
        best = f"best epoch {result.best_epoch + 1} of {result.epochs_run}"
        lines += [
            f"  test accuracy {tested}, validation accuracy {percent(result.val_accuracy)} ({best})",
            f"  {parameters_text(result.trainable_parameters, result.total_parameters)}, {duration(result.seconds)}",
            f"  model: {lab.home.model(run.id)}",
        ]
        if run.recipe.seen_before:
            lines.append(f"  {run.recipe.seen_before}")
        if run.message:
            lines.append(f"  {run.message}")
    return "\n".join(lines)
