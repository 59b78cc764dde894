"""Open and write files safely: a file that another user put in their place is never followed or changed.

A symbolic link, a pipe or a device under the name of a session file is refused; a link is never followed. The
path of the folder may contain links: that is the user's choice. A file that is written in place must be owned
by the user of this process or by the owner of its folder: if root repairs the session of a service, new files
are given to the owner of the folder. A complete file is written under a new name and then renamed.
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

# Flags that a system does not have are omitted; the file type is checked before opening as well.
_GUARDS = sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"))
_WRITES = os.O_WRONLY | os.O_RDWR
_HAS_OWNERS = hasattr(os, "geteuid")
_LINK = "is a symbolic link"
_NOT_REGULAR = "is not a regular file"
_EXPECTED = "expected a regular file; nothing was changed"
PART_GLOB = ".plms-*.part*"
"""Pattern of partial files that a crash can leave behind."""


class UnsafeFileError(InputError, OSError):
    """A file that is not opened because of its type or owner.

    An `OSError` for code that continues without the file, an `InputError` with a message for the user
    elsewhere.

    Parameters
    ----------
    path : Path
    problem : str
        What is wrong with the file.
    """

    def __init__(self, path: Path, problem: str) -> None:
        # Code that wraps an OSError shows its reason and may name another path.
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
        As for `os.open`. With ``O_TRUNC`` the file is truncated only after it has been checked.

    Returns
    -------
    int
        The descriptor.

    Raises
    ------
    UnsafeFileError
        If `path` is a link or not a regular file, or is opened for writing and owned by neither this user nor
        the owner of its folder.
    OSError
        If it cannot be opened.
    """
    refuse_unsafe(path)
    is_new = bool(flags & os.O_CREAT) and not os.path.lexists(path)
    try:
        fd = os.open(path, flags & ~os.O_TRUNC | _GUARDS, 0o600)
    except OSError as err:
        # It was created after the check.
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
    """Return the content of a regular file (see `open_fd`)."""
    with open_to_read(path) as file:
        return file.read()


def refuse_unsafe(path: Path) -> None:
    """Check that a path is a regular file or does not exist.

    Raises
    ------
    UnsafeFileError
        If it is a link, or not a regular file.
    """
    try:
        found = path.lstat()
    except OSError:
        # Opening the file will report the error.
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
    """Give a file created by root to the owner of its folder, who needs access to it."""
    if _HAS_OWNERS and os.geteuid() == 0:
        owner = folder.stat()
        if owner.st_uid != 0:
            with contextlib.suppress(OSError):
                os.fchown(fd, owner.st_uid, owner.st_gid)


@contextlib.contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Yield a new, empty file to write; afterwards it replaces `path`, synced to disk.

    A link at `path` is replaced, not followed. If the block raises, `path` is unchanged.

    Parameters
    ----------
    path : Path

    Yields
    ------
    Path
        In the folder of `path`, with the same extension, readable by its owner only.

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
            # Another descriptor of the same file: this syncs what the writer has written and closed.
            os.fsync(fd)
        finally:
            os.close(fd)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    sync_entries(path.parent)


def write_private(path: Path, text: str) -> None:
    """Write a text file completely or not at all, readable by its owner only."""
    write_private_bytes(path, text.encode())


def write_private_bytes(path: Path, data: bytes) -> None:
    """Write a file completely or not at all, readable by its owner only."""
    with written_whole(path) as part:
        part.write_bytes(data)


def sync_entries(folder: Path) -> None:
    """Sync the directory entries of a folder's new files, where the system stores them separately."""
    with contextlib.suppress(OSError):
        fd = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
