"""Every setting of the lab: name, type, default, help.

A setting is read from the environment variable `FLOWERLAB_<NAME>`; docs/settings.md lists them, and a test holds the two
together. What belongs to the web server (port, theme, upload size) is in .streamlit/config.toml.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import platformdirs
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from flowerlab.errors import BadInput, shown

PREFIX = "FLOWERLAB_"
# As `flowerlab.datasets.garden` draws it; a test holds the two together.
GARDEN_PICTURES, GARDEN_DIFFICULTY = 3670, 0.15
# A precision that a user may ask for.
Wish = Literal["auto", "float32", "bfloat16"]


class Settings(BaseSettings):
    """All settings, typed and checked. What is not given is read from the environment; an empty variable counts as unset."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="forbid")

    home: Path = Field(
        default_factory=lambda: Path(platformdirs.user_data_dir("flowerlab", appauthor=False)),
        description="The folder in which everything that the lab makes is kept: runs, prepared photos, features.",
    )
    engine: Literal["local", "fake"] = Field(
        default="local",
        description="Who trains: `local` (a process on this machine) or `fake` (a scripted run, for trying out pages).",
    )
    niceness: int = Field(
        default=15, ge=0, le=19, description="How far trainers step back behind the web page (0 = not at all, 19 = most)."
    )
    threads: int = Field(
        default=0,
        ge=0,
        le=256,
        description="CPU threads that a trainer, the process that classifies, and those that draw or resize photos may use (0 = as many "
        "as there are cores for this process).",
    )
    warm_spare: bool = Field(
        default=True,
        description="Start a trainer with TensorFlow loaded ahead of the first run, and the process that classifies ahead of "
        "the first photo, so that both start quickly.",
    )
    stop_grace_s: float = Field(
        default=4.0, gt=0, le=60, description="Seconds after Stop before a trainer that does not obey is killed."
    )
    trainer_runs: int = Field(default=50, ge=1, description="Runs after which a trainer process is retired.")
    trainer_idle_s: float = Field(default=600.0, gt=0, description="Seconds without work after which a trainer is retired.")
    trainer_growth_mb: float = Field(
        default=1500.0, gt=0, description="Growth of a trainer's memory, in MB, after which it is retired."
    )
    precision: Wish = Field(
        default="auto",
        description="Of the pass of the photos through frozen layers: `bfloat16` computes with half as many digits, `auto` does so "
        "where the processor is made for it and the network gains by it.",
    )
    training_precision: Wish = Field(
        default="auto",
        description="Of what trains: `bfloat16` computes with half as many digits, which is quicker where the processor is made for it; "
        "weights, validation and test are float32 all the same. `auto`: on such a processor, for the hand-made network and VGG16 mini.",
    )
    features: Literal["float16", "float32", "off"] = Field(
        default="float16",
        description="How the frozen layers' output is kept; `off`: not at all, so that every epoch computes it again.",
    )
    features_gb: float | None = Field(
        default=None,
        gt=0,
        description="How much all kept features may take, in GB (10⁹ bytes); the least recently used go first. Not set: 8, or a "
        "tenth of the free disk if that is less.",
    )
    checkpoints_gb: float = Field(
        default=4.0,
        ge=0,
        description="How much finished runs may keep, in GB (10⁹ bytes), so that they can be trained on: optimizer and newest "
        "weights. The runs that ended first lose theirs first; models and predictions always stay.",
    )
    refuse: bool = Field(
        default=True, description="Refuse a start that needs more memory or disk, by estimate, than this machine can give."
    )
    memory_gb: float | None = Field(
        default=None,
        gt=0,
        description="How much memory a run may need, in GB (10⁹ bytes), by estimate. Not set: what is free, with what an idle trainer "
        "would give back.",
    )
    disk_reserve_gb: float = Field(
        default=1.0, ge=0, description="How much of the disk stays free, in GB (10⁹ bytes), whatever a run would need."
    )
    queue_limit: int = Field(default=150, ge=0, description="How many runs may wait in all (0 = no bound).")
    queue_limit_per_student: int = Field(
        default=30, ge=0, description="How many runs of one student may wait (0 = no bound). Students take turns in any case."
    )
    clean_runs_after_days: float | None = Field(
        default=None, gt=0, description="Cleaning rule: finished runs older than so many days go to the trash. Not set: never."
    )
    keep_runs_gb: float | None = Field(
        default=None,
        gt=0,
        description="Cleaning rule: where all runs take more than so many GB (10⁹ bytes), the oldest finished ones go to the trash. "
        "Not set: never.",
    )
    empty_trash_after_days: float | None = Field(
        default=None,
        gt=0,
        description="Cleaning rule: what has lain in the trash for so many days is deleted for good. Not set: never.",
    )
    starter: bool = Field(
        default=True, description="Put the starter classifier, which comes with Flowerlab, into a home that never had it."
    )
    garden_pictures: int = Field(default=GARDEN_PICTURES, ge=50, le=50_000, description="How many pictures the garden has.")
    garden_difficulty: float = Field(
        default=GARDEN_DIFFICULTY,
        ge=0,
        le=1,
        description="How hard the garden is to learn (0 = easy: the flower large and whole, 1 = hardly to be told apart).",
    )

    @field_validator("home")
    @classmethod
    def _expanded(cls, value: Path) -> Path:
        try:
            return value.expanduser()
        except RuntimeError as error:
            raise ValueError(str(error)) from None

    @classmethod
    def from_environment(cls) -> Settings:
        """Reads the settings from the environment, with one sentence where a variable is bad.

        Raises:
            BadInput: If a variable has a value that the setting cannot have.
        """
        try:
            return cls()
        except ValidationError as error:
            first = error.errors()[0]
            raise BadInput(
                f"The environment variable {variable_of(str(first['loc'][0]))} has a value it cannot have: {first['msg']}. "
                f"Received: {shown(first['input'])}. Unset it for the default."
            ) from None


def variable_of(name: str) -> str:
    """Returns the environment variable that sets the setting called `name`."""
    return PREFIX + name.upper()
