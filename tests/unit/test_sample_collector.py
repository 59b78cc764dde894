"""Samples that liblsl has handed over when a source ends are not lost."""

import ctypes

import numpy as np
import pytest

from monitor.lsl.connection import SampleCollector

LOST = -2


class Inlet:
    """An inlet of two channels: each call hands over so many samples and ends with a code."""

    obj, np_dtype = None, np.dtype(np.float32)

    def __init__(self, *calls):
        self._calls, self._next = list(calls), 0.0

    def do_pull_chunk(self, _obj, values, stamps, n_values, n_stamps, _seconds, code):
        n, result = self._calls.pop(0)
        assert (n_values.value, n_stamps.value) == (2 * 8192, 8192)
        numbers = self._next + np.arange(n)
        self._next += n
        rows = np.column_stack([numbers, -numbers]).astype(np.float32)
        ctypes.memmove(values.value, rows.tobytes(), rows.nbytes)
        ctypes.memmove(stamps.value, numbers.tobytes(), numbers.nbytes)
        ctypes.cast(code, ctypes.POINTER(ctypes.c_int)).contents.value = result
        return 0 if result else 2 * n


@pytest.mark.parametrize("n", [0, 1, 25, 8191, 8192])
def test_what_came_before_the_source_ended_is_returned(n):
    collect = SampleCollector(Inlet((40, 0), (n, LOST)), 2)
    values, stamps, code = collect(0.05)
    assert (values.shape, len(stamps), code.value) == ((40, 2), 40, 0)
    values, stamps, code = collect(0.05)
    assert code.value == LOST
    assert stamps.tolist() == [40.0 + i for i in range(n)]
    assert values.tolist() == [[40.0 + i, -40.0 - i] for i in range(n)]


def test_each_call_returns_memory_of_its_own():
    collect = SampleCollector(Inlet((3, 0), (3, 0), (0, 0)), 2)
    first, second, third = collect(0.05), collect(0.05), collect(0.05)
    assert first[1].tolist() == [0.0, 1.0, 2.0]
    assert second[1].tolist() == [3.0, 4.0, 5.0]
    assert len(third[1]) == 0
