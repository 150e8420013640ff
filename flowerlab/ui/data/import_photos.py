"""Importing and deleting one's own photos."""

from __future__ import annotations

import logging
import tempfile
import threading
from pathlib import Path

import streamlit as st

from flowerlab.datasets.catalog import FOLDER_PREFIX
from flowerlab.datasets.import_folder import import_folder
from flowerlab.errors import FlowerlabError
from flowerlab.locale import _
from flowerlab.ui.base.fragments import fragment
from flowerlab.ui.base.lab import lab
from flowerlab.ui.base.messages import tell
from flowerlab.ui.base.text import escaped

JOB = "own-import"
LARGEST_UPLOAD_MB = 200
SHOWN_LEFT_OUT = 20
LOG = logging.getLogger(__name__)


class ImportJob:
    """One import, done in a thread so that the page does not wait; the page reads its fields.

    Args:
        source: A folder or zip.
        name: What the data set shall be called.
        folders: Where imported folders are kept.
        temporary: Whether `source` is an upload, to be removed afterwards.

    Attributes:
        done, total: Photos looked at, and in all; 0 while unknown.
        error: Why nothing was imported, as a sentence; empty otherwise.
        photos, classes, left_out: What it came to; `left_out` has one sentence a file.
        over: Whether it has ended.
        chosen: Whether the page has turned to the new data set.
    """

    def __init__(self, source: Path, name: str, folders: Path, *, temporary: bool) -> None:
        self.name = name
        self.done = 0
        self.total = 0
        self.error = ""
        self.photos = 0
        self.classes: tuple[str, ...] = ()
        self.left_out: tuple[str, ...] = ()
        self.over = False
        self.chosen = False
        self._thread = threading.Thread(target=self._work, args=(source, folders, temporary), daemon=True, name="import-photos")
        self._thread.start()

    def wait(self, timeout_s: float) -> None:
        """Returns when the import is over, or after `timeout_s` seconds."""
        self._thread.join(timeout_s)

    def _work(self, source: Path, folders: Path, temporary: bool) -> None:
        try:
            info = import_folder(source, folders, self.name, progress=self._take_progress)
            self.name, self.photos, self.classes = info.name, info.photos, info.classes
            self.left_out = tuple(info.left_out)
        except FlowerlabError as error:
            self.error = str(error)
        except OSError as error:
            self.error = f"The photos could not be copied ({error.strerror}). Is the disk full, or the folder locked?"
        except Exception as error:
            LOG.exception("An import of photos met an error.")
            self.error = f"The photos could not be imported ({type(error).__name__}: {error}). Nothing was changed."
        finally:
            if temporary:
                source.unlink(missing_ok=True)
            self.over = True

    def _take_progress(self, done: int, total: int) -> None:
        self.done, self.total = done, total


def newly_imported() -> str | None:
    """Returns the data set that an import has just brought, once: the page then turns to it."""
    job: ImportJob | None = st.session_state.get(JOB)
    if job is None or not job.over or job.error or job.chosen:
        return None
    job.chosen = True
    return FOLDER_PREFIX + job.name


def import_panel() -> None:
    """Lets one bring a zip or folder of photos, and shows how the import goes and what it came to."""
    st.markdown(
        _(
            "Bring a zip or a folder with one sub-folder for each class: 2 to 50 classes, at least 10 photos each. "
            "The photos stay on the machine that runs this lab."
        )
    )
    job: ImportJob | None = st.session_state.get(JOB)
    if job is not None and not job.over:
        _watch()
        return
    if job is not None:
        if not job.error and not job.chosen:
            # It ended while the page was being drawn: once more, so that the list above has the new data set.
            st.rerun()
        _tell(job)
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
            # `~somebody` who has no home here.
            st.error(
                _("There is no such folder: {path}. Type its whole path, without ~.").format(path=escaped(path)),
                icon="🚧",
            )
            return
        st.session_state[JOB] = ImportJob(source, name.strip() or given, lab().home.folders, temporary=upload is not None)
        st.rerun()


def _kept(data: bytes) -> Path:
    """Puts an upload where the thread can read it after the page has run."""
    with tempfile.NamedTemporaryFile(prefix="flowerlab-", suffix=".zip", delete=False) as file:
        file.write(data)
    return Path(file.name)


@fragment(every_s=1)
def _watch() -> None:
    job: ImportJob = st.session_state[JOB]
    if job.over:
        st.rerun()
    share = min(1.0, job.done / job.total) if job.total else 0.0
    st.progress(share, text=_("Checking and copying the photos: {done} of {total}").format(done=job.done, total=job.total))


def _tell(job: ImportJob) -> None:
    if job.error:
        st.error(escaped(job.error), icon="🚧")
        return
    st.success(
        _("{name}: {photos} photos in {classes} classes were imported.").format(
            name=escaped(job.name), photos=f"{job.photos:,}", classes=len(job.classes)
        )
    )
    if job.left_out:
        with st.expander(_("Left out: {count}").format(count=f"{len(job.left_out):,}")):
            for reason in job.left_out[:SHOWN_LEFT_OUT]:
                st.markdown(f"- {escaped(reason)}")
            if len(job.left_out) > SHOWN_LEFT_OUT:
                st.caption(_("and {count} more").format(count=f"{len(job.left_out) - SHOWN_LEFT_OUT:,}"))


def delete_own_photos(dataset: str) -> None:
    """Deletes an imported data set, after a question.

    Args:
        dataset: `folder:NAME`.
    """
    name = dataset.removeprefix(FOLDER_PREFIX)
    with st.popover(_("Delete these photos …")):
        st.markdown(
            _("Delete the lab's copy of **{name}**? Finished runs stay, but cannot be trained again on these photos.").format(
                name=escaped(name)
            )
        )
        if st.button(_("Yes, delete {name}").format(name=escaped(name)), key="own-delete"):
            try:
                lab().delete_photos(dataset)
            except FlowerlabError as error:
                tell(error)
                return
            st.session_state.pop(JOB, None)
            st.rerun()
