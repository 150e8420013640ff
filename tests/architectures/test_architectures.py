"""What the pages know of the networks, without TensorFlow."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import dataclass
from importlib import resources
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowerlab.architectures import ARCHITECTURES, Architecture, Layer, architecture
from flowerlab.architectures.table import mark_stops, read_table
from flowerlab.errors import BadRecipe


@dataclass(frozen=True)
class Known:
    """What is known of an architecture from elsewhere: Keras' papers and page, LECTURE.md, DESIGN.md."""

    layers: int
    parameters: int
    clean: int
    stops: int
    smallest_px: int
    features_at_150: tuple[int, int, int]
    features_at_smallest: tuple[int, int, int]
    fine_tune_index: int | None


KNOWN = {
    "handmade": Known(7, 74_512, 6, 0, 72, (7, 7, 32), (1, 1, 32), None),
    "vgg16": Known(19, 14_714_688, 18, 13, 32, (4, 4, 512), (1, 1, 512), 13),
    "vgg16_mini": Known(19, 2_690_832, 18, 13, 32, (4, 4, 320), (1, 1, 320), 13),
    "mobilenet_v2": Known(154, 2_257_984, 73, 32, 32, (5, 5, 1280), (1, 1, 1280), 116),
    "mobilenet_v2_035": Known(154, 410_208, 73, 32, 32, (5, 5, 1280), (1, 1, 1280), 116),
    "resnet50": Known(175, 23_587_712, 38, 17, 32, (5, 5, 2048), (1, 1, 2048), 143),
    "efficientnet_v2_b0": Known(270, 5_919_312, 63, 34, 32, (5, 5, 1280), (1, 1, 1280), 149),
}
each = pytest.mark.parametrize("name", KNOWN)
PRETRAINED = [name for name in KNOWN if name != "handmade"]
each_pretrained = pytest.mark.parametrize("name", PRETRAINED)


def layer_places() -> st.SearchStrategy[tuple[Architecture, Layer]]:
    """Any layer of any architecture that can be frozen."""
    return st.sampled_from([(ARCHITECTURES[name], layer) for name in PRETRAINED for layer in ARCHITECTURES[name].layers])


def test_every_architecture_is_in_the_table_of_this_test() -> None:
    """An architecture that is added is tested."""
    assert list(ARCHITECTURES) == list(KNOWN)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_every_entry_is_complete(name: str) -> None:
    """Each architecture has its texts, a table with the layer from which recipe C trains, an efficiency, and the name of what builds it:
    Flowerlab itself where there is no name."""
    chosen = ARCHITECTURES[name]
    assert chosen.name == name
    assert chosen.title
    assert chosen.sentence.endswith(".")
    assert chosen.preprocessing.endswith(".")
    assert chosen.source
    assert 0 < chosen.efficiency <= 1
    assert chosen.layers
    assert chosen.fine_tune_from in {None, *(layer.name for layer in chosen.layers)}
    assert (chosen.constructor is None) == (name in ("handmade", "vgg16_mini"))
    rescales = any(layer.kind == "Rescaling" for layer in chosen.layers)
    assert rescales == (chosen.preprocess is None)


@each
def test_layers_and_parameters(name: str) -> None:
    """Layers stand at their own index, under names of their own, and hold as many parameters as is known."""
    chosen, known = ARCHITECTURES[name], KNOWN[name]
    assert [layer.index for layer in chosen.layers] == list(range(known.layers))
    assert len({layer.name.casefold() for layer in chosen.layers}) == known.layers
    assert sum(layer.parameters for layer in chosen.layers) == known.parameters


@each
def test_clean_cuts_and_stops(name: str) -> None:
    """As many cuts are crossed by one tensor as DESIGN.md measured, and each stop is one of them."""
    chosen, known = ARCHITECTURES[name], KNOWN[name]
    assert sum(layer.clean for layer in chosen.layers) == known.clean
    assert len(chosen.stops()) == known.stops
    assert all(stop.clean for stop in chosen.stops())
    assert not chosen.layers[0].clean


@each_pretrained
def test_stops_differ_in_what_trains(name: str) -> None:
    """Each stop trains less than the stop before it, and the last one still trains something in the backbone."""
    chosen = ARCHITECTURES[name]
    trainable = [
        chosen.counts(image_size=64, unfreeze_from=unfreeze_from, head=(), classes=2).trainable
        for unfreeze_from in [*(stop.name for stop in chosen.stops()), "none"]
    ]
    assert trainable == sorted(set(trainable), reverse=True)
    every = chosen.counts(image_size=64, unfreeze_from="all", head=(), classes=2)
    assert trainable[0] == every.trainable
    normalized = sum(layer.parameters for layer in chosen.layers if layer.kind == "BatchNormalization")
    assert every.frozen == normalized


def test_stops_of_vgg16_are_its_convolutions() -> None:
    """VGG16's slider stops at each of its thirteen convolution layers."""
    assert {layer.kind for layer in ARCHITECTURES["vgg16"].stops()} == {"Conv2D"}


def test_a_cut_before_batch_normalization_is_no_stop() -> None:
    """A clean cut is no stop if up to the next clean cut nothing learns, and is one if a later layer there does."""
    kinds = [("InputLayer", 0, False), ("BatchNormalization", 8, True), ("ReLU", 0, True), ("Dense", 6, False)]
    layers = [Layer(i, f"l{i}", kind, size, "b", clean) for i, (kind, size, clean) in enumerate(kinds)]
    assert [layer.stop for layer in mark_stops(layers)] == [False, False, True, False]


@each
def test_fine_tune_from_is_a_stop_where_the_design_says(name: str) -> None:
    """Recipe C begins at a stop of the slider, at the known index."""
    chosen, index = ARCHITECTURES[name], KNOWN[name].fine_tune_index
    if index is None:
        assert chosen.fine_tune_from is None
    else:
        assert chosen.layers[index].name == chosen.fine_tune_from
        assert chosen.layers[index].stop


def test_fine_tuning_resnet_trains_exactly_its_last_stage() -> None:
    """Recipe C of ResNet50 trains conv5 with the shortcut of its first block, and nothing else."""
    chosen = ARCHITECTURES["resnet50"]
    first = chosen.first_trainable_index("conv5_block1_1_conv")
    assert {layer.name for layer in chosen.layers[first:]} == {
        layer.name for layer in chosen.layers if layer.name.startswith("conv5_")
    }


def test_numbers_of_the_lecture() -> None:
    """VGG16 at 150 px counts as in the lecture for recipes B and C, and the hand-made network for A."""
    vgg16 = ARCHITECTURES["vgg16"]
    b = vgg16.counts(image_size=150, unfreeze_from="none", head=(50, 20), classes=5)
    assert (b.total, b.trainable, b.frozen, b.backbone, b.head) == (15_125_463, 410_775, 14_714_688, 14_714_688, 410_775)
    c = vgg16.counts(image_size=150, unfreeze_from="block4_conv3", head=(50, 20), classes=5)
    assert c.trainable - c.head == 9_439_232
    assert c.trainable + c.frozen == c.total == b.total
    a = ARCHITECTURES["handmade"].counts(image_size=150, unfreeze_from="all", head=(50, 20), classes=5)
    assert (a.total, a.trainable, a.frozen) == (154_087, 154_087, 0)


@each
def test_feature_shapes(name: str) -> None:
    """The backbone's output has the known shape at 150 px and at the smallest size."""
    chosen, known = ARCHITECTURES[name], KNOWN[name]
    assert chosen.smallest_px == known.smallest_px
    assert chosen.feature_shape(150) == known.features_at_150
    assert chosen.feature_shape(chosen.smallest_px) == known.features_at_smallest


@each
def test_photos_of_a_wrong_size_are_refused(name: str) -> None:
    """One pixel less than the smallest, or more than the largest, is refused with the range and the value."""
    chosen = ARCHITECTURES[name]
    for size in (chosen.smallest_px - 1, chosen.largest_px + 1):
        with pytest.raises(BadRecipe, match=rf"{chosen.smallest_px} and 331 .*Received: image_size={size}") as caught:
            chosen.feature_shape(size)
        assert caught.value.field == "image_size"


@given(place=layer_places())
def test_every_spelling_of_a_layer_is_one(place: tuple[Architecture, Layer]) -> None:
    """Name, upper case, index and index as text all resolve to the layer's name, which resolves to itself."""
    chosen, layer = place
    expected = layer.name if layer.index else "all"
    for spelling in (layer.name, layer.name.upper(), f" {layer.name} ", layer.index, str(layer.index)):
        assert chosen.resolve_unfreeze(spelling) == expected
        assert chosen.first_trainable_index(spelling) == layer.index
    assert chosen.resolve_unfreeze(expected) == expected


@given(
    name=st.sampled_from(list(KNOWN)),
    value=st.one_of(
        st.text(max_size=30),
        st.integers(),
        st.from_regex(r"[0-9]{1,12}", fullmatch=True),
        st.sampled_from(["9" * 5000, "²", "block4_con", "a" * 100_000, "none", "ALL"]),
    ),
)
def test_any_value_resolves_or_is_refused(name: str, value: str | int) -> None:
    """Whatever comes in, the answer is none, all, a layer's name, or a BadRecipe that names the field."""
    chosen = ARCHITECTURES[name]
    resolved, refused = "", None
    try:
        resolved = chosen.resolve_unfreeze(value)
    except BadRecipe as error:
        refused = error
    if refused is None:
        assert resolved in {"none", "all", *(layer.name for layer in chosen.layers)}
    else:
        assert refused.field == "unfreeze_from"
        assert f"Received: unfreeze_from={repr(value)[:40]}" in str(refused)


@each_pretrained
def test_none_and_all(name: str) -> None:
    """`none` freezes the whole backbone, `all` trains from its first layer."""
    chosen = ARCHITECTURES[name]
    assert chosen.resolve_unfreeze("none") == "none"
    assert chosen.first_trainable_index("none") is None
    assert chosen.resolve_unfreeze(" ALL ") == "all"
    assert chosen.first_trainable_index("all") == 0


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("vgg16", "block4_con3", "Did you mean block4_conv3"),
        ("vgg16", 19, "index from 0 to 18"),
        ("vgg16", "-1", "For example block4_conv3"),
        ("vgg16", True, "Received: unfreeze_from=True"),
        ("mobilenet_v2", "block13_expand", "Did you mean block_13_expand"),
        ("resnet50", "nones", "Did you mean none"),
        ("handmade", "none", "must be all for handmade"),
        ("handmade", "conv2", "must be all for handmade"),
    ],
)
def test_a_refused_layer_gets_a_sentence(name: str, value: str | int, sentence: str) -> None:
    """A value that is no layer is answered with the range and what may have been meant."""
    with pytest.raises(BadRecipe, match=sentence):
        ARCHITECTURES[name].resolve_unfreeze(value)


def test_handmade_always_trains_from_its_first_layer() -> None:
    """The hand-made network has one value of `unfreeze_from`: all."""
    chosen = ARCHITECTURES["handmade"]
    assert chosen.resolve_unfreeze("all") == chosen.resolve_unfreeze(0) == "all"
    assert chosen.first_trainable_index("all") == 0


@each
def test_nearest_clean_cut(name: str) -> None:
    """The frozen features are taken at the last clean cut that is not behind the first layer that trains."""
    chosen = ARCHITECTURES[name]
    cuts = [0, *(layer.index for layer in chosen.layers if layer.clean), len(chosen.layers)]
    for index in range(len(chosen.layers) + 1):
        assert chosen.nearest_clean_before(index) == max(cut for cut in cuts if cut <= index)
    for index in (-1, len(chosen.layers) + 1):
        with pytest.raises(IndexError, match=f"Received: {index}"):
            chosen.nearest_clean_before(index)


@given(place=layer_places(), size=st.integers(32, 331), head=st.lists(st.integers(1, 1024), max_size=3))
def test_counts_add_up(place: tuple[Architecture, Layer], size: int, head: list[int]) -> None:
    """Trainable and frozen, backbone and head: both pairs are the whole network, and the head always trains."""
    chosen, layer = place
    counts = chosen.counts(image_size=size, unfreeze_from=layer.name, head=head, classes=5)
    assert counts.total == counts.trainable + counts.frozen == counts.backbone + counts.head
    assert counts.head <= counts.trainable
    inputs = [math.prod(chosen.feature_shape(size)), *head]
    assert counts.head == sum(a * b + b for a, b in zip(inputs, [*head, 5], strict=True))


def test_an_unknown_architecture_is_refused_with_what_may_be_meant() -> None:
    """A misspelt architecture is answered with the list and the nearest name."""
    assert architecture("vgg16") is ARCHITECTURES["vgg16"]
    with pytest.raises(BadRecipe, match=r"handmade, vgg16, .*Received: architecture='MobileNet_V2'. Did you mean mobilenet_v2"):
        architecture("MobileNet_V2")


@each
def test_weights_fit_the_kind_of_network(name: str) -> None:
    """Every known network has weights of its own kind, from an address of their own, as large as its parameters."""
    chosen = ARCHITECTURES[name]
    assert chosen.pretrained == {"handmade": None, "vgg16_mini": "flowerlab"}.get(name, "imagenet")
    assert bool(chosen.weights) == (chosen.pretrained == "imagenet")
    for file in chosen.weights:
        assert file.url.startswith("https://")
        assert file.url.endswith(f"/{file.name}")
        assert file.digest is None or len(file.digest) == 32
        # Four bytes a parameter, and a little for the names.
        assert file.megabytes == pytest.approx(KNOWN[name].parameters * 4e-6, rel=0.25)


def test_a_table_with_other_columns_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """A table that another version of the tool made is refused, not misread."""
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "old.json").write_text(json.dumps({"columns": ["name", "kind"], "layers": []}))
    monkeypatch.setattr(resources, "files", lambda _: tmp_path)
    with pytest.raises(ValueError, match="Expected the columns name, kind"):
        read_table("old")


def test_needs_no_tensorflow_and_reads_no_table_before_it_is_asked() -> None:
    """Importing the architectures and counting loads neither TensorFlow nor Keras, and tables are read when needed."""
    program = (
        "import sys\n"
        "from flowerlab.architectures import ARCHITECTURES\n"
        "assert not any('layers' in vars(entry) for entry in ARCHITECTURES.values())\n"
        "for name in ARCHITECTURES:\n"
        "    ARCHITECTURES[name].counts(image_size=150, unfreeze_from='all', head=(50, 20), classes=5)\n"
        "print(sorted({'tensorflow', 'keras', 'streamlit'} & set(sys.modules)))\n"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout == "[]\n"
