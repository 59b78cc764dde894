"""Times of day on the screen come from the clock records, also across a gap and a change of pace."""

from __future__ import annotations

import datetime as dt

from support.sessions import clock_fact

from monitor.model.facts import Fact
from monitor.session.wall_time import WallTime, clock_text


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


def at(t_s: float, utc: str, zone: str = "+0100", **more: object) -> Fact:
    """Make a clock record as a recorder writes it now."""
    data = {"utc": f"2026-11-20T{utc}.000+00:00", "zone": zone, "lsl": 900.0 + t_s, "origin": 900.0}
    return Fact("clock", t_s, "recorder", data | {"boot_id": "b", "recorded_s": t_s, "session_s": t_s} | more)


def test_a_record_written_on_waking_is_believed_by_its_lsl_clock() -> None:
    """The issue's case: "now" beside how far was recorded before the standstill; and of an older version."""
    for older in (False, True):
        wall = WallTime()
        for fact in (at(0.0, "22:00:00"), at(95.0, "22:01:35", recorded_s=60.0)):
            data = {key: value for key, value in fact.data.items() if not older or key != "session_s"}
            wall.add(Fact("clock", fact.t, "recorder", data))
        assert [wall.text(t) for t in (30.0, 60.0, 90.0, 100.0)] == [
            "23:00:30",
            "23:01:00",
            "23:01:30",
            "23:01:40",
        ]


def test_before_the_first_sample_the_time_is_a_guess_that_the_first_record_replaces() -> None:
    wall = WallTime()
    wall.add(at(0.0, "22:00:00", origin=None, session_s=None))
    wall.add(at(0.0, "22:05:00", origin=None, session_s=None))
    assert wall.text(0.0) == "23:00:00"
    wall.add(at(0.0, "22:07:00"))
    assert wall.text(0.0) == "23:07:00"


def test_a_small_difference_is_made_up_for_without_a_jump_and_not_for_longer_than_a_minute() -> None:
    wall = WallTime()
    wall.add(at(0.0, "22:00:00"))
    wall.add(at(60.0, "22:01:00", session_s=59.5, recorded_s=59.5))
    when = [wall.at(t).timestamp() for t in (59.4, 59.6, 89.5, 119.5, 7200.0)]
    base = when[0] - 59.4
    assert [round(w - base, 3) for w in when] == [59.4, 59.601, 89.75, 120.0, 7200.5]


def test_a_log_whose_times_come_twice_says_which_and_has_room_for_it() -> None:
    wall = WallTime()
    wall.add(at(0.0, "22:00:00"))
    before = wall.with_clock(at(600.0, "22:10:00"))
    assert (before.text(550.0), before.longest_text) == ("23:09:10", "00:00:00")
    after = before.with_clock(at(605.0, "22:05:05"))
    assert (after.text(550.0), after.text(910.0)) == ("23:09:10 (1st)", "23:10:10")
    assert (after.text(800.0), after.text(300.0)) == ("23:08:20 (2nd)", "23:05:00")
    assert after.longest_text == "00:00:00 (1st)"
    assert after.revision != before.revision
    assert before.text(550.0) == "23:09:10"


def test_the_zone_of_a_record_without_a_name_is_its_distance_from_utc() -> None:
    wall = WallTime()
    wall.add(at(0.0, "22:00:00", zone="+0530"))
    wall.add(at(60.0, "22:01:00", zone="-0300"))
    assert wall.span_text(0.0, 120.0) == "2026-11-21 03:30 UTC+5:30 to 19:02 UTC-3"
