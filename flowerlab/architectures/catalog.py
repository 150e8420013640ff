"""The architectures that a recipe can name."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from types import MappingProxyType

from flowerlab.architectures.architecture import Architecture
from flowerlab.architectures.handmade import SMALLEST_PX, STEPS, handmade_layers, handmade_side
from flowerlab.architectures.table import Layer
from flowerlab.errors import BadRecipe
from flowerlab.system.downloads import RemoteFile

KERAS_FILES = "https://storage.googleapis.com/tensorflow/keras-applications"
MINUS_MEAN = "RGB becomes BGR, and ImageNet's mean colour is subtracted."


def halved_down(image_size_px: int, layer: Layer) -> int:
    """Returns the side of a layer's output where each halving drops an odd last row (pooling without padding)."""
    return 1 if layer.halvings < 0 else image_size_px >> layer.halvings


def halved_up(image_size_px: int, layer: Layer) -> int:
    """Returns the side of a layer's output where each halving keeps an odd last row (stride 2 with padding)."""
    return 1 if layer.halvings < 0 else -(-image_size_px >> layer.halvings)


def _weights(folder: str, name: str, size_bytes: int, digest: str | None = None) -> tuple[RemoteFile, ...]:
    """Describes a file of Keras'. The digest is the MD5 that keras.applications 3.15.1 checks; for MobileNetV2 it has none.

    Keras tells no sizes beforehand: these are what its downloads reported (`58889256/58889256` in the logs of many who ran
    it), and for MobileNetV2 0.35 what a project that pins this file writes. A file of another size is refused.
    """
    return (RemoteFile(name, f"{KERAS_FILES}/{folder}/{name}", size_bytes, digest),)


def _mobilenet_v2(name: str, alpha: float, efficiency: float, size_bytes: int, title: str, sentence: str) -> Architecture:
    return Architecture(
        name=name,
        title=title,
        sentence=sentence,
        year=2018,
        source="Sandler et al., MobileNetV2: Inverted Residuals and Linear Bottlenecks",
        source_url="https://arxiv.org/abs/1801.04381",
        channels=1280,
        side=halved_up,
        fine_tune_from="block_13_expand",
        preprocess="mobilenet_v2",
        preprocessing="Colour values 0 to 255 become −1 to 1.",
        efficiency=efficiency,
        constructor="MobileNetV2",
        constructor_arguments={"alpha": alpha},
        pretrained="imagenet",
        # The weights do not depend on the photo's size: the file made at 224 px serves every size.
        weights=_weights("mobilenet_v2", f"mobilenet_v2_weights_tf_dim_ordering_tf_kernels_{alpha}_224_no_top.h5", size_bytes),
    )


_ENTRIES = (
    Architecture(
        name="handmade",
        title="Hand-made",
        sentence="The lecture's own small network: three convolution layers that begin with random weights.",
        source="The lecture Python application: CNN",
        smallest_px=SMALLEST_PX,
        channels=STEPS[-1][0],
        side=handmade_side,
        own_layers=handmade_layers,
        preprocessing="Colour values 0 to 255 become 0 to 1.",
        efficiency=0.5,
        trains_in_bfloat16=True,
    ),
    Architecture(
        name="vgg16",
        title="VGG16",
        sentence="Thirteen convolution layers in a straight line: large and slow, but easy to understand. The lecture's choice.",
        year=2014,
        source="Simonyan and Zisserman, Very Deep Convolutional Networks for Large-Scale Image Recognition",
        source_url="https://arxiv.org/abs/1409.1556",
        channels=512,
        side=halved_down,
        fine_tune_from="block4_conv3",
        preprocess="vgg16",
        preprocessing=MINUS_MEAN,
        efficiency=0.7,
        constructor="VGG16",
        pretrained="imagenet",
        weights=_weights(
            "vgg16", "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5", 58_889_256, "6d6bbae143d832006294945121d1f1fc"
        ),
        bfloat16=True,
    ),
    Architecture(
        name="vgg16_mini",
        title="VGG16 mini",
        sentence="VGG16 layer by layer, a quarter as wide. Flowerlab trained it and brings it along: it needs no network.",
        year=2026,
        source="Flowerlab (docs/models/vgg16_mini.md), after Simonyan and Zisserman",
        channels=320,
        side=halved_down,
        fine_tune_from="block4_conv3",
        preprocess="mobilenet_v2",
        preprocessing="Colour values 0 to 255 become −1 to 1.",
        efficiency=0.6,
        pretrained="flowerlab",
        trains_in_bfloat16=True,
    ),
    _mobilenet_v2(
        "mobilenet_v2",
        1.0,
        0.25,
        9_406_464,
        "MobileNetV2",
        "Made for phones: much smaller and faster than VGG16, with shortcuts around its blocks.",
    ),
    _mobilenet_v2(
        "mobilenet_v2_035",
        0.35,
        0.12,
        2_019_640,
        "MobileNetV2 0.35",
        "MobileNetV2 with about a third of the channels in each layer, so it is smaller and faster still.",
    ),
    Architecture(
        name="resnet50",
        title="ResNet50",
        sentence="Fifty layers deep; shortcuts around every block are what makes such a deep network learn.",
        year=2015,
        source="He et al., Deep Residual Learning for Image Recognition",
        source_url="https://arxiv.org/abs/1512.03385",
        channels=2048,
        side=halved_up,
        # Keras lists the block's shortcut (conv5_block1_0_conv) behind this layer, so it trains too.
        fine_tune_from="conv5_block1_1_conv",
        preprocess="resnet50",
        preprocessing=MINUS_MEAN,
        efficiency=0.5,
        constructor="ResNet50",
        pretrained="imagenet",
        weights=_weights(
            "resnet", "resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5", 94_765_736, "4d473c1dd8becc155b73f8504c6f6626"
        ),
    ),
    Architecture(
        name="efficientnet_v2_b0",
        title="EfficientNetV2-B0",
        sentence="A newer network, with shortcuts too; a search by computer chose the size of its blocks.",
        year=2021,
        source="Tan and Le, EfficientNetV2: Smaller Models and Faster Training",
        source_url="https://arxiv.org/abs/2104.00298",
        channels=1280,
        side=halved_up,
        fine_tune_from="block6a_expand_conv",
        preprocessing="The network itself scales colour values 0 to 255 as it was trained on ImageNet.",
        efficiency=0.25,
        constructor="EfficientNetV2B0",
        pretrained="imagenet",
        weights=_weights("efficientnet_v2", "efficientnetv2-b0_notop.h5", 24_274_472, "893217f2bb855e2983157299931e43ff"),
    ),
)

ARCHITECTURES: Mapping[str, Architecture] = MappingProxyType({entry.name: entry for entry in _ENTRIES})


def architecture(name: str) -> Architecture:
    """Returns the architecture of this name.

    Raises:
        BadRecipe: If there is none.
    """
    if name in ARCHITECTURES:
        return ARCHITECTURES[name]
    near = difflib.get_close_matches(name.casefold()[:80], ARCHITECTURES)
    raise BadRecipe(
        "architecture",
        f"must be one of {', '.join(ARCHITECTURES)}.",
        received=name,
        advice=f"Did you mean {' or '.join(near)}?" if near else "",
    )
