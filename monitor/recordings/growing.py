"""An EDF or BDF file while another program is still writing it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from monitor.errors import InputError
from monitor.recordings.edf import layout_of, read_edf_recording
from monitor.recordings.model import Recording

_HEAD_BYTES_N = 1 << 20
_COUNT = slice(236, 244)
_DURATION = slice(244, 252)


class GrowingEdf:
    """Read the data records of a file as they become whole, whatever its header says of their number.

    Parameters
    ----------
    path : Path
        With a whole header; records need not be there yet.

    Attributes
    ----------
    record_s : float
        Length of a data record.

    Raises
    ------
    InputError
        If it cannot be read or is no EDF or BDF.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with path.open("rb") as file:
                head = file.read(_HEAD_BYTES_N)
        except OSError as err:
            raise InputError(str(path), f"cannot be read ({err.strerror})") from err
        if not head.startswith((b"0       ", b"\xffBIOSEMI")):
            raise InputError(str(path), "is no EDF or BDF", "--follow is for these alone")
        layout = layout_of(path, head, 3 if head.startswith(b"\xff") else 2)
        self._record_n = layout.record_n
        self._head = head[: layout.header_n]
        try:
            self.record_s = float(head[_DURATION])
        except ValueError:
            self.record_s = 0.0
        if not self.record_s > 0:
            raise InputError(str(path), f"says {head[_DURATION]!r} for the length of a data record")

    @property
    def records(self) -> int:
        """How many whole data records are there now."""
        try:
            return max(0, self.path.stat().st_size - len(self._head)) // self._record_n
        except OSError:
            # A share that is away for a moment, or a file just being replaced.
            return 0

    def read(self, first: int, last: int) -> Recording:
        """Read the data records [first, last).

        Returns
        -------
        Recording
            Streams and annotations in seconds from the file's start.

        Raises
        ------
        InputError
            If they cannot be read.
        """
        try:
            with self.path.open("rb") as file:
                file.seek(len(self._head) + first * self._record_n)
                body = file.read((last - first) * self._record_n)
        except OSError as err:
            raise InputError(str(self.path), f"cannot be read ({err.strerror})") from err
        count = f"{last - first:<8}".encode("ascii")
        data = self._head[: _COUNT.start] + count + self._head[_COUNT.stop :] + body
        part = read_edf_recording(self.path, self.path.stem, data, len(data), data)
        start_s = first * self.record_s
        return replace(
            part,
            streams=tuple(replace(s, start_s=s.start_s + start_s) for s in part.streams),
            annotations=tuple(a._replace(onset_s=a.onset_s + start_s) for a in part.annotations),
        )
