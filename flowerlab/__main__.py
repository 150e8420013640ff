"""Entry of `python -m flowerlab`."""

from __future__ import annotations

import sys


def start() -> int:
    """Runs the command line; where a package is missing, says how to install it."""
    try:
        from flowerlab.cli import main
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] == "flowerlab":
            raise
        install = "make run, or python -m pip install -r requirements.txt -c constraints.txt"
        print(f"The Python package {error.name!r} is not installed. Install all with: {install}", file=sys.stderr)
        return 1
    return main()


if __name__ == "__main__":
    sys.exit(start())
