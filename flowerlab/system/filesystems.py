"""Disks: of what kind one is (SQLite and locks want one of this computer), and whether it is full."""

from __future__ import annotations

import errno
from pathlib import Path

NETWORK_TYPES = {
    "9p",
    "afpfs",
    "afs",
    "beegfs",
    "ceph",
    "cifs",
    "davfs",
    "davfs2",
    "glusterfs",
    "gpfs",
    "lustre",
    "ncpfs",
    "nfs",
    "nfs3",
    "nfs4",
    "prl_fs",
    "smb",
    "smb2",
    "smb3",
    "smbfs",
    "vboxsf",
    "webdav",
    "webdavfs",
}
# FUSE serves most network disks (sshfs, rclone, cloud folders). These of its kinds lie on the machine's own disk.
LOCAL_FUSE = {"fuse-overlayfs", "ntfs-3g", "mergerfs", "bindfs", "ext2", "lxcfs"}
# What systems say of a disk that takes nothing more; the last: of a file that may not grow any more.
NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def no_room(error: BaseException | None) -> bool:
    """Whether an error, or one that caused it, says that the disk is full. Libraries may keep no more of that than its words."""
    while error is not None:
        if (isinstance(error, OSError) and error.errno in NO_ROOM) or "No space left on device" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False


def network_kind(place: Path) -> str | None:
    """Returns the type of the network file system that a path is on; None if it lies on a disk of this computer."""
    # As written first, without touching the disk: one that does not answer is named all the same.
    for where in (place, place.resolve()):
        kind = kind_of_disk(where)
        if kind is not None and is_network(kind, where):
            return kind
    return None


def kind_of_disk(place: Path) -> str | None:
    """Returns the type of the file system that a path is on, followed by `,remote` where Windows says so; None if it is not known."""
    import psutil

    best, kind = -1, None
    for partition in psutil.disk_partitions(all=True):
        mount = Path(partition.mountpoint)
        if (place == mount or mount in place.parents) and len(mount.parts) >= best:
            # The later of two at one place lies on top.
            best, kind = len(mount.parts), partition.fstype.lower()
            if "remote" in partition.opts.split(","):
                kind += ",remote"
    return kind or None


def is_network(kind: str, place: Path) -> bool:
    """Whether a file system of this type (as `kind_of_disk` returns it), on which `place` lies, is another computer's disk."""
    if kind.endswith(",remote") or str(place).startswith("\\\\"):
        return True
    main, _, served = kind.partition(".")
    if main in ("fuse", "macfuse", "osxfuse"):
        return served not in LOCAL_FUSE
    return kind in NETWORK_TYPES
