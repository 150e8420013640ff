"""`runs`."""

from __future__ import annotations

from tests.support.command_line import Call, all_runs, start_elsewhere


def test_runs_are_listed_newest_first(call: Call) -> None:
    """`runs` has every run, newest first, as lines with tabs or as JSON; `--state` chooses."""
    assert call("runs", "--json").json == {"runs": []}
    waiting = start_elsewhere(epochs=3).id
    done = call("train", "--epochs", "1", "--json").json
    start_elsewhere(epochs=4)
    listed = call("runs", "--json").json["runs"]
    # The command that trained owned the queue, so what waited before it is done as well.
    assert [run["recipe"]["epochs"] for run in listed] == [4, 1, 3]
    assert listed[1] == done
    assert [run["run_id"] for run in call("runs", "--state", "done", "--json").json["runs"]] == [done["run_id"], waiting]
    lines = call("runs").out.splitlines()
    assert [line.split("\t")[0] for line in lines] == ["id", *(run["run_id"] for run in listed)]
    assert "83.3 % (66.4–92.7)" in lines[2]


def test_listing_runs_trains_nothing(call: Call) -> None:
    """Looking at the runs does not begin those that wait."""
    start_elsewhere(epochs=1)
    assert call("runs", "--json").json["runs"][0]["state"] == "queued"
    assert all_runs()[0].attempt == 0
