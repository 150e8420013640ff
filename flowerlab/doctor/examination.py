"""All checks together, side by side, with an end to waiting."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from flowerlab.doctor.data import check_datasets, check_weights
from flowerlab.doctor.finding import Finding, Level
from flowerlab.doctor.hardware import ROOT, check_memory, check_port, check_processor
from flowerlab.doctor.home import check_disk, check_home
from flowerlab.doctor.software import check_packages, check_python, check_settings
from flowerlab.errors import BadInput
from flowerlab.settings import Settings

REQUIREMENTS = ROOT / "requirements.txt"
# A disk that does not answer in this time will not let anybody work either.
PATIENCE_S = 1.5

Check = Callable[[], Iterable[Finding]]


@dataclass
class _Look:
    """One check, and what it has found once it is over."""

    subject: str
    check: Check
    findings: list[Finding] | None = None
    over: threading.Event = field(default_factory=threading.Event)

    def make(self) -> None:
        """Makes the check, in a thread of its own."""
        try:
            self.findings = list(self.check())
        except Exception as error:
            # The other checks are still worth reading.
            text = f"It could not be looked at ({type(error).__name__}: {error})."
            self.findings = [Finding(self.subject, _level_of_failure(self.subject), text)]
        self.over.set()


def examine(
    *,
    requirements: Path = REQUIREMENTS,
    python: tuple[int, int] = sys.version_info[:2],
    serving: bool = False,
    patience_s: float = PATIENCE_S,
) -> list[Finding]:
    """Looks at Python, packages, settings, the machine, the home, data and weights.

    Asks no network, starts nothing, loads no TensorFlow. What does not answer in time (a network disk) is said so.

    Args:
        python: Major and minor version.
        serving: Whether this process is the web page itself, whose port is then its own.
        patience_s: Seconds to wait for all checks together.
    """
    looks = [
        _Look("python", lambda: check_python(python)),
        _Look("packages", lambda: check_packages(requirements)),
        _Look("processor", check_processor),
        _Look("memory", check_memory),
    ]
    if not serving:
        looks.append(_Look("port", lambda: check_port(os.environ)))
    try:
        settings = Settings.from_environment()
    except BadInput as error:
        unusable = Finding("settings", Level.PROBLEM, str(error), "Unset the variable, or see docs/settings.md.")
        looks.append(_Look("settings", lambda: [unusable]))
    else:
        looks += [
            _Look("settings", lambda: check_settings(settings, os.environ)),
            _Look("home", lambda: check_home(settings.home)),
            _Look("disk", lambda: check_disk(settings.home)),
            _Look("data", lambda: check_datasets(settings.home)),
        ]
    looks.append(_Look("weights", check_weights))
    return _made(looks, patience_s)


def _made(looks: list[_Look], patience_s: float) -> list[Finding]:
    due_s = time.monotonic() + patience_s
    for look in looks:
        # Daemons: one that waits for a disk for ever must not keep the process.
        threading.Thread(target=look.make, daemon=True, name=f"doctor-{look.subject}").start()
    findings: list[Finding] = []
    for look in looks:
        look.over.wait(max(0.0, due_s - time.monotonic()))
        findings += look.findings if look.findings is not None else [_silent(look.subject, patience_s)]
    return findings


def _level_of_failure(subject: str) -> Level:
    # Without the home nothing can be kept; everything else can be done without.
    return Level.PROBLEM if subject == "home" else Level.WARNING


def _silent(subject: str, patience_s: float) -> Finding:
    mend = "A network disk may be away. Set FLOWERLAB_HOME (and TFDS_DATA_DIR, KERAS_HOME) to folders on this computer."
    return Finding(subject, _level_of_failure(subject), f"No answer within {patience_s:g} s.", mend)


def can_run(findings: Iterable[Finding]) -> bool:
    """Whether the lab can run: nothing found is a problem."""
    return all(finding.level is not Level.PROBLEM for finding in findings)
