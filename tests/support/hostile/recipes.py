"""Knobs, names and ids as nobody should send them."""

from __future__ import annotations

from typing import Any


def _deep(levels: int = 50_000) -> Any:
    """A list in a list in a list …"""
    nested: list[Any] = []
    for _ in range(levels):
        nested = [nested]
    return nested


HUGE = "9" * 5_000

# Name of the case → (knobs, the knob that the sentence must name).
BAD_KNOBS: dict[str, tuple[Any, str]] = {
    "no knobs but a list": ([1, 2], "recipe"),
    "no knobs but a text": ("epochs=5", "recipe"),
    "nothing": (None, "recipe"),
    "a knob with a line break": ({"epo\nchs": 5}, "epo chs"),
    "a knob of ten thousand letters": ({"x" * 10_000: 5}, "xxx"),
    "a knob that cannot be shown": ({"\ud800": 5}, "recipe"),
    "a knob that is a number": ({5: 5}, "5"),
    "a Python name": ({"__class__": "x"}, "__class__"),
    "a number of five thousand digits": ({"epochs": HUGE}, "epochs"),
    "a whole number of five thousand digits": ({"epochs": int("9" * 4_000) ** 2}, "epochs"),
    "no number": ({"epochs": float("nan")}, "epochs"),
    "infinity": ({"learning_rate": "inf"}, "learning_rate"),
    "a number that overflows": ({"dropout": "1e999"}, "dropout"),
    "a digit that is none": ({"epochs": "²"}, "epochs"),
    "nothing for a number": ({"batch_size": None}, "batch_size"),
    "nothing for a head": ({"head": None}, "head"),
    "a list that is deep": ({"head": _deep()}, "head"),
    "a head of a million layers": ({"head": [1] * 10**6}, "head"),
    "a head of a million texts": ({"head": "1," * 10**6}, "head"),
    "a head of huge layers": ({"head": [10**30]}, "head"),
    "a list for a word": ({"optimizer": ["adam"]}, "optimizer"),
    "an object for a number": ({"seed": {"$gt": 0}}, "seed"),
    "bytes": ({"split": b"\xff"}, "split"),
    "half a character": ({"dataset": "folder:\ud800"}, "dataset"),
    "a path for a data set": ({"dataset": "folder:../../etc"}, "dataset"),
    "a whole path for a data set": ({"dataset": "folder:/etc"}, "dataset"),
    "a hidden data set": ({"dataset": "folder:.x"}, "dataset"),
    "a data set of ten thousand letters": ({"dataset": "folder:" + "x" * 10_000}, "dataset"),
    "a data set with a line break": ({"dataset": "folder:a\nb"}, "dataset"),
    "a data set that ends in a line break": ({"dataset": "folder:a\n"}, "dataset"),
    "a data set written from right to left": ({"dataset": "folder:\u202egnp"}, "dataset"),
    "a megabyte for a word": ({"resize": "x" * 10**6}, "resize"),
    "a megabyte for an architecture": ({"architecture": "x" * 10**6}, "architecture"),
    "a path for weights": ({"architecture": "vgg16", "weights": "file:../x.h5"}, "weights"),
    "a pickle for weights": ({"architecture": "vgg16", "weights": "file:x.pkl"}, "weights"),
    "an address for weights": ({"architecture": "vgg16", "weights": "https://example.org/x.h5"}, "weights"),
    "a path for a run": ({"start_from": "../../x"}, "start_from"),
    "a statement for a run": ({"start_from": "' OR 1=1 --"}, "start_from"),
    "digits of another script for a run": ({"start_from": "\u0661" * 12}, "start_from"),
    "a layer of five thousand digits": ({"architecture": "vgg16", "unfreeze_from": HUGE}, "unfreeze_from"),
    "a layer that is a digit and no number": ({"architecture": "vgg16", "unfreeze_from": "²"}, "unfreeze_from"),
    "a layer before the first": ({"architecture": "vgg16", "unfreeze_from": -1}, "unfreeze_from"),
    "HTML": ({"augment": "<script>alert(1)</script>"}, "augment"),
    "Markdown": ({"augment": "![x](http://example.org/x)"}, "augment"),
}

# What is no id of a run, and never one.
BAD_IDS = (
    "",
    " ",
    ".",
    "..",
    "../../etc/passwd",
    "/etc/passwd",
    "0" * 11,
    "0" * 13,
    "0123456789AB",
    "0123456789ab\n",
    "x" * 10_000,
    "%",
    "' OR 1=1 --",
    "\ud800" * 12,
    "\u0660" * 12,
    "\0" * 12,
    "ffffffffffff",
    "-1",
    "None",
    "<script>",
    "0123456789ab,0123456789ab",
)

# What no run and no data set can be called.
BAD_NAMES = ("", "   ", "\n", "\0", "a\0b", "\ud800", "\u202egnp", "\x1b[31mred", "\u200b", "x" * 10_000, "\u2028")

# Odd, but names: they are kept as they are, or without space around them.
GOOD_NAMES = (
    "<script>alert(1)</script>",
    "![x](http://example.org/x)",
    "' OR 1=1 --",
    "../../etc",
    "\U0001f339" * 80,
    "{number}",
    "{0.__class__}",
    "%s",
    "\u0440\u043e\u0437\u0430",
    "Z\u0351\u0343a\u0351lgo",
    "=cmd|'/c calc'!A1",
)
