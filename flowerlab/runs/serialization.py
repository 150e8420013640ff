"""A run as a JSON file: in its own folder, and in a lesson pack."""

from __future__ import annotations

import json
from typing import Any

from flowerlab.errors import FlowerlabError, legible
from flowerlab.recipe.recipe import Recipe
from flowerlab.recipe.validation import RUN_ID
from flowerlab.runs.events import Result, from_line, to_line
from flowerlab.runs.run import PLAIN, Run, RunRecord, RunState, check_name

MOST_MATERIALS, MOST_MESSAGE = 200, 2_000
# The year 2100; and more runs, attempts or presses of Stop than anybody can have.
LATEST_S, MOST = 4_102_444_800, 10**9


def run_json(record: RunRecord) -> bytes:
    """Writes a run with its events as JSON."""
    run = record.run
    about = {
        **{name: getattr(run, name) for name in PLAIN},
        "recipe": run.recipe.model_dump(mode="json"),
        "state": str(run.state),
        # No longer than a reader takes.
        "message": run.message[:MOST_MESSAGE],
        "result": run.result.model_dump(mode="json") if run.result else None,
        "kept": run.kept,
        "materials": record.materials,
        "events": [json.loads(to_line(event)) for event in record.events],
    }
    return json.dumps(about).encode()


def parse_run(data: bytes, run_id: str) -> RunRecord:
    """Reads what `run_json` wrote.

    Args:
        data: The JSON; its sender may be anybody.

    Raises:
        ValueError: If it is no run of this id.
    """
    try:
        return _record(json.loads(data), run_id)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError, FlowerlabError) as error:
        raise ValueError(f"{type(error).__name__}: {legible(str(error), 200)}") from None


def _record(about: dict[str, Any], run_id: str) -> RunRecord:
    state, materials = RunState(about["state"]), about["materials"]
    if about["id"] != run_id or not RUN_ID.fullmatch(run_id):
        raise ValueError("another id inside than outside")
    if not _is_text(materials, MOST_MATERIALS) or not all(
        _is_text(about.get(name, ""), MOST_MESSAGE) for name in ("message", "student")
    ):
        raise ValueError("a text is none")
    run = Run(
        id=run_id,
        number=_count(about["number"]),
        name=check_name(about["name"]),
        recipe=Recipe.parse(about["recipe"]),
        state=state,
        attempt=_count(about["attempt"]),
        created_s=_time(about["created_s"]),
        started_s=_seconds(about["started_s"]),
        ended_s=_seconds(about["ended_s"]),
        message=about["message"],
        stop_requests=_count(about["stop_requests"]),
        result=None if about["result"] is None else Result.model_validate(about["result"]),
        # Older packs say nothing of these.
        deaths=_count(about.get("deaths", 0)),
        patience_from=_count(about.get("patience_from", 0)),
        student=about.get("student", ""),
        kept=bool(about.get("kept", False)),
    )
    events = tuple(from_line(json.dumps(event)) for event in about["events"])
    if any(event.run_id != run_id for event in events):
        raise ValueError("an event belongs to another run")
    if not all(0 <= event.time_s <= LATEST_S and 0 <= event.attempt <= MOST for event in events):
        raise ValueError("a time or an attempt of an event is out of all bounds")
    return RunRecord(run, materials, events)


def _is_text(value: Any, most: int) -> bool:
    # Half a character, which JSON can hold, can be neither kept nor shown.
    return isinstance(value, str) and len(value) <= most and not any("\ud800" <= sign <= "\udfff" for sign in value)


def _seconds(value: Any) -> float | None:
    return None if value is None else _time(value)


def _time(value: Any) -> float:
    seconds = float(value)
    if not 0 <= seconds <= LATEST_S:
        raise ValueError("a time is none")
    return seconds


def _count(value: Any) -> int:
    count = int(value)
    if not 0 <= count <= MOST:
        raise ValueError("a number is out of all bounds")
    return count
