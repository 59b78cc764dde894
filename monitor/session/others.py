"""What the other recorders of a sessions folder record: another bed's stream replaces no source."""

from __future__ import annotations

import contextlib

from monitor.safefile import open_to_read
from monitor.session.folder import SessionFolder
from monitor.session.journal import decode


def is_recorded_by_another(folder: SessionFolder, uid: str) -> bool:
    """Return whether another session that has not ended records this run of a source.

    Parameters
    ----------
    folder : SessionFolder
        The session that asks.
    uid : str
        LSL's name of one run of a source.

    Notes
    -----
    A session that is being recorded, or was cut off, has its lock file.
    """
    own = folder.path.resolve()
    others = [lock.parent for lock in own.parent.glob("*/.lock") if lock.parent.resolve() != own]
    return any(_records(SessionFolder(path), uid.encode()) for path in others)


def _records(folder: SessionFolder, uid: bytes) -> bool:
    with contextlib.suppress(OSError), open_to_read(folder.journal) as file:
        for line in file:
            if uid not in line:
                continue
            with contextlib.suppress(ValueError, LookupError):
                fact = decode(line)
                if fact.kind == "stream" and fact.data["uid"] == uid.decode():
                    return True
    return False
