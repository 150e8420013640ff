"""`compare`: finished runs side by side, and whether their difference is real."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from flowerlab.cli.output import AsJson, give, write
from flowerlab.cli.running import find_run, opened
from flowerlab.errors import BadInput
from flowerlab.evaluation.intervals import accuracy_interval
from flowerlab.evaluation.metrics import average_figures, class_figures, confusion_matrix
from flowerlab.evaluation.paired_tests import PairedTest
from flowerlab.locale.numbers import percent, percent_with_interval
from flowerlab.results.answers import MOST_RUNS, Answers, answers_of, calibrated
from flowerlab.results.columns import Finished, quality_columns
from flowerlab.results.pairing import pair_tests, why_not_paired
from flowerlab.results.sentences import pair_sentence
from flowerlab.runs.run import told_apart


def compare(
    runs: Annotated[list[str], typer.Argument(metavar="RUN...", help="Two to six runs: ids, first digits of ids, or names.")],
    as_json: AsJson = False,
) -> None:
    """Compare finished runs: accuracy, each class, calibration, and whether a difference is real.

    Two runs are compared photo by photo (McNemar's exact test, bootstrap interval of the difference), if they were tested on the
    same photos; with several pairs, p is corrected for all of them (Holm). In JSON, accuracies and differences are shares (0 to 1);
    an interval is null where the runs differ on fewer than ten photos.
    """
    with opened() as lab:
        found = {run.id: run for run in (find_run(lab, text) for text in runs)}
        if not 2 <= len(found) <= MOST_RUNS:
            raise BadInput(f"Two to {MOST_RUNS} different runs can be compared. Received: {len(found)}. Name another.")
        sides = []
        for run in found.values():
            side = answers_of(lab.home, lab.store, run)
            if side is None:
                raise BadInput(
                    f"{run.name!r} was not tested, so there is nothing to compare. Received: {run.id}, {run.state}. Leave it out."
                )
            sides.append(side)
    records = [_record(side) for side in sides]
    tests, names = pair_tests(sides), told_apart([side.run for side in sides])
    pairs = [
        _pair(first, second, tests.get((first.run.id, second.run.id)), names) for first, second in itertools.combinations(sides, 2)
    ]
    if as_json:
        give({"runs": records, "pairs": pairs})
        return
    for side, record in zip(sides, records, strict=True):
        tested = percent_with_interval(side.accuracy, *accuracy_interval(side.accuracy, len(side.truth)))
        write(f"{side.run.name} ({side.run.id}): test accuracy {tested}")
        for name, figures in record["per_class"].items():
            write(
                f"  {name}: precision {percent(figures['precision'])}, recall {percent(figures['recall'])}, "
                f"F1 {percent(figures['f1'])}"
            )
        one = Finished(side.run, answers=side)
        for column in quality_columns(one):
            write(f"  {column.title}: {column.written(one)}")
        write(f"  calibration error {record['ece']:.3f}, at temperature {record['temperature']:.2f} {record['ece_tempered']:.3f}")
    for pair in pairs:
        write(pair["sentence"])


def _record(side: Answers) -> dict[str, Any]:
    answers = side.probabilities.argmax(axis=1)
    matrix = confusion_matrix(side.truth, answers, len(side.classes)).tolist()
    classes = class_figures(matrix)
    averages = {word: average_figures(classes, weighted=word == "weighted") for word in ("macro", "weighted")}
    error, one = calibrated(side), Finished(side.run, answers=side)
    return {
        "run_id": side.run.id,
        "name": side.run.name,
        "accuracy": side.accuracy,
        "interval": list(accuracy_interval(side.accuracy, len(side.truth))),
        "test_photos": len(side.truth),
        "per_class": {
            name: {"precision": one.precision, "recall": one.recall, "f1": one.f1, "photos": one.photos}
            for name, one in zip(side.classes, classes, strict=True)
        },
        **{word: {"precision": one.precision, "recall": one.recall, "f1": one.f1} for word, one in averages.items()},
        "ece": error.before,
        "temperature": error.temperature,
        "ece_tempered": error.after,
        **{column.name: column.value(one) for column in quality_columns(one)},
    }


def _pair(first: Answers, second: Answers, test: PairedTest | None, names: Mapping[str, str]) -> dict[str, Any]:
    named = {"first": first.run.id, "second": second.run.id}
    if test is None:
        nothing = dict.fromkeys(
            ("only_first_right", "only_second_right", "mcnemar_p", "holm_p", "difference", "difference_interval")
        )
        return {**named, **nothing, "sentence": why_not_paired(first, second)}
    return {
        **named,
        "only_first_right": test.only_first_right,
        "only_second_right": test.only_second_right,
        "mcnemar_p": test.mcnemar_p,
        "holm_p": test.holm_p,
        "difference": test.difference,
        "difference_interval": None if test.interval is None else list(test.interval),
        "sentence": pair_sentence(names[first.run.id], names[second.run.id], test),
    }
