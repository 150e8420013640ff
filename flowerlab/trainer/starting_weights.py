"""The weights with which a network begins: those of a finished run, ImageNet's, Flowerlab's own, a file's, or none."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np

from flowerlab.architectures import Architecture
from flowerlab.architectures.pretrained import fetch_weights, find_weights
from flowerlab.errors import BadModel, BadRecipe, DownloadFailed, WeightsNotAtHand, legible
from flowerlab.home import Home
from flowerlab.recipe.recipe import Recipe
from flowerlab.system.progress import Progress
from flowerlab.system.safe_models import check_model_file
from flowerlab.trainer.model_files import load_keras, load_saved
from flowerlab.trainer.networks import Network


def load_starting_weights(network: Network, recipe: Recipe, home: Home, progress: Progress) -> None:
    """Puts the recipe's starting weights into a network: those of a finished run, ImageNet's, a file's, or none.

    Raises:
        WeightsNotAtHand: If pretrained weights are missing and cannot be downloaded.
        BadModel: If a file is not loaded, or its weights do not fit.
        BadRecipe: If the model of the run that it starts from is gone.
    """
    if recipe.start_from is not None:
        path = home.model(recipe.start_from)
        if not path.exists():
            raise BadRecipe(
                "start_from",
                "names a run whose model is no longer on the disk.",
                received=recipe.start_from,
                advice="Train that run again, or start from another.",
            )
        source = load_saved(path)
        try:
            _copy_weights(source, network.model)
        except ValueError as error:
            raise BadModel(
                f"The model of the run {recipe.start_from} is not the one that its recipe describes. Expected its layers. "
                f"Received: {legible(str(error), 200)}. Train that run again, or start from another."
            ) from error
    elif network.backbone is not None and recipe.weights == "flowerlab":
        load_shipped(network.backbone, recipe.chosen)
    elif network.backbone is not None and recipe.weights == "imagenet":
        _load_pretrained(network.backbone, _pretrained(recipe.chosen, progress), recipe.chosen)
    elif network.backbone is not None and recipe.weights != "none":
        _load_file(network.backbone, home.weights / recipe.weights.removeprefix("file:"))


def _copy_weights(source: keras.Model, target: keras.Model) -> None:
    """Copies weights layer by layer, so that what is frozen in either does not matter."""
    for layer in target.layers:
        if not layer.weights:
            continue
        twin = source.get_layer(layer.name)
        if isinstance(layer, keras.Model):
            _copy_weights(twin, layer)
        else:
            layer.set_weights(twin.get_weights())


def load_shipped(backbone: keras.Model, chosen: Architecture) -> None:
    """Puts the weights that come with Flowerlab into a backbone.

    Raises:
        WeightsNotAtHand: If their file is missing.
    """
    path = find_weights(chosen)
    if path is None:
        raise WeightsNotAtHand(
            f"The weights of {chosen.title} are missing. Expected the file {chosen.name}.npz that comes with Flowerlab. "
            "Received: no such file. Install Flowerlab anew, or train with weights=none."
        )
    with np.load(path) as arrays:
        for layer in backbone.layers:
            if layer.weights:
                layer.set_weights([arrays[f"{layer.name}/{part}"].astype(np.float32) for part in ("kernel", "bias")])


def _load_pretrained(backbone: keras.Model, path: Path, chosen: Architecture) -> None:
    try:
        backbone.load_weights(path)
    except (ValueError, OSError, KeyError) as error:
        raise WeightsNotAtHand(
            f"The file with the ImageNet weights of {chosen.title} is damaged ({type(error).__name__}). Expected the whole "
            f"download of {chosen.weights[0].megabytes:.0f} MB. Received: {path}, {path.stat().st_size / 1e6:.1f} MB. "
            "Delete it and start again with a network, or copy the whole file there."
        ) from error


def _load_file(backbone: keras.Model, path: Path) -> None:
    check_model_file(path)
    try:
        if path.suffix == ".keras":
            source = load_keras(path)
            # Keras writes the photo's size into a backbone's name, but its weights fit every size.
            named = {layer.name for layer in backbone.layers if layer.weights}
            nested = [
                layer
                for layer in source.layers
                if isinstance(layer, keras.Model) and named <= {inner.name for inner in layer.layers}
            ]
            _copy_weights(nested[0] if nested else source, backbone)
        else:
            backbone.load_weights(path)
    except BadModel:
        raise
    except Exception as error:
        # Keras raises errors of any kind on weights that are not those of this network.
        raise BadModel(
            f"The weights in {legible(path.name)} do not fit {backbone.name}. Expected its weights without the top, as Keras "
            f"saves them. Received: {legible(str(error), 200)}. Choose another file or architecture."
        ) from error


def _pretrained(chosen: Architecture, progress: Progress) -> Path:
    try:
        return fetch_weights(chosen, progress)
    except DownloadFailed as error:
        raise WeightsNotAtHand(
            f"The ImageNet weights of {chosen.title} are not on this machine. {error} Train with weights=none, choose an "
            f"architecture whose weights are here, or copy {chosen.weights[0].name} into the folder models/ of your Keras "
            "cache (KERAS_HOME)."
        ) from error
