"""Memory of ``score`` on a long recording with many channels: run by hand.

    python tests/bench/score_memory.py [--hours 24] [--channels 64]

The file is sparse: only its two legs have a signal. What the process maps of the file itself is not counted:
the system takes it back whenever it needs the memory.
"""

import argparse
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

RATE_HZ = 256


def write_edf(path, hours, channels_n):
    """Write an EDF of noise in two legs, louder for a second every twenty seconds, and flat channels."""

    def cells(width, *values):
        return b"".join(str(value).ljust(width)[:width].encode("ascii") for value in values)

    records_n, labels = round(hours * 3600), ["LAT", "RAT", *(f"EEG {i}" for i in range(channels_n - 2))]
    header = (
        cells(8, 0) + cells(80, "X X X X", "Startdate 20-NOV-2026 X X X") + cells(8, "20.11.26", "21.45.00")
    )
    header += cells(8, 256 * (channels_n + 1)) + cells(44, "") + cells(8, records_n, 1) + cells(4, channels_n)
    header += cells(16, *labels) + cells(80, *[""] * channels_n)
    for value in ("uV", "-3276.8", "3276.7", "-32768", "32767"):
        header += cells(8, *[value] * channels_n)
    header += (
        cells(80, *[""] * channels_n) + cells(8, *[RATE_HZ] * channels_n) + cells(32, *[""] * channels_n)
    )
    noise, record_bytes = np.random.default_rng(1), 2 * RATE_HZ * channels_n
    with path.open("wb") as file:
        file.write(header)
        file.truncate(len(header) + record_bytes * records_n)
        for record in range(records_n):
            counts = (300 if record % 20 == 0 else 20) * noise.standard_normal(2 * RATE_HZ)
            file.seek(len(header) + record * record_bytes)
            file.write(counts.astype("<i2").tobytes())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hours", type=float, default=24.0)
    parser.add_argument("--channels", type=int, default=64)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "long.edf"
        write_edf(path, given.hours, given.channels)
        score = [sys.executable, "-m", "monitor", "score", str(path), "--out", f"{folder}/out"]
        process = subprocess.Popen(score, stdout=subprocess.DEVNULL)
        peak_kb = 0
        while process.poll() is None:
            found = re.search(r"RssAnon:\s+(\d+)", Path(f"/proc/{process.pid}/status").read_text())
            peak_kb = max(peak_kb, int(found[1]) if found else 0)
            time.sleep(0.1)
        size_gib = path.stat().st_size / 2**30
        sys.stdout.write(f"{size_gib:.1f} GiB, exit {process.returncode}: {peak_kb / 1024:.0f} MB\n")


if __name__ == "__main__":
    main()
