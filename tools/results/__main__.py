"""Trains the lecture's recipes and writes what they came to into docs/results.md.

    python -m tools.results [--no-training] [--minutes 60]

tf_flowers must lie in TFDS_DATA_DIR and MobileNetV2's weights in KERAS_HOME (or both are downloaded). What every run came to is
kept in docs/results/runs.json; runs that are there, or that the lab's home (FLOWERLAB_HOME) holds, are not trained again. The
report says what is missing, and is written after every run.
"""

from __future__ import annotations

import argparse
import sys
import time
from functools import cache

from flowerlab.datasets.garden import DEFAULT_DIFFICULTY
from tools import ROOT
from tools.results.lookup import Labs
from tools.results.plot import draw
from tools.results.record import Record
from tools.results.report import LECTURES_A, difficulty_rows, report
from tools.results.wanted import everything

REPORT = ROOT / "docs" / "results.md"
PLOT = "results/difficulty.png"
RECORD = ROOT / "docs" / "results" / "runs.json"


def write(labs: Labs) -> None:
    """Writes the report and its picture from what has been trained."""
    find = cache(labs.find)
    rows = difficulty_rows(find)
    if any(accuracy is not None for row in rows for accuracy in row[1:]):
        draw(rows, DEFAULT_DIFFICULTY, LECTURES_A, ROOT / "docs" / PLOT)
    REPORT.write_text(report(find, everything(), PLOT), encoding="utf-8")


def main() -> None:
    """Measures and reports."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--no-training", action="store_true", help="Write the report from what was recorded.")
    parser.add_argument("--minutes", type=float, default=1e9, help="Begin no further run after so long. Default: no limit.")
    arguments = parser.parse_args()
    begun_s, labs = time.monotonic(), Labs(Record(RECORD))
    try:
        lacking = [] if arguments.no_training else [one for one in everything() if labs.find(one) is None]
        for number, one in enumerate(lacking, start=1):
            if time.monotonic() - begun_s > arguments.minutes * 60:
                break
            print(f"{number} of {len(lacking)}: {one}", file=sys.stderr, flush=True)
            labs.train(one)
            write(labs)
        write(labs)
    finally:
        labs.close()


if __name__ == "__main__":
    main()
