"""Importing and deleting one's own photos."""

from __future__ import annotations

import tempfile
from pathlib import Path

import streamlit as st

from flowerlab.datasets.catalog import dataset_title
from flowerlab.datasets.folder_checks import FolderInfo
from flowerlab.datasets.sources.folder import FOLDER_PREFIX
from flowerlab.locale import _
from flowerlab.tasks import Task, Work
from flowerlab.tasks.import_photos import import_photos
from flowerlab.ui.base.lab import lab
from flowerlab.ui.base.messages import succeeded
from flowerlab.ui.base.text import escaped
from flowerlab.ui.widgets.task_progress import show_end, watch

WORK, CHOSEN = "own-import", "own-import-chosen"
LARGEST_UPLOAD_MB = 200


def newly_imported() -> str | None:
    """Returns the data set that an import has just brought, once: the page then turns to it."""
    task = _import()
    if task is None or task.result is None or st.session_state.get(CHOSEN):
        return None
    st.session_state[CHOSEN] = True
    return FOLDER_PREFIX + task.result.name


def _import() -> Task[FolderInfo] | None:
    """Returns this visitor's newest import."""
    work: Work[FolderInfo] | None = st.session_state.get(WORK)
    return None if work is None else lab().tasks.state(work)


def import_panel() -> None:
    """Lets one bring a zip or folder of photos, and shows how the import goes and what it came to."""
    st.markdown(
        _(
            "Bring a zip or a folder with one sub-folder for each class: 2 to 50 classes, at least 10 photos each. "
            "The photos stay on the machine that runs this lab."
        )
    )
    task = _import()
    if task is not None and not task.over:
        watch(lab().tasks, {"own-cancel": st.session_state[WORK]})
        return
    if task is not None and task.result is not None:
        if not st.session_state.get(CHOSEN):
            # It ended while the page was being drawn: once more, so that the list above has the new data set.
            st.rerun()
        _show_imported(task.result)
    show_end(task)
    left, right = st.columns(2, gap="large")
    upload = left.file_uploader(
        _("A zip file"),
        type=["zip"],
        key="own-zip",
        max_upload_size=LARGEST_UPLOAD_MB,
        help=_("One sub-folder for each class, named like the class. Larger than this: type its path instead."),
    )
    path = right.text_input(
        _("Or the path of a folder or zip on the machine that runs this lab"),
        key="own-path",
        persist_state="session",
        help=_("For example /home/me/leaves, with one sub-folder for each class in it."),
    )
    given = Path(upload.name).stem if upload is not None else Path(path.strip()).stem if path.strip() else ""
    name = right.text_input(
        _("Name of the data set"),
        key="own-name",
        placeholder=given or _("for example leaves"),
        persist_state="session",
        help=_("Letters, digits, spaces, dots and hyphens. Left empty, the name of the zip or folder is taken."),
    )
    if st.button(_("Import"), key="own-start", disabled=not given):
        try:
            source = _kept(upload.getvalue()) if upload is not None else Path(path.strip()).expanduser()
        except RuntimeError:
            # `~name` of a user who has no home here.
            st.error(_("There is no such folder: {path}. Type its whole path, without ~.").format(path=escaped(path)), icon="🚧")
            return
        work = import_photos(source, name.strip() or given, lab().home.folders, temporary=upload is not None)
        st.session_state.update({WORK: work, CHOSEN: False})
        lab().tasks.start(work)
        st.rerun()


def _kept(data: bytes) -> Path:
    """Puts an upload where the thread can read it after the page has run."""
    with tempfile.NamedTemporaryFile(prefix="flowerlab-", suffix=".zip", delete=False) as file:
        file.write(data)
    return Path(file.name)


def _show_imported(info: FolderInfo) -> None:
    st.success(
        _("{name}: {photos} photos in {classes} classes were imported.").format(
            name=escaped(info.name), photos=f"{info.photos:,}", classes=len(info.classes)
        )
    )
    if info.left_out:
        with st.expander(_("Left out: {count}").format(count=len(info.left_out))):
            for reason in info.left_out:
                st.markdown(f"- {escaped(reason)}")


def delete_own_photos(dataset: str) -> None:
    """Deletes an imported data set (`folder:NAME`), after a question."""
    name = dataset_title(dataset)
    with st.popover(_("Delete these photos …")):
        st.markdown(
            _("Delete the lab's copy of **{name}**? Finished runs stay, but cannot be trained again on these photos.").format(
                name=escaped(name)
            )
        )
        pressed = st.button(_("Yes, delete {name}").format(name=escaped(name)), key="own-delete")
        if pressed and succeeded(lambda: lab().disk.delete_dataset(dataset)):
            st.session_state.pop(WORK, None)
            st.rerun()
