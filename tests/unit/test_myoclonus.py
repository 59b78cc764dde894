"""Fragmentary myoclonus: potentials of the recorded signal and of lists, counted in NREM sleep."""

import dataclasses

import numpy as np
import pytest
from support.building import epochs, lm, us
from support.sessions import RATE_HZ, beginning, make_session, movement, stage

from monitor.api import fragmentary_myoclonus
from monitor.detection.potentials import short_potentials
from monitor.model.facts import Fact
from monitor.model.rules import AASM3, PROFILES
from monitor.scoring import Movement, Night, score
from monitor.scoring.myoclonus import myoclonus
from monitor.session.reader import read_session


def with_bursts(length_s, rate_hz, bursts, seed=0):
    """Return noise of 1.5 uV with bursts of (time, length in s, peak in uV)."""
    rng = np.random.default_rng(seed)
    emg_uv = rng.normal(0.0, 1.5, round(length_s * rate_hz))
    for at_s, burst_s, peak_uv in bursts:
        n, start = round(burst_s * rate_hz), round(at_s * rate_hz)
        shape = rng.normal(0.0, 1.0, n) * np.hanning(n)
        emg_uv[start : start + n] += shape * peak_uv / np.abs(shape).max()
    return emg_uv


@pytest.mark.parametrize("rate_hz", [250.0, 500.0, 1000.0, 2000.0])
def test_potentials_by_amplitude_and_length(rate_hz):
    at_s = np.arange(5.0, 295.0, 5.0).tolist()
    found = {
        (length_s, peak_uv): short_potentials(
            with_bursts(300.0, rate_hz, [(t, length_s, peak_uv) for t in at_s]), rate_hz, 50.0, 0.15
        )
        for length_s, peak_uv in ((0.1, 120.0), (0.06, 120.0), (0.1, 30.0), (0.4, 150.0))
    }
    for length_s in (0.1, 0.06):
        times_s = found[length_s, 120.0] / rate_hz
        assert len(times_s) >= 0.97 * len(at_s)
        nearest = np.abs(times_s[:, None] - np.array(at_s)).min(axis=1)
        assert nearest.max() <= 0.06
    assert len(found[0.1, 30.0]) == 0
    assert len(found[0.4, 150.0]) <= 0.1 * len(at_s)


def test_gaps_and_pieces_change_nothing():
    at_s = np.arange(3.0, 1497.0, 7.0).tolist()
    emg_uv = with_bursts(1500.0, 500.0, [(t, 0.1, 120.0) for t in at_s])
    whole = short_potentials(emg_uv, 500.0, 50.0, 0.15)
    assert len(whole) == pytest.approx(len(at_s), abs=4)
    cut = emg_uv.copy()
    cut[250_000:300_000] = np.nan
    kept = whole[(whole < 249_000) | (whole > 301_000)]
    assert len(set(kept.tolist()) ^ set(short_potentials(cut, 500.0, 50.0, 0.15).tolist())) <= 6
    assert short_potentials(np.full(1000, np.nan), 500.0, 50.0, 0.15).size == 0
    assert short_potentials(np.empty(0), 500.0, 50.0, 0.15).size == 0


def of(at_s, **rest):
    facts = Night(**({"epochs": epochs("2" * 40), "end_us": us(1200), "legs": ("left",)} | rest))
    at_us = np.array([us(t) for t in at_s], np.int64)
    return myoclonus(facts, score(facts, AASM3), {"left": at_us})


def test_counted_in_nrem_outside_movements_to_the_last_value():
    six_a_minute = [10.0 * k + 1 for k in range(120)]
    (left,) = of(six_a_minute)
    assert (left.n, left.per_hour, left.dense_minutes, left.nrem_h) == (120, 360.0, 20, pytest.approx(1 / 3))
    assert (left.mini_epochs_per_hour, left.reference_minutes) == (360.0, 20)
    # Four a minute are not dense; wake and REM count nothing and join the minutes around them.
    (sparse,) = of([15.0 * k + 1 for k in range(80)])
    assert (sparse.n, sparse.dense_minutes) == (80, 0)
    (half,) = of(six_a_minute, epochs=epochs("2WR2" * 10))
    assert (half.n, half.dense_minutes, half.nrem_h) == (60, 10, pytest.approx(1 / 6))
    # Two in 3 s are one mini-epoch; those inside a movement do not count.
    (mini,) = of([1.0, 1.4, 100.5, 200.0], movements=(lm(100, 102),))
    assert (mini.n, round(mini.mini_epochs_per_hour / 3)) == (3, 2)
    assert of([1.0], epochs=()) == "no stages yet"
    assert of([1.0], epochs=epochs("R" * 40)) == "no NREM sleep yet"


def test_switched_off():
    facts = Night(epochs=epochs("2" * 40), end_us=us(1200))
    off = dataclasses.replace(AASM3, fmi="off")
    assert myoclonus(facts, score(facts, off), {}) == "switched off (fmi)"


def test_marks_of_a_list_count_and_events_of_the_detector_do_not():
    marks = tuple(Movement(us(10 * k), us(10 * k + 0.1), "left") for k in range(1, 119))
    facts = Night(marks, epochs("2" * 40), end_us=us(1200))
    left, right = fragmentary_myoclonus(facts)
    assert (left.leg, left.n, right.n) == ("left", 118, 0)
    measured = tuple(dataclasses.replace(m, peak_uv=8.0) for m in marks)
    assert [
        one.n for one in fragmentary_myoclonus(dataclasses.replace(facts, twitches=measured, movements=()))
    ] == [0, 0]


def test_a_session_is_measured_in_its_recorded_signal(tmp_path):
    """The detector's events hold few of these potentials: they are found in the signal."""
    at_s = np.arange(4.5, 599.0, 6.0).tolist()
    legs = [
        with_bursts(600.0, RATE_HZ, [(t, 0.1, 120.0) for t in at_s]),
        with_bursts(600.0, RATE_HZ, [], seed=1),
    ]
    facts = [*beginning(), *(stage(30.0 * i, "N2") for i in range(20)), movement("L1", 100.0, 4.0)]
    stop = Fact("stop", 600.0, "recorder", {"reason": "test"})
    rows = np.stack(legs, axis=1).astype(np.float32)
    session = read_session(make_session(tmp_path / "s", [*facts, stop], rows).path)
    for rules in PROFILES:
        left, right = fragmentary_myoclonus(session, rules)
        assert left.n == pytest.approx(len(at_s) - 1, abs=3)
        assert (left.dense_minutes, right.n) == (10, 0)
    bare = read_session(make_session(tmp_path / "bare", [*facts, stop]).path)
    assert fragmentary_myoclonus(bare) == "no signal of a leg was recorded"
