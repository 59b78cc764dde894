"""Keep the original bytes of a file before anything of it is cut or rewritten.

All that recovery writes goes to a fresh file under a name of its own, is brought to disk, and then takes its
place by renaming. A crash at any moment leaves the original whole under one name or the other.
"""

from __future__ import annotations

import contextlib
import filecmp
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from monitor.model.clock import utc_now
from monitor.model.safe_file import open_fd, open_to_read, read_bytes, sync_entries, written_whole

_COPY_BYTES = 1 << 20
_MOST_IN_ONE_SECOND = 100


def keep_original(path: Path) -> str:
    """Back up a whole file next to it as ``<name>.damaged-<utc>``; return the name.

    Notes
    -----
    A hard link where the file system supports it, else a copy. An identical backup is not
    made again.
    """
    for known in _kept(path, "damaged"):
        if path.samefile(known) or filecmp.cmp(path, known, shallow=False):
            return known.name
    aside = _free_name(path, "damaged")
    try:
        os.link(path, aside)
    except OSError:
        with open_to_read(path) as original:
            put_in_place(aside, iter(lambda: original.read(_COPY_BYTES), b""))
    with contextlib.suppress(OSError):
        aside.chmod(0o600)
    sync_entries(path.parent)
    return aside.name


def keep_tail(path: Path, good_bytes: int) -> str:
    """Keep the end of a file in ``<name>.torn-<utc>`` and cut it off; return the name."""
    with open_to_read(path) as file:
        file.seek(good_bytes)
        tail = file.read()
    names = (known.name for known in _kept(path, "torn") if read_bytes(known) == tail)
    name = next(names, None)
    if name is None:
        aside = _free_name(path, "torn")
        put_in_place(aside, [tail])
        name = aside.name
    fd = open_fd(path, os.O_WRONLY)
    try:
        os.ftruncate(fd, good_bytes)
    finally:
        os.close(fd)
    return name


def put_in_place(path: Path, parts: Iterable[bytes]) -> None:
    """Write a file atomically, in place of an existing one that was backed up."""
    with written_whole(path) as part, part.open("wb") as file:
        for data in parts:
            file.write(data)


def _kept(path: Path, what: str) -> list[Path]:
    return sorted(each for each in path.parent.glob(f"{path.name}.{what}-*Z*") if each.is_file())


def _free_name(path: Path, what: str) -> Path:
    stamp = utc_now().strftime("%Y-%m-%dT%H%M%SZ")
    names = (f"{path.name}.{what}-{stamp}{suffix}" for suffix in _suffixes())
    return next(path.with_name(name) for name in names if not path.with_name(name).exists())


def _suffixes() -> Iterator[str]:
    yield ""
    yield from (f"-{i}" for i in range(2, _MOST_IN_ONE_SECOND))
