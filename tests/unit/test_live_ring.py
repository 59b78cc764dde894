"""The live ring: what was written can be read."""

import numpy as np

from monitor.session.signal.live_ring import LiveRing, LiveRingWriter

RATE_HZ, CHUNK_N = 500.0, 25


def rows_of(seconds):
    """Return rows of two legs: time, then raw, envelope and rest of each."""
    times_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    levels = np.random.default_rng(1).integers(-1000, 1000, (times_s.size, 6)).astype(float)
    return np.column_stack([times_s, levels])


def written(path, rows):
    """Write a ring in chunks and return the writer."""
    writer = LiveRingWriter(path, ["left", "right"], RATE_HZ)
    for at in range(0, len(rows), CHUNK_N):
        writer.write(rows[at : at + CHUNK_N])
    return writer


def test_all_that_was_written_is_read(tmp_path):
    rows = rows_of(70)
    writer = written(tmp_path / "live-1.ring", rows)
    n, read = LiveRing.open(tmp_path / "live-1.ring").read_since(0)
    assert n == len(rows)
    np.testing.assert_allclose(read, rows, atol=1e-5)
    del writer
