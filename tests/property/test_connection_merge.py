"""One stream of several connections: all samples that any of them brought, each once and in order."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.examples import examples

from monitor.lsl.connection_merge import ConnectionMerge

RATE_HZ = 100.0


def piece(first, last):
    """Samples [first, last): the value is the sample's number."""
    at = np.arange(first, last)
    return at[:, np.newaxis].astype(np.float32), 5000.0 + at / RATE_HZ


def numbers(pieces):
    return [int(v) for values, _ in pieces for v in values[:, 0]]


class Outage:
    """Connection 0 delivers [0, 100), is silent, and connection 1 delivers from 160 on."""

    def __init__(self):
        self.splice = ConnectionMerge(1 / RATE_HZ)
        self.splice.open(0, 0.0)
        self.got = list(self.splice.take(0, piece(0, 100), 1.0))
        self.splice.open(1, 9.0)
        self.got += self.splice.take(1, piece(160, 200), 9.4)

    def take(self, line, first, last, now_s):
        self.got += self.splice.take(line, piece(first, last), now_s)


def test_live_samples_wait_for_the_late_ones_and_nothing_comes_twice():
    outage = Outage()
    assert numbers(outage.got) == list(range(100))
    assert outage.splice.is_waiting
    outage.take(0, 100, 150, 10.0)
    outage.take(0, 150, 210, 10.1)
    outage.take(1, 200, 220, 10.2)
    assert numbers(outage.got) == list(range(220))
    assert outage.splice.lines == (1,)


def test_what_never_comes_is_waited_for_as_long_as_the_silence_was():
    outage = Outage()
    # Silent from 1.0 to 9.4 s: it is given 8.4 s more, and five of grace.
    assert outage.splice.overdue(22.7) is None
    assert outage.splice.overdue(22.9) == 0
    outage.got += outage.splice.close(0, 22.9)
    outage.take(1, 200, 210, 23.0)
    assert numbers(outage.got) == [*range(100), *range(160, 210)]
    assert outage.splice.overdue(1e9) is None


def test_a_connection_that_drips_is_not_cut_off():
    outage = Outage()
    outage.take(0, 100, 110, 22.0)
    assert outage.splice.overdue(23.0) is None


def test_the_old_connection_ends_and_the_new_one_goes_on():
    outage = Outage()
    outage.take(0, 100, 120, 10.0)
    outage.got += outage.splice.close(0, 10.1)
    outage.take(1, 200, 210, 10.2)
    assert numbers(outage.got) == [*range(120), *range(160, 210)]


def test_a_new_connection_that_ends_keeps_what_it_brought():
    outage = Outage()
    outage.got += outage.splice.close(1, 9.5)
    assert numbers(outage.got) == list(range(100))
    outage.splice.open(2, 9.6)
    outage.take(2, 230, 240, 9.8)
    outage.take(0, 100, 170, 10.0)
    assert numbers(outage.got) == [*range(200), *range(230, 240)]


def woken(newer_lags_n):
    """A source that was silent sends again, and the old connection is there first, each time."""
    splice = ConnectionMerge(1 / RATE_HZ)
    splice.open(0, 0.0)
    got = list(splice.take(0, piece(0, 100), 1.0))
    splice.open(1, 9.0)
    minutes_n = 20_000  # longer than anything is waited for
    for first in range(100, minutes_n, 50):
        got += splice.take(0, piece(first, first + 50), 9.0 + first / RATE_HZ)
        behind = first - newer_lags_n
        if behind >= 100:
            got += splice.take(1, piece(behind, behind + 50), 9.0 + first / RATE_HZ)
        assert not splice.is_waiting
    return splice, got, minutes_n


@pytest.mark.parametrize("lags_n", [0, 50, 400])
def test_of_two_connections_that_are_level_the_old_one_ends(lags_n):
    splice, got, _ = woken(lags_n)
    assert splice.lines == (1,)
    assert numbers(got) == list(range(20_000 - lags_n))


def test_one_that_is_level_is_enough_though_another_between_is_dead():
    splice = ConnectionMerge(1 / RATE_HZ)
    splice.open(0, 0.0)
    got = list(splice.take(0, piece(0, 100), 1.0))
    splice.open(1, 4.0)
    splice.open(2, 14.0)
    got += splice.take(0, piece(100, 150), 15.0)
    got += splice.take(2, piece(100, 150), 15.1)
    assert splice.lines == (2,)
    got += splice.take(2, piece(150, 200), 15.2)
    assert numbers(got) == list(range(200))


def test_two_connections_that_are_never_level_pile_nothing_up_and_nothing_comes_twice():
    lags_n = 1000
    splice, got, minutes_n = woken(lags_n)
    assert splice.lines == (0, 1)
    got += splice.close(0, 300.0)
    got += splice.take(1, piece(minutes_n - lags_n, minutes_n + 50), 300.1)
    assert numbers(got) == list(range(minutes_n + 50))


def test_stamps_that_mean_nothing_do_not_end_the_connection_whose_backlog_is_on_its_way():
    splice = ConnectionMerge(1 / RATE_HZ)
    splice.open(0, 0.0)
    got = list(splice.take(0, piece(0, 100), 1.0))
    splice.open(1, 4.0)
    got += splice.take(1, (piece(150, 153)[0], np.asarray([0.01, 0.02, 0.03])), 4.1)
    got += splice.take(1, piece(153, 170), 4.2)
    assert splice.lines == (0, 1)
    got += splice.take(0, piece(100, 170), 5.0)
    assert splice.lines == (1,)
    assert numbers(got) == list(range(170))


def test_first_samples_whose_stamps_mean_nothing_are_left_out():
    splice = ConnectionMerge(1 / RATE_HZ)
    splice.open(0, 0.0)
    got = list(splice.take(0, piece(0, 100), 1.0))
    splice.open(1, 4.0)
    values, stamps = piece(150, 160)
    stamps[:3] = [0.01, 0.02, 0.03]
    got += splice.take(1, (values, stamps), 4.1)
    got += splice.close(0, 20.0)
    assert numbers(got) == [*range(100), *range(153, 160)]


def test_stamps_that_are_none_go_through():
    splice = ConnectionMerge(1 / RATE_HZ)
    splice.open(0, 0.0)
    values, _ = piece(0, 10)
    got = list(splice.take(0, (values, np.full(10, np.nan)), 1.0))
    splice.open(1, 4.0)
    got += splice.take(1, (piece(10, 20)[0], np.full(10, np.nan)), 4.1)
    got += splice.close(0, 20.0)
    assert numbers(got) == list(range(20))


@examples(200)
@example(seed=699, breaks={50, 772})
@given(seed=st.integers(0, 2**32 - 1), breaks=st.sets(st.integers(50, 900), min_size=2, max_size=2))
def test_any_cuts_and_any_interleaving_give_each_sample_once(seed, breaks):
    """Three connections, each cut off at any place and delivering in its own time."""
    rng = np.random.default_rng(seed)
    starts, end = [0, *sorted(breaks)], 1000
    ends = [min(end, start + int(rng.integers(1, 1000))) for start in starts[:2]] + [end]
    splice, got, sent = ConnectionMerge(1 / RATE_HZ), [], list(starts)
    for line in range(3):
        splice.open(line, 0.0)
    while any(sent[line] < ends[line] for line in range(3)):
        line = int(rng.integers(3))
        last = min(ends[line], sent[line] + int(rng.integers(1, 200)))
        if last > sent[line]:
            got += splice.take(line, piece(sent[line], last), 1.0)
        sent[line] = last
    for line in range(3):
        got += splice.close(line, 2.0)
    # Once a later connection leads, an earlier one is let go: only what it had before that is sure.
    sure = set().union(
        *(range(a, min(b, c)) for a, b, c in zip(starts, ends, [*starts[1:], end], strict=True))
    )
    found = numbers(got)
    assert found == sorted(set(found))
    assert sure <= set(found) <= set().union(*(range(a, b) for a, b in zip(starts, ends, strict=True)))
    assert splice.lines == ()


def test_a_second_connection_is_heard_also_where_stamps_never_advance():
    """Equal stamps say of every sample that it came before: they must not be left out for ever."""
    splice = ConnectionMerge(0.01)
    splice.open(0, 0.0)
    constant = np.zeros((10, 1)), np.full(10, 77.0)
    assert [len(stamps) for _, stamps in splice.take(0, constant, 0.0)] == [10]
    splice.open(1, 3.0)
    list(splice.close(0, 3.0))
    passed_n = sum(len(s) for k in range(200) for _, s in splice.take(1, constant, 3.0 + 0.1 * k))
    assert passed_n > 1400
