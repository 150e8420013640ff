"""The benchmark's short form, and what its pages say."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.support import ROOT
from tools.bench.pairs import Pair
from tools.bench.report import report


@pytest.mark.nightly
@pytest.mark.timeout(900)
def test_the_short_benchmark_prints_one_object() -> None:
    """`tools.bench --quick --json` prints one JSON object: a pair a case, each side's seconds and accuracy, B and C also at hand."""
    command = [sys.executable, "-m", "tools.bench", "--quick", "--json"]
    printed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    pairs = {pair["case"]: pair for pair in json.loads(printed)["pairs"]}
    assert list(pairs) == ["handmade", "vgg16_mini"]
    for case, letters in {"handmade": ("A",), "vgg16_mini": ("B", "C", "B-again", "C-again")}.items():
        plain, ours = pairs[case]["plain"], pairs[case]["float32"]
        for letter in letters:
            assert plain[letter[0]]["seconds"] > 0
            assert ours[letter]["seconds"] > 0
            assert 0 <= ours[letter]["test_accuracy"] <= 1
            assert ours[letter]["at_hand"] is (letter.endswith("-again") if letter != "A" else None)


def side(seconds: float, **more: object) -> dict[str, object]:
    """What one way of training a recipe came to."""
    return {"seconds": seconds, "test_accuracy": 0.5, "seconds_checking": 4.0, **more}


def pair(plain_s: float, *, alone: bool) -> Pair:
    """A pair of VGG16's B that took 10 s at first and 1 s with features at hand, in one process or in two."""
    ours: dict[str, object] = {"B": side(10.0, features_flops=6.0), "B-again": side(1.0), "peak_flops": 8.0, "whole_s": 20.0}
    return {
        "machine": "m",
        "case": "vgg16-b",
        "pictures": 100,
        "epochs": 5,
        "weights": "none",
        "plain": {"B": side(plain_s), "whole_s": plain_s + 5, "seeded": False},
        "float32": ours | ({"again_whole_s": 9.0} if alone else {}),
    }


def test_the_page_tells_what_was_reached_and_what_was_not() -> None:
    """Medians of ratios are set against what must be reached; the check behind the accuracy and whole processes stand there."""
    page = report([pair(seconds, alone=True) for seconds in (40.0, 50.0, 99.0)])
    assert "| B, first time, float32 (vgg16-b) | 4.5 | **5** (4–9.9) | yes |" in page
    assert "| B, features at hand (vgg16-b) | 100 | **50** (40–99) | no |" in page
    assert "| 60 % | **75%** | yes |" in page
    assert "vgg16-b 4.0 s" in page
    assert "**5** (4–9.9) | 55.0 s | 20.0 s |" in page
    assert "**50** (40–99) | 55.0 s | 9.0 s |" in page
    assert "used by the very process" not in page


def test_the_page_tells_which_pairs_were_warm() -> None:
    """Where one process used the features that it had made, the page says so, and tells no whole process for either."""
    page = report([pair(50.0, alone=False)])
    assert "In the pairs of vgg16-b the features at hand were used by the very process" in page
    assert "**5** (5–5) | not measured | not measured |" in page
