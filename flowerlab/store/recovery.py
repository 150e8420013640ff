"""Runs out of their folders, for a store that was lost: from `run.json`, else from what training left there."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from flowerlab.errors import BadRecipe
from flowerlab.evaluation.metrics import confusion_matrix
from flowerlab.recipe.presets import name_of
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.attempts import newest_attempt
from flowerlab.runs.events import Result
from flowerlab.runs.folders import RECORD
from flowerlab.runs.predictions import load_predictions
from flowerlab.runs.run import Run, RunRecord, RunState
from flowerlab.runs.serialization import LATEST_S, parse_run
from flowerlab.store import Store

FROM_FILES = (
    "The list of runs was damaged; this run was rebuilt from its files. Its name, its curve and its times are not known any more."
)
UNDER_WAY = "The list of runs was damaged while this run was under way; it goes on."
MODELS = ("model.keras", "model.npz")
MOST_NAMED = 3
LOG = logging.getLogger(__name__)


@dataclass
class Rebuilt:
    """What became of the folders.

    Args:
        runs: Ids of those that are in the list again.
        refused: Why each of the others is not, by its id.
    """

    runs: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)

    def sentence(self) -> str:
        """Says it."""
        if not self.runs and not self.refused:
            return "no run has a folder from which it could be rebuilt."
        one = len(self.runs) == 1
        text = f"{len(self.runs)} {'run was' if one else 'runs were'} rebuilt from {'its folder' if one else 'their folders'}"
        if not self.refused:
            return f"{text}."
        named = "; ".join(f"{run_id}: {why}" for run_id, why in list(self.refused.items())[:MOST_NAMED])
        more = f"; {len(self.refused) - MOST_NAMED} more are in the log" if len(self.refused) > MOST_NAMED else ""
        return f"{text}, {len(self.refused)} could not be ({named}{more})."


def rebuild(store: Store, folders: Iterable[Path]) -> Rebuilt:
    """Brings the runs after which these folders are named into a store, all at once; those that it has stay as they are."""
    rebuilt, records, nameless = Rebuilt(), [], []
    for folder in folders:
        try:
            records.append(_recorded(folder))
        except (OSError, ValueError) as error:
            # The record is from a newer or damaged world, or of a Flowerlab that wrote none: the files may still tell.
            try:
                nameless.append(_from_files(folder))
            except (OSError, ValueError) as reason:
                rebuilt.refused[folder.name] = str(reason)
                LOG.warning("Run %s could not be rebuilt: %s (%s)", folder.name, reason, error)
    # They were not numbered, and come behind the others in the order in which they ended.
    first = max((record.run.number for record in records), default=0) + 1
    nameless.sort(key=lambda record: record.run.created_s)
    for number, record in enumerate(nameless, first):
        records.append(dataclasses.replace(record, run=dataclasses.replace(record.run, number=number)))
    rebuilt.runs = store.adopt(records, keep_numbers=True)
    return rebuilt


def _recorded(folder: Path) -> RunRecord:
    record = parse_run((folder / RECORD).read_bytes(), folder.name)
    # Its trainer may have begun more attempts than the record knows of.
    run = dataclasses.replace(record.run, attempt=max(record.run.attempt, newest_attempt(folder)))
    if run.state.live and not run.stop_requests:
        run = dataclasses.replace(run, state=RunState.QUEUED, message=UNDER_WAY)
    return dataclasses.replace(record, run=run)


def _from_files(folder: Path) -> RunRecord:
    """Makes a record of what a finished run leaves: `recipe.json`, a model, `predictions.npz`.

    Raises:
        ValueError: If that does not suffice, with the reason.
    """
    model = next((folder / name for name in MODELS if (folder / name).is_file()), None)
    if model is None:
        raise ValueError("it has no model and no record")
    try:
        recipe = Recipe.model_validate_json((folder / "recipe.json").read_bytes())
    except (OSError, ValueError, BadRecipe):
        raise ValueError("its recipe is not known") from None
    result = _result(folder, recipe)
    ended_s = min(max(0.0, model.stat().st_mtime), LATEST_S)
    run = Run(
        id=folder.name,
        number=0,
        name=name_of(recipe),
        recipe=recipe,
        state=RunState.STOPPED if result.test_accuracy is None else RunState.DONE,
        attempt=newest_attempt(folder),
        created_s=ended_s,
        started_s=None,
        ended_s=ended_s,
        message=FROM_FILES,
        stop_requests=0,
        result=result,
    )
    return RunRecord(run, materials="", events=())


def _result(folder: Path, recipe: Recipe) -> Result:
    stored = load_predictions(folder)
    if stored is None or not stored["val_probabilities"].size:
        raise ValueError("its predictions are not there or damaged")
    classes = tuple(str(name) for name in stored["classes"])
    # (epochs, validation photos, classes) → one accuracy an epoch
    accuracies = (stored["val_probabilities"].argmax(axis=-1) == stored["val_truth"]).mean(axis=-1)
    truth, predicted = stored["test_truth"].astype(np.int64), stored["test_probabilities"].argmax(axis=-1)
    counts = recipe.counts(len(classes))
    return Result(
        classes=classes,
        best_epoch=int(accuracies.argmax()),
        epochs_run=len(accuracies),
        val_accuracy=float(accuracies.max()),
        test_accuracy=float((truth == predicted).mean()) if len(truth) else None,
        test_photos=len(truth),
        confusion_matrix=confusion_matrix(truth, predicted, len(classes)).tolist() if len(truth) else None,
        total_parameters=counts.total,
        trainable_parameters=counts.trainable,
        seconds=0.0,
        seconds_training=0.0,
        cached_features=False,
        validation_photos=len(stored["val_truth"]),
    )
