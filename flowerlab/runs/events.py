"""What a trainer says, as records and as JSON lines.

Every event carries the run, the attempt and the time. The store takes them in order; the state of a run follows from them.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self, TypedDict

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from flowerlab.evaluation.metrics import certainty
from flowerlab.features.precision import Precision
from flowerlab.recipe.record import Record

Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0, le=10**12)]
Seconds = Annotated[float, Field(ge=0, le=10**9)]
Change = Annotated[float, Field(ge=0)]


class Stamp(TypedDict):
    """What every event of one attempt carries."""

    run_id: str
    attempt: int


class _Event(BaseModel):
    # Built when the first event comes: a start without runs need not wait for it.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True, allow_inf_nan=False)

    run_id: str
    attempt: int
    time_s: float = Field(default_factory=time.time)


class Attempt(_Event):
    """A trainer has taken the run."""

    kind: Literal["attempt"] = "attempt"
    pid: int
    warm: bool = Field(description="Whether the process had TensorFlow loaded before the run came.")


class Preparing(_Event):
    """Something is made ready before training: photos gathered or resized, weights fetched, features computed."""

    kind: Literal["preparing"] = "preparing"
    step: str
    done: int
    total: int


class Start(_Event):
    """Training begins."""

    kind: Literal["start"] = "start"
    epochs: int
    batches: int = Field(description="Batches in an epoch.")
    total_parameters: int
    trainable_parameters: int
    train_photos: int
    validation_photos: int
    test_photos: int
    classes: tuple[str, ...]
    cached_features: bool
    first_epoch: int = Field(
        default=0,
        description="0-based: where this attempt starts. What earlier ones said of this epoch and later ones does not count; the "
        "epochs before are said once more, after this event.",
    )


class Batch(_Event):
    """Some batches of an epoch are done; loss and accuracy are running means over the epoch so far."""

    kind: Literal["batch"] = "batch"
    epoch: int = Field(description="0-based.")
    batch: int = Field(description="Batches done in this epoch.")
    loss: float
    accuracy: float


class EpochFigures(BaseModel):
    """What one whole epoch came to; accuracies are shares, 0..1."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True, allow_inf_nan=False)

    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float
    seconds: float = Field(description="Of this epoch, validation included.")


class Epoch(EpochFigures, _Event):
    """A whole epoch is done and validated."""

    kind: Literal["epoch"] = "epoch"
    epoch: int = Field(description="0-based.")

    @classmethod
    def of(cls, stamp: Stamp, epoch: int, figures: EpochFigures) -> Self:
        """Returns the event of an epoch (0-based) that came to these figures."""
        return cls(**stamp, epoch=epoch, **dict(figures))


class Saved(_Event):
    """A checkpoint is on disk, with the best weights so far."""

    kind: Literal["saved"] = "saved"
    epoch: int = Field(description="0-based; the epoch that the weights come from.")


class Evaluating(_Event):
    """The test photos are being classified."""

    kind: Literal["evaluating"] = "evaluating"
    done: int
    total: int


class Timing(Record):
    """What a run computed and how long that took, so that the next one can be estimated."""

    model_config = ConfigDict(defer_build=True)

    machine: str = Field(description="Processor and cores.")
    way: Literal["head", "part", "plain"] = Field(description="How it trained, see `flowerlab.recipe.workload`.")
    flops_features: float = Field(ge=0, description="Of the pass through the frozen layers; 0 if there was none.")
    seconds_features: Seconds
    flops_training: float = Field(ge=0, description="Of all epochs, validation included.")
    batches: Count = Field(description="Of all epochs.")
    seconds_training: Seconds
    flops_test: float = Field(ge=0)
    seconds_saving: Seconds = Field(description="Writing the model and the predictions.")
    seconds_checking: Seconds = Field(description="Of the saved model on some photos.")
    seconds_rest: Seconds = Field(description="All else but preparing the photos: building, loading, testing the network.")


class Result(Record):
    """What a run came to. Accuracies are shares, 0..1; rows of the matrix are the truth."""

    model_config = ConfigDict(defer_build=True)

    classes: tuple[str, ...]
    best_epoch: Count = Field(description="0-based; the epoch whose weights were kept.")
    epochs_run: Count
    val_accuracy: Share = Field(description="Of the best epoch.")
    test_accuracy: Share | None = Field(description="None if the test was skipped.")
    test_photos: Count
    confusion_matrix: list[list[Count]] | None = None
    total_parameters: Count
    trainable_parameters: Count
    seconds: Seconds = Field(description="From the attempt's first event to the result.")
    seconds_training: Seconds
    cached_features: bool
    features_at_hand: bool | None = Field(
        default=None, description="Whether kept features were there before the run. None: it trained without, or it is not known."
    )
    precision: Precision = Field(
        default="float32", description="Of the pass through the frozen layers whose features it trained on."
    )
    training_precision: Precision = Field(default="float32", description="Of what trained.")
    timing: Timing | None = Field(default=None, description="None: it is not known.")
    unknown_below: float | None = Field(
        default=None,
        description="Where an answer's certainty (`evaluation.metrics.certainty`, 0..1) is below this, the photo is probably of none "
        "of the classes: see `flowerlab.evaluation.metrics.unknown_threshold`. None: not measured.",
    )
    validation_photos: Count | None = Field(default=None, description="None: not recorded; the run's `Start` has it.")
    weight_changes: dict[str, Change] | None = Field(
        default=None,
        description="Layer → ‖after − before‖ / ‖before‖ of its weights, in the network's order; before: as training began, after: "
        "the best epoch's. Layers that are not here were frozen. None: not measured.",
    )
    versions: dict[str, str] | None = Field(
        default=None, description="Name → version of what trained it, see `flowerlab.system.versions`. None: not recorded."
    )
    model_difference: float | None = Field(
        default=None, description="Largest difference of a probability between the saved model and the reported ones, on 64 photos."
    )

    @model_validator(mode="after")
    def _square(self) -> Result:
        rows = self.confusion_matrix
        if rows is not None and [len(row) for row in rows] != [len(self.classes)] * len(self.classes):
            raise ValueError("the confusion matrix must have a row and a column for each class")
        return self

    def unknown(self, probabilities: Sequence[float]) -> bool | None:
        """Whether a photo with these probabilities is probably of none of the classes; None if that was not measured."""
        if self.unknown_below is None:
            return None
        return bool(certainty(np.asarray([probabilities]))[0] < self.unknown_below)


class End(_Event):
    """The attempt is over."""

    kind: Literal["end"] = "end"
    state: Literal["done", "stopped", "failed", "interrupted"]
    message: str = ""
    result: Result | None = None


Event = Annotated[Attempt | Preparing | Start | Batch | Epoch | Saved | Evaluating | End, Field(discriminator="kind")]

_ADAPTER: TypeAdapter[Event] = TypeAdapter(Event, config=ConfigDict(defer_build=True))


def to_line(event: Event) -> str:
    """Writes an event as one line of JSON, without the line's end."""
    return event.model_dump_json()


def from_line(line: str | bytes) -> Event:
    """Reads what `to_line` wrote.

    Raises:
        ValueError: If the line is no event.
    """
    try:
        return _ADAPTER.validate_json(line)
    except ValidationError as error:
        raise ValueError(f"This line is no event: {line[:200]!r}") from error


def from_record(record: dict[str, Any]) -> Event:
    """Reads an event from a decoded JSON object."""
    return _ADAPTER.validate_python(record)
