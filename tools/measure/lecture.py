"""Measures the lecture as a class meets it first: A, B and C on the garden with VGG16 mini, in a home where nothing was done before.

    python -m tools.measure.lecture [--repeats 1]

The clock runs from the click to the last result; drawing the garden, the first start of TensorFlow, features, training, tests and
saving are all in it. On a machine that does nothing else.
"""

from __future__ import annotations

import os
import time

from flowerlab.experiments.lecture import start_lecture
from flowerlab.runs.run import Run
from tools.measure.harness import own_lab, parser, print_heading, print_row


def lecture_s() -> tuple[float, dict[str, Run]]:
    """Returns the seconds from the click to the last result, and the runs."""
    with own_lab() as lab:
        begun_s = time.perf_counter()
        started = start_lecture(lab, architecture="vgg16_mini")
        lab.queue.wait([one.run.id for one in started.values()])
        return time.perf_counter() - begun_s, {name: lab.store.get(one.run.id) for name, one in started.items()}


def main() -> None:
    """Measures and prints."""
    repeats = parser(__doc__, repeats=(1, "Lectures.")).parse_args().repeats
    print(f"{os.cpu_count()} cores.\n")
    print_heading("run", "in all", "features", "training", "test accuracy")
    for _ in range(repeats):
        seconds, runs = lecture_s()
        for name, run in runs.items():
            result = run.result
            assert result is not None
            assert result.timing is not None
            assert result.test_accuracy is not None
            times = (result.seconds, result.timing.seconds_features, result.seconds_training)
            print_row(name, *(f"{one:.0f} s" for one in times), f"{result.test_accuracy:.1%}")
        print_row("the lecture", f"**{seconds:.0f} s**", "", "", "")


if __name__ == "__main__":
    main()
