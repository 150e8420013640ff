"""The commands together, and how errors leave: one sentence, an exit code, no stack trace."""

from __future__ import annotations

import contextlib
import inspect
import io
import sys
from collections.abc import Sequence
from itertools import takewhile

import typer

from flowerlab.cli.commands.classify import classify
from flowerlab.cli.commands.compare import compare
from flowerlab.cli.commands.disk import disk
from flowerlab.cli.commands.doctor import doctor
from flowerlab.cli.commands.experiment import experiment
from flowerlab.cli.commands.export import export
from flowerlab.cli.commands.fetch import fetch
from flowerlab.cli.commands.lesson import pack, unpack
from flowerlab.cli.commands.runs import runs
from flowerlab.cli.commands.sweep import sweep
from flowerlab.cli.commands.train import lecture, resume, train
from flowerlab.cli.output import give, one_line, say
from flowerlab.errors import BadInput, FlowerlabError

PROGRAM = "python -m flowerlab"
FAILED, BAD_INPUT = 1, 2
INTERRUPTED = 130  # what Typer makes of Ctrl-C

app = typer.Typer(
    name="flowerlab",
    help="Train image classifiers on flowers, watch them learn, and ask them about your own photos.",
    add_completion=False,
)
for command in (lecture, train, resume, sweep, experiment, compare, classify, export, runs, fetch, pack, unpack, disk, doctor):
    # Typer keeps the line breaks of a docstring; a terminal has its own width.
    paragraphs = inspect.cleandoc(command.__doc__ or "").split("\n\n")
    app.command(help="\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs))(command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line and returns its exit code.

    Args:
        arguments: Without the program's name; default: those of the process.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    # A terminal that cannot write a character of a run's name shall show a substitute, not end the command.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            with contextlib.suppress(OSError):
                stream.reconfigure(errors="backslashreplace")
    try:
        code = typer.main.get_command(app).main(args=given, prog_name=PROGRAM, standalone_mode=False)
    except BadInput as error:
        return _explain(str(error), BAD_INPUT, given)
    except FlowerlabError as error:
        return _explain(str(error), FAILED, given)
    except typer.TyperException as error:
        return _explain(f"{one_line(error.format_message()).rstrip('.')}. See {PROGRAM} --help", BAD_INPUT, given)
    except OSError as error:
        return _explain(f"A file could not be read or written: {error}.", FAILED, given)
    return _explain("Interrupted.", FAILED, given) if code == INTERRUPTED else int(code or 0)


def _explain(sentence: str, code: int, given: Sequence[str]) -> int:
    text = one_line(sentence)
    say(text)
    if "--json" in takewhile(lambda word: word != "--", given):
        give({"error": text})
    return code
