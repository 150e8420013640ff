"""Pretrained weights: fetched whole or not at all, and found by Keras."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import pytest

from flowerlab.architectures import architecture
from flowerlab.architectures.pretrained import fetch_weights, find_weights
from flowerlab.errors import BadInput, WeightsNotAtHand
from flowerlab.home import Home
from flowerlab.recipe.recipe import Recipe
from flowerlab.system import downloads
from flowerlab.trainer import networks as models
from flowerlab.trainer import starting_weights
from flowerlab.trainer.channel import Channel, Lines, StopRequested
from tests.support.engines import job_of
from tests.support.loopback import Manners, describe_weights, file_server, hdf5

SMALL = Recipe(architecture="mobilenet_v2_035", weights="imagenet", unfreeze_from="none", image_size=32)


@pytest.fixture
def manners() -> Manners:
    """The server of this test, and what it sends: bytes that are no weights."""
    return Manners(hdf5(600_000))


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, manners: Manners) -> Iterator[Path]:
    """An empty cache of Keras', and an architecture whose weights lie on a server of this machine."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr(downloads, "EVERY_S", 0.02)
    with file_server(manners) as url:
        describe_weights(monkeypatch, SMALL.architecture, f"{url}/weights.h5", manners.content)
        yield tmp_path / "keras"


def test_weights_count_as_at_hand_only_when_they_are_whole(cache: Path, manners: Manners) -> None:
    """While a download runs, and after it was given up, its weights are not at hand; the steps said are whole MB."""
    chosen, seen = architecture(SMALL.architecture), list[tuple[str, int, int]]()
    manners.pause_s = 0.02

    def give_up(step: str, done: int, total: int) -> None:
        seen.append((step, done, total))
        assert find_weights(chosen) is None
        if (cache / "models").is_dir() and downloads._size(cache / "models" / f".{chosen.weights[0].name}.part") > 10**5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch_weights(chosen, give_up)
    assert find_weights(chosen) is None
    assert {(step, total) for step, _, total in seen} == {("Downloading MobileNetV2 0.35 weights (MB)", 1)}
    path = fetch_weights(chosen, lambda step, done, total: None)
    assert path == find_weights(chosen) == cache / "models" / chosen.weights[0].name
    assert path.read_bytes() == manners.content
    assert manners.asked[1].startswith("bytes=")


def test_stop_acts_while_the_server_says_nothing(cache: Path, manners: Manners) -> None:
    """Who presses Stop during a download is heeded within a second, although no byte comes."""
    manners.pause_s = 30.0
    said = io.StringIO()
    channel = Channel(job_of("r", Recipe()), Lines(said))
    threading.Timer(0.3, channel.wish_to_stop).start()
    began_s = time.monotonic()
    with pytest.raises(StopRequested):
        fetch_weights(architecture(SMALL.architecture), channel.progress)
    assert time.monotonic() - began_s < 1.3
    assert "Downloading MobileNetV2 0.35 weights (MB)" in said.getvalue()


def test_keras_finds_what_was_fetched(cache: Path) -> None:
    """`get_file`, by which Keras' applications get their weights, takes our file and asks no network."""
    chosen = architecture(SMALL.architecture)
    fetch_weights(chosen, lambda step, done, total: None)
    file = chosen.weights[0]
    found = keras.utils.get_file(
        file.name, "http://127.0.0.1:9/nowhere", cache_dir=cache, cache_subdir="models", file_hash=file.digest
    )
    assert Path(found) == find_weights(chosen)


def test_what_cannot_be_fetched_is_said_with_the_ways_out(cache: Path, manners: Manners, home: Home) -> None:
    """A run whose weights cannot be fetched says why, how large they are, and what one can do."""
    manners.status = 404
    with pytest.raises(WeightsNotAtHand, match=r"MobileNetV2 0\.35 are not .*\(1 MB\).* 404 .* weights=none.*KERAS_HOME"):
        starting_weights.load_starting_weights(models.build(SMALL, 5), SMALL, home, lambda step, done, total: None)


def test_a_damaged_file_is_named(cache: Path, home: Home) -> None:
    """A file that another program left half-written gives one sentence that names it and says what to do."""
    with pytest.raises(WeightsNotAtHand, match=r"is damaged .* Received: .*0\.35_224_no_top\.h5, 0\.6 MB\. Delete it"):
        starting_weights.load_starting_weights(models.build(SMALL, 5), SMALL, home, lambda step, done, total: None)


@pytest.mark.parametrize("kind", ["weights.h5", "backbone.keras", "run.keras"])
def test_a_file_brings_its_weights_whatever_its_photos_size(home: Home, kind: str) -> None:
    """Weights, a saved backbone, or a whole saved run that was made at another size begin a run of this one."""
    recipe = SMALL.changed(weights=f"file:own.{kind}")
    source = models.build(SMALL.changed(weights="none", image_size=64, head=(7,)), 3)
    assert source.backbone is not None
    file = home.weights / f"own.{kind}"
    if kind == "weights.h5":
        source.backbone.save_weights(file)
    else:
        (source.backbone if kind == "backbone.keras" else source.model).save(file)
    network = models.build(recipe, 5)
    assert network.backbone is not None
    starting_weights.load_starting_weights(network, recipe, home, lambda step, done, total: None)
    for ours, theirs in zip(network.backbone.get_weights(), source.backbone.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_file_of_another_network_is_refused(home: Home) -> None:
    """Weights that do not fit are one sentence that names the file."""
    recipe = SMALL.changed(weights="file:own.keras")
    models.build(Recipe(image_size=72), 3).model.save(home.weights / "own.keras")
    with pytest.raises(BadInput, match=r"own\.keras do not fit"):
        starting_weights.load_starting_weights(models.build(recipe, 5), recipe, home, lambda step, done, total: None)


def test_a_source_whose_model_is_gone_is_named(home: Home) -> None:
    """A run that starts from one whose model was deleted from the disk says so."""
    recipe = SMALL.changed(weights="none", start_from="0123456789ab")
    with pytest.raises(BadInput, match=r"no longer on the disk.*0123456789ab"):
        starting_weights.load_starting_weights(models.build(recipe, 5), recipe, home, lambda step, done, total: None)
