"""`disk`: what the lab takes on the disk, and how to free some of it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

import typer

from flowerlab.cli.output import AsJson, give, say, write
from flowerlab.cli.running import find_run, opened
from flowerlab.disk.items import CACHES, Freed, Item, Kind, Usage
from flowerlab.disk.retention import Rule, cleanings, due_now, left_by_older_version
from flowerlab.errors import BadInput, shown
from flowerlab.lab import Lab
from flowerlab.locale.numbers import roughly, size

FREEABLE = (Kind.CHECKPOINTS, *CACHES, Kind.TRASH, Kind.LIST_COPIES, Kind.HALF_WRITTEN)
SHOWN = 20


def disk(
    what: Annotated[
        list[str] | None,
        typer.Option(
            "--free",
            metavar="WHAT",
            help=f"What to free: {', '.join(FREEABLE)} (all of them that nobody needs), run:ID (to the trash), or one thing by its "
            "name in the first column. May be given several times. What cannot be made again goes to the trash first: `--free "
            "trash` deletes it for good.",
        ),
    ] = None,
    restore: Annotated[
        list[str] | None,
        typer.Option("--restore", metavar="ID", help="A run of the trash to bring back. May be given several times."),
    ] = None,
    keep: Annotated[
        list[str] | None, typer.Option("--keep", metavar="RUN", help="Mark a run as one that the cleaning rule never touches.")
    ] = None,
    keep_no_more: Annotated[list[str] | None, typer.Option("--keep-no-more", metavar="RUN", help="Take that mark away.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show what runs and caches take on the disk, and free some of it.

    Nothing that is in use is freed. Runs go to the trash, from which they can be brought back. Exit code 0: done; 1: something
    that was named had to stay; 2: bad input.
    """
    with opened() as lab:
        usage = lab.disk.measure()
        chosen = _chosen(lab, usage, what or [])
        marked = [(find_run(lab, text), kept) for texts, kept in ((keep, True), (keep_no_more, False)) for text in texts or []]
        for run, kept in marked:
            lab.store.mark_kept(run.id, kept=kept)
        for key in restore or []:
            back = lab.trash.restore(key)
            say(f"{back.name} ({back.id}) is back.")
        came = lab.disk.free(chosen)
        if what or restore or marked:
            usage = lab.disk.measure()
        if as_json:
            give(_record(lab, usage, came))
        else:
            _write(lab, usage, came)
    if came.stayed:
        raise typer.Exit(1)


def _chosen(lab: Lab, usage: Usage, what: list[str]) -> list[Item]:
    """Returns what was named.

    Raises:
        BadInput: If a name means nothing; then nothing is freed.
    """
    found: dict[str, Item] = {}
    for text in what:
        kind, _, key = text.partition(":")
        if text in list(FREEABLE):
            # Of all of a kind, what is in use stays without a word.
            items = [item for item in usage.of(Kind(text)) if not item.why_not]
        elif kind == Kind.RUN and key:
            run = find_run(lab, key)
            items = [item for item in usage.of(Kind.RUN) if item.key == run.id]
            items = items or [Item(Kind.RUN, run.id, run.name, 0, run.created_s)]
        else:
            items = [item for item in usage.items if item.name == text]
            if not items:
                raise BadInput(
                    f"--free must name {', '.join(FREEABLE)}, run:ID, or one thing as the table names it. Received: {shown(text)}. "
                    "See them with: python -m flowerlab disk"
                )
        found |= {item.name: item for item in items}
    return list(found.values())


def _record(lab: Lab, usage: Usage, came: Freed) -> dict[str, Any]:
    rule = Rule.of(lab.settings)
    return {
        "home": str(lab.home.root),
        "home_bytes": usage.total(),
        "free_bytes": usage.free_bytes,
        "disk_bytes": usage.disk_bytes,
        "kinds": {str(kind): usage.total(kind) for kind in Kind},
        "things": [
            {
                "name": item.name,
                "title": item.title,
                "bytes": item.bytes,
                "used_s": item.used_s,
                "again_s": item.again_s,
                "stays": item.why_not or None,
                "kept": item.kept,
            }
            for item in usage.items
        ],
        "freed": [item.name for item in came.freed],
        "freed_bytes": came.bytes,
        "stayed": [{"name": item.name, "why": why} for item, why in came.stayed],
        "rule": asdict(rule),
        "rule_would_throw": [one.run.id for one in due_now(lab.home, lab.store, rule)],
        "cleanings": [one.model_dump() for one in cleanings(lab.home)],
    }


def _write(lab: Lab, usage: Usage, came: Freed) -> None:
    write(f"{lab.home.root}: {size(usage.total())} in all; {size(usage.free_bytes)} of {size(usage.disk_bytes)} are free.")
    for kind in Kind:
        items = usage.of(kind)
        if items:
            write(f"{kind}: {size(usage.total(kind))} in {len(items)}")
    write("")
    rows = [(item.name, size(item.bytes), item.title, _remark(item)) for item in usage.items[:SHOWN]]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(4)]
    for row in rows:
        write("  ".join(f"{text:<{width}}" for text, width in zip(row, widths, strict=True)).rstrip())
    if len(usage.items) > SHOWN:
        write(f"and {len(usage.items) - SHOWN} smaller ones (--json names them all)")
    rule = Rule.of(lab.settings)
    write(f"Cleaning rule: {rule.sentence()}")
    if left := left_by_older_version(lab.home, lab.settings):
        write(f"One that an older version's Disk page set is not followed any more. To have it again: {' '.join(left)}")
    would = due_now(lab.home, lab.store, rule)
    if would:
        write(f"It would move {len(would)} runs to the trash now: {', '.join(one.run.name for one in would)}.")
    for cleaning in cleanings(lab.home)[:3]:
        when = datetime.fromtimestamp(cleaning.when_s).strftime("%Y-%m-%d %H:%M")
        if cleaning.took_runs:
            moved, gone = len(cleaning.thrown), len(cleaning.deleted)
            write(f"{when}: the rule moved {moved} runs to the trash and deleted {gone} from it.")
        if cleaning.checkpoints:
            write(f"{when}: of {len(cleaning.checkpoints)} finished runs the checkpoints went; their models stay.")
    if came.freed:
        say(f"Freed {size(came.bytes)}; {size(came.bytes_in_trash)} went to the trash.")
    for item, why in came.stayed:
        say(f"{item.name} stays: {why}")


def _remark(item: Item) -> str:
    if item.why_not:
        return f"stays: {item.why_not}"
    if item.kind in CACHES:
        return "made again when needed" + ("" if item.again_s is None else f", about {roughly(item.again_s)}")
    return "kept by you" if item.kept else ""
