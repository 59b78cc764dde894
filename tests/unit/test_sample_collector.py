"""Samples come in whole chunks of the sender, and those that liblsl handed over when it ends are not lost."""

import ctypes

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

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


class Sender:
    """An inlet with a time of its own, and what its sender does: chunks of (seconds, samples)."""

    obj, np_dtype = None, np.dtype(np.float32)

    def __init__(self, chunks, ends_s=float("inf"), last_n=0):
        self.now_s, self._ends_s, self._last_n = 0.0, ends_s, last_n
        self.came_s = np.concatenate([np.full(n, at_s) for at_s, n in chunks])
        self.fetched_n, self.pulls_n, self.waits_n, self.sleeps_n, self.fetched_s = 0, 0, 0, 0, []

    def clock(self):
        return self.now_s

    def sleep(self, seconds):
        self.sleeps_n += 1
        self.now_s += seconds

    @property
    def has_more(self):
        return self.fetched_n < len(self.came_s)

    def do_pull_chunk(self, _obj, values, stamps, _n_values, n_stamps, seconds, code):
        self.pulls_n += 1
        until_s = min(self.now_s + seconds.value, max(self._ends_s, self.now_s))
        last = self.fetched_n + n_stamps.value - 1
        if seconds.value and (last >= len(self.came_s) or self.came_s[last] > self.now_s):
            self.waits_n += 1
            complete_s = self.came_s[last] if last < len(self.came_s) else float("inf")
            self.now_s = min(until_s, complete_s)
        first, end = self.fetched_n, np.searchsorted(self.came_s, self.now_s, "right")
        n = min(n_stamps.value, max(0, int(end) - first))
        if is_lost := self.now_s >= self._ends_s:
            # As liblsl does: it tells no number, and what lies in its queue cannot be had any more.
            n = min(n, self._last_n)
            ctypes.cast(code, ctypes.POINTER(ctypes.c_int)).contents.value = LOST
        numbers = np.arange(first, first + n, dtype=np.float64)
        rows = np.column_stack([numbers, -numbers]).astype(np.float32)
        ctypes.memmove(values.value, rows.tobytes(), rows.nbytes)
        ctypes.memmove(stamps.value, numbers.tobytes(), numbers.nbytes)
        self.fetched_n += n
        self.fetched_s += [self.now_s] * n
        return 0 if is_lost else 2 * n

    @property
    def late_s(self):
        """How long each sample lay in the queue."""
        return np.array(self.fetched_s) - self.came_s[: self.fetched_n]


def all_of(sender, rate_hz):
    """Collect until the sender has no more; return the stamps, and when each piece was complete."""
    collect = SampleCollector(sender, 2, rate_hz, sender.clock, sender.sleep)
    stamps, handed_on_s = [], []
    while sender.has_more:
        called_s = sender.now_s
        piece, code = pulled(collect)
        assert not code
        assert sender.now_s - called_s < 0.0815
        stamps += piece
        handed_on_s += [sender.now_s] * len(piece)
    return stamps, np.array(handed_on_s)


def until_lost(sender, rate_hz):
    """Collect until the sender ends; return the stamps."""
    collect = SampleCollector(sender, 2, rate_hz, sender.clock, sender.sleep)
    stamps, code = [], 0
    while not code:
        piece, code = pulled(collect)
        stamps += piece
    assert code == LOST
    return stamps


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


def test_regular_chunks_are_fetched_when_they_are_due_without_waiting():
    sender = Sender([(1.0 + 0.032 * i, 16) for i in range(1000)])
    stamps, handed_on_s = all_of(sender, 500.0)
    assert stamps == numbers(0, 16000)
    assert sender.waits_n < 1000 / 16
    assert np.max(sender.late_s) < 0.001
    # A piece is two chunks: the first waits for the second.
    assert np.max(handed_on_s - sender.came_s) < 0.0333


@pytest.mark.parametrize("chunk_n", [24, 75])
def test_chunks_that_do_not_come_in_the_longest_wait_are_fetched_when_they_are_due(chunk_n):
    sender = Sender([(1.0 + chunk_n / 500.0 * i, chunk_n) for i in range(1000)])
    assert all_of(sender, 500.0)[0] == numbers(0, 1000 * chunk_n)
    assert sender.waits_n < 1000 / 8
    assert np.max(sender.late_s) < 0.001


@pytest.mark.parametrize("chunk_n", [16, 32])
@pytest.mark.parametrize("drift", [-0.02, -0.005, -0.0005, 0.0005, 0.005, 0.01, 0.02])
def test_a_sender_beside_its_nominal_rate_is_followed_while_it_deviates_little(drift, chunk_n):
    sender = Sender([(1.0 + chunk_n / 500.0 * (1 - drift) * i, chunk_n) for i in range(1000)])
    stamps, _ = all_of(sender, 500.0)
    assert stamps == numbers(0, 1000 * chunk_n)
    assert sender.waits_n < 1000 / 5 or abs(drift) > 0.001
    assert np.max(sender.late_s) < 0.0015


def test_a_chunk_that_is_longer_than_a_piece_is_waited_for():
    # Its two halves come at once, and then nothing for twice the time of one: on average they are in time.
    sender = Sender([(1.0 + 1.28 * i, 128) for i in range(100)])
    assert all_of(sender, 100.0)[0] == numbers(0, 12800)
    # Of each, one pull fetches the rest of the first half, and two the other; all others wait.
    assert sender.waits_n == sender.pulls_n - 3 * 100


def test_a_single_late_chunk_does_not_end_the_following():
    # Every tenth is 3 ms late; those after it come when they were due.
    sender = Sender([(1.0 + 0.032 * i + (0.003 if i % 10 == 9 else 0.0), 16) for i in range(1000)])
    assert all_of(sender, 500.0)[0] == numbers(0, 16000)
    assert sender.waits_n < 1000 / 3
    assert np.max(sender.late_s) < 0.001


@pytest.mark.parametrize("jitter_s", [0.003, 0.02])
def test_irregular_chunks_are_waited_for(jitter_s):
    random = np.random.default_rng(1)
    came_s = 1.0 + 0.064 * np.arange(3000) + np.abs(random.normal(0.0, jitter_s, 3000))
    sender = Sender([(at_s, 32) for at_s in came_s.tolist()])
    all_of(sender, 500.0)
    assert np.quantile(sender.late_s, 0.95) < 0.0005
    assert np.quantile(sender.late_s, 0.99) < 0.0017


def test_of_irregular_chunks_that_are_alike_the_rest_is_fetched_with_the_first_sample():
    random = np.random.default_rng(1)
    came_s = 1.0 + 0.032 * np.arange(1000) + random.uniform(0.0, 0.01, 1000)
    sender = Sender([(at_s, 16) for at_s in came_s.tolist()])
    assert all_of(sender, 500.0)[0] == numbers(0, 16000)
    assert sender.sleeps_n < 100
    assert np.max(sender.late_s) < 0.0017


def test_a_sender_that_is_faster_than_its_rate_is_waited_for():
    sender = Sender([(1.0 + 0.0016 * i, 16) for i in range(1000)])
    all_of(sender, 500.0)
    assert np.max(sender.late_s) < 0.0002


@given(
    st.sampled_from([100.0, 256.0, 500.0, 2000.0]),
    st.lists(st.tuples(st.integers(1, 60), st.floats(0.0, 0.004), st.floats(0.98, 1.02)), min_size=1),
    st.lists(st.tuples(st.integers(0, 99), st.floats(0.0, 2.0)), max_size=3),
)
def test_every_sample_is_fetched_once_and_soon(rate_hz, kinds, pauses):
    chunks, at_s = [], 1.0
    for i in range(100):
        chunk_n, jitter_s, speed = kinds[i * len(kinds) // 100]
        at_s += chunk_n / rate_hz * speed + sum(pause_s for when, pause_s in pauses if when == i)
        chunks.append((at_s + (jitter_s if i % 3 == 0 else 0.0), chunk_n))
    chunks = list(
        zip(np.maximum.accumulate([at_s for at_s, _ in chunks]), [n for _, n in chunks], strict=True)
    )
    sender = Sender(chunks)
    stamps, handed_on_s = all_of(sender, rate_hz)
    assert stamps == numbers(0, len(sender.came_s))
    longest_s = max(n for _, n in chunks) / rate_hz
    # liblsl waits for many small chunks together, for at most its own longest wait.
    assert np.max(handed_on_s - sender.came_s) < 0.0815 + longest_s


@given(st.floats(0.0, 0.07), st.integers(0, 200), st.integers(0, 40), st.booleans())
def test_what_was_handed_over_with_the_error_is_returned_wherever_it_comes(end_s, at_i, last_n, is_split):
    # Halves of a chunk apart, so that the pull for the rest of it meets the end too.
    parts = [(0.0, 32)] if not is_split else [(0.0, 15), (0.00003, 17)]
    chunks = [(1.0 + 0.064 * i + later_s, n) for i in range(200) for later_s, n in parts]
    sender = Sender(chunks, ends_s=1.0 + 0.064 * at_i + end_s, last_n=last_n)
    stamps = until_lost(sender, 500.0)
    assert stamps == numbers(0, sender.fetched_n)


@pytest.mark.parametrize("end_ms", [0.05, 0.5, 0.75, 1.5, 20.0])
def test_a_sender_that_ends_loses_what_it_sent_a_moment_before(end_ms):
    chunks = [(1.0 + 0.032 * i, 16) for i in range(200)]
    sender = Sender(chunks, ends_s=chunks[-1][0] + end_ms / 1000)
    stamps = until_lost(sender, 500.0)
    assert stamps == numbers(0, len(stamps))
    assert len(stamps) >= (3200 if end_ms > 0.7 else 3184)
