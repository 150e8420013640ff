"""What runs answered to many photos, to be taken away: a table with plain numbers and a contact sheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont, ImageOps

from flowerlab.locale.numbers import confidence
from flowerlab.results.answers import Answer

CELL_PX, PHOTO_PX, LINE_PX = 200, 180, 18
COLUMNS = 5
PAPER, INK, FAINT = "#ffffff", "#1e241f", "#6b716c"
# With which a formula begins in a spreadsheet.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
LONGEST_NAME = 24


@dataclass(frozen=True)
class Row:
    """One photo.

    Args:
        truth: Its true class; empty if it is not known.
        picture: A small JPEG of it.
    """

    name: str
    truth: str
    picture: bytes
    answers: tuple[Answer, ...]


def answers_csv(rows: Sequence[Row]) -> bytes:
    """Returns a table as CSV (UTF-8, with the mark by which spreadsheets know it), one row a photo and run.

    Columns: photo, truth, run, answer, probability, calibrated, none_of_these, and the probability of each class.
    """
    classes = list(dict.fromkeys(name for row in rows for answer in row.answers for name in answer.classes))
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(["photo", "truth", "run", "answer", "probability", "calibrated", "none_of_these", *map(_harmless, classes)])
    for row in rows:
        for one in row.answers:
            shares = dict(zip(one.classes, one.probabilities, strict=True))
            writer.writerow(
                [
                    _harmless(row.name),
                    _harmless(row.truth),
                    _harmless(one.run.name),
                    _harmless(one.class_name),
                    f"{one.confidence:.6f}",
                    "" if one.calibrated is None else f"{one.calibrated:.6f}",
                    "" if one.unknown is None else str(one.unknown).lower(),
                    *(f"{shares[name]:.6f}" if name in shares else "" for name in classes),
                ]
            )
    return b"\xef\xbb\xbf" + file.getvalue().encode()


def _harmless(text: str) -> str:
    """Returns a foreign text such that no spreadsheet computes it as a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text


def contact_sheet(rows: Sequence[Row], *, nothing: str) -> bytes:
    """Draws all photos with their answers into one PNG, five in a row.

    Args:
        rows: The photos, at least one.
        nothing: What is written where a photo is probably of none of the classes.
    """
    answers = max(len(row.answers) for row in rows)
    height = PHOTO_PX + LINE_PX * (1 + answers) + 22
    columns = min(COLUMNS, len(rows))
    sheet = Image.new("RGB", (columns * CELL_PX, -(-len(rows) // columns) * height), PAPER)
    pen, font, small = ImageDraw.Draw(sheet), ImageFont.load_default(14), ImageFont.load_default(12)
    for number, row in enumerate(rows):
        left, top = number % columns * CELL_PX + 10, number // columns * height + 10
        with Image.open(io.BytesIO(row.picture)) as picture:
            sheet.paste(ImageOps.fit(picture.convert("RGB"), (PHOTO_PX, PHOTO_PX)), (left, top))
        line = top + PHOTO_PX + 3
        name = row.name if len(row.name) <= LONGEST_NAME else row.name[: LONGEST_NAME - 1] + "…"
        pen.text((left, line), name, fill=FAINT, font=small)
        for place, one in enumerate(row.answers, start=1):
            words = nothing if one.unknown else f"{one.class_name[:LONGEST_NAME]} {confidence(one.confidence)}"
            pen.text((left, line + place * LINE_PX - 3), words, fill=INK, font=font)
    file = io.BytesIO()
    sheet.save(file, "PNG", optimize=True)
    return file.getvalue()
