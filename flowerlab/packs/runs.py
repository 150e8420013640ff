"""A run as a lesson pack brings it: finished, with its events."""

from __future__ import annotations

from pathlib import Path

from flowerlab.errors import BadPack
from flowerlab.runs.run import RunRecord
from flowerlab.runs.serialization import parse_run


def read_run(path: Path, run_id: str) -> RunRecord:
    """Reads the record of a packed run.

    Raises:
        BadPack: If it is not a finished run of this id.
    """
    try:
        record = parse_run(path.read_bytes(), run_id)
        if not record.run.state.over or record.run.result is None:
            raise ValueError("the run is not finished")
    except ValueError as error:
        raise BadPack(
            f"A run of the pack cannot be used. Expected a finished run as `pack` writes it. Received: run {run_id} ({error}). Make the "
            "pack anew, without this run. Nothing was changed."
        ) from None
    return record
