"""What a run trains: the values of all knobs, checked, in one immutable record."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Self

from pydantic import ValidationError, field_validator, model_validator

from flowerlab.architectures import Architecture, Counts, architecture
from flowerlab.datasets.catalog import DATASETS, check_dataset_name
from flowerlab.datasets.splits import TRAIN_SHARE
from flowerlab.errors import BadRecipe
from flowerlab.recipe import validation
from flowerlab.recipe.knobs import KNOBS, Knobs, as_text

WORDS = [name for name, knob in KNOBS.items() if knob.choices and name != "architecture"]


class Recipe(Knobs):
    """All that decides how a run comes out.

    Build it with `Recipe.parse`, which turns every bad value into one sentence.
    """

    _words = field_validator(*WORDS)(validation.known_word)
    _dataset = field_validator("dataset")(check_dataset_name)
    _weights = field_validator("weights")(validation.known_weights)
    _index = field_validator("unfreeze_from", mode="before")(validation.index_as_text)
    _head_text = field_validator("head", mode="before")(validation.head_from_text)
    _head = field_validator("head")(validation.head_in_range)
    _source = field_validator("start_from", mode="before")(validation.run_id)

    @field_validator("architecture")
    @classmethod
    def _known_architecture(cls, value: str) -> str:
        return architecture(value).name

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, values: Any) -> Any:
        return validation.with_defaults_of_architecture(values)

    @model_validator(mode="after")
    def _settle(self) -> Self:
        """Checks the knobs together; two ways to write one recipe become one."""
        validation.check_together(self, self.chosen)
        resolved = self.chosen.resolve_unfreeze(self.unfreeze_from)
        # The record is frozen for everybody else.
        object.__setattr__(self, "unfreeze_from", resolved)
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
        """What its starting weights had seen of its own photos, as a sentence for those who read the result; else empty."""
        chosen = self.chosen
        share = DATASETS[self.dataset].seen_by.get(chosen.name, 0.0) if self.dataset in DATASETS else 0.0
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

    def counts(self, classes: int) -> Counts:
        """Counts the parameters of its network, with an output for each of so many classes."""
        return self.chosen.counts(image_size=self.image_size, unfreeze_from=self.unfreeze_from, head=self.head, classes=classes)

    @property
    def from_scratch(self) -> bool:
        """Whether this recipe has no backbone that was made elsewhere: the lecture's recipe A."""
        return self.architecture == "handmade"

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> Recipe:
        """Builds a recipe from knob values, which may be text (from a link, a flag or JSON); missing ones take their default.

        Raises:
            BadRecipe: If a value cannot be used; the text names the knob, what is expected and what was received.
        """
        if not isinstance(values, Mapping):
            raise BadRecipe("recipe", "must be knobs with their values.", received=values)
        try:
            return cls.model_validate(dict(values))
        except ValidationError as error:
            raise validation.first_problem(error) from None

    def changed(self, **values: Any) -> Recipe:
        """Returns this recipe with other values for some knobs, checked again."""
        return Recipe.parse({**self.model_dump(), **values})

    def fingerprint(self) -> str:
        """Returns a hash that two recipes share exactly when all knobs are equal.

        Knobs at their default are left out: one that is added later changes no stored hash. A default that changes needs a step in
        `flowerlab.store.schema`.
        """
        chosen = self.model_dump(mode="json", exclude_defaults=True)
        return hashlib.sha256(json.dumps(chosen, sort_keys=True).encode()).hexdigest()

    def to_query(self) -> dict[str, str]:
        """Returns the knobs that differ from their default, as text for a link."""
        base = Recipe.parse({"architecture": self.architecture}).model_dump()
        mine = self.model_dump()
        changed = {name: value for name, value in mine.items() if value != base[name] or name == "architecture"}
        return {name: as_text(value) for name, value in changed.items()}
