"""Python, the packages against their pins, and the settings."""

from __future__ import annotations

import difflib
import importlib.metadata
import platform
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from flowerlab.doctor.finding import Finding, Level
from flowerlab.settings import PREFIX, Settings, variable_of

OLDEST, FIRST_TOO_NEW = (3, 11), (3, 14)
PIN = re.compile(r"([A-Za-z0-9][\w.-]*)==([\w.!+-]+)")
INSTALL = "python -m pip install -r requirements.txt -c constraints.txt"
# What a user knows by name and asks about first; the other pins are one line together.
NAMED = ("tensorflow", "keras", "streamlit")
# Read by the tests alone.
TEST_PREFIX = f"{PREFIX}REQUIRE_"


def check_python(version: tuple[int, int]) -> Iterator[Finding]:
    """Compares Python's version (major, minor) with those that TensorFlow has wheels for."""
    text = f"Python {version[0]}.{version[1]} ({platform.python_implementation()})."
    if OLDEST <= version < FIRST_TOO_NEW:
        yield Finding("python", Level.OK, text)
    else:
        yield Finding("python", Level.PROBLEM, text, "Install Python 3.11, 3.12 or 3.13 and make the .venv with it.")


def check_packages(requirements: Path) -> Iterator[Finding]:
    """Compares what is installed with the pins of a requirements file, without importing any of it."""
    try:
        lines = requirements.read_text("utf-8").splitlines()
    except OSError:
        text = f"There is no {requirements.name} to compare with."
        yield Finding("packages", Level.WARNING, text, "Clone the repository again.")
        return
    pins = {match[1]: match[2] for line in lines if (match := PIN.match(line))}
    fine = []
    for name, wanted in pins.items():
        try:
            found = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            yield Finding(name, Level.PROBLEM, f"Version {wanted} is needed, none is installed.", f"Run: {INSTALL}")
            continue
        if found == wanted:
            fine.append(name)
        else:
            text = f"Version {found} is installed; the lab was tested with {wanted}."
            yield Finding(name, Level.WARNING, text, f"Run: {INSTALL}")
    if fine:
        named = ", ".join(f"{name} {pins[name]}" for name in NAMED if name in fine)
        among = f", among them {named}" if named else ""
        text = f"{len(fine)} of {len(pins)} are installed as {requirements.name} pins them{among}."
        yield Finding("packages", Level.OK, text)


def check_settings(settings: Settings, environment: Mapping[str, str]) -> Iterator[Finding]:
    """Names the settings in force, and variables that look like settings and are none."""
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
