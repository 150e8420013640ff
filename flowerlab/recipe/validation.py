"""What the knobs' values may be: each by itself, all together, and the one sentence about what cannot be used."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError, ValidationInfo

from flowerlab.architectures import ARCHITECTURES, Architecture
from flowerlab.errors import BadRecipe, legible
from flowerlab.recipe.knobs import KNOBS, Knobs, as_text

MAX_HEAD_LAYERS = 3
MAX_UNITS = 1024
RUN_ID = re.compile(r"[0-9a-f]{12}")
WEIGHTS_FILE = re.compile(r"file:[\w-][\w.-]{0,120}\.(h5|keras)")
# Words for pretrained weights; each architecture knows one of them at most.
PRETRAINED = tuple(dict.fromkeys(entry.pretrained for entry in ARCHITECTURES.values() if entry.pretrained is not None))


def known_word(value: str, info: ValidationInfo) -> str:
    """Checks a knob whose values are a short list."""
    name = str(info.field_name)
    choices = KNOBS[name].choices
    if value not in choices:
        raise BadRecipe(name, f"must be one of {', '.join(choices)}.", received=value)
    return value


def known_weights(value: str) -> str:
    """Checks `weights`, whatever the architecture."""
    if value in PRETRAINED or value == "none" or WEIGHTS_FILE.fullmatch(value):
        return value
    raise BadRecipe(
        "weights", f"must be {', '.join(PRETRAINED)}, none, or file:NAME with a name that ends in .h5 or .keras.", received=value
    )


def index_as_text(value: Any) -> Any:
    """Takes the index of a layer as a number, too."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def head_from_text(value: Any) -> Any:
    """Takes a head as `50,20`, as one number, or as `none`, too."""
    if isinstance(value, int) and not isinstance(value, bool):
        return (value,)
    if isinstance(value, str):
        text = value.strip().strip("[]()")
        return () if text in ("", "none") else tuple(part.strip() for part in text.split(",") if part.strip())
    return value


def head_in_range(value: tuple[int, ...]) -> tuple[int, ...]:
    """Checks a head's number of layers and of units."""
    if len(value) > MAX_HEAD_LAYERS or any(not 1 <= units <= MAX_UNITS for units in value):
        raise BadRecipe(
            "head", f"must be at most {MAX_HEAD_LAYERS} layers of 1 to {MAX_UNITS:,} units.", received=value, advice="Try 50,20."
        )
    return value


def run_id(value: Any) -> Any:
    """Checks `start_from`; `none` and an empty text are none."""
    if value in (None, "", "none"):
        return None
    if not isinstance(value, str) or not RUN_ID.fullmatch(value):
        raise BadRecipe("start_from", "must be the id of a run (12 hexadecimal digits).", received=value)
    return value


def with_defaults_of_architecture(values: Any) -> Any:
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


def check_together(knobs: Knobs, chosen: Architecture) -> None:
    """Checks what knobs must be for each other.

    Raises:
        BadRecipe: If one does not fit the architecture or another one.
    """
    chosen.check_image_size(knobs.image_size)
    if chosen.name == "handmade" and knobs.weights != "none":
        raise BadRecipe(
            "weights",
            "must be none for handmade: nobody has trained it before you.",
            received=knobs.weights,
            advice="For pretrained weights choose another architecture, for example vgg16.",
        )
    if knobs.weights in PRETRAINED and knobs.weights != chosen.pretrained:
        raise BadRecipe(
            "weights",
            f"must be {chosen.pretrained}, none or a file for {chosen.name}: other weights were never made for it.",
            received=knobs.weights,
        )
    chosen.resolve_unfreeze(knobs.unfreeze_from)
    if knobs.augment_views and knobs.augment == "none":
        raise BadRecipe(
            "augment_views",
            "must be 0 without augmentation: there is nothing by which copies would differ.",
            received=knobs.augment_views,
            advice="Choose an augmentation, for example flip.",
        )


def first_problem(error: ValidationError) -> BadRecipe:
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
