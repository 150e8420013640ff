"""Recipe: the one typed table of knobs.

The form on the Train page, the flags of the command line, the link that reproduces an experiment, the row in the store
and the trainer all read this table. A knob that is not here does not exist.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic.fields import FieldInfo

from flowerlab.architectures import ARCHITECTURES, Architecture, architecture
from flowerlab.datasets.catalog import check_dataset_name
from flowerlab.datasets.splits import SPLITS, TRAIN_SHARE
from flowerlab.errors import BadRecipe, legible
from flowerlab.photos.augmentation import AUGMENTATIONS
from flowerlab.photos.reading import RESIZE_MODES
from flowerlab.recipe.optimizers import OPTIMIZERS
from flowerlab.recipe.record import Record

MAX_HEAD_LAYERS = 3
MAX_UNITS = 1024
RUN_ID = re.compile(r"[0-9a-f]{12}")
WEIGHTS_FILE = re.compile(r"file:[\w-][\w.-]{0,120}\.(h5|keras)")

# Words for pretrained weights; each architecture knows one of them at most.
PRETRAINED = tuple(dict.fromkeys(entry.pretrained for entry in ARCHITECTURES.values() if entry.pretrained is not None))


class Recipe(Record):
    """All that decides how a run comes out, in one validated, immutable record.

    Build it with `Recipe.parse`, which turns every bad value into one sentence.
    """

    architecture: str = Field(
        "handmade",
        title="Architecture",
        description="The network: the hand-made one, or a known one whose head is new.",
    )
    unfreeze_from: str = Field(
        "none",
        title="Unfreeze from",
        description="Layers before this one keep their weights; this one and all behind it learn. "
        "`none`: only the head learns. `all`: everything learns. Or a layer's name or index.",
    )
    epochs: int = Field(5, ge=1, le=500, title="Epochs", description="How often the network sees every training photo.")
    batch_size: int = Field(
        32,
        ge=1,
        le=256,
        title="Batch size",
        description="How many photos the network sees before it changes its weights once.",
    )
    learning_rate: float = Field(
        1e-3,
        ge=1e-6,
        le=1.0,
        title="Learning rate",
        description="How large each change of the weights is. Too large destroys what was learnt, too small takes for ever.",
        json_schema_extra={"scale": "log"},
    )
    dataset: str = Field(
        "garden",
        title="Data set",
        description="`garden` (drawn by Flowerlab), `tf_flowers` (3,670 photos), or `folder:NAME` (your own photos).",
    )
    split: str = Field("honest", title="Split", description="Which photos train and which test.")
    resize: str = Field("squash", title="Resize", description="How a photo of any shape becomes a square.")
    image_size: int = Field(
        150,
        ge=32,
        le=331,
        title="Image size",
        description="Width and height of the square that the network sees, in pixels.",
    )
    weights: str = Field(
        "imagenet",
        title="Starting weights",
        description="`imagenet`: learnt on 1.3 million photos of 1,000 kinds of things. `flowerlab`: what Flowerlab itself "
        "trained and brings along (vgg16_mini). `none`: random numbers. `file:NAME`: a weights file that you brought. "
        "Left out: the pretrained ones of the architecture.",
    )
    head: tuple[int, ...] = Field(
        (50, 20),
        title="Head",
        description="Units of the dense layers between the features and the answer, e.g. 50,20. At most three layers.",
    )
    dropout: float = Field(
        0.0,
        ge=0.0,
        le=0.8,
        title="Dropout",
        description="Share of a dense layer's outputs that is switched off at random in training.",
    )
    optimizer: str = Field("adam", title="Optimizer", description="The rule that turns gradients into changes of the weights.")
    validation_fraction: float = Field(
        0.2,
        ge=0.05,
        le=0.5,
        title="Validation share",
        description="Share of the training photos kept aside to watch progress after each epoch.",
    )
    augment: str = Field(
        "none", title="Augmentation", description="Change every training photo a little, differently in each epoch."
    )
    augment_views: int = Field(
        0,
        ge=0,
        le=50,
        title="Augmented copies",
        description="With augmentation and frozen layers: so many changed copies of each training photo go through the frozen "
        "layers once, and the epochs draw from them. 0: new changes in every epoch, through all layers.",
    )
    patience: int = Field(
        5,
        ge=1,
        le=500,
        title="Patience",
        description="Epochs without a better validation accuracy after which training ends early. "
        "The best epoch's weights are kept in any case.",
    )
    seed: int = Field(
        0,
        ge=0,
        le=2**31 - 1,
        title="Seed",
        description="Start of the random numbers: the same seed gives the same run again.",
    )
    start_from: str | None = Field(
        None,
        title="Start from",
        description="A finished run whose best weights go on, with a fresh optimizer. "
        "It must have the same architecture, image size, head and classes.",
    )

    @model_validator(mode="before")
    @classmethod
    def _defaults_of_architecture(cls, values: Any) -> Any:
        """Fills in what depends on the architecture: its pretrained weights; from scratch, all layers and none."""
        if not isinstance(values, Mapping):
            return values
        name = values.get("architecture", "handmade")
        known = ARCHITECTURES.get(name) if isinstance(name, str) else None
        if known is None:
            return values
        if known.fine_tune_from is None:
            return {"unfreeze_from": "all", "weights": "none", **values}
        return {"weights": known.pretrained or "none", **values}

    @field_validator("architecture")
    @classmethod
    def _known_architecture(cls, value: str) -> str:
        return architecture(value).name

    @field_validator("split", "resize", "optimizer", "augment")
    @classmethod
    def _known_word(cls, value: str, info: Any) -> str:
        choices = CHOICES[info.field_name]
        if value not in choices:
            raise BadRecipe(info.field_name, f"must be one of {', '.join(choices)}.", received=value)
        return value

    @field_validator("dataset")
    @classmethod
    def _known_dataset(cls, value: str) -> str:
        return check_dataset_name(value)

    @field_validator("weights")
    @classmethod
    def _known_weights(cls, value: str) -> str:
        if value in PRETRAINED or value == "none" or WEIGHTS_FILE.fullmatch(value):
            return value
        raise BadRecipe(
            "weights",
            f"must be {', '.join(PRETRAINED)}, none, or file:NAME with a name that ends in .h5 or .keras.",
            received=value,
        )

    @field_validator("unfreeze_from", mode="before")
    @classmethod
    def _index_as_text(cls, value: Any) -> Any:
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else value

    @field_validator("head", mode="before")
    @classmethod
    def _head_from_text(cls, value: Any) -> Any:
        if isinstance(value, int) and not isinstance(value, bool):
            return (value,)
        if isinstance(value, str):
            text = value.strip().strip("[]()")
            return () if text in ("", "none") else tuple(part.strip() for part in text.split(",") if part.strip())
        return value

    @field_validator("head")
    @classmethod
    def _head_in_range(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if len(value) > MAX_HEAD_LAYERS or any(not 1 <= units <= MAX_UNITS for units in value):
            raise BadRecipe(
                "head",
                f"must be at most {MAX_HEAD_LAYERS} layers of 1 to {MAX_UNITS:,} units.",
                received=value,
                advice="Try 50,20.",
            )
        return value

    @field_validator("start_from", mode="before")
    @classmethod
    def _run_id(cls, value: Any) -> Any:
        if value in (None, "", "none"):
            return None
        if not isinstance(value, str) or not RUN_ID.fullmatch(value):
            raise BadRecipe("start_from", "must be the id of a run (12 hexadecimal digits).", received=value)
        return value

    @model_validator(mode="after")
    def _fits_architecture(self) -> Recipe:
        chosen = self.chosen
        if not chosen.smallest_px <= self.image_size <= chosen.largest_px:
            raise BadRecipe(
                "image_size",
                f"must be between {chosen.smallest_px} and {chosen.largest_px} pixels for {chosen.name}.",
                received=self.image_size,
            )
        if chosen.name == "handmade" and self.weights != "none":
            raise BadRecipe(
                "weights",
                "must be none for handmade: nobody has trained it before you.",
                received=self.weights,
                advice="For pretrained weights choose another architecture, for example vgg16.",
            )
        if self.weights in PRETRAINED and self.weights != chosen.pretrained:
            raise BadRecipe(
                "weights",
                f"must be {chosen.pretrained}, none or a file for {chosen.name}: other weights were never made for it.",
                received=self.weights,
            )
        resolved = chosen.resolve_unfreeze(self.unfreeze_from)
        if resolved != self.unfreeze_from:
            # The record is frozen to everybody else; two spellings of one layer must be one recipe.
            object.__setattr__(self, "unfreeze_from", resolved)
        if self.augment_views and self.augment == "none":
            raise BadRecipe(
                "augment_views",
                "must be 0 without augmentation: there is nothing by which copies would differ.",
                received=self.augment_views,
                advice="Choose an augmentation, for example flip.",
            )
        if self.augment_views and self.cut == 0:
            # Without frozen layers nothing goes through them once: the same recipe as without copies.
            object.__setattr__(self, "augment_views", 0)
        return self

    @property
    def chosen(self) -> Architecture:
        """The architecture's table."""
        return architecture(self.architecture)

    @property
    def needs_pretrained(self) -> bool:
        """Whether it begins with its architecture's pretrained weights, which must be on this machine."""
        return self.weights == self.chosen.pretrained and self.start_from is None

    @property
    def seen_before(self) -> str:
        """What its starting weights had seen of its own photos, as a sentence for whoever reads the result; else empty."""
        chosen = self.chosen
        share = chosen.has_seen.get(self.dataset, 0.0)
        if not share or self.weights != chosen.pretrained:
            return ""
        if self.split == "lecture":
            return f"{chosen.title} saw these training and test photos before, without their labels."
        if TRAIN_SHARE * (1 - self.validation_fraction) < share - 1e-9:
            return (
                f"{chosen.title} saw these training photos and some of the validation photos before, without their labels; "
                "the test photos it has never seen."
            )
        return (
            f"{chosen.title} saw these training photos before, without their labels; validation and test photos it has never seen."
        )

    @property
    def cut(self) -> int:
        """Index before which all layers of the backbone are frozen, at a clean cut; 0 if no frozen layer has weights."""
        chosen = self.chosen
        if self.from_scratch:
            return 0
        first = chosen.first_trainable_index(self.unfreeze_from)
        cut = chosen.nearest_clean_before(len(chosen.layers) if first is None else first)
        return cut if any(layer.parameters for layer in chosen.layers[:cut]) else 0

    @property
    def from_scratch(self) -> bool:
        """Whether this recipe has no backbone that was made elsewhere: the lecture's recipe A."""
        return self.architecture == "handmade"

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> Recipe:
        """Builds a recipe from knob values, which may be text (from a link, a flag or JSON).

        Args:
            values: Knob name to value; missing knobs take their default.

        Raises:
            BadRecipe: If a value cannot be used; the text names the knob, what is expected and what was received.
        """
        if not isinstance(values, Mapping):
            raise BadRecipe("recipe", "must be knobs with their values.", received=values)
        try:
            return cls.model_validate(dict(values))
        except ValidationError as error:
            raise _first_problem(error) from None

    def changed(self, **values: Any) -> Recipe:
        """Returns this recipe with other values for some knobs, checked anew."""
        return Recipe.parse({**self.model_dump(), **values})

    def fingerprint(self) -> str:
        """Returns a hash that two recipes share exactly when all knobs are equal."""
        return hashlib.sha256(json.dumps(self.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()

    def to_query(self) -> dict[str, str]:
        """Returns the knobs that differ from their default, as text for a link."""
        base = Recipe.parse({"architecture": self.architecture}).model_dump()
        mine = self.model_dump()
        changed = {name: value for name, value in mine.items() if value != base[name] or name == "architecture"}
        return {name: as_text(value) for name, value in changed.items()}


def as_text(value: Any) -> str:
    """Writes a knob's value as one reads it in a link or on a command line."""
    if value is None or value == ():
        return "none"
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) and float(f"{value:g}") == value else str(value)


CHOICES: dict[str, dict[str, str]] = {
    "split": SPLITS,
    "resize": RESIZE_MODES,
    "optimizer": {name: entry.title for name, entry in OPTIMIZERS.items()},
    "augment": AUGMENTATIONS,
}


class Knob(BaseModel):
    """What a form, a flag or a page must know of one knob.

    Args:
        name: As in `Recipe`.
        label: For people.
        help: One sentence that a pupil understands.
        type: `int`, `float` or `str`; `head` and `start_from` are written as text.
        default: Of the recipe for the hand-made network.
        minimum: Smallest value of a number.
        maximum: Largest value of a number.
        log: Whether a slider should be logarithmic.
        choices: Value to sentence, where the values are a short list.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    label: str
    help: str
    type: Literal["int", "float", "str"]
    default: Any
    minimum: float | None = None
    maximum: float | None = None
    log: bool = False
    choices: dict[str, str] = {}


def _knob(name: str, field: FieldInfo) -> Knob:
    bounds: dict[str, float] = {}
    for rule in field.metadata:
        if hasattr(rule, "ge"):
            bounds["minimum"] = rule.ge
        if hasattr(rule, "le"):
            bounds["maximum"] = rule.le
    choices = dict(CHOICES.get(name, {}))
    if name == "architecture":
        choices = {key: entry.sentence for key, entry in ARCHITECTURES.items()}
    is_plain = get_origin(field.annotation) is None and not get_args(field.annotation)
    kind = field.annotation.__name__ if is_plain and field.annotation in (int, float) else "str"
    extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    return Knob.model_validate(
        {
            "name": name,
            "label": field.title or name,
            "help": field.description or "",
            "type": kind,
            "default": field.default,
            "log": extra.get("scale") == "log",
            "choices": choices,
            **bounds,
        }
    )


KNOBS: dict[str, Knob] = {name: _knob(name, field) for name, field in Recipe.model_fields.items()}


def _first_problem(error: ValidationError) -> BadRecipe:
    """Turns pydantic's first complaint into our form of sentence."""
    first = error.errors()[0]
    name = str(first["loc"][0]) if first["loc"] else "recipe"
    knob = KNOBS.get(name)
    if first["type"] == "extra_forbidden" or (knob is None and name != "recipe"):
        return BadRecipe(name, f"is no knob of a recipe. Expected one of {', '.join(KNOBS)}.", received=first["input"])
    if name == "head":
        problem = f"must be at most {MAX_HEAD_LAYERS} whole numbers of 1 to {MAX_UNITS:,}, for example 50,20."
    elif knob is not None and knob.minimum is not None and knob.maximum is not None:
        noun = "a whole number" if knob.type == "int" else "a number"
        problem = f"must be {noun} from {knob.minimum:g} to {knob.maximum:g}."
    else:
        problem = f"cannot be used ({legible(first['msg'])})."
    advice = f"The default is {as_text(knob.default)}." if knob is not None else ""
    return BadRecipe(name, problem, received=first["input"], advice=advice)
