"""Arrays in JSON lines: how photos go to the predictor, and how maps and features come back."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

KINDS = {"uint8": np.uint8, "float32": np.float32}


def to_wire(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Returns fields as JSON can hold them: arrays of uint8 or float32, and what JSON knows by itself."""
    return {name: packed(value) if isinstance(value, np.ndarray) else value for name, value in fields.items()}


def from_wire(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the fields that `to_wire` wrote: arrays, which are read-only, and tuples where a list was written."""
    return {name: _unwrapped(value) for name, value in fields.items()}


def _unwrapped(value: Any) -> Any:
    if isinstance(value, dict) and "shape" in value:
        return unpacked(value)
    return tuple(value) if isinstance(value, list) else value


def packed(array: NDArray[Any]) -> dict[str, Any]:
    """Returns an array of uint8 or float32 as JSON can hold it."""
    name = array.dtype.name
    if name not in KINDS:
        raise ValueError(f"Only arrays of {', '.join(KINDS)} are sent. Received: {name}.")
    data = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
    return {"kind": name, "shape": list(array.shape), "data": data}


def unpacked(record: dict[str, Any]) -> NDArray[Any]:
    """Returns the array that `packed` wrote; it is read-only."""
    return np.frombuffer(base64.b64decode(record["data"]), dtype=KINDS[record["kind"]]).reshape(record["shape"])
