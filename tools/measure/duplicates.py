"""Counts the near-duplicates of a data set at every threshold, and draws the pairs, so that one can look which are real.

    python -m tools.measure.duplicates --home FOLDER [--dataset tf_flowers] [--most-bits 10] [--out duplicates.jpg]

The photos must have been gathered into the home. The picture shows photos that others took: it is to be looked at, not kept in the
repository.
"""

from __future__ import annotations

import io
import time
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps

from flowerlab.datasets.near_duplicates import MOST_BITS, Pair, find_duplicates, part_names
from flowerlab.datasets.originals import Originals
from flowerlab.datasets.parts import parts_of
from flowerlab.datasets.photo_hashes import hash_photos
from tools.measure.harness import own_lab, parser

CELL_PX = 150
HEADER_PX = 20
PAIRS_A_ROW = 6
# As recipes have it where nobody changes it.
VALIDATION_FRACTION = 0.2


def sheet(pairs: Sequence[Pair], originals: Originals) -> Image.Image:
    """Draws pairs side by side, each under its number of differing bits, its positions and its labels."""
    rows = -(-len(pairs) // PAIRS_A_ROW)
    width, height = 2 * CELL_PX + 16, CELL_PX + HEADER_PX
    drawn = Image.new("RGB", (PAIRS_A_ROW * width, max(1, rows) * height), "white")
    pen, font = ImageDraw.Draw(drawn), ImageFont.load_default(13)
    for number, pair in enumerate(pairs):
        left, top = number % PAIRS_A_ROW * width, number // PAIRS_A_ROW * height
        labels = [originals.classes[int(originals.labels[place])] for place in (pair.first, pair.second)]
        pen.text((left, top + 2), f"{pair.bits}: {pair.first}, {pair.second} {' / '.join(labels)}", "black", font)
        for side, place in enumerate((pair.first, pair.second)):
            photo = Image.open(io.BytesIO(originals.data(place))).convert("RGB")
            square = ImageOps.pad(photo, (CELL_PX, CELL_PX), color="white")
            drawn.paste(square, (left + side * CELL_PX, top + HEADER_PX))
    return drawn


def main() -> None:
    """Counts and draws."""
    options = parser(__doc__)
    options.add_argument("--home", type=Path, required=True, help="FLOWERLAB_HOME with the photos.")
    options.add_argument("--dataset", default="tf_flowers", help="As in a recipe. Default: tf_flowers.")
    options.add_argument("--most-bits", type=int, default=10, help="Up to which threshold pairs are drawn. Default: 10.")
    options.add_argument("--out", type=Path, default=Path("duplicates.jpg"), help="The picture. Default: duplicates.jpg.")
    arguments = options.parse_args()
    with own_lab(arguments.home, run_queue=False) as lab:
        originals = lab.data.originals(arguments.dataset)
        if originals is None:
            options.error(f"{arguments.dataset} was not gathered into {arguments.home}. Open it on the Data page first.")
        begun_s = time.monotonic()
        hashes = hash_photos(lab.home, originals)
    cut = parts_of(originals, arguments.dataset, split="honest", validation_fraction=VALIDATION_FRACTION)
    hashed_s = time.monotonic()
    found = find_duplicates(hashes, part_names(*cut), most_bits=arguments.most_bits, most_each=len(originals))
    pairs = sorted(found.pairs, key=lambda pair: pair.bits)
    print(f"{len(originals):,} photos: hashed in {hashed_s - begun_s:.1f} s, compared in {time.monotonic() - hashed_s:.2f} s")
    print(f"{'bits':>8}{'pairs':>8}{'leaks':>8}{'two labels':>12}")
    for most in range(arguments.most_bits + 1):
        near = [pair for pair in pairs if pair.bits <= most]
        leaking = sum(found.leaks(pair) for pair in near)
        two = sum(originals.labels[pair.first] != originals.labels[pair.second] for pair in near)
        mark = "  ← the threshold" if most == MOST_BITS else ""
        print(f"{f'≤ {most}':>8}{len(near):>8}{leaking:>8}{two:>12}{mark}")
    sheet(pairs, originals).save(arguments.out, quality=88)


if __name__ == "__main__":
    main()
