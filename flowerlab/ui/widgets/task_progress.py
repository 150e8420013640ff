"""Tasks in the background on a page: how far each is, a way to end it, why it failed, and the button that begins it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import streamlit as st

from flowerlab.lab import Lab
from flowerlab.locale import _
from flowerlab.tasks import Task, TaskRunner, Work
from flowerlab.tasks.download import download, fetch_title, fetchable, megabytes_of
from flowerlab.ui.base.fragments import refreshed
from flowerlab.ui.base.text import escaped

EVERY_S = 1.0


def start_button(
    tasks: TaskRunner, work: Work[Any], label: str, *, key: str, primary: bool = False, help: str | None = None
) -> None:
    """Draws the button that begins a task."""
    kind: Literal["primary", "secondary"] = "primary" if primary else "secondary"
    st.button(label, key=key, type=kind, on_click=_start, args=(tasks, work), help=help)


def _start(tasks: TaskRunner, work: Work[Any]) -> None:
    tasks.start(work)


def task_panel(
    tasks: TaskRunner, work: Work[Any], label: str, *, key: str, at_once: bool, primary: bool = False, help: str | None = None
) -> None:
    """Shows how far a task is; where it is not under way, how it ended and the button that begins it, if it did not begin at once."""
    task = tasks.state(work)
    if task is None and at_once:
        task = tasks.start(work)
    if task is not None and not task.over:
        watch(tasks, {f"{key}-cancel": work})
        return
    show_end(task)
    start_button(tasks, work, label, key=f"{key}-start", primary=primary, help=help)


def watch(tasks: TaskRunner, works: Mapping[str, Work[Any]]) -> None:
    """Shows how far tasks are, each under the key of its Cancel button; when one is over, the whole page is drawn once more."""

    def draw() -> None:
        under_way = {key: task for key, work in works.items() if (task := tasks.state(work)) is not None and not task.over}
        if len(under_way) < len(works):
            st.rerun()
        for key, task in under_way.items():
            # A horizontal row instead of columns: the narrow form of Train has room for the whole word then.
            with st.container(horizontal=True, vertical_alignment="bottom"):
                st.progress(min(1.0, task.done / task.total) if task.total else 0.0, text=progress_text(task))
                st.button(_("Cancel"), key=key, on_click=tasks.cancel, args=(works[key],))

    refreshed(draw, every_s=EVERY_S)


def show_end(task: Task[Any] | None, subject: str = "") -> None:
    """Says why a task ended without a result, if there was one and it did; first of all the `subject`."""
    if task is not None and task.error:
        text = subject + escaped(task.error)
        if task.cancelled:
            st.info(text, icon="✋")
        else:
            st.error(text, icon="🚧")


def progress_text(task: Task[Any]) -> str:
    """Writes the step and how far it is: `Downloading VGG16 weights: 12 of 59 MB`."""
    if not task.total:
        return f"{_(task.step)} …"
    step = task.step.removesuffix(" (MB)")
    text = _("{step}: {done} of {total}") if step == task.step else _("{step}: {done} of {total} MB")
    return text.format(step=_(step), done=f"{task.done:,}", total=f"{task.total:,}")


def fetch_panel(lab: Lab, names: Sequence[str] | None = None, *, place: str) -> None:
    """Offers to fetch what is missing of these, None for all that is `fetchable`, and shows what is being fetched; else nothing."""
    works = {name: download(name, lab.home, lab.settings) for name in fetchable() if names is None or name in names}
    tasks = {name: lab.tasks.state(work) for name, work in works.items()}
    going = [name for name, task in tasks.items() if task is not None and not task.over]
    missing = [name for name in works if name not in going and not lab.data.has(name)]
    if going:
        watch(lab.tasks, {f"fetch-cancel-{place}-{name}": works[name] for name in going})
    for name in missing:
        show_end(tasks[name], f"{fetch_title(name)}: ")
    if missing:
        with st.container(horizontal=True):
            for name in missing:
                label = _("Fetch {title} ({size:.0f} MB)").format(title=fetch_title(name), size=megabytes_of(name))
                start_button(lab.tasks, works[name], label, key=f"fetch-{place}-{name}")
        st.caption(_("Fetching needs a network and goes on in the background; if it breaks off, what has come is kept."))
