"""`classify`: names the flowers on photos."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray

from flowerlab.cli.output import AsJson, give, one_line, say, write
from flowerlab.cli.running import find_run, opened
from flowerlab.errors import BadPhoto, legible
from flowerlab.inference.classify import model_of, predict
from flowerlab.lab import Lab
from flowerlab.locale.numbers import confidence, spelled
from flowerlab.photos.reading import MAX_BYTES, read_photo
from flowerlab.results.answers import Answer, answers_of, temperature_of
from flowerlab.runs.run import Run

# Decoded photos of a phone take 36 MB each: they are read and asked about in small groups, and then let go.
GROUP = 8
SHOWN_CLASSES = 3


def classify(
    run: Annotated[str, typer.Argument(help="A run: its id, the first digits of it (at least 4), or its name.")],
    photos: Annotated[list[str], typer.Argument(metavar="PHOTO...", help="Files with photos.")],
    as_json: AsJson = False,
) -> None:
    """Classify photos with a finished run.

    Exit code 0: at least one photo was classified; 2: none could be read, or bad input; 1: failed.
    """
    with opened() as lab:
        chosen = find_run(lab, run)
        model_of(lab.home, chosen)
        temperature = temperature_of(answers_of(lab.home, lab.store, chosen))
        entries: list[dict[str, Any]] = []
        for begin in range(0, len(photos), GROUP):
            group = _classified(lab, chosen, photos[begin : begin + GROUP], temperature)
            entries += group
            if not as_json:
                for entry in group:
                    _write(entry)
    none_read = all("error" in entry for entry in entries)
    problem = f"None of the {len(entries)} files could be read as a photo." if len(entries) > 1 else entries[0].get("error")
    if as_json:
        error = {"error": problem} if none_read else {}
        give({**error, "run_id": chosen.id, "name": chosen.name, "photos": entries})
    if none_read:
        if as_json or len(entries) > 1:
            say(str(problem))
        raise typer.Exit(2)


def _classified(lab: Lab, run: Run, files: Sequence[str], temperature: float | None) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = []
    readable: list[tuple[dict[str, Any], NDArray[np.uint8]]] = []
    for file in files:
        entry: dict[str, Any] = {"file": file}
        entries.append(entry)
        try:
            readable.append((entry, _read(file)))
        except BadPhoto as error:
            entry["error"] = one_line(str(error))
    if readable:
        rows = predict(lab.predictor, lab.home, run, [pixels for _, pixels in readable])
        for (entry, _), row in zip(readable, rows, strict=True):
            answer = Answer(run, tuple(row.tolist()), temperature)
            entry["label"] = answer.class_name
            entry["probabilities"] = dict(zip(answer.classes, answer.probabilities, strict=True))
            if answer.calibrated is not None:
                entry["calibrated"] = answer.calibrated
            entry["unknown"] = answer.unknown
    return entries


def _read(file: str) -> NDArray[np.uint8]:
    path = Path(file)
    try:
        if path.is_dir():
            raise BadPhoto(f"This is a folder. Expected a file with a photo. Received: {legible(file)}. Name the photos in it.")
        if not path.is_file():
            raise BadPhoto(f"There is no such file. Expected a file with a photo. Received: {legible(file)}. Check its name.")
        with path.open("rb") as opened_file:
            data = opened_file.read(MAX_BYTES + 1)
    except OSError as error:
        raise BadPhoto(
            f"The file cannot be read ({error.strerror}). Expected a file that you may read. Received: {legible(file)}. "
            "Choose another."
        ) from None
    return read_photo(data, path.name)


def _write(entry: dict[str, Any]) -> None:
    if "error" in entry:
        say(f"{entry['file']}: {entry['error']}")
        return
    best = sorted(entry["probabilities"].items(), key=lambda item: -item[1])[:SHOWN_CLASSES]
    first, *others = [f"{name} {confidence(share)}" for name, share in best]
    if entry["unknown"]:
        count = spelled(len(entry["probabilities"]))
        write(f"{entry['file']}: probably not one of these {count} (nearest: {', '.join([first, *others])})")
        return
    sure = f", calibrated {confidence(entry['calibrated'])}" if "calibrated" in entry else ""
    write(f"{entry['file']}: {first}{sure}" + (f" ({', '.join(others)})" if others else ""))
