"""The one typed table of knobs. A knob that is not here does not exist; one that is here is everywhere.

The form on the Train page, the flags of the command line, the link that reproduces an experiment, the row in the store, the trainer
and the exported programs all read this table. What a single value may be is checked in `flowerlab.recipe.validation`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, Field

from flowerlab.architectures import ARCHITECTURES
from flowerlab.datasets.splits import SPLITS
from flowerlab.photos.augmentation import AUGMENTATIONS
from flowerlab.photos.reading import RESIZE_MODES
from flowerlab.recipe.optimizers import OPTIMIZERS
from flowerlab.recipe.record import Record

# Parts of a training, in the order of an exported program.
Section = Literal["photos", "split", "start", "network", "batches", "training"]


@dataclass(frozen=True)
class Knob:
    """What a form, a flag, a page or the trainer must know of one knob.

    Args:
        name: As in `Recipe`.
        help: One sentence that a pupil understands.
        type: `int`, `float` or `str`; `head` and `start_from` are written as text.
        default: Of the recipe for the hand-made network.
        minimum, maximum: Of a number, both included; None: it has no bounds of its own.
        choices: Value to sentence, where the values are a short list.
        of_lecture: Whether it is always in sight, in the form and in the help of the command line.
        offered_in_sweep: Values worth a try, as one writes them; empty: a sweep does not offer it.
        rebuilds_network: Whether the compiled network is another one where it has another value. If in doubt, it is.
        code_name: Its constant in an exported program; empty: its value stands where it is used.
    """

    name: str
    label: str
    help: str
    type: Literal["int", "float", "str"]
    default: Any
    minimum: float | None = None
    maximum: float | None = None
    choices: Mapping[str, str] = field(default_factory=dict)
    of_lecture: bool = False
    offered_in_sweep: str = ""
    section: Section = "training"
    rebuilds_network: bool = True
    code_name: str = ""


def _knob(default: Any, label: str, help: str, *, minimum: float | None = None, maximum: float | None = None, **more: Any) -> Any:
    """Declares a knob; `more` is of `Knob`."""
    about = {"minimum": minimum, "maximum": maximum, **more}
    return Field(default, ge=minimum, le=maximum, title=label, description=help, json_schema_extra=about)


class Knobs(Record):
    """The values of all knobs. What one uses is a `Recipe`, which has checked them."""

    architecture: str = _knob(
        "handmade",
        "Architecture",
        "The network: the hand-made one, or a known one whose head is new.",
        choices={name: entry.sentence for name, entry in ARCHITECTURES.items()},
        of_lecture=True,
        section="network",
    )
    unfreeze_from: str = _knob(
        "none",
        "Unfreeze from",
        "Layers before this one keep their weights; this one and all behind it learn. "
        "`none`: only the head learns. `all`: everything learns. Or a layer's name or index.",
        of_lecture=True,
    )
    epochs: int = _knob(
        5,
        "Epochs",
        "How often the network sees every training photo.",
        minimum=1,
        maximum=500,
        of_lecture=True,
        offered_in_sweep="2, 5, 10",
        rebuilds_network=False,
    )
    batch_size: int = _knob(
        32,
        "Batch size",
        "How many photos the network sees before it changes its weights once.",
        minimum=1,
        maximum=256,
        of_lecture=True,
        offered_in_sweep="16, 32, 64",
        section="batches",
        rebuilds_network=False,
        code_name="BATCH_SIZE",
    )
    learning_rate: float = _knob(
        1e-3,
        "Learning rate",
        "How large each change of the weights is. Too large destroys what was learnt, too small takes for ever.",
        minimum=1e-6,
        maximum=1.0,
        of_lecture=True,
        offered_in_sweep="1e-4, 1e-3, 1e-2",
        rebuilds_network=False,
    )
    dataset: str = _knob(
        "garden",
        "Data set",
        "`garden` (drawn by Flowerlab), `tf_flowers` (3,670 photos), or `folder:NAME` (your own photos).",
        section="photos",
        rebuilds_network=False,
    )
    split: str = _knob(
        "honest", "Split", "Which photos train and which test.", choices=SPLITS, section="split", rebuilds_network=False
    )
    resize: str = _knob(
        "squash",
        "Resize",
        "How a photo of any shape becomes a square.",
        choices=RESIZE_MODES,
        section="photos",
        rebuilds_network=False,
    )
    image_size: int = _knob(
        150,
        "Image size",
        "Width and height of the square that the network sees, in pixels.",
        minimum=32,
        maximum=331,
        offered_in_sweep="96, 150",
        section="photos",
        code_name="IMAGE_SIZE",
    )
    weights: str = _knob(
        "imagenet",
        "Starting weights",
        "`imagenet`: learnt on 1.3 million photos of 1,000 kinds of things. `flowerlab`: what Flowerlab itself "
        "trained and brings along (vgg16_mini). `none`: random numbers. `file:NAME`: a weights file that you brought. "
        "Left out: the pretrained ones of the architecture.",
        section="start",
        rebuilds_network=False,
    )
    head: tuple[int, ...] = _knob(
        (50, 20),
        "Head",
        "Units of the dense layers between the features and the answer, e.g. 50,20. At most three layers.",
        offered_in_sweep="none : 20 : 50,20 : 128",
        section="network",
    )
    dropout: float = _knob(
        0.0,
        "Dropout",
        "Share of a dense layer's outputs that is switched off at random in training.",
        minimum=0.0,
        maximum=0.8,
        offered_in_sweep="0, 0.3",
        section="network",
    )
    optimizer: str = _knob(
        "adam",
        "Optimizer",
        "The rule that turns gradients into changes of the weights.",
        choices={name: entry.title for name, entry in OPTIMIZERS.items()},
        offered_in_sweep=", ".join(OPTIMIZERS),
    )
    validation_fraction: float = _knob(
        0.2,
        "Validation share",
        "Share of the training photos kept aside to watch progress after each epoch.",
        minimum=0.05,
        maximum=0.5,
        section="split",
        rebuilds_network=False,
    )
    augment: str = _knob(
        "none",
        "Augmentation",
        "Change every training photo a little, differently in each epoch.",
        choices=AUGMENTATIONS,
        offered_in_sweep=", ".join(AUGMENTATIONS),
        section="batches",
        rebuilds_network=False,
    )
    augment_views: int = _knob(
        0,
        "Augmented copies",
        "With augmentation and frozen layers: so many changed copies of each training photo go through the frozen "
        "layers once, and the epochs draw from them. 0: new changes in every epoch, through all layers.",
        minimum=0,
        maximum=50,
        section="batches",
        rebuilds_network=False,
    )
    patience: int = _knob(
        5,
        "Patience",
        "Epochs without a better validation accuracy after which training ends early. "
        "The best epoch's weights are kept in any case.",
        minimum=1,
        maximum=500,
        rebuilds_network=False,
    )
    seed: int = _knob(
        0,
        "Seed",
        "Start of the random numbers: the same seed gives the same run again.",
        minimum=0,
        maximum=2**31 - 1,
        offered_in_sweep="0, 1, 2",
        rebuilds_network=False,
        code_name="SEED",
    )
    start_from: str | None = _knob(
        None,
        "Start from",
        "A finished run whose best weights go on, with a fresh optimizer. "
        "It must have the same architecture, image size, head and classes.",
        section="start",
        rebuilds_network=False,
    )


def knobs_of(table: type[BaseModel]) -> dict[str, Knob]:
    """Reads what a table declares of each knob."""
    found = {}
    for name, info in table.model_fields.items():
        kind = info.annotation.__name__ if info.annotation in (int, float) else "str"
        found[name] = Knob(name, info.title, info.description, kind, info.default, **info.json_schema_extra)  # type: ignore[arg-type]
    return found


KNOBS: Mapping[str, Knob] = knobs_of(Knobs)


def as_text(value: Any) -> str:
    """Writes a knob's value as one reads it in a link or on a command line."""
    if value is None or value == ():
        return "none"
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) and float(f"{value:g}") == value else str(value)
