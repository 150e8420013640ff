"""Flags from the table of knobs."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Collection, Mapping
from typing import Annotated, Any

import typer

from flowerlab.recipe.knobs import KNOBS, Knob, as_text
from flowerlab.recipe.recipe import Recipe

METAVARS = {"int": "INT", "float": "NUM", "str": "TEXT"}
ALSO_PATHS = {
    "dataset": " Or the path of a folder or .zip with one sub-folder a class, which is imported.",
    "weights": " Or the path of such a file, which is imported.",
}
FIRST_PANEL, REST_PANEL = "The lecture's knobs", "More knobs"


def flag_of(name: str) -> str:
    """Returns the flag of a knob, for example `--learning-rate`."""
    return f"--{name.replace('_', '-')}"


def takes_knobs(
    *, without: Collection[str] = (), defaults: Mapping[str, str] | None = None
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Gives a command one flag for each knob; the command receives those that were used as its argument `knobs`.

    Values are taken as text: the recipe reads them, and so its sentences are the only ones about bad values.

    Args:
        without: Knobs that this command has no flag for.
        defaults: Default to show in the help where it is not the recipe's.
    """
    names = [name for name in KNOBS if name not in without]

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        own = [
            parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
            for parameter in inspect.signature(command, eval_str=True).parameters.values()
            if parameter.name != "knobs"
        ]
        flags = [_flag(KNOBS[name], (defaults or {}).get(name)) for name in names]

        @functools.wraps(command)
        def with_knobs(**arguments: Any) -> None:
            given = {name: arguments.pop(name) for name in names}
            command(knobs={name: value for name, value in given.items() if value is not None}, **arguments)

        # Typer reads the signature of a command to make its flags.
        with_knobs.__signature__ = inspect.Signature([*flags, *own])  # type: ignore[attr-defined]
        return with_knobs

    return decorate


def _flag(knob: Knob, default: str | None) -> inspect.Parameter:
    option = typer.Option(
        flag_of(knob.name),
        help=_help(knob, default),
        metavar=METAVARS[knob.type],
        show_default=False,
        rich_help_panel=FIRST_PANEL if knob.of_lecture else REST_PANEL,
    )
    return inspect.Parameter(knob.name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[str | None, option])


def _help(knob: Knob, default: str | None) -> str:
    text = knob.help.replace("`", "") + ALSO_PATHS.get(knob.name, "")
    if knob.choices:
        text += f" One of {', '.join(knob.choices)}."
    if knob.minimum is not None and knob.maximum is not None:
        text += f" {_number(knob.minimum)} to {_number(knob.maximum)}."
    if default is None:
        default, of_handmade = as_text(knob.default), as_text(getattr(Recipe.parse({}), knob.name))
        if of_handmade != default:
            default += f"; of handmade: {of_handmade}"
    return f"{text} Default: {default}."


def _number(value: float) -> str:
    """Writes a bound without an exponent."""
    return f"{value:,.6f}".rstrip("0").rstrip(".")
