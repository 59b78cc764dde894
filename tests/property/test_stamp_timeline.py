"""Where samples lie in time: the same for any chunking, following drift, forgiving jitter, finding gaps."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from monitor.detection.stamp_timeline import Fill, Gap, Run, StampTimeline

RATE_HZ = 200.0


def follow(stamps_s, sizes=(1_000_000,), rate_hz=RATE_HZ):
    """Feed stamps in chunks of these sizes; return the times of all samples, and what was missing."""
    timeline, times, missing = StampTimeline(rate_hz), [], []
    # As the recorder does it: where the first sample lies is said beforehand.
    timeline.restart(0.0, "")
    at = turn = 0
    while at < len(stamps_s):
        chunk = stamps_s[at : at + sizes[turn % len(sizes)]]
        for piece in timeline.follow(chunk):
            if isinstance(piece, Run):
                n = piece.stop - piece.start
                times.append([timeline.time_of(i) for i in range(timeline.n - n, timeline.n)])
            else:
                missing.append(piece)
        at += len(chunk)
        turn += 1
    return np.concatenate(times), missing


def even(seconds, rate_hz=RATE_HZ, start_s=0.0):
    return start_s + np.arange(round(seconds * rate_hz)) / rate_hz


def eventful():
    """Ninety seconds with jitter, a short and a long loss, a stamp that is none, a step of the clock."""
    rng = np.random.default_rng(8)
    stamps_s = even(90) + rng.normal(0, 0.003, 90 * 200)
    stamps_s[30 * 200 :] += 0.3
    stamps_s[50 * 200 :] += 2.0
    stamps_s[70 * 200 :] -= 100.0
    stamps_s[[0, 999, 12_000]] = np.nan
    return stamps_s


EVENTFUL = eventful()
WHOLE_TIMES, WHOLE_MISSING = follow(EVENTFUL)


def test_the_eventful_one_has_all_kinds():
    assert [type(piece) for piece in WHOLE_MISSING] == [Fill, Gap, Gap]


@pytest.mark.parametrize("sizes", [(1,), (7,), (1000,), (3, 1, 500)])
def test_equal_chunks_give_the_same_times_to_the_bit(sizes):
    times, missing = follow(EVENTFUL, sizes)
    assert times.tobytes() == WHOLE_TIMES.tobytes()
    assert missing == WHOLE_MISSING


@examples(20)
@given(st.lists(st.integers(1, 3000), min_size=1, max_size=10))
def test_any_chunks_give_the_same_times_to_the_bit(sizes):
    times, missing = follow(EVENTFUL, sizes)
    assert times.tobytes() == WHOLE_TIMES.tobytes()
    assert missing == WHOLE_MISSING


@pytest.mark.parametrize("ppm", [-200, -20, 20, 200])
def test_a_clock_that_drifts_is_followed(ppm):
    seconds = 3600
    stamps_s = even(seconds) * (1 + ppm * 1e-6)
    times, missing = follow(stamps_s)
    assert missing == []
    assert np.abs(times - stamps_s)[120 * 200 :].max() < 0.001


def test_jitter_is_no_gap_and_is_smoothed():
    rng = np.random.default_rng(9)
    truth_s = even(600)
    times, missing = follow(truth_s + rng.uniform(-0.02, 0.02, len(truth_s)))
    assert missing == []
    assert np.abs(times - truth_s)[60 * 200 :].max() < 0.004
    assert np.diff(times).min() > 0


def test_chunks_stamped_late_are_no_gap():
    """A chunk of 32 ms whose stamps are all 15 ms late now and then, as on a busy machine."""
    rng = np.random.default_rng(10)
    truth_s = even(300)
    late_s = np.repeat(rng.choice([0.0, 0.015], len(truth_s) // 6, p=[0.8, 0.2]), 6)
    times, missing = follow(truth_s[: len(late_s)] + late_s)
    assert missing == []
    assert np.abs(times - truth_s[: len(times)])[60 * 200 :].max() < 0.015


@pytest.mark.parametrize("lost_s", [0.1, 0.25, 0.45])
def test_less_than_half_a_second_lost_is_filled(lost_s):
    stamps_s = even(120)
    stamps_s[100 * 200 :] += lost_s
    times, missing = follow(stamps_s)
    (fill,) = missing
    assert isinstance(fill, Fill)
    assert fill.n == round(lost_s * RATE_HZ)
    assert (fill.start_s, fill.end_s) == pytest.approx((100.0, 100.0 + lost_s), abs=0.006)
    assert np.abs(times - stamps_s).max() < 0.006


@pytest.mark.parametrize("lost_s", [0.5, 0.6, 20.0, 3600.0])
def test_half_a_second_or_more_lost_is_a_gap(lost_s):
    stamps_s = even(120)
    stamps_s[100 * 200 :] += lost_s + 1e-9
    times, missing = follow(stamps_s)
    (gap,) = missing
    assert isinstance(gap, Gap)
    assert (gap.start_s, gap.end_s) == pytest.approx((100.0, 100.0 + lost_s), abs=1e-6)
    assert np.abs(times - stamps_s).max() < 1e-6


@pytest.mark.parametrize("step_s", [-5.0, -1e9, 1e9])
def test_a_step_of_the_clock_costs_no_time(step_s):
    stamps_s = even(60)
    stamps_s[30 * 200 :] += step_s
    times, missing = follow(stamps_s)
    (gap,) = missing
    assert gap.cause == "clock step"
    assert gap.start_s == gap.end_s == pytest.approx(30.0, abs=1e-6)
    assert np.abs(times - even(60)).max() < 1e-3


def test_stamps_that_are_none_are_taken_as_expected():
    stamps_s = even(20)
    stamps_s[5 * 200 : 6 * 200] = np.nan
    stamps_s[1500] = np.inf
    times, missing = follow(stamps_s)
    assert missing == []
    assert np.abs(times - even(20)).max() < 1e-9


def test_a_stream_without_any_stamp_begins_at_nought():
    times, missing = follow(np.full(400, np.nan))
    assert missing == []
    assert np.abs(times - even(2)).max() < 1e-9


def test_a_break_is_told_with_its_bounds_and_never_runs_back():
    timeline = StampTimeline(RATE_HZ)
    assert timeline.restart(3.0, "start") is None
    list(timeline.follow(3.0 + even(2)))
    assert timeline.restart(9.5, "stream lost") == Gap(5.0, 9.5, "stream lost")
    assert timeline.now_s == 9.5
    list(timeline.follow(9.5 + even(1)))
    # A source whose clock says less than was already recorded cannot rewrite it.
    assert timeline.restart(4.0, "stream lost") == Gap(10.5, 10.5, "stream lost")
    assert list(timeline.follow(4.0 + even(1))) == [Run(0, 200)]
    assert timeline.now_s == pytest.approx(11.5)


def test_odd_rates():
    stamps_s = even(600, 1111.111)
    times, missing = follow(stamps_s, (37,), 1111.111)
    assert missing == []
    assert np.abs(times - stamps_s).max() < 1e-6
