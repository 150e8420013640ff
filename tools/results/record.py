"""The figures of every run that the results are made of, kept beside the report: a lab's home may go, they stay."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from flowerlab.runs.run import Run
from tools.results.wanted import Wanted


@dataclass(frozen=True)
class Figures:
    """What a finished run came to.

    Args:
        test_accuracy: 0..1.
        test_photos: How many it was measured on.
        trainable_parameters: How many numbers learned.
        total_parameters: Of all.
        seconds: From the start of preparing to the end of the test.
        ended_s: Unix time.
    """

    test_accuracy: float
    test_photos: int
    trainable_parameters: int
    total_parameters: int
    seconds: float
    ended_s: float

    @staticmethod
    def of(run: Run) -> Figures:
        """Reads them from a run that was tested."""
        assert run.result is not None
        assert run.result.test_accuracy is not None
        assert run.ended_s is not None
        return Figures(
            test_accuracy=run.result.test_accuracy,
            test_photos=run.result.test_photos,
            trainable_parameters=run.result.trainable_parameters,
            total_parameters=run.result.total_parameters,
            seconds=round(run.result.seconds, 1),
            ended_s=round(run.ended_s),
        )


class Record:
    """A JSON file with one line a run.

    Args:
        path: Where it lies; it need not be there yet.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lines: dict[tuple[Wanted, str], Figures] = {}
        for line in json.loads(path.read_text(encoding="utf-8")) if path.exists() else []:
            self._lines[Wanted(**line["run"]), line["materials"]] = Figures(**line["figures"])

    def find(self, wanted: Wanted, materials: str) -> Figures | None:
        """Returns a run's figures; None if it was not trained yet with these photos and weights.

        Args:
            wanted: The run.
            materials: Which photos and weights its recipe's names stand for, see `Lab.materials`.
        """
        return self._lines.get((wanted, materials))

    def keep(self, wanted: Wanted, materials: str, figures: Figures) -> None:
        """Adds a run and writes the file."""
        self._lines[wanted, materials] = figures
        lines = [
            json.dumps({"run": asdict(one), "materials": of, "figures": asdict(its)}) for (one, of), its in self._lines.items()
        ]
        part = self._path.with_suffix(".part")
        part.write_text("[\n" + ",\n".join(sorted(lines)) + "\n]\n", encoding="utf-8")
        part.replace(self._path)
