"""Where compiled kernels are kept, so that no edit of any of them can leave old machine code running.

Numba notices an edit of the file a kernel stands in, but not of the file of a helper it calls. The folder is
therefore named after a hash of ALL sources of this package and of the numba and numpy versions.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from pathlib import Path

import numba
import numpy as np


def source_key() -> str:
    """Return a short hash of every source of this package and of the compiler's versions."""
    digest = hashlib.sha256(f"numba {numba.__version__} numpy {np.__version__}".encode())
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _user_cache_root() -> Path:
    """Return the place where this user's programs keep what can be made again."""
    given = os.environ.get("NUMBA_CACHE_DIR")
    if given:
        return Path(given)
    if os.name == "nt" and os.environ.get("LOCALAPPDATA"):
        return Path(os.environ["LOCALAPPDATA"]) / "plms-monitor" / "kernels"
    given = os.environ.get("XDG_CACHE_HOME")
    return (Path(given) if given else Path("~/.cache").expanduser()) / "plms-monitor" / "kernels"


def _usable(folder: Path) -> bool:
    """Make `folder` for this user alone; say whether it is theirs and can be written to."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
        state = folder.lstat()
    except (OSError, RuntimeError):
        return False
    # Machine code is loaded from here: a folder that somebody else could have filled is not taken.
    if hasattr(os, "getuid"):
        return state.st_uid == os.getuid() and not state.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return True


def cache_folder() -> Path:
    """Return a private, writable folder for the compiled kernels of exactly these sources.

    Returns
    -------
    Path
        Below the user's cache folder; when that cannot be written to (a read-only home), a folder of mode
        0700 below the temporary directory; at worst a fresh one that only this process knows.
    """
    key = source_key()
    who = str(os.getuid()) if hasattr(os, "getuid") else "user"
    shared_temp = Path(tempfile.gettempdir()) / f"plms-monitor-kernels-{who}"
    for root in (_user_cache_root, lambda: shared_temp):
        try:
            folder = root() / key
        except RuntimeError:  # no home directory is known
            continue
        if _usable(folder.parent) and _usable(folder):
            return folder
    return Path(tempfile.mkdtemp(prefix="plms-monitor-kernels-"))
