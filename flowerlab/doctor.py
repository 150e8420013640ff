"""What the lab needs and what of it is here. Asks no network, starts nothing, loads no TensorFlow."""

from __future__ import annotations

import difflib
import importlib.metadata
import os
import platform
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from flowerlab.architectures import ARCHITECTURES, Architecture
from flowerlab.datasets.catalog import DATASETS
from flowerlab.datasets.gather import tf_flowers_info
from flowerlab.errors import BadInput
from flowerlab.settings import PREFIX, Settings, variable_of
from flowerlab.weights import find_weights, keras_home

OLDEST, FIRST_TOO_NEW = (3, 11), (3, 14)
REQUIREMENTS = Path(__file__).resolve().parent.parent / "requirements.txt"
PIN = re.compile(r"([A-Za-z0-9][\w.-]*)==([\w.!+-]+)")
INSTALL = "python -m pip install -r requirements.txt -c constraints.txt"
# An afternoon's runs on 3,670 photos at 150 px: 250 MB of prepared photos, features, a few models.
SPACE_WANTED_MB = 2000
# Read by the tests alone.
TEST_PREFIX = f"{PREFIX}REQUIRE_"


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"  # as it should be
    WARNING = "warning"  # the lab runs, but something is missing or not as usual
    PROBLEM = "problem"  # the lab cannot run


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Args:
        subject: What was looked at, in one or two words.
        level: How bad it is.
        text: What was found, as a sentence.
        mend: What one can do about it; empty if nothing is to be done.
        missing_mb: Size of the download that would bring what is missing, in MB (10⁶ bytes); None if nothing is missing.
    """

    subject: str
    level: Level
    text: str
    mend: str = ""
    missing_mb: float | None = None

    def record(self) -> dict[str, Any]:
        """Returns the finding as a JSON object."""
        return {
            "subject": self.subject,
            "level": str(self.level),
            "text": self.text,
            "mend": self.mend or None,
            "missing_mb": self.missing_mb,
        }


def examine(
    environment: Mapping[str, str] | None = None,
    *,
    requirements: Path = REQUIREMENTS,
    python: tuple[int, int] = sys.version_info[:2],
) -> list[Finding]:
    """Looks at Python, packages, settings, the home, data and weights.

    Args:
        environment: Where to look for settings; default: `os.environ`.
        requirements: The file with the pins.
        python: Major and minor version.
    """
    source = os.environ if environment is None else environment
    findings = [_python(python), *_packages(requirements)]
    try:
        settings = Settings.from_environment(source)
    except BadInput as error:
        findings.append(Finding("settings", Level.PROBLEM, str(error)))
    else:
        findings += [*_settings(settings, source), _home(settings.home)]
    return [*findings, *_datasets(), *_weights()]


def _python(version: tuple[int, int]) -> Finding:
    text = f"Python {version[0]}.{version[1]} ({platform.python_implementation()})."
    if OLDEST <= version < FIRST_TOO_NEW:
        return Finding("python", Level.OK, text)
    return Finding("python", Level.PROBLEM, text, "Install Python 3.11, 3.12 or 3.13 and make the .venv with it.")


def _packages(requirements: Path) -> Iterator[Finding]:
    try:
        lines = requirements.read_text("utf-8").splitlines()
    except OSError:
        yield Finding(
            "packages",
            Level.WARNING,
            f"There is no {requirements.name} to compare with.",
            "Clone the repository again.",
        )
        return
    pins = {match[1]: match[2] for line in lines if (match := PIN.match(line))}
    fine = 0
    for name, wanted in pins.items():
        try:
            found = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            yield Finding(name, Level.PROBLEM, f"Version {wanted} is needed, none is installed.", f"Run: {INSTALL}")
            continue
        if found == wanted:
            fine += 1
        else:
            text = f"Version {found} is installed; the lab was tested with {wanted}."
            yield Finding(name, Level.WARNING, text, f"Run: {INSTALL}")
    if fine:
        yield Finding("packages", Level.OK, f"{fine} of {len(pins)} are installed as {requirements.name} pins them.")


def _settings(settings: Settings, environment: Mapping[str, str]) -> Iterator[Finding]:
    variables = {variable_of(name): name for name in Settings.model_fields}
    in_force = [name for variable, name in variables.items() if environment.get(variable)]
    values = ", ".join(f"{variable_of(name)}={getattr(settings, name)}" for name in in_force)
    yield Finding("settings", Level.OK, f"Set by the environment: {values}." if values else "All have their defaults.")
    for variable in sorted(environment):
        if variable.startswith(PREFIX) and variable not in variables and not variable.startswith(TEST_PREFIX):
            near = difflib.get_close_matches(variable, variables, n=1)
            mend = f"Did you mean {near[0]}?" if near else "Unset it, or see docs/settings.md."
            yield Finding("settings", Level.WARNING, f"{variable} is no setting and does nothing.", mend)
    if settings.engine == "fake":
        text = "Runs are scripted and their numbers are made up."
        yield Finding("engine", Level.WARNING, text, f"Unset {variable_of('engine')} to train for real.")


def _home(home: Path) -> Finding:
    """Tries to write where the lab writes, or would make its folder, and leaves nothing behind."""
    root = home.expanduser().resolve()
    place = root
    while not place.exists() and place != place.parent:
        place = place.parent
    mend = "Set FLOWERLAB_HOME to a folder that you may write to."
    try:
        with tempfile.TemporaryFile(dir=place):
            pass
        free_mb = shutil.disk_usage(place).free / 1e6
    except OSError as error:
        return Finding("home", Level.PROBLEM, f"{root} cannot be written ({error.strerror}).", mend)
    text = f"{root} {'can be written' if place == root else 'can be made'}; {free_mb / 1000:.1f} GB are free."
    if free_mb < SPACE_WANTED_MB:
        return Finding(
            "home", Level.WARNING, text, f"Free some space: {SPACE_WANTED_MB / 1000:.0f} GB are comfortable."
        )
    return Finding("home", Level.OK, text)


def _datasets() -> Iterator[Finding]:
    yield Finding("garden", Level.OK, "Is drawn here; nothing has to be fetched.")
    entry = DATASETS["tf_flowers"]
    if tf_flowers_info().exists():
        yield Finding("tf_flowers", Level.OK, f"At hand in {tf_flowers_info().parent}.")
        return
    yield Finding(
        "tf_flowers",
        Level.WARNING,
        f"Not on this machine: {entry.photos:,} photos, a download of {entry.download_mb} MB.",
        "Fetch it while there is a network: python -m flowerlab fetch tf_flowers. Without one, train on the garden, or copy a "
        "tensorflow_datasets folder here and set TFDS_DATA_DIR to it.",
        float(entry.download_mb),
    )


def _weights() -> Iterator[Finding]:
    for chosen in ARCHITECTURES.values():
        if chosen.pretrained is not None:
            yield _weights_of(chosen)


def _weights_of(chosen: Architecture) -> Finding:
    subject, found = f"{chosen.name} weights", find_weights(chosen)
    if found is not None:
        return Finding(subject, Level.OK, f"At hand: {found}.")
    if not chosen.weights:
        return Finding(
            subject,
            Level.WARNING,
            "Missing, though they come with Flowerlab.",
            "Install Flowerlab anew, or train with --weights none.",
        )
    file = chosen.weights[0]
    return Finding(
        subject,
        Level.WARNING,
        f"Not on this machine: {file.name}, a download of {file.megabytes:g} MB.",
        f"Fetch them while there is a network: python -m flowerlab fetch {chosen.name}. Without one, train with --weights none, "
        f"or copy the file into {keras_home() / 'models'}.",
        file.megabytes,
    )
