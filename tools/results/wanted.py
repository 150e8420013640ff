"""Which runs the results are made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from flowerlab.datasets.garden import DEFAULT_DIFFICULTY
from flowerlab.datasets.splits import SPLITS
from flowerlab.recipe.presets import PRESETS

SEEDS = (0, 1, 2)
LETTERS = tuple(PRESETS)
BACKBONES = ("vgg16_mini", "mobilenet_v2")
DIFFICULTIES = (0.0, 0.15, 0.25, 0.35, 0.5, 0.75, 1.0)


@dataclass(frozen=True)
class Wanted:
    """One run: 150 px, 5 epochs, batches of 32, Adam, as the presets have it.

    Args:
        letter: Key of `flowerlab.recipe.presets.PRESETS`.
        dataset: `garden` or `tf_flowers`.
        backbone: Of B, C and gently; empty for A.
        seed: Of the recipe.
        split: `honest` or `lecture`.
        resize: `squash` or `lecture`.
        difficulty: Of the garden; None for photos.
    """

    letter: str
    dataset: str
    backbone: str = ""
    seed: int = 0
    split: str = "honest"
    resize: str = "squash"
    difficulty: float | None = None

    @property
    def source(self) -> Wanted | None:
        """The run that this one starts from."""
        source = PRESETS[self.letter].starts_from
        return None if source is None else replace(self, letter=source)


def wanted(letter: str, dataset: str, backbone: str, **more: object) -> Wanted:
    """Returns a run; A has no backbone, so that it is the same run beside each. The garden is the one that comes."""
    if dataset == "garden":
        more = {"difficulty": DEFAULT_DIFFICULTY, **more}
    return Wanted(letter, dataset, "" if letter == "A" else backbone, **more)  # type: ignore[arg-type]


def over_difficulties() -> Iterator[Wanted]:
    """A and B on gardens of every difficulty; A first, because it decides on the default."""
    for letter in "AB":
        for seed in SEEDS:
            for difficulty in sorted(DIFFICULTIES, key=lambda value: abs(value - DEFAULT_DIFFICULTY)):
                yield wanted(letter, "garden", "vgg16_mini", seed=seed, difficulty=difficulty)


def on_the_garden() -> Iterator[Wanted]:
    """The four recipes on the garden as it comes."""
    for seed in SEEDS:
        for letter in LETTERS:
            yield wanted(letter, "garden", "vgg16_mini", seed=seed)


def on_the_photos() -> Iterator[Wanted]:
    """The four recipes on tf_flowers, with two backbones, on both splits."""
    for split in SPLITS:
        for seed in SEEDS:
            for backbone in BACKBONES:
                for letter in LETTERS:
                    yield wanted(letter, "tf_flowers", backbone, seed=seed, split=split)


def padded() -> Iterator[Wanted]:
    """A and B on tf_flowers, padded as in the lecture, on both splits; two seeds."""
    for split in SPLITS:
        for seed in SEEDS[:2]:
            for letter in "AB":
                yield wanted(letter, "tf_flowers", "mobilenet_v2", seed=seed, split=split, resize="lecture")


def everything() -> list[Wanted]:
    """Returns every run once, in the order in which they are trained."""
    return list(dict.fromkeys([*over_difficulties(), *on_the_garden(), *on_the_photos(), *padded()]))
