"""EDF+D files: recordings that were paused, whose records say themselves when they begin."""

from collections.abc import Sequence
from pathlib import Path

import edfio
import numpy as np
import numpy.typing as npt

RATE_HZ = 200


def interrupted_edf(
    path: Path, leg_uv: npt.NDArray[np.float64], onsets_s: Sequence[float], record_s: float = 1.0
) -> bytes:
    """Write one leg at 200 Hz as EDF+D whose records begin at those times; return the bytes."""
    signal = edfio.EdfSignal(
        leg_uv, RATE_HZ, label="LAT", physical_dimension="uV", physical_range=(-100, 100)
    )
    # A long text makes room in each record for a longer time.
    room = edfio.EdfAnnotation(0.0, None, "room for the times of records")
    edfio.Edf([signal], annotations=[room], data_record_duration=record_s).write(path)
    data = path.read_bytes().replace(b"EDF+C", b"EDF+D", 1)
    head_n, n = 256 * 3, len(onsets_s)
    record_n = (len(data) - head_n) // n
    records = [data[head_n + i * record_n :][:record_n] for i in range(n)]
    signal_n = round(2 * RATE_HZ * record_s)
    for i, onset_s in enumerate(onsets_s):
        words = records[i][signal_n:]
        rest = words[words.index(b"\x14\x14\0") + 3 :] if i == 0 else b""
        times = f"+{onset_s:g}\x14\x14\0".encode() + rest.rstrip(b"\0") + b"\0"
        assert len(times) <= len(words)
        records[i] = records[i][:signal_n] + times.ljust(len(words), b"\0")
    path.write_bytes(data[:head_n] + b"".join(records))
    return path.read_bytes()
