"""Time of day is monotone in session time; what was shown once stays, whatever clock records come later."""

from __future__ import annotations

import datetime as dt
import itertools

from hypothesis import given
from hypothesis import strategies as st

from monitor.model.facts import Fact
from monitor.session.wall_time import WallTime

START = dt.datetime(2026, 10, 24, 20, 0, tzinfo=dt.UTC)
ORIGIN_S = 700.0

# Seconds until the next record, how far the recording is behind then (it stood still, or its signal is late),
# and by how much the computer's clock is off: read late, slewed, the source's clock drifting against it.
records = st.lists(
    st.tuples(st.floats(0.0, 900.0), st.floats(0.0, 120.0), st.floats(-0.4, 0.4)), min_size=1, max_size=12
)
speeds = st.sampled_from([1.0, 3.0, 20.0])


def clock(lsl_s: float, behind_s: float, off_s: float, speed: float, zone: str = "+0200") -> Fact:
    session_s = lsl_s * speed
    recorded_s = max(0.0, session_s - behind_s * speed)
    utc = START + dt.timedelta(seconds=lsl_s + off_s)
    data = {
        "utc": utc.isoformat(timespec="milliseconds"),
        "zone": zone,
        "lsl": ORIGIN_S + lsl_s,
        "origin": ORIGIN_S,
        "boot_id": "b",
        "session_s": session_s,
        "recorded_s": recorded_s,
    }
    return Fact("clock", recorded_s, "recorder", data)


def made(facts: list[Fact], speed: float) -> WallTime:
    wall = WallTime()
    wall.set_speed(speed)
    for fact in facts:
        wall.add(fact)
    return wall


def grid(end_s: float, n: int = 300) -> list[float]:
    return [end_s * i / n for i in range(n + 1)]


def facts_of(steps: list[tuple[float, float, float]], speed: float) -> tuple[list[Fact], list[float]]:
    lsl_s, facts, at_s = 0.0, [], []
    for wait_s, behind_s, off_s in steps:
        lsl_s += wait_s
        facts.append(clock(lsl_s, behind_s, off_s, speed))
        at_s.append(lsl_s * speed)
    return facts, at_s


@given(records, speeds)
def test_time_of_day_never_runs_backward_without_a_step(
    steps: list[tuple[float, float, float]], speed: float
) -> None:
    facts, at_s = facts_of(steps, speed)
    wall = made(facts, speed)
    times = [wall.at(t_s) for t_s in grid(at_s[-1] + 500.0 * speed)]
    assert all(a is not None and b is not None and a <= b for a, b in itertools.pairwise(times))
    texts = [wall.text(t_s) for t_s in grid(at_s[-1])]
    assert all(len(text) == len("00:00:00") for text in texts)


@given(records, speeds)
def test_what_was_shown_stays_whatever_is_noted_later(
    steps: list[tuple[float, float, float]], speed: float
) -> None:
    facts, at_s = facts_of(steps, speed)
    whole = made(facts, speed)
    for n in range(1, len(facts)):
        before = made(facts[:n], speed)
        # What is shown is no later than now.
        shown = grid(at_s[n - 1], 60)
        assert [before.at(t_s) for t_s in shown] == [whole.at(t_s) for t_s in shown]
        assert [before.text(t_s) for t_s in shown] == [whole.text(t_s) for t_s in shown]


@given(records, speeds)
def test_time_of_day_is_that_of_the_computer_to_a_second(
    steps: list[tuple[float, float, float]], speed: float
) -> None:
    facts, at_s = facts_of(steps, speed)
    wall = made(facts, speed)
    for t_s in grid(at_s[-1], 60):
        found = wall.at(t_s)
        assert found is not None
        assert abs((found - START).total_seconds() - t_s / speed) <= 1.0


@given(records, records, st.floats(-7200.0, 7200.0).filter(lambda s: abs(s) > 2.0))
def test_a_step_of_the_computers_clock_changes_nothing_before_it(
    first: list[tuple[float, float, float]], then: list[tuple[float, float, float]], step_s: float
) -> None:
    facts, at_s = facts_of([*first, *then], 1.0)
    later = [
        Fact(
            "clock",
            fact.t,
            "recorder",
            dict(fact.data)
            | {
                "utc": (
                    dt.datetime.fromisoformat(fact.data["utc"]) + dt.timedelta(seconds=step_s)
                ).isoformat()
            },
        )
        for fact in facts[len(first) :]
    ]
    before, whole = made(facts[: len(first)], 1.0), made([*facts[: len(first)], *later], 1.0)
    shown = [t_s for t_s in grid(at_s[len(first) - 1], 60) if t_s < at_s[len(first)]]
    assert [before.at(t_s) for t_s in shown] == [whole.at(t_s) for t_s in shown]
    # A label may be added, no digit changes.
    assert [before.text(t_s) for t_s in shown] == [whole.text(t_s)[:8] for t_s in shown]
    end_s = at_s[-1] + 100.0
    found = whole.at(end_s)
    assert found is not None
    assert abs((found - START).total_seconds() - end_s - step_s) <= 2.0


@given(records, speeds, st.sampled_from([1.0, 10.0, 60.0, 3600.0]))
def test_marks_of_an_axis_lie_at_round_times_in_order(
    steps: list[tuple[float, float, float]], speed: float, step_s: float
) -> None:
    facts, at_s = facts_of(steps, speed)
    wall = made(facts, speed)
    end_s = min(at_s[-1] + 50.0, 200.0 * step_s)
    ticks = wall.ticks(0.0, end_s, step_s)
    assert ticks == sorted(ticks)
    assert all(0.0 <= t_s < end_s for t_s in ticks)
    for t_s in ticks:
        found = wall.at(t_s)
        assert found is not None
        of_day_s = (found - found.replace(hour=0, minute=0, second=0, microsecond=0)).total_seconds()
        off = of_day_s / (step_s / speed)
        assert abs(off - round(off)) * step_s / speed < 2e-3
