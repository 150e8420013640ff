"""Code that builds a recipe's network: backbone, starting weights, head, and what of it learns."""

from __future__ import annotations

from flowerlab.architectures.handmade import STEPS
from flowerlab.export.sections import Section, lines
from flowerlab.locale import _
from flowerlab.recipe.knobs import as_text
from flowerlab.recipe.recipe import Recipe

# In pixels; for every other size than these Keras takes MobileNetV2's weights of 224 pixels, as Flowerlab does for all.
SIZES_WITH_OTHER_WEIGHTS = (96, 128, 160, 192)
MINI = "vgg16_mini"
MINI_FILE = f"{MINI}.npz"
MINI_CODE = '''\
def vgg16_mini():
    """VGG16, layer by layer, a quarter as wide."""
    tensor = inputs = keras.Input((IMAGE_SIZE, IMAGE_SIZE, 3))
    for block, (width, convolutions) in enumerate([(16, 2), (32, 2), (64, 3), (128, 3), (320, 3)], start=1):
        for number in range(1, convolutions + 1):
            name = f"block{block}_conv{number}"
            tensor = layers.Conv2D(
                width, 3, padding="same", activation="relu", kernel_initializer="he_normal", name=name
            )(tensor)
        tensor = layers.MaxPooling2D(2, name=f"block{block}_pool")(tensor)
    return keras.Model(inputs, tensor)


backbone = vgg16_mini()'''


def weights_file(recipe: Recipe) -> str | None:
    """Returns the name of the file with starting weights that must lie beside the program; None if it needs none."""
    if recipe.weights == "flowerlab":
        return MINI_FILE
    return recipe.weights.removeprefix("file:") if recipe.weights.startswith("file:") else None


def network_section(recipe: Recipe, *, goes_on: bool = False) -> Section:
    """Returns the section that builds `model` (and `backbone`, where there is one).

    Args:
        recipe: What to build.
        goes_on: Whether its weights come from the model before, which has the same layers.
    """
    if recipe.from_scratch:
        body = _handmade()
    else:
        weights = "" if goes_on else _weights(recipe)
        preprocess = recipe.chosen.preprocess
        preprocessed = f"keras.applications.{preprocess}.preprocess_input(photo)" if preprocess else "photo"
        body = lines(
            _backbone(recipe, goes_on=goes_on),
            weights,
            "\nphoto = keras.Input((IMAGE_SIZE, IMAGE_SIZE, 3))",
            f"tensor = backbone({preprocessed}, training=False)",
        )
    code = lines(
        "before = model" if goes_on else "",
        body,
        _head(recipe),
        "model = keras.Model(photo, tensor)",
        "model.set_weights(before.get_weights())" if goes_on else "",
        "" if goes_on else "model.summary()",
    )
    return Section(_("The network"), _text(recipe), code)


def frozen_code(recipe: Recipe) -> str:
    """Returns the code that says which layers learn; empty where all do."""
    if recipe.from_scratch:
        return ""
    if recipe.unfreeze_from == "none":
        return "backbone.trainable = False"
    first = "0"
    if recipe.unfreeze_from != "all":
        first = f'[layer.name for layer in backbone.layers].index("{recipe.unfreeze_from}")'
    return lines(
        "backbone.trainable = True",
        f"first = {first}",
        "for index, layer in enumerate(backbone.layers):",
        "    layer.trainable = index >= first and not isinstance(layer, layers.BatchNormalization)",
    )


def _text(recipe: Recipe) -> str:
    chosen = recipe.chosen
    if recipe.from_scratch:
        return f"{_(chosen.sentence)} {_(chosen.preprocessing)}"
    begins = {
        "none": _("It begins with random weights."),
        "imagenet": _("Keras downloads what it learnt on 1.3 million photos of 1,000 kinds of things, and leaves out its top."),
        "flowerlab": _("What it learnt before comes with Flowerlab, in the file {file}.").format(file=MINI_FILE),
    }
    weights = begins.get(recipe.weights) or _("Its weights are in the file {file}.").format(file=weights_file(recipe))
    texts = [_(chosen.sentence), weights, _(chosen.preprocessing)]
    if any(layer.batch_norm for layer in chosen.layers):
        texts.append(_("training=False: the means that its layers of BatchNormalization keep stay as they are."))
    return " ".join(texts)


def _handmade() -> str:
    steps = [
        lines(
            f'tensor = layers.Conv2D({filters}, {kernel}, activation="relu")(tensor)',
            f"tensor = layers.MaxPooling2D({pool})(tensor)",
        )
        for filters, kernel, pool in STEPS
    ]
    return lines("photo = keras.Input((IMAGE_SIZE, IMAGE_SIZE, 3))", "tensor = layers.Rescaling(1 / 255)(photo)", *steps)


def _backbone(recipe: Recipe, *, goes_on: bool) -> str:
    if recipe.architecture == MINI:
        return "backbone = vgg16_mini()" if goes_on else MINI_CODE
    name = recipe.chosen.constructor
    more = "".join(f"{argument}={value}, " for argument, value in recipe.chosen.constructor_arguments.items())
    learnt = recipe.weights == "imagenet" and not goes_on
    elsewhere = learnt and name == "MobileNetV2" and recipe.image_size in SIZES_WITH_OTHER_WEIGHTS
    weights = '"imagenet"' if learnt and not elsewhere else "None"
    code = [
        f"backbone = keras.applications.{name}(",
        f"    {more}include_top=False, weights={weights}, input_shape=(IMAGE_SIZE, IMAGE_SIZE, 3)",
        ")",
    ]
    if elsewhere:
        code += [
            "# " + _("For photos of this size Keras would take other weights than for all others, and than Flowerlab did."),
            f'usual = keras.applications.{name}({more}include_top=False, weights="imagenet", input_shape=(224, 224, 3))',
            "backbone.set_weights(usual.get_weights())",
        ]
    return lines(*code)


def _weights(recipe: Recipe) -> str:
    file = weights_file(recipe)
    if file is None:
        return ""
    if recipe.weights == "flowerlab":
        return lines(
            f'learnt = np.load("{file}")',
            "for layer in backbone.layers:",
            "    if layer.weights:",
            '        layer.set_weights([learnt[f"{layer.name}/kernel"], learnt[f"{layer.name}/bias"]])',
        )
    if file.endswith(".h5"):
        return f'backbone.load_weights("{file}")'
    return lines(
        f'learnt = keras.models.load_model("{file}", compile=False)',
        "learnt = next((layer for layer in learnt.layers if isinstance(layer, keras.Model)), learnt)",
        "for layer in backbone.layers:",
        "    if layer.weights:",
        "        layer.set_weights(learnt.get_layer(layer.name).get_weights())",
    )


def _head(recipe: Recipe) -> str:
    drop = f"tensor = layers.Dropout({as_text(recipe.dropout)})(tensor)" if recipe.dropout else ""
    dense = [lines(f'tensor = layers.Dense({units}, activation="relu")(tensor)', drop) for units in recipe.head]
    return lines(
        "tensor = layers.Flatten()(tensor)",
        *(dense or [drop]),
        'tensor = layers.Dense(len(CLASSES), activation="softmax")(tensor)',
    )
