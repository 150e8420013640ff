"""Code that trains a stage and tests what came out."""

from __future__ import annotations

from flowerlab.export.network_code import frozen_code
from flowerlab.export.sections import Section, lines
from flowerlab.locale import _
from flowerlab.photos.augmentation import AUGMENTATIONS, LIGHT, SHIFT, TURN_DEGREES, ZOOM
from flowerlab.recipe.knobs import as_text
from flowerlab.recipe.optimizers import OPTIMIZERS
from flowerlab.recipe.recipe import Recipe

FLIP = 'layers.RandomFlip("horizontal", seed=SEED),'
# Keras' factors: a share of a whole turn; how much more is seen (the opposite of a zoom); a share of the side.
STANDARD = f"""\
    {FLIP}
    layers.RandomRotation({TURN_DEGREES:g} / 360, fill_mode="reflect", seed=SEED),
    layers.RandomZoom(({1 / ZOOM[1] - 1:.3f}, {1 / ZOOM[0] - 1:.3f}), fill_mode="reflect", seed=SEED),
    layers.RandomTranslation({SHIFT:g}, {SHIFT:g}, fill_mode="reflect", seed=SEED),
    layers.RandomBrightness({LIGHT:g}, seed=SEED),
    layers.RandomContrast({LIGHT:g}, value_range=(0, 255), seed=SEED),"""


def batches_section(recipe: Recipe, *, again: bool = False) -> Section:
    """Returns the section that gives photos in batches: `training_batches()` and `batches(part)`.

    Args:
        recipe: Of the stage.
        again: Whether `batches` is there already.
    """
    known = lines(
        "def batches(part):",
        "    data = tf.data.Dataset.from_tensor_slices(part).batch(BATCH_SIZE)",
        "    return data.map(lambda photos, labels: (tf.cast(photos, tf.float32), labels))\n\n",
    )
    code = lines(_augmenting(recipe), "" if again else known, _training_batches(recipe))
    text = _("The network sees {count} photos before it changes its weights once; every epoch has another order.")
    return Section(_("Photos in batches"), f"{text.format(count=recipe.batch_size)} {_(AUGMENTATIONS[recipe.augment])}", code)


def _augmenting(recipe: Recipe) -> str:
    if recipe.augment == "none":
        return ""
    changes = STANDARD if recipe.augment == "standard" else f"    {FLIP}"
    return lines("augment = keras.Sequential([", changes, "])\n\n", _copies(recipe) if recipe.augment_views else "")


def _training_batches(recipe: Recipe) -> str:
    fresh = recipe.augment != "none" and not recipe.augment_views
    views = recipe.augment_views
    drawn = f"    data = data.map(lambda views, label: (views[tf.random.uniform([], maxval={views}, dtype=tf.int32)], label))"
    return lines(
        "def training_batches():",
        f"    data = tf.data.Dataset.from_tensor_slices({'(copies, train[1])' if views else 'train'})",
        "    data = data.shuffle(len(train[0]), seed=SEED)",
        drawn if views else "",
        "    data = data.batch(BATCH_SIZE).map(lambda photos, labels: (tf.cast(photos, tf.float32), labels))",
        "    data = data.map(lambda photos, labels: (augment(photos, training=True), labels))" if fresh else "",
        "    return data.prefetch(2)",
    )


def _copies(recipe: Recipe) -> str:
    return lines(
        "def changed(photos):",
        "    pieces = tf.data.Dataset.from_tensor_slices(photos).batch(64)",
        "    changed = [augment(tf.cast(piece, tf.float32), training=True) for piece in pieces]",
        "    return tf.concat([tf.cast(tf.round(piece), tf.uint8) for piece in changed], axis=0)\n\n",
        f"copies = tf.stack([changed(train[0]) for copy in range({recipe.augment_views})], axis=1)\n\n",
    )


def fit_section(recipe: Recipe, *, number: int, stages: int) -> Section:
    """Returns the section that trains.

    Args:
        recipe: Of the stage.
        number: Of the stage, from 1.
        stages: How many there are.
    """
    frozen, optimizer = frozen_code(recipe), OPTIMIZERS[recipe.optimizer]
    code = lines(
        "keras.utils.set_random_seed(SEED)" if number > 1 else "",
        f"{frozen}\n" if frozen else "",
        "model.compile(",
        f"    optimizer=keras.optimizers.{optimizer.keras_class}(learning_rate={as_text(recipe.learning_rate)}),",
        '    loss="sparse_categorical_crossentropy",',
        '    metrics=["accuracy"],',
        ")",
        f'best = keras.callbacks.EarlyStopping(monitor="val_accuracy", patience={recipe.patience}, restore_best_weights=True)',
        "model.fit(",
        f"    training_batches(), validation_data=batches(validation), epochs={recipe.epochs}, callbacks=[best], verbose=2",
        ")",
    )
    title = _("Training")
    if stages > 1:
        title = _("Training, stage {number} of {stages}").format(number=number, stages=stages)
    texts = [_what_learns(recipe)]
    if number > 1:
        texts.insert(0, _("The weights are those of the best epoch of the stage before; the optimizer begins anew."))
    texts += [
        _(optimizer.title),
        _("The weights of the epoch with the best validation accuracy are kept."),
    ]
    return Section(title, " ".join(texts), code)


def _what_learns(recipe: Recipe) -> str:
    if recipe.from_scratch or recipe.unfreeze_from == "all":
        return _("Every layer learns.")
    if recipe.unfreeze_from == "none":
        return _("The known network is frozen; only the new head learns.")
    text = _("The layers before {layer} stay frozen; {layer}, all behind it, and the head learn.")
    return text.format(layer=recipe.unfreeze_from)


def test_section() -> Section:
    """Returns the section that tests and saves the model."""
    code = lines(
        "loss, accuracy = model.evaluate(batches(test), verbose=0)",
        'print(f"Test accuracy: {accuracy:.4f} of {len(test[0])} photos")\n',
        "answers = model.predict(batches(test), verbose=0).argmax(axis=1)",
        "print(CLASSES)",
        "print(tf.math.confusion_matrix(test[1], answers, num_classes=len(CLASSES)).numpy())\n",
        'model.save("flowers.keras")',
    )
    text = _("Rows are the truth, columns the answers. The model takes photos as they are, 0 to 255, and is saved at the end.")
    return Section(_("The test"), text, code)
