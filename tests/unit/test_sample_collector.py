"""Samples come in whole chunks of the sender, and those that liblsl handed over when it ends are not lost."""

import ctypes

import numpy as np
import pytest

from monitor.lsl.connection import SampleCollector

LOST = -2
RATE_HZ = 400.0
# Of the rate: what is collected before it is handed on, and the longest piece.
ENOUGH_N, MOST_N = 20, 100


class Inlet:
    """An inlet of two channels: each call hands over so many samples and ends with a code."""

    obj, np_dtype = None, np.dtype(np.float32)

    def __init__(self, *calls):
        self._calls, self._next, self.asked = list(calls), 0.0, []

    def do_pull_chunk(self, _obj, values, stamps, n_values, n_stamps, seconds, code):
        n, result = self._calls.pop(0)
        assert n_values.value == 2 * n_stamps.value
        assert n <= n_stamps.value
        self.asked.append((n_stamps.value, seconds.value))
        numbers = self._next + np.arange(n)
        self._next += n
        rows = np.column_stack([numbers, -numbers]).astype(np.float32)
        ctypes.memmove(values.value, rows.tobytes(), rows.nbytes)
        ctypes.memmove(stamps.value, numbers.tobytes(), numbers.nbytes)
        ctypes.cast(code, ctypes.POINTER(ctypes.c_int)).contents.value = result
        return 0 if result else 2 * n


def pulled(collect):
    values, stamps, code = collect()
    assert values.tolist() == [[stamp, -stamp] for stamp in stamps.tolist()]
    return stamps.tolist(), code


def numbers(first, n):
    return [float(first + i) for i in range(n)]


@pytest.mark.parametrize("n", [0, 1, 25, 8191, 8192])
def test_what_came_before_the_source_ended_is_returned(n):
    collect = SampleCollector(Inlet((1, 0), (39, 0), (0, 0), (n, LOST)), 2, 0.0)
    assert pulled(collect) == (numbers(0, 40), 0)
    assert pulled(collect) == (numbers(40, n), LOST)


@pytest.mark.parametrize("n", [0, 1])
def test_what_came_before_the_source_ended_with_the_first_of_a_chunk_is_returned(n):
    collect = SampleCollector(Inlet((1, 0), (11, 0), (n, LOST)), 2, RATE_HZ)
    assert pulled(collect) == (numbers(0, 12 + n), LOST)


def test_a_buffer_that_is_full_when_the_source_ends_is_returned():
    assert pulled(SampleCollector(Inlet((1, 0), (MOST_N - 1, LOST)), 2, RATE_HZ)) == (
        numbers(0, MOST_N),
        LOST,
    )


def test_each_call_returns_memory_of_its_own():
    collect = SampleCollector(Inlet((1, 0), (2, 0), (0, 0), (3, 0), (0, 0)), 2, 0.0)
    first, second, third = collect(), collect(), collect()
    assert first[1].tolist() == [0.0, 1.0, 2.0]
    assert second[1].tolist() == [3.0, 4.0, 5.0]
    assert len(third[1]) == 0


def test_a_piece_ends_with_a_chunk_of_the_sender():
    inlet = Inlet((1, 0), (15, 0), (1, 0), (15, 0))
    assert pulled(SampleCollector(inlet, 2, RATE_HZ)) == (numbers(0, 32), 0)
    # It waits for the first sample of each chunk alone; what is there is fetched without waiting.
    assert [n for n, _ in inlet.asked] == [1, MOST_N - 1, 1, MOST_N - 17]
    assert [seconds > 0 for _, seconds in inlet.asked] == [True, False, True, False]


def test_small_chunks_are_waited_for_together():
    inlet = Inlet((1, 0), (1, 0), (ENOUGH_N - 2, 0), (1, 0), (ENOUGH_N, 0), (0, 0))
    collect = SampleCollector(inlet, 2, RATE_HZ)
    assert pulled(collect) == (numbers(0, ENOUGH_N + 1), 0)
    assert pulled(collect) == (numbers(ENOUGH_N + 1, ENOUGH_N), 0)
    assert [n for n, seconds in inlet.asked if seconds] == [1, ENOUGH_N - 2, ENOUGH_N]


def test_chunks_that_became_larger_are_waited_for_each():
    inlet = Inlet((1, 0), (1, 0), (ENOUGH_N - 2, 0), (7, 0), (1, 0), (30, 0))
    collect = SampleCollector(inlet, 2, RATE_HZ)
    assert pulled(collect) == (numbers(0, ENOUGH_N + 7), 0)
    assert pulled(collect) == (numbers(ENOUGH_N + 7, 31), 0)


def test_what_came_of_a_slow_stream_is_handed_on_without_waiting_again():
    inlet = Inlet((1, 0), (10, 0), (0, 0))
    assert pulled(SampleCollector(inlet, 2, RATE_HZ)) == (numbers(0, 11), 0)
    assert len(inlet.asked) == 3
