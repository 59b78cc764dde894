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
from typing import BinaryIO

from monitor.session.clock import utc_now
from monitor.session.folder import sync_entries

_FRESH = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
_COPY_BYTES = 1 << 20
_MOST_IN_ONE_SECOND = 100


def fresh_file(path: Path) -> BinaryIO:
    """Make a new file for its owner only and open it for writing; the one way recovery opens files.

    Raises
    ------
    FileExistsError
        If anything has that name.
    """
    return os.fdopen(os.open(path, _FRESH, 0o600), "wb")


def keep_original(path: Path) -> str:
    """Keep a whole file beside itself as ``<name>.damaged-<utc>``; return the name.

    Notes
    -----
    A second name for the same bytes where the file system has such, else a copy. What was kept before and is
    the same is not kept again.
    """
    for known in _kept(path, "damaged"):
        if path.samefile(known) or filecmp.cmp(path, known, shallow=False):
            return known.name
    aside = _free_name(path, "damaged")
    try:
        os.link(path, aside)
    except OSError:
        with path.open("rb") as original:
            put_in_place(aside, iter(lambda: original.read(_COPY_BYTES), b""))
    with contextlib.suppress(OSError):
        aside.chmod(0o600)
    sync_entries(path.parent)
    return aside.name


def keep_tail(path: Path, good_bytes: int) -> str:
    """Keep the end of a file in ``<name>.torn-<utc>`` and cut it off; return the name."""
    with path.open("rb") as file:
        file.seek(good_bytes)
        tail = file.read()
    names = (known.name for known in _kept(path, "torn") if known.read_bytes() == tail)
    name = next(names, None)
    if name is None:
        aside = _free_name(path, "torn")
        put_in_place(aside, [tail])
        name = aside.name
    os.truncate(path, good_bytes)
    return name


def put_in_place(path: Path, parts: Iterable[bytes]) -> None:
    """Write a file whole or not at all, in the place of one whose original was kept if there is one."""
    part = path.with_name(f"{path.name}.repaired")
    part.unlink(missing_ok=True)
    with fresh_file(part) as file:
        for data in parts:
            file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    sync_entries(path.parent)


def _kept(path: Path, what: str) -> list[Path]:
    return sorted(each for each in path.parent.glob(f"{path.name}.{what}-*Z*") if each.is_file())


def _free_name(path: Path, what: str) -> Path:
    stamp = utc_now().strftime("%Y-%m-%dT%H%M%SZ")
    names = (f"{path.name}.{what}-{stamp}{suffix}" for suffix in _suffixes())
    return next(path.with_name(name) for name in names if not path.with_name(name).exists())


def _suffixes() -> Iterator[str]:
    yield ""
    yield from (f"-{i}" for i in range(2, _MOST_IN_ONE_SECOND))
