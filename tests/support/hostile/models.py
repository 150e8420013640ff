"""Model and weights files as nobody should send them, made without Keras."""

from __future__ import annotations

import io
import json
import pickle
import struct
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from flowerlab.system.safe_models import CONFIG, WEIGHTS
from tests.support.loopback import hdf5


@dataclass(frozen=True)
class ModelCase:
    """One file.

    Args:
        suffix: That its name ends in.
        make: Returns its bytes.
        words: That its refusal must hold; None if it may be brought.
    """

    suffix: str
    make: Callable[[], bytes]
    words: str | None = None


def dense(name: str = "Dense", module: str | None = "keras.layers", **config: Any) -> dict[str, Any]:
    """A layer as Keras describes it."""
    return {"module": module, "class_name": name, "config": {"name": "one", **config}, "registered_name": None}


def network(*layers: dict[str, Any]) -> dict[str, Any]:
    """A network of layers as Keras describes it."""
    return {"module": "keras", "class_name": "Sequential", "config": {"name": "net", "layers": list(layers)}}


def keras_file(
    config: object = None,
    weights: bytes | None = None,
    *,
    method: int = zipfile.ZIP_STORED,
    more: Mapping[str, bytes] | None = None,
) -> bytes:
    """A .keras file that looks whole; its weights are only a head.

    Args:
        config: Of the network, as JSON or as bytes.
        weights: Bytes of its weights.
        method: How the zip packs.
        more: Other entries by their names.
    """
    file = io.BytesIO()
    config = network(dense()) if config is None else config
    with zipfile.ZipFile(file, "w", method) as archive:
        archive.writestr("metadata.json", '{"keras_version": "3.15.1"}')
        archive.writestr(CONFIG, config if isinstance(config, bytes) else json.dumps(config))
        archive.writestr(WEIGHTS, hdf5(2048) if weights is None else weights)
        for name, data in (more or {}).items():
            archive.writestr(name, data)
    return file.getvalue()


def npz_file(**arrays: Any) -> bytes:
    """An .npz of arrays, which may be objects."""
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def npz_that_claims(shape: tuple[int, ...]) -> bytes:
    """An .npz with one array that says it has this shape, and has eight bytes."""
    head = repr({"descr": "<f4", "fortran_order": False, "shape": shape}).encode()
    head += b" " * (63 - (len(head) + 10) % 64) + b"\n"
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("weight_000.npy", b"\x93NUMPY\1\0" + struct.pack("<H", len(head)) + head + bytes(8))
    return file.getvalue()


class Evil:
    """What a pickle would run."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (exec, ("raise SystemExit('the pickle ran')",))


HALF = "damaged, cut short or wrongly named"
PROGRAM, OTHER = "can hold a program", "which is a program"
CASES: dict[str, ModelCase] = {
    "a network": ModelCase(".keras", keras_file),
    "weights": ModelCase(".h5", lambda: hdf5(4096)),
    "arrays": ModelCase(".npz", lambda: npz_file(recipe=np.asarray("{}"), classes=np.asarray(5))),
    **{f"nothing, {suffix}": ModelCase(suffix, lambda: b"", "an empty file") for suffix in (".keras", ".h5", ".npz")},
    **{f"a pickle, {suffix}": ModelCase(suffix, lambda: pickle.dumps(Evil()), "a pickle") for suffix in (".keras", ".h5", ".npz")},
    **{f"a text, {suffix}": ModelCase(suffix, lambda: b"no model", "of another kind") for suffix in (".keras", ".h5", ".npz")},
    "HDF5 cut short": ModelCase(".h5", lambda: hdf5(4096)[:3000], "cut short"),
    "HDF5 named .keras": ModelCase(".keras", lambda: hdf5(4096), HALF),
    "a network cut short": ModelCase(".keras", lambda: keras_file()[:-40], HALF),
    "a zip of photos": ModelCase(".keras", lambda: _zip({"rose/1.jpg": b"x"}), "a zip of other things"),
    "a network without weights": ModelCase(".keras", lambda: _zip({CONFIG: b"{}"}), "a zip of other things"),
    "a network with a file for elsewhere": ModelCase(
        ".keras", lambda: keras_file(more={"../../evil": b"x"}), "a zip of other things"
    ),
    "a network with assets": ModelCase(".keras", lambda: keras_file(more={"assets/words": b"x"}), "a zip of other things"),
    "a network whose weights are a pickle": ModelCase(
        ".keras", lambda: keras_file(weights=pickle.dumps(Evil())), "weights are none"
    ),
    "a network that is no JSON": ModelCase(".keras", lambda: keras_file(b"{"), HALF),
    "a network that is deep": ModelCase(".keras", lambda: keras_file(b"[" * 100_000), HALF),
    "a bomb": ModelCase(
        ".keras", lambda: keras_file(weights=bytes(30_000_000), method=zipfile.ZIP_DEFLATED), "packed by another program"
    ),
    "Lambda": ModelCase(".keras", lambda: keras_file(network(dense("Lambda", function={"class_name": "__lambda__"}))), PROGRAM),
    "Lambda, deep inside": ModelCase(".keras", lambda: keras_file(network(network(dense(), network(dense("Lambda"))))), PROGRAM),
    "a function written out": ModelCase(
        ".keras", lambda: keras_file(network(dense(activation={"class_name": "__lambda__", "config": {"value": "x"}}))), PROGRAM
    ),
    "a class whose name is a list": ModelCase(
        ".keras", lambda: keras_file(network({"class_name": ["Dense"], "config": {}})), PROGRAM
    ),
    "layers that read files": ModelCase(
        ".keras", lambda: keras_file(network(dense("StringLookup", vocabulary="/etc/passwd"))), PROGRAM
    ),
    "layers of other libraries": ModelCase(".keras", lambda: keras_file(network(dense("TorchModuleWrapper"))), PROGRAM),
    "a program of Python's": ModelCase(".keras", lambda: keras_file(network(dense("system", "os"))), OTHER),
    "a function of Python's": ModelCase(
        ".keras",
        lambda: keras_file(network(dense(activation={"class_name": "function", "module": "builtins", "config": "exec"}))),
        OTHER,
    ),
    "a function of Keras' that fetches files": ModelCase(
        ".keras", lambda: keras_file(network(dense("get_file", "keras.utils"))), OTHER
    ),
    "a layer of somebody's own": ModelCase(".keras", lambda: keras_file(network(dense("Mine", "my_package.layers"))), OTHER),
    "arrays of objects": ModelCase(".npz", lambda: npz_file(recipe=np.array([Evil], dtype=object)), HALF),
    "an array of eight terabytes": ModelCase(".npz", lambda: npz_that_claims((10**12, 2)), HALF),
    "an array of less than nothing": ModelCase(".npz", lambda: npz_that_claims((-5,)), HALF),
    "arrays that unpack to more than 1 GB": ModelCase(".npz", lambda: _zip({"a.npy": b"x"}, claimed=2 * 10**9), HALF),
}


def _zip(files: dict[str, bytes], *, claimed: int | None = None) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    made = bytearray(file.getvalue())
    if claimed is not None:
        at = made.index(b"PK\x01\x02") + 24
        made[at : at + 4] = struct.pack("<I", claimed)
    return bytes(made)
