"""Times of day on the screen come from the clock records, also across a gap and a change of pace."""

from __future__ import annotations

import datetime as dt

from gui_sessions import clock_fact

from monitor.dashboard.walltime import WallTime, clock_text
from monitor.facts import Fact


def clock(recorded_s: float, utc: str) -> Fact:
    fact = clock_fact(recorded_s)
    return Fact("clock", recorded_s, "recorder", dict(fact.data) | {"utc": f"2026-11-20T{utc}.000+00:00"})


def test_between_records_behind_and_before() -> None:
    wall = WallTime()
    wall.add(clock(0.0, "22:00:00"))
    wall.add(clock(60.0, "22:01:00"))
    assert [wall.text(t) for t in (-10.0, 30.0, 90.0)] == ["22:59:50", "23:00:30", "23:01:30"]


def test_a_session_clock_that_stood_still_is_right_again_at_the_next_record() -> None:
    wall = WallTime()
    wall.add(clock(0.0, "22:00:00"))
    wall.add(clock(60.0, "22:01:00"))
    wall.add(clock(60.0, "22:10:00"))
    assert wall.text(65.0) == "23:10:05"


def test_without_records_the_time_since_the_start_is_shown() -> None:
    wall = WallTime()
    assert not wall.is_known
    assert wall.at(10.0) is None
    assert wall.text(3725.0) == "01:02:05"
    assert clock_text(3725.0, seconds=False) == "01:02"


def test_now_is_brought_to_the_zone_of_the_recording() -> None:
    wall = WallTime()
    wall.add(clock(0.0, "22:00:00"))
    assert wall.local(dt.datetime(2026, 11, 20, 22, 30, tzinfo=dt.UTC)).strftime("%H:%M") == "23:30"


def test_a_signal_sent_faster_than_time_ends_no_later_than_now() -> None:
    wall = WallTime()
    wall.set_speed(3.0)
    wall.add(clock_fact(0.0))
    assert wall.text(180.0) == "23:16:00"
