"""A source that froze and thawed: its samples come back to their places, whatever the chunks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.cutting import parts
from support.examples import examples

from monitor.detection.burst_retiming import BurstRetiming
from monitor.detection.stamp_timeline import Gap, StampTimeline

RATE_HZ = 200.0


def run(times_s, sizes=(1_000_000,)):
    """Return the times, the numbers of the samples, and how many were moved."""
    thaw, placed = BurstRetiming(RATE_HZ), []
    values = np.arange(len(times_s))[:, np.newaxis]
    for part in parts(len(times_s), sizes):
        placed += thaw.take(values[part], times_s[part])
    placed += thaw.flush()
    assert np.array_equal(np.concatenate([p.values[:, 0] for p in placed]), np.arange(len(times_s)))
    return np.concatenate([p.times_s for p in placed]), sum(len(p.times_s) for p in placed if p.moved)


def even(seconds):
    return 100.0 + np.arange(round(seconds * RATE_HZ)) / RATE_HZ


def frozen(frozen_s=30.0, burst_s=0.05, lost_n=0):
    """Ten seconds, a freeze, its samples stamped within a moment, twenty more seconds; some lost in it."""
    times_s = even(30 + frozen_s)
    first, last = round(10 * RATE_HZ), round((10 + frozen_s) * RATE_HZ)
    times_s[first:last] = times_s[last] - burst_s + np.linspace(0, burst_s * 0.9, last - first)
    return np.delete(times_s, slice(first, first + lost_n))


@pytest.mark.parametrize(
    ("frozen_s", "burst_s"),
    [(0.7, 0.05), *((each, burst_s) for each in (1.5, 5.0, 30.0, 300.0) for burst_s in (0.0, 0.05, 0.5))],
)
def test_the_backlog_of_a_freeze_goes_where_it_belongs(frozen_s, burst_s):
    times_s, moved_n = run(frozen(frozen_s, burst_s))
    assert np.abs(times_s - even(30 + frozen_s)).max() < 0.06 + burst_s
    assert moved_n == pytest.approx(frozen_s * RATE_HZ, abs=0.3 * RATE_HZ)
    missing = [p for p in follow(times_s) if isinstance(p, Gap)]
    assert missing == []


def test_what_a_freeze_lost_is_a_gap_at_its_beginning():
    times_s, _ = run(frozen(30.0, 0.05, lost_n=round(20 * RATE_HZ)))
    (gap,) = [p for p in follow(times_s) if isinstance(p, Gap)]
    assert (gap.start_s, gap.end_s) == pytest.approx((110.0, 130.0), abs=0.1)


def test_more_samples_than_there_is_room_for_lie_closer():
    times_s = frozen(30.0)
    extra = np.full(round(2 * RATE_HZ), times_s[round(11 * RATE_HZ)])
    times_s = np.insert(times_s, round(11 * RATE_HZ), extra)
    placed, _ = run(times_s)
    assert np.all(np.diff(placed) > 0)


@pytest.mark.parametrize("hole_s", [0.3, 1.0, 20.0])
def test_a_plain_hole_is_left_as_it_is(hole_s):
    times_s = even(60)
    times_s[round(20 * RATE_HZ) :] += hole_s
    placed, moved_n = run(times_s)
    assert moved_n == 0
    assert np.array_equal(placed, times_s)


def test_hole_upon_hole_and_stamps_that_are_none():
    times_s = np.arange(3000) * 2.0
    times_s[[5, 6, 100]] = np.nan
    placed, moved_n = run(times_s)
    assert moved_n == 0
    assert np.array_equal(placed, times_s, equal_nan=True)


EVENTFUL = np.concatenate(
    [frozen(5.0), 200.0 + even(3), 400.0 + frozen(2.0, 0.2), 600.0 + frozen(0.7), 800.0 + even(0.1)]
)
WHOLE = run(EVENTFUL)


@examples(50)
@given(st.lists(st.integers(1, 3000), min_size=1, max_size=8))
def test_any_chunks_give_the_same_times_to_the_bit(sizes):
    times_s, moved_n = run(EVENTFUL, sizes)
    assert times_s.tobytes() == WHOLE[0].tobytes()
    assert moved_n == WHOLE[1] > 0


def follow(times_s):
    timeline = StampTimeline(RATE_HZ)
    timeline.restart(float(times_s[0]), "")
    return list(timeline.follow(times_s))
