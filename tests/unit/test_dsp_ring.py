"""The live ring: what a reader gets is what was written, and what it lost it knows."""

import threading

import numpy as np
import pytest

from dsp.ring import RingReader, RingWriter, ring_bytes


def pair(capacity_n=10, n_channels=2):
    buffer = bytearray(ring_bytes(capacity_n, n_channels))
    return RingWriter(buffer, capacity_n, n_channels), RingReader(buffer, capacity_n, n_channels)


def numbered(first, n, n_channels=2):
    """Return rows whose values are their own sample numbers."""
    return np.repeat(np.arange(first, first + n, dtype=np.float32)[:, None], n_channels, axis=1)


def test_an_empty_ring_gives_nothing():
    _, reader = pair()
    first, samples = reader.read_latest(5)
    assert (first, samples.shape) == (0, (0, 2))


@pytest.mark.parametrize("sizes", [[3], [10], [7, 7, 7], [4, 0, 25], [1] * 23])
def test_the_latest_samples_are_those_written_last(sizes):
    writer, reader = pair()
    total = 0
    for n in sizes:
        writer.write(numbered(total, n))
        total += n
    first, samples = reader.read_latest(6)
    assert first == max(0, total - 6)
    np.testing.assert_array_equal(samples, numbered(first, total - first))
    assert reader.published_n == total


def test_reading_on_from_an_index_says_what_is_gone():
    writer, reader = pair()
    writer.write(numbered(0, 25))
    first, samples = reader.read_from(3)
    assert first == 15
    np.testing.assert_array_equal(samples, numbered(15, 10))


def test_samples_claimed_by_the_writer_are_not_returned():
    buffer = bytearray(ring_bytes(10, 2))
    writer, reader = RingWriter(buffer, 10, 2), RingReader(buffer, 10, 2)
    writer.write(numbered(0, 10))
    counters = np.frombuffer(buffer, np.int64, 2)
    counters[1] = 14  # the writer is in the middle of four more
    np.frombuffer(buffer, np.float32, 20, 64).reshape(10, 2)[:4] = numbered(10, 4)
    first, samples = reader.read_latest(10)
    assert first == 4
    np.testing.assert_array_equal(samples, numbered(4, 6))


def test_a_reader_beside_a_busy_writer_never_sees_a_torn_row():
    writer, reader = pair(capacity_n=997)
    done = threading.Event()

    def write():
        for k in range(4000):
            writer.write(numbered(k * 50, 50))
        done.set()

    thread = threading.Thread(target=write)
    thread.start()
    reads = 0
    while not done.is_set() or reads == 0:
        first, samples = reader.read_latest(900)
        np.testing.assert_array_equal(samples, numbered(first, len(samples)))
        reads += 1
    thread.join()


def test_a_wrong_chunk_or_a_small_buffer_is_refused():
    writer, _ = pair()
    with pytest.raises(ValueError, match="expected float32"):
        writer.write(np.zeros((3, 2)))
    with pytest.raises(ValueError, match="expected float32"):
        writer.write(np.zeros((3, 1), np.float32))
    with pytest.raises(ValueError):
        RingWriter(bytearray(100), 10, 2)
