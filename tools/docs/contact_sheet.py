"""Draws the pictures of the garden that docs/garden.md shows.

    python -m tools.docs.contact_sheet [--out docs/garden]

It writes `sheet.jpg` (twelve pictures of each class at the default difficulty), `difficulty.jpg` (one flower of each class
at five difficulties) and `masks.jpg` (pictures beside the masks of their flowers). Equal code gives equal pictures.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps

from flowerlab.datasets import garden
from flowerlab.datasets.garden import pictures
from tools import ROOT
from tools.measure.harness import parser

A_CLASS = 12
CELL_PX = 150
LARGE_CELL_PX = 190
GAP_PX = 4
NAMES_PX = 112
HEADER_PX = 28
FONT_PX = 17
DIFFICULTIES = (0.0, 0.25, 0.5, 0.75, 1.0)
JPEG_QUALITY = 82
PAPER, INK = (250, 250, 248), (30, 30, 30)


def whole(picture: Image.Image, side_px: int) -> Image.Image:
    """Returns a whole picture in the middle of a square of paper."""
    return ImageOps.pad(picture, (side_px, side_px), Image.Resampling.LANCZOS, color=PAPER)


def labelled(rows: Sequence[Sequence[Image.Image]], columns: Sequence[str], cell_px: int) -> Image.Image:
    """Lays squares out in rows, each row after the name of its class.

    Args:
        rows: Pictures of one class each, in class order.
        columns: What stands over each column; empty strings for nothing.
        cell_px: Side of the squares.
    """
    header_px = HEADER_PX if any(columns) else GAP_PX
    pitch = cell_px + GAP_PX
    sheet = Image.new("RGB", (NAMES_PX + pitch * len(columns), header_px + pitch * len(rows)), PAPER)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(FONT_PX)
    for number, title in enumerate(columns):
        pen.text((NAMES_PX + pitch * number + cell_px / 2, header_px / 2), title, fill=INK, font=font, anchor="mm")
    for label, row in enumerate(rows):
        top = header_px + pitch * label
        pen.text((NAMES_PX - 12, top + cell_px / 2), garden.CLASSES[label], fill=INK, font=font, anchor="rm")
        for number, picture in enumerate(row):
            sheet.paste(picture, (NAMES_PX + pitch * number, top))
    return sheet


def contact_sheet() -> Image.Image:
    """Returns the first twelve pictures of each class at the default difficulty, uncut."""
    rows = [
        [
            whole(Image.fromarray(pictures.draw(pictures.index_of(label, number), size_px=CELL_PX).photo), CELL_PX)
            for number in range(A_CLASS)
        ]
        for label in range(len(garden.CLASSES))
    ]
    return labelled(rows, [""] * A_CLASS, CELL_PX)


def difficulty_strip() -> Image.Image:
    """Returns one flower of each class, harder from left to right."""
    rows = [
        [
            whole(
                Image.fromarray(pictures.draw(pictures.index_of(label, 3), size_px=LARGE_CELL_PX, difficulty=difficulty).photo),
                LARGE_CELL_PX,
            )
            for difficulty in DIFFICULTIES
        ]
        for label in range(len(garden.CLASSES))
    ]
    return labelled(rows, [f"difficulty {difficulty:g}" for difficulty in DIFFICULTIES], LARGE_CELL_PX)


def mask_strip() -> Image.Image:
    """Returns two pictures of each class, each beside the mask of its flowers."""
    rows: list[list[Image.Image]] = []
    for label in range(len(garden.CLASSES)):
        row: list[Image.Image] = []
        for number in (0, 7):
            drawing = pictures.draw(pictures.index_of(label, number), size_px=CELL_PX, difficulty=0.6)
            mask = np.where(drawing.mask, 255, 0).astype(np.uint8)
            row += [whole(picture, CELL_PX) for picture in (Image.fromarray(drawing.photo), Image.fromarray(mask).convert("RGB"))]
        rows.append(row)
    return labelled(rows, ["picture", "mask"] * 2, CELL_PX)


def main() -> None:
    """Draws and writes."""
    options = parser(__doc__)
    options.add_argument("--out", type=Path, default=ROOT / "docs" / "garden", help="Where the pictures go.")
    out: Path = options.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    for name, draw in (("sheet", contact_sheet), ("difficulty", difficulty_strip), ("masks", mask_strip)):
        file = out / f"{name}.jpg"
        draw().save(file, "JPEG", quality=JPEG_QUALITY, optimize=True)
        print(f"{file} ({file.stat().st_size / 1000:.0f} kB)", file=sys.stderr)


if __name__ == "__main__":
    main()
