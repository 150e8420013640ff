"""Code that reads a recipe's photos, makes squares of them, and cuts them into parts as the lab does."""

from __future__ import annotations

from flowerlab.datasets.splits import SPLITS, TRAIN_SHARE
from flowerlab.export.sections import Section, lines
from flowerlab.export.stages import Stage
from flowerlab.locale import _
from flowerlab.photos.reading import LECTURE_HEIGHT, LECTURE_WIDTH, RESIZE_MODES
from flowerlab.recipe.knobs import as_text

# How a photo of any shape becomes a square, with `photo` as a tensor (height, width, 3); the filter is the lab's.
SQUARES = {
    "squash": "    photo = tf.image.resize(photo, (IMAGE_SIZE, IMAGE_SIZE), antialias=True)",
    "crop": """\
    height, width, side = photo.shape[0], photo.shape[1], min(photo.shape[:2])
    photo = tf.image.crop_to_bounding_box(photo, (height - side) // 2, (width - side) // 2, side, side)
    photo = tf.image.resize(photo, (IMAGE_SIZE, IMAGE_SIZE), antialias=True)""",
    "pad": "    photo = tf.image.resize_with_pad(photo, IMAGE_SIZE, IMAGE_SIZE, antialias=True)",
    "lecture": f"""\
    height, width = photo.shape[:2]
    shrink = min(1.0, {LECTURE_HEIGHT} / height, {LECTURE_WIDTH} / width)
    photo = tf.image.resize(photo, (round(shrink * height), round(shrink * width)), antialias=True)
    photo = tf.image.pad_to_bounding_box(photo, 0, 0, {LECTURE_HEIGHT}, {LECTURE_WIDTH})
    photo = tf.image.resize(photo, (IMAGE_SIZE, IMAGE_SIZE), antialias=True)""",
}


def photos_section(stage: Stage) -> Section:
    """Returns the section that reads all photos: `photos` uint8 (n, height, width, 3) and `labels` (n,)."""
    recipe = stage.recipe
    square = lines("def square(photo):", SQUARES[recipe.resize], "    return tf.cast(tf.round(photo), tf.uint8)")
    if recipe.dataset == "tf_flowers":
        text = _("3,670 photos of five kinds of flowers. The first time, TensorFlow Datasets downloads 229 MB.")
        reading = """\
found = tfds.load(
    "tf_flowers",
    split="train",
    as_supervised=True,
    # One file after the other: the photos in the order in which train[:70%] counts them.
    read_config=tfds.ReadConfig(interleave_cycle_length=1),
)
pairs = [(square(photo), label) for photo, label in found]
photos = tf.stack([photo for photo, label in pairs])
labels = tf.stack([label for photo, label in pairs])
del pairs"""
    else:
        text = _(
            "The folder {folder} lies beside this file: one sub-folder a class, every photo named after its place in the data set."
        ).format(folder=stage.folder)
        reading = f"""\
files = sorted(Path("{stage.folder}").glob("*/*.jpg"), key=lambda file: file.stem)
photos = tf.stack([square(tf.io.decode_jpeg(file.read_bytes(), channels=3)) for file in files])
labels = tf.constant([CLASSES.index(file.parent.name) for file in files])"""
    code = lines(f"CLASSES = {_list(stage.classes)}\n\n", f"{square}\n\n", reading, 'print(len(photos), "photos")')
    return Section(_("The photos"), f"{text} {_(RESIZE_MODES[recipe.resize])}", code)


def split_section(stage: Stage) -> Section:
    """Returns the section that cuts the photos into `train`, `validation` and `test`, each (photos, labels)."""
    recipe = stage.recipe
    if stage.cuts is None:
        cuts = lines(
            f"train_end = round({TRAIN_SHARE} * len(photos))",
            f"validation_start = int(train_end * (1 - {as_text(recipe.validation_fraction)}))",
        )
    else:
        cuts = lines(f"validation_start, train_end = {stage.cuts[0]}, {stage.cuts[1]}")
    tested = "train_end:" if recipe.split == "honest" else f":round((1 - {TRAIN_SHARE}) * len(photos))"
    code = lines(
        cuts,
        "train = photos[:validation_start], labels[:validation_start]",
        "validation = photos[validation_start:train_end], labels[validation_start:train_end]",
        f"test = photos[{tested}], labels[{tested}]",
    )
    text = _("The end of the training part ({share} of it) validates: it tells after each epoch how far the network is.")
    return Section(
        _("Which photos train, validate and test"),
        f"{_(SPLITS[recipe.split])} {text.format(share=f'{100 * recipe.validation_fraction:g} %')}",
        code,
    )


def _list(names: tuple[str, ...]) -> str:
    # As JSON would write them, but with Python's own escapes: a class may bear any name.
    return "[" + ", ".join(_quoted(name) for name in names) + "]"


def _quoted(name: str) -> str:
    return f'"{name}"' if name.isprintable() and not set(name) & set('"\\') else repr(name)
