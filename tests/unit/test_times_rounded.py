"""Times and lengths are rounded wherever they are written: cut off, they would be early by up to a step."""

from __future__ import annotations

import datetime as dt
import itertools
import math

import pytest
from support.sessions import clock_fact

from monitor.model import wording
from monitor.session.alert_types import AlertEpisode
from monitor.session.wall_time import WallTime, clock_text, to_minute

# 2026-11-20 23:15:00 local time at 0 s.
MIDNIGHT_S = 45 * 60.0


def wall() -> WallTime:
    return WallTime.of((), [clock_fact(0.0)])


@pytest.mark.parametrize("off_s", [-0.4, -1e-3, -1e-9, 0.0, 0.4])
def test_a_time_of_day_is_that_of_the_nearest_second_and_minute(off_s: float) -> None:
    assert wall().text(MIDNIGHT_S + off_s) == "00:00:00"
    assert wall().text(MIDNIGHT_S + 29.0 + off_s, seconds=False) == "00:00"
    assert wall().text(MIDNIGHT_S - 29.0 + off_s, seconds=False) == "00:00"
    assert WallTime().text(3600.0 + off_s) == "01:00:00"
    assert WallTime().text(3600.0 + off_s, seconds=False) == "01:00"


@pytest.mark.parametrize("off_s", [-0.4, -1e-3, 0.0, 0.4])
def test_a_length_is_that_of_the_nearest_unit(off_s: float) -> None:
    assert wording.minutes_seconds(600.0 + off_s) == "10:00"
    assert wording.hms(3600.0 + off_s) == "1:00:00"
    assert wording.hours(round((7200.0 + off_s) * 1e6)) == "2 h 00 min"
    assert wording.hours(round((60.0 + off_s) * 1e6)) == "1 min"
    assert clock_text(7200.0 + off_s) == "02:00:00"


def test_the_minute_of_a_signature_and_of_a_span_is_the_nearest() -> None:
    assert f"{to_minute(dt.datetime(2026, 11, 20, 23, 59, 30, tzinfo=dt.UTC)):%d %H:%M}" == "21 00:00"
    assert wall().span_text(MIDNIGHT_S - 1e-3, MIDNIGHT_S + 3599.9).startswith("2026-11-21 00:00 to 01:00")


def test_the_same_unit_in_an_alert_and_in_the_log() -> None:
    gap = AlertEpisode("low", "missing {age}", "k", 0.0, math.inf, 0.0)
    assert gap.text_at(59.6) == f"missing {wording.minutes_seconds(59.6)}" == "missing 1:00"


@pytest.mark.parametrize("step_s", [60.0, 600.0, 3600.0])
def test_marks_of_an_axis_are_written_at_their_own_time_whatever_clock_the_text_is_by(step_s: float) -> None:
    # The text may be by a clock that was corrected by some milliseconds after the marks were placed.
    corrected = wall().with_clock(clock_fact(28_800.0))
    marks = wall().ticks(0.0, 28_800.0, step_s)
    for written in (wall(), corrected):
        texts = [written.text(mark_s - 1e-3, seconds=False) for mark_s in marks]
        minutes = [int(text[:2]) * 60 + int(text[3:]) for text in texts]
        steps = {(after - before) % 1440 for before, after in itertools.pairwise(minutes)}
        assert steps == {step_s / 60}
        assert minutes[0] % (step_s / 60) == 0
