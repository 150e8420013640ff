"""Measures the lecture as a class meets it first: A, B and C on the garden with VGG16 mini, in a home where nothing was done before.

    python -m tools.measure.lecture [--repeats 1]

The clock runs from the click to the last result; drawing the garden, the first start of TensorFlow, features, training, tests and
saving are all in it. On a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

from flowerlab.experiments.lecture import start_lecture
from flowerlab.lab import Lab
from flowerlab.runs.run import Run
from flowerlab.settings import Settings


def lecture_s() -> tuple[float, dict[str, Run]]:
    """Returns the seconds from the click to the last result, and the runs."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        lab = Lab(Settings(home=Path(folder), starter=False, warm_spare=False))
        try:
            begun_s = time.perf_counter()
            started = start_lecture(lab, architecture="vgg16_mini")
            lab.queue.wait([one.run.id for one in started.values()])
            return time.perf_counter() - begun_s, {name: lab.store.get(one.run.id) for name, one in started.items()}
        finally:
            lab.close()


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=1, help="Lectures. Default: 1.")
    print(f"{os.cpu_count()} cores.\n\n| run | in all | features | training | test accuracy |\n| --- | --- | --- | --- | --- |")
    for _ in range(parser.parse_args().repeats):
        seconds, runs = lecture_s()
        for name, run in runs.items():
            result = run.result
            assert result is not None
            assert result.timing is not None
            assert result.test_accuracy is not None
            print(
                f"| {name} | {result.seconds:.0f} s | {result.timing.seconds_features:.0f} s | "
                f"{result.seconds_training:.0f} s | {result.test_accuracy:.1%} |"
            )
        print(f"| the lecture | **{seconds:.0f} s** | | | |", flush=True)


if __name__ == "__main__":
    main()
