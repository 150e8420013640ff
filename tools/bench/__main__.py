"""Measures Flowerlab against plain Keras and writes docs/benchmarks.md.

    python -m tools.bench [--pairs 3] [--cases vgg16 handmade] [--no-running]
    python -m tools.bench --quick [--json]

On a machine that does nothing else. All cases take about an hour on two cores; pairs are kept in docs/benchmarks/pairs.json after
each, and a further call adds the missing ones. `--quick` makes one small pair a case in about a minute and writes nothing.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from flowerlab.home import Home
from flowerlab.system.cpu import machine_name
from tools import ROOT
from tools.bench.cases import CASES, QUICK
from tools.bench.pairs import Pair, keep_pairs, make_pair, read_pairs
from tools.bench.report import all_table, by_machine, draw, plot_of, report

PAIRS = ROOT / "docs" / "benchmarks" / "pairs.json"
REPORT = ROOT / "docs" / "benchmarks.md"


def quick(*, as_json: bool) -> None:
    """Makes one small pair a case and prints it."""
    with tempfile.TemporaryDirectory() as folder:
        pairs = [make_pair(case, Home(Path(folder)).create(), 0) for case in QUICK]
    if as_json:
        print(json.dumps({"machine": machine_name(), "pairs": pairs}))
        return
    print("\n".join(all_table(pairs)))


def write(pairs: list[Pair]) -> None:
    """Writes the page and its pictures."""
    for machine, own in by_machine(pairs):
        draw(own, ROOT / "docs" / plot_of(machine))
    REPORT.write_text(report(pairs), encoding="utf-8")


def main() -> None:
    """Measures and reports."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=3, help="Of each case. Default: 3.")
    names = [case.name for case in CASES]
    parser.add_argument("--cases", nargs="*", choices=names, default=names, help="Default: all.")
    parser.add_argument("--no-running", action="store_true", help="Write the page from the pairs that were kept.")
    parser.add_argument("--quick", action="store_true", help="One small pair a case, in a minute; writes nothing.")
    parser.add_argument("--json", action="store_true", help="With --quick: print one JSON object.")
    arguments = parser.parse_args()
    if arguments.quick:
        quick(as_json=arguments.json)
        return
    pairs = read_pairs(PAIRS)
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder)).create()
        for repeat in range(0 if arguments.no_running else arguments.pairs):
            for case in CASES:
                have = sum(pair["case"] == case.name and pair["machine"] == machine_name() for pair in pairs)
                if case.name not in arguments.cases or have > repeat:
                    continue
                print(f"{case.name}, pair {repeat + 1} of {arguments.pairs}", file=sys.stderr, flush=True)
                pairs.append(make_pair(case, home, repeat))
                keep_pairs(PAIRS, pairs)
                write(pairs)
    if pairs:
        write(pairs)


if __name__ == "__main__":
    main()
