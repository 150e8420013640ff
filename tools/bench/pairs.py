"""Running pairs: plain Keras and Flowerlab one after the other, each in a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from flowerlab.datasets.garden import Garden
from flowerlab.datasets.gather import gather
from flowerlab.datasets.prepared import prepare
from flowerlab.home import Home
from flowerlab.system.cpu import machine_name
from tools import ROOT
from tools.bench.cases import Case

Pair = dict[str, Any]


def make_pair(case: Case, home: Home, repeat: int) -> Pair:
    """Runs both sides once and returns what each came to.

    Args:
        case: What.
        home: Of the benchmark; photos are prepared in it beforehand, features and runs are deleted before each side.
        repeat: Number of the pair, which is also the seed; every second one begins with Flowerlab.
    """
    originals = gather(home, "garden", Garden(case.pictures))
    prepare(home, originals, "garden", image_size=case.image_size, resize="squash")
    asked = {
        "home": str(home.root),
        "letter": case.letter,
        "architecture": case.architecture,
        "weights": case.weights,
        "seed": repeat,
        "epochs": case.epochs,
        "image_size": case.image_size,
        "pictures": case.pictures,
    }
    sides = ["plain", *case.precisions]
    pair: Pair = {
        "machine": machine_name(),
        "case": case.name,
        "pictures": case.pictures,
        "epochs": case.epochs,
        "weights": case.weights,
    }
    for side in sides if repeat % 2 == 0 else sides[::-1]:
        for folder in (home.features, home.runs):
            shutil.rmtree(folder)
            folder.mkdir()
        pair[side] = _alone({**asked, "side": "plain"}) if side == "plain" else _ours({**asked, "precision": side})
    return pair


def _ours(asked: dict[str, Any]) -> Any:
    """Flowerlab's side: first without features, then, in a process that finds nothing warm either, with them at hand."""
    asked = {**asked, "side": "flowerlab"}
    found = _alone({**asked, "again": False})
    if asked["letter"] == "A":
        return found
    # With features at hand no frozen layer computes: its precision makes no difference.
    if asked["precision"] == "float32":
        again = _alone({**asked, "again": True})
        found |= {f"{letter}-again": again[letter] for letter in asked["letter"]} | {"again_whole_s": again["whole_s"]}
    return found | {"peak_flops": _alone({**asked, "side": "peak"})["peak_flops"]}


def _alone(asked: dict[str, Any]) -> Any:
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "tools.bench.one_way", json.dumps(asked)], capture_output=True, text=True, env=environment, cwd=ROOT
    )
    if done.returncode:
        raise SystemExit(f"{asked} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def read_pairs(path: Path) -> list[Pair]:
    """Returns the pairs that were kept; none if there is no file."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else []


def keep_pairs(path: Path, pairs: list[Pair]) -> None:
    """Writes pairs, one a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("[\n" + ",\n".join(map(json.dumps, pairs)) + "\n]\n", encoding="utf-8")
