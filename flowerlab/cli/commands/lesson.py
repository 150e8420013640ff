"""`pack` and `unpack`: a lesson in one file, for computers without a network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from flowerlab.architectures import architecture as find_architecture
from flowerlab.architectures.pretrained import fetch_weights
from flowerlab.cli.output import AsJson, give, say, write
from flowerlab.cli.running import find_run, opened
from flowerlab.cli.watch import LOOK_S, shown_progress
from flowerlab.datasets.catalog import check_dataset_name
from flowerlab.datasets.gather import gather
from flowerlab.errors import DatasetNotAtHand
from flowerlab.inference.classify import finished_runs
from flowerlab.lab import Lab
from flowerlab.packs import pack as write_pack
from flowerlab.packs import unpack as bring_pack
from flowerlab.packs.manifest import Item
from flowerlab.packs.packing import check_target
from flowerlab.recipe.presets import preset_recipe
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.run import Run
from flowerlab.scheduler.jobs import make_job
from flowerlab.system.progress import Progress
from flowerlab.tasks import Task, Work
from flowerlab.tasks.gather import gather_dataset


def pack(
    target: Annotated[Path, typer.Argument(metavar="LESSON.zip", help="The file to be made.", show_default=False)],
    dataset: Annotated[
        str | None, typer.Option("--dataset", metavar="TEXT", help="Photos to pack: garden, tf_flowers or folder:NAME.")
    ] = None,
    architecture: Annotated[
        str | None,
        typer.Option(
            "--architecture",
            metavar="TEXT",
            help="Network whose ImageNet weights, and features of these photos for recipe B, to pack.",
        ),
    ] = None,
    runs: Annotated[
        str, typer.Option("--runs", metavar="TEXT", help="Finished runs to pack: all, none, or ids with commas between.")
    ] = "all",
    as_json: AsJson = False,
) -> None:
    """Pack photos, weights, features and finished runs into one file.

    Take it to a computer without a network and bring it in there with unpack. What is not here yet is fetched or computed.
    """
    chosen = find_architecture(architecture) if architecture is not None else None
    target = target.expanduser()
    check_target(target)
    with opened() as lab, shown_progress() as progress:
        if chosen is not None and chosen.weights:
            fetch_weights(chosen, progress)
        picked = _pick(lab, runs)
        if dataset is not None:
            _gather(lab, check_dataset_name(dataset), progress)
        if dataset is not None and chosen is not None and chosen.fine_tune_from is not None:
            _compute_features(lab, preset_recipe("B", architecture=chosen.name, shared={"dataset": dataset}), progress)
        packed = write_pack(
            target,
            lab.home,
            lab.store,
            dataset=dataset,
            architecture=chosen,
            runs=picked,
            garden=lab.data.garden,
            progress=progress,
        )
    if as_json:
        items = list(map(_record, packed.manifest.items))
        give({"pack": str(packed.path.resolve()), "bytes": packed.bytes, "files": len(packed.manifest.files), "items": items})
        return
    for item in packed.manifest.items:
        write(f"packed  {_words(item)}")
    write(f"{packed.path}: {packed.bytes / 1e6:,.1f} MB. On the other computer: python -m flowerlab unpack {packed.path.name}")


def unpack(
    source: Annotated[Path, typer.Argument(metavar="LESSON.zip", help="A file made by pack.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Bring a lesson pack into this lab; needs no network.

    A pack that is damaged or not ours is refused whole. What is here already is kept as it is.
    """
    with opened() as lab, shown_progress() as progress:
        done = bring_pack(source.expanduser(), lab.home, lab.store, progress)
    if as_json:
        lists = {"brought": done.brought, "kept": done.kept, "differing": done.differing}
        records = {name: list(map(_record, items)) for name, items in lists.items()}
        give({"pack": str(source.expanduser().resolve()), **records})
        return
    for item in done.brought:
        write(f"brought  {_words(item)}")
    for item in done.kept:
        differs = " It differs from the one in the pack." if item in done.differing else ""
        write(f"kept     {_words(item)}: was here already.{differs}")


def _pick(lab: Lab, runs: str) -> list[Run]:
    """Returns the runs that a text names, in the order in which they were made."""
    if runs == "none":
        return []
    if runs == "all":
        return [run for run in reversed(finished_runs(lab.store, lab.home)) if run.state.over]
    named = {run.id: run for run in (find_run(lab, word.strip()) for word in runs.split(","))}
    return sorted(named.values(), key=lambda run: run.number)


def _gather(lab: Lab, dataset: str, progress: Progress) -> None:
    """Gathers a data set unless that was done; one that is fetched, in a process of its own, which has TensorFlow Datasets."""
    if lab.data.originals(dataset) is not None:
        return
    lab.data.classes_of(dataset)
    if not lab.data.source(dataset).download_mb:
        gather(lab.home, dataset, lab.data.garden, progress=progress)
        return
    _see_through(lab.tasks.start(gather_dataset(dataset, lab.home, lab.settings)), progress)


def _compute_features(lab: Lab, recipe: Recipe, progress: Progress) -> None:
    """Lets the photos go through the frozen network of recipe B, unless what comes out is kept already."""
    if not lab.estimates.of(recipe).features_at_hand:
        _see_through(lab.tasks.start(gather_with_features(lab, recipe)), progress)
    if not lab.estimates.of(recipe).features_at_hand:
        say(f"The features could not be kept, so none are packed; {lab.home.log('gather')} says why.")


def gather_with_features(lab: Lab, recipe: Recipe) -> Work[None]:
    """Returns the work of gathering a recipe's photos and computing the frozen features that it would train on.

    They are float32: any computer can use them, also where this one would compute in bfloat16.
    """
    settings = lab.settings.model_copy(update={"precision": "float32"})
    job = make_job("0" * 12, 0, recipe, settings=settings, source=lab.store.source)
    return gather_dataset(recipe.dataset, lab.home, lab.settings, [job])


def _see_through(task: Task[None], progress: Progress) -> None:
    while not task.wait(LOOK_S):
        progress(task.step, task.done, task.total)
    if task.error:
        raise DatasetNotAtHand(task.error)


def _record(item: Item) -> dict[str, Any]:
    return {"kind": str(item.kind), "name": item.name, "path": item.path}


def _words(item: Item) -> str:
    return f"{item.kind}: {item.name}"
