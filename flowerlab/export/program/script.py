"""The program as a script, and what stands above it."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from importlib import metadata

import flowerlab
from flowerlab.export.program.sections import sections
from flowerlab.export.program.stages import Stage, beside
from flowerlab.locale import _

WIDTH = 110


def script(stages: Sequence[Stage], *, name: str, remark: str = "") -> str:
    """Returns the program as a Python file."""
    head = "\n#\n".join(_comment(text) for text in introduction(stages, name=name, remark=remark))
    return f"{head}\n\n{code(stages)}\n"


def code(stages: Sequence[Stage], *, wrapped: bool = True) -> str:
    """Returns the program without what stands above it.

    Args:
        wrapped: Whether comments are broken into lines; otherwise each is one line, for what breaks lines itself.
    """
    return "\n\n\n".join(
        f"# {number}. {section.title}\n{_comment(section.text, wrapped=wrapped)}\n{section.code}"
        for number, section in enumerate(sections(stages), start=1)
    )


def introduction(stages: Sequence[Stage], *, name: str, remark: str = "") -> list[str]:
    """Returns what stands above the program, a paragraph each: name, what it is, what it needs, what must lie beside it, remark."""
    needs = ["tensorflow", "keras", *(["tensorflow-datasets"] if any(stage.tfds_name for stage in stages) else [])]
    pinned = " ".join(f'"{package}=={metadata.version(package)}"' for package in needs)
    words = _("Written by Flowerlab {version}. It rebuilds this recipe in plain Keras and needs nothing of Flowerlab.")
    texts = [name, words.format(version=flowerlab.__version__), f"pip install {pinned}"]
    if files := beside(stages):
        texts.append(_("Beside this file must lie: {files}.").format(files=", ".join(files)))
    if stages[-1].recipe.seen_before:
        texts.append(_(stages[-1].recipe.seen_before))
    return [*texts, *([" ".join(remark.split())] if remark else [])]


def _comment(text: str, *, wrapped: bool = True) -> str:
    lines = textwrap.wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False) if wrapped else [text]
    return "\n".join(f"# {line}" for line in lines)
