"""Hostile inputs by the thousand: photos, recipes, links, names, zips, models, packs and commands that nobody thought of.

    python -m tools.checks.fuzz [--cases 100000] [--seed 1] [--kind photo]

Each case must be taken, or refused with one sentence of a `FlowerlabError` that leaves the home as it was. Where anything else
comes out, the case is printed with the seed that makes it again, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from tests.support.hostile.rounds import KINDS, Outcome, merged, run_rounds, shares


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the tool and returns its exit code: 1 if there was a fault."""
    parser = argparse.ArgumentParser(prog="python -m tools.checks.fuzz", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--cases", type=int, default=100_000, help="how many in all")
    parser.add_argument("--seed", type=int, default=1, help="of the first round of each kind")
    parser.add_argument("--kind", choices=list(KINDS), help="only this kind; then --cases are all of it")
    given = parser.parse_args(arguments)
    wanted = {given.kind: given.cases} if given.kind else shares(given.cases)
    faults, everything = 0, []
    print(f"{'kind':<8} {'cases':>7} {'taken':>7} {'refused':>7} {'seconds':>8} {'slowest':>8}", flush=True)
    for kind, cases in wanted.items():
        outcome = run_rounds(kind, cases=cases, number=given.seed)
        everything.append(outcome)
        _tell(kind, outcome)
        if outcome.fault:
            faults += 1
            again = f"python -m tools.checks.fuzz --kind {kind} --seed {outcome.seed} --cases {outcome.asked}"
            print(f"  FAULT {outcome.fault}\n  again: {again}", flush=True)
    _tell("all", merged(everything))
    print(f"{faults} faults." if faults else "Each was taken, or refused in one sentence with nothing changed.")
    return 1 if faults else 0


def _tell(kind: str, outcome: Outcome) -> None:
    print(
        f"{kind:<8} {outcome.cases:>7,} {outcome.taken:>7,} {outcome.refused:>7,} {outcome.seconds:>8.1f} {outcome.slowest_s:>7.2f}s",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
