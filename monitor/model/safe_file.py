"""Open and write files without ever touching a file that somebody else put in their place.

A symbolic link, a pipe or a device under the name of one of our files is refused; a link is never followed.
The folder may be reached through links, that is its user's choice. A file that is written in place must be of
this process's user or of its folder's owner: root that repairs a service's session works on the service's
files, and leaves new ones to it. A whole file is written under a fresh name and renamed.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from monitor.model.errors import InputError

# Flags that a system does not have change nothing there; what they guard against is looked at before.
_GUARDS = sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"))
_WRITES = os.O_WRONLY | os.O_RDWR
_HAS_OWNERS = hasattr(os, "geteuid")
_LINK = "is a symbolic link"
_NOT_REGULAR = "is not a regular file"
_EXPECTED = "expected a regular file; nothing was changed"
PART_GLOB = ".plms-*.part*"
"""What a crash can leave of a file that was being written."""


class UnsafeFileError(InputError, OSError):
    """A file that is not opened because of what it is.

    It is an error of the system to code that goes on without the file, and a sentence for the user elsewhere.

    Parameters
    ----------
    path : Path
    problem : str
        What the file is.
    """

    def __init__(self, path: Path, problem: str) -> None:
        # Code that wraps a system's error shows its reason, and may name another place.
        OSError.__init__(self, errno.EPERM, f"{path.name} {problem}", str(path))
        self.where, self.problem, self.expected = str(path), problem, _EXPECTED

    def __str__(self) -> str:
        return f"{self.where}: {self.problem}; {self.expected}"

    def __reduce__(self) -> tuple[type[UnsafeFileError], tuple[Path, str]]:
        return UnsafeFileError, (Path(self.where), self.problem)


def open_fd(path: Path, flags: int) -> int:
    """Open a regular file as `os.open` does; a new one is readable by its owner only.

    Parameters
    ----------
    path : Path
    flags : int
        Of `os.open`. With ``O_TRUNC`` nothing is cut before the file has been checked.

    Returns
    -------
    int
        The descriptor.

    Raises
    ------
    UnsafeFileError
        If `path` is a link or no regular file, or is written to and belongs to neither this user nor its
        folder's owner.
    OSError
        If it cannot be opened.
    """
    refuse_unsafe(path)
    is_new = bool(flags & os.O_CREAT) and not os.path.lexists(path)
    try:
        fd = os.open(path, flags & ~os.O_TRUNC | _GUARDS, 0o600)
    except OSError as err:
        # It was put there since it was looked at.
        if err.errno == errno.ELOOP:
            raise UnsafeFileError(path, _LINK) from err
        if err.errno == errno.ENXIO:
            raise UnsafeFileError(path, _NOT_REGULAR) from err
        raise
    try:
        _check(path, os.fstat(fd), is_written=bool(flags & _WRITES))
        if _HAS_OWNERS:
            os.set_blocking(fd, True)
        if is_new:
            _leave_to_owner(fd, path.parent)
        if flags & os.O_TRUNC:
            os.ftruncate(fd, 0)
    except BaseException:
        os.close(fd)
        raise
    return fd


def open_to_read(path: Path) -> BinaryIO:
    """Open a regular file to read its bytes, as ``path.open("rb")`` does (see `open_fd`)."""
    return os.fdopen(open_fd(path, os.O_RDONLY), "rb")


def read_bytes(path: Path) -> bytes:
    """Return what is in a regular file (see `open_fd`)."""
    with open_to_read(path) as file:
        return file.read()


def refuse_unsafe(path: Path) -> None:
    """Do nothing if a path is a regular file of ours, or not there.

    Raises
    ------
    UnsafeFileError
        If it is a link, or anything else than a regular file.
    """
    try:
        found = path.lstat()
    except OSError:
        # Whoever opens it will say why it cannot be.
        return
    _check(path, found, is_written=False)


def _check(path: Path, found: os.stat_result, *, is_written: bool) -> None:
    if stat.S_ISLNK(found.st_mode):
        raise UnsafeFileError(path, _LINK)
    if not stat.S_ISREG(found.st_mode):
        raise UnsafeFileError(path, _NOT_REGULAR)
    if is_written and _HAS_OWNERS and found.st_uid not in (os.geteuid(), path.parent.stat().st_uid):
        raise UnsafeFileError(path, "is owned by another user")


def _leave_to_owner(fd: int, folder: Path) -> None:
    """Give a file that root made to the owner of its folder, who is to go on with it."""
    if _HAS_OWNERS and os.geteuid() == 0:
        owner = folder.stat()
        if owner.st_uid != 0:
            with contextlib.suppress(OSError):
                os.fchown(fd, owner.st_uid, owner.st_gid)


@contextlib.contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Give a fresh, empty file to write; afterwards it takes the place of `path`, on disk.

    A link at `path` is replaced, not followed. If the block raises, `path` is as it was.

    Parameters
    ----------
    path : Path

    Yields
    ------
    Path
        Beside `path`, with the same ending, readable by its owner only.

    Raises
    ------
    UnsafeFileError
        If `path` is, or leads to, a folder, a pipe or a device.
    OSError
        If it cannot be written.
    """
    if path.exists() and not path.is_file():
        raise UnsafeFileError(path, _NOT_REGULAR)
    fd, name = tempfile.mkstemp(prefix=".plms-", suffix=f".part{path.suffix[:16]}", dir=path.parent)
    part = Path(name)
    try:
        try:
            _leave_to_owner(fd, path.parent)
            yield part
            # Another descriptor of the same file: what its writer has closed is brought to disk here.
            os.fsync(fd)
        finally:
            os.close(fd)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    sync_entries(path.parent)


def write_private(path: Path, text: str) -> None:
    """Write a text file whole or not at all, readable by its owner only."""
    write_private_bytes(path, text.encode())


def write_private_bytes(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, readable by its owner only."""
    with written_whole(path) as part:
        part.write_bytes(data)


def sync_entries(folder: Path) -> None:
    """Bring the names of a folder's new files to disk, where the system keeps them apart from the files."""
    with contextlib.suppress(OSError):
        fd = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
