"""Arrays in JSON lines: how photos go to the predictor, and how maps and features come back."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
from numpy.typing import NDArray

KINDS = {"uint8": np.uint8, "float32": np.float32}


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
