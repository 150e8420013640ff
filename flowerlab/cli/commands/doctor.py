"""`doctor`: says whether the lab can run here."""

from __future__ import annotations

from itertools import zip_longest

import typer

from flowerlab.cli.output import AsJson, give, write
from flowerlab.doctor import Level, can_run, examine

MARKS = {Level.OK: "ok", Level.WARNING: "warning", Level.PROBLEM: "PROBLEM"}


def doctor(as_json: AsJson = False) -> None:
    """Check what the lab needs, without a network and without starting anything.

    A warning says what is missing but not needed to begin. Exit code 0: the lab can run; 1: there is a problem.
    """
    findings = examine()
    problem = not can_run(findings)
    if as_json:
        give({"can_run": not problem, "checks": [finding.record() for finding in findings]})
    else:
        width = max(len(mark) for mark in MARKS.values())
        for finding, following in zip_longest(findings, findings[1:]):
            write(f"{MARKS[finding.level]:<{width}}  {finding.subject}: {finding.text}")
            # What mends several in a row is said once, after the last of them.
            if finding.mend and (following is None or following.mend != finding.mend):
                write(f"{'':<{width}}  → {finding.mend}")
        write("There is a problem: the lab cannot run." if problem else "The lab can run.")
    if problem:
        raise typer.Exit(1)
