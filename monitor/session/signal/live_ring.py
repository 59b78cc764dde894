"""The live ring: the last minutes of each signal for screens, memory-mapped from a file.

The file's blocks are really allocated: a sparse map on a full disk would kill its writer.
"""

from __future__ import annotations

import json
import mmap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from dsp.ring import RingReader, RingWriter, ring_bytes
from monitor.model.errors import InputError
from monitor.model.safe_file import open_to_read, written_whole

_ABOUT_BYTES = 4096
_SECONDS = 330
PER_LANE = ("raw_uv", "envelope_uv", "resting_uv")
_ZEROS = bytes(1 << 16)

Rows = npt.NDArray[np.float64]


class LiveRingWriter:
    """Make the file of a ring and write to it.

    Parameters
    ----------
    path : Path
        Made with mode 0600, whole or not at all.
    lanes : sequence of str
        The signals, each under a name of its own.
    rate_hz : float
    kinds : sequence of str, optional
        Of signals without a detector (`monitor.model.lanes`): their rows have no envelope and no rest.

    Raises
    ------
    OSError
        If the disk has not enough space.
    """

    def __init__(self, path: Path, lanes: Sequence[str], rate_hz: float, kinds: Sequence[str] = ()) -> None:
        about = {"lanes": list(lanes), "rate_hz": rate_hz, "capacity_n": max(2, round(_SECONDS * rate_hz))}
        about |= {"kinds": list(kinds)} if kinds else {}
        shape = _shape(about)
        size = _ABOUT_BYTES + ring_bytes(*shape)
        with written_whole(path) as part, part.open("r+b", buffering=0) as file:
            written = file.write(json.dumps(about).encode().ljust(_ABOUT_BYTES))
            while written < size:
                written += file.write(_ZEROS[: size - written])
            mapped = mmap.mmap(file.fileno(), size)
        self._ring = RingWriter(memoryview(mapped)[_ABOUT_BYTES:], *shape)

    def write(self, rows: Rows) -> None:
        """Append rows: time (s), then raw, envelope, rest (uV) of each lane; of a kind only the signal."""
        stored = np.empty((rows.shape[0], rows.shape[1] + 1), np.float32)
        # Single precision is plenty for microvolts; time needs its whole and its broken seconds apart.
        whole_s = np.floor(rows[:, 0])
        stored[:, 0], stored[:, 1] = whole_s, rows[:, 0] - whole_s
        stored[:, 2:] = rows[:, 1:]
        self._ring.write(stored)


class LiveRing:
    """Read a ring that a recorder writes.

    Attributes
    ----------
    lanes : tuple of str
    rate_hz : float
    kinds : tuple of str
        Of signals without a detector, one for each lane; empty for legs and limbs.
    """

    def __init__(self, mapped: mmap.mmap) -> None:
        about = json.loads(mapped[:_ABOUT_BYTES])
        self.lanes: tuple[str, ...] = tuple(about["lanes"])
        self.rate_hz = float(about["rate_hz"])
        self.kinds: tuple[str, ...] = tuple(about.get("kinds", ()))
        self._ring = RingReader(memoryview(mapped)[_ABOUT_BYTES:], *_shape(about))

    @classmethod
    def open(cls, path: Path) -> LiveRing:
        """Map a ring.

        Raises
        ------
        InputError
            If it is not a live ring.
        """
        try:
            with open_to_read(path) as file:
                return cls(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        except (OSError, ValueError, KeyError, TypeError) as err:
            raise InputError(str(path), "is not a live ring") from err

    @property
    def n(self) -> int:
        """Number of rows written so far."""
        return self._ring.published_n

    def read_since(self, n: int) -> tuple[int, Rows]:
        """Copy the rows from number `n` on, as far as they are still there.

        Returns
        -------
        n_next : int
            To ask with next time.
        rows : ndarray, shape (k, 1 + 3 * n_lanes), float64
            Time (s), then raw, envelope and rest (uV) of each lane; NaN where unknown or missing. Of signals
            without a detector (k, 1 + n_lanes): time and signal.
        """
        first, stored = self._ring.read_from(n)
        rows = np.empty((stored.shape[0], stored.shape[1] - 1))
        rows[:, 0] = stored[:, 0].astype(np.float64) + stored[:, 1]
        rows[:, 1:] = stored[:, 2:]
        return first + len(rows), rows

    def read_last(self, seconds: float) -> tuple[int, Rows]:
        """Copy the rows of the last `seconds` of signal; see `read_since`."""
        return self.read_since(max(0, self.n - round(seconds * self.rate_hz)))


def _shape(about: dict[str, Any]) -> tuple[int, int]:
    per_lane = 1 if about.get("kinds") else len(PER_LANE)
    return int(about["capacity_n"]), 2 + per_lane * len(about["lanes"])
