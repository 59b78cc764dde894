"""Quality each second: what is bad stops the leg, what is a nuisance is said."""

import numpy as np
import pytest

from dsp import Cause, DetectorSettings, EventKind, LegDetector, QualityState
from monitor.detection.filters import design_filters

SETTINGS = DetectorSettings()
FS = 500.0
N = 500
SOS = design_filters(FS, SETTINGS)


def noise(seconds, uv=2.0, seed=5):
    return uv * np.random.default_rng(seed).standard_normal(int(seconds * FS))


def with_burst(x, onset_s=15, duration_s=2, uv=40):
    i, j = int(onset_s * FS), int((onset_s + duration_s) * FS)
    x[i:j] += uv * np.random.default_rng(3).standard_normal(j - i)
    return x


def run(x, settings=SETTINGS):
    detector = LegDetector(settings, FS, SOS)
    events, rows = detector.process(x)
    return np.concatenate([events, detector.finish()]), rows


def test_each_second_has_one_row_on_the_absolute_grid():
    detector = LegDetector(SETTINGS, FS, SOS, first_index=730)
    _, rows = detector.process(noise(3.6))
    np.testing.assert_array_equal(rows["index"], [730, 1000, 1500, 2000])


def test_a_good_leg_is_ok():
    _, rows = run(with_burst(noise(30)))
    assert set(rows["state"]) == {QualityState.OK}
    assert np.all(np.isnan(rows["rest_uv"][:3]))
    assert abs(rows["rest_uv"][-1] - 2) < 0.4
    assert np.all(rows["missing"] == 0)


@pytest.mark.parametrize("value", [0.0, 12.5, -5800.0])
def test_a_constant_channel_is_flat_from_the_first_second_and_flags_nothing(value):
    events, rows = run(np.full(int(30 * FS), value))
    assert events.size == 0
    assert set(rows["state"]) == {QualityState.BAD}
    assert np.all(rows["causes"] & Cause.FLAT)


def test_a_leg_that_goes_flat_is_bad_and_recovers_within_two_seconds():
    x = noise(40)
    x[int(20 * FS) : int(26.3 * FS)] = x[int(20 * FS)]
    events, rows = run(with_burst(x, 30))
    bad = rows["index"][rows["state"] == QualityState.BAD] / FS
    assert bad[0] in {20, 21}
    assert bad[-1] == 25
    assert list(events["kind"]) == [EventKind.ONSET, EventKind.CONFIRMED, EventKind.CLOSED]
    assert abs(events["onset_index"][0] / FS - 30) < 0.03


def test_a_movement_on_a_lead_that_dies_is_cut():
    x = with_burst(noise(30), 15, 5)
    x[int(17 * FS) :] = 3.0
    events, _ = run(x)
    closed = events[events["kind"] == EventKind.CLOSED]
    assert len(closed) == 1
    assert closed["cut"][0]
    assert abs(closed["offset_index"][0] / FS - 17) < 0.2


def quantised(x, step):
    return np.round(x / step) * step


@pytest.mark.parametrize("scale", ["float64", "float32 in volts"])
def test_a_step_of_31_uv_is_refused_however_it_was_scaled(scale):
    x = quantised(with_burst(noise(30, 30.0), uv=400), 31.25) - 5800
    if scale != "float64":
        x = (x * 1e-6).astype(np.float32).astype(np.float64) * 1e6
    events, rows = run(x)
    assert events.size == 0
    assert np.all(rows["state"] == QualityState.BAD)
    assert np.all(rows["causes"] & Cause.QUANTISED)
    np.testing.assert_allclose(rows["lsb_uv"], 31.25, rtol=1e-3)


def test_a_step_of_2_44_uv_is_a_warning_and_the_movement_is_found():
    events, rows = run(quantised(with_burst(noise(30)), 2.44))
    assert np.sum(events["kind"] == EventKind.CLOSED) == 1
    assert set(rows["state"]) == {QualityState.WARN}
    np.testing.assert_allclose(rows["lsb_uv"], 2.44)


def test_a_fine_step_and_a_large_continuous_signal_are_no_fault():
    _, fine = run(quantised(noise(10), 0.1))
    _, large = run(noise(10, 800.0))
    assert not np.any(fine["causes"] & Cause.QUANTISED)
    assert not np.any(large["causes"] & Cause.QUANTISED)


@pytest.mark.parametrize("known", [True, False])
def test_a_leg_stuck_at_the_rail_is_saturated(known):
    x = noise(30, 20.0)
    for second in range(15, 20):
        i = int(second * FS)
        x[i : i + int(0.6 * FS)] = 3200.0
    settings = DetectorSettings(clip_uv=3200.0) if known else SETTINGS
    events, rows = run(x, settings)
    stuck = (rows["index"] >= 15 * FS) & (rows["index"] < 20 * FS)
    assert np.all(rows["causes"][stuck] & Cause.SATURATED)
    assert np.all(rows["state"][stuck] == QualityState.BAD)
    assert not np.any(rows["causes"][~stuck] & Cause.SATURATED)
    assert not np.any(events["kind"] == EventKind.CLOSED)


def test_mains_is_warned_of_and_measured_but_not_in_a_burst():
    t = np.arange(int(30 * FS)) / FS
    x = with_burst(noise(30)) + 9 * np.sin(2 * np.pi * 50.05 * t)
    events, rows = run(x)
    assert np.sum(events["kind"] == EventKind.CLOSED) == 1
    assert np.all(rows["causes"][5:] & Cause.MAINS)
    np.testing.assert_allclose(rows["mains_uv"][6:], 9 / np.sqrt(2), rtol=0.15)
    _, clean = run(with_burst(noise(30), uv=90))
    assert not np.any(clean["causes"] & Cause.MAINS)


@pytest.mark.parametrize("bpm", [50, 75, 110])
def test_a_heart_in_the_leg_is_named_with_its_rate(bpm):
    x = noise(60, 1.0)
    beat = 40 * np.exp(-0.5 * (np.arange(-0.06, 0.06, 1 / FS) / 0.011) ** 2)
    for at_s in np.arange(1, 59, 60 / bpm):
        x[int(at_s * FS) : int(at_s * FS) + beat.size] += beat
    events, rows = run(x)
    assert not np.any(events["kind"] == EventKind.CLOSED)
    late = rows[20:57]
    assert np.all(late["causes"] & Cause.ECG)
    np.testing.assert_allclose(late["ecg_bpm"], bpm, rtol=0.03)


def test_no_heart_is_seen_in_noise():
    _, rows = run(noise(300, 3.0))
    assert not np.any(rows["causes"] & Cause.ECG)


def test_high_rest_is_a_warning():
    _, rows = run(noise(20, 6.0))
    assert np.all(rows["causes"][6:] & Cause.HIGH_REST)
    assert set(rows["state"][6:]) == {QualityState.WARN}


def test_a_rest_at_the_limit_does_not_call_the_warning_on_and_off():
    t = np.arange(int(120 * FS)) / FS
    x = noise(120, 1.0) * np.sqrt(250 / 170) * (3.95 + 0.25 * np.sin(2 * np.pi * t / 15))
    _, rows = run(x)
    high = (rows["causes"][6:] & Cause.HIGH_REST) > 0
    assert high.any()
    assert np.sum(np.diff(high.astype(int)) != 0) <= 1


def test_missing_seconds_are_no_data():
    x = noise(20)
    x[int(8 * FS) : int(12 * FS)] = np.nan
    _, rows = run(x)
    gone = (rows["index"] >= 8 * FS) & (rows["index"] < 12 * FS)
    assert np.all(rows["causes"][gone] == Cause.NO_DATA)
    assert np.all(rows["missing"][gone] == 1)
    assert np.all(rows["state"][gone] == QualityState.BAD)
    assert not np.any(rows["causes"][~gone] & Cause.NO_DATA)


@pytest.mark.parametrize("scale", [1e3, 1e6, 1e-3, 1e-6])
def test_a_wrong_unit_is_said_to_be_implausible_after_ten_seconds_and_detects_nothing(scale):
    events, rows = run(with_burst(noise(30)) * scale)
    late = rows[rows["index"] >= 11 * FS]
    assert np.all(late["causes"] & Cause.IMPLAUSIBLE)
    assert set(late["state"]) == {QualityState.BAD}
    assert not np.any(events["onset_index"] >= 12 * FS)


def test_no_plausible_leg_is_said_to_be_implausible():
    strong = with_burst(noise(40), 15, 9.5, 900)
    for x in (noise(30, 0.5), noise(30, 9), strong, np.full(15_000, 12.5), noise(30) + 5e4):
        _, rows = run(x)
        assert not np.any(rows["causes"] & Cause.IMPLAUSIBLE)


def test_an_implausible_leg_is_taken_back_after_some_seconds_of_plausible_signal():
    x = noise(60)
    x[: int(25 * FS)] *= 1e3
    events, rows = run(with_burst(x, 45))
    bad = rows["index"][(rows["causes"] & Cause.IMPLAUSIBLE) != 0] / FS
    assert bad[0] == 9
    assert bad[-1] <= 31
    assert np.sum((events["kind"] == EventKind.CLOSED) & (events["onset_index"] > 40 * FS)) == 1


def test_a_lead_off_with_hum_is_bad_within_five_seconds_and_no_movement():
    """Hum of 250 uV was `ok` for a minute, and one movement of 60 s."""
    x = noise(100)
    t = np.arange(60 * N) / N
    x[20 * N : 80 * N] += 350 * np.sin(2 * np.pi * 50.05 * t)
    events, rows = run(x)
    assert not np.any(events["kind"] == EventKind.CLOSED)
    off = (rows["causes"] & Cause.LEAD_OFF) != 0
    seconds = rows["index"][off] / FS
    assert 20 <= seconds[0] <= 24
    assert 78 <= seconds[-1] <= 83
    assert np.all(np.diff(seconds) == 1), "one span, without interruption"
    assert np.all(rows["causes"][off] == Cause.LEAD_OFF)
    assert np.all(rows["state"][off] == QualityState.BAD)


@pytest.mark.parametrize("hum_uv", [200.0, 250.0, 300.0, 600.0])
@pytest.mark.parametrize(("fs", "mains_hz"), [(200.0, 50.0), (200.0, 60.0), (250.0, 50.0), (500.0, 50.0)])
def test_hum_in_step_with_the_sampling_is_a_lead_off(fs, mains_hz, hum_uv):
    """At a few samples per cycle each difference was removed as a step: `ok` as long as it lasted."""
    t = np.arange(round(40 * fs)) / fs
    x = np.random.default_rng(1).normal(0.0, 2.0, t.size)
    x += ((t >= 12) & (t < 28)) * hum_uv * np.sqrt(2) * np.sin(2 * np.pi * mains_hz * t)
    events, rows = LegDetector(SETTINGS, fs, design_filters(fs, SETTINGS)).process(x)
    assert not np.any(events["kind"] == EventKind.CLOSED)
    off = (rows["causes"] & Cause.LEAD_OFF) != 0
    seconds = rows["index"][off] / fs
    assert seconds[0] <= 14
    assert 26 <= seconds[-1] <= 30
    assert np.all(rows["state"][off] == QualityState.BAD)
    assert np.all(np.diff(seconds) == 1)


@pytest.mark.parametrize("fs", [200.0, 250.0, 500.0])
def test_single_steps_and_pops_are_no_lead_off(fs):
    t = np.arange(round(60 * fs)) / fs
    x = np.random.default_rng(1).normal(0.0, 2.0, t.size)
    for k, at_s in enumerate(np.arange(12.0, 50.0, 0.4)):
        x[int(at_s * fs) :] += (-1) ** k * 800.0
    _, rows = LegDetector(SETTINGS, fs, design_filters(fs, SETTINGS)).process(x)
    assert not np.any(rows["causes"] & Cause.LEAD_OFF)


def test_hum_ends_a_movement_where_it_begins():
    x = with_burst(noise(60), 15, 6, 40)
    x[20 * N : 50 * N] += 350 * np.sin(2 * np.pi * 50.15 * np.arange(30 * N) / FS)
    events, _ = run(x)
    (closed,) = events[events["kind"] == EventKind.CLOSED]
    assert 19 <= closed["offset_index"] / FS <= 21.3


def test_a_strong_contraction_is_no_hum():
    for fs_uv in (100, 300, 800):
        events, rows = run(with_burst(noise(40), 15, 8, fs_uv))
        assert np.sum(events["kind"] == EventKind.CLOSED) == 1
        assert not np.any(rows["causes"] & (Cause.LEAD_OFF | Cause.LOOSE_CONTACT | Cause.INTERFERENCE))


def crackle(seed, seconds):
    """Return a contact that opens and closes 45 times a second."""
    rng = np.random.default_rng(seed)
    n = int(seconds * N)
    steps = np.zeros(n)
    at = np.sort(rng.integers(0, n, int(45 * seconds)))
    steps[at] = np.diff(rng.normal(0, 120, at.size + 1))
    return np.cumsum(steps) * np.exp(-np.arange(n) / n)


def test_a_crackling_contact_is_no_movement_and_is_named():
    x = noise(120)
    for k in range(10, 110, 10):
        burst = crackle(k, 1.2)
        x[k * N : k * N + burst.size] += burst
    events, rows = run(x)
    assert np.sum(events["kind"] == EventKind.CLOSED) == 0
    assert np.mean((rows["causes"][15:110] & Cause.LOOSE_CONTACT) != 0) > 0.9
    assert not np.any(rows["state"][15:110] == QualityState.BAD)


def test_a_contact_that_crackles_all_the_time_is_bad():
    x = noise(150)
    for k in range(30, 120, 2):
        burst = crackle(k, 1.5)
        x[k * N : k * N + burst.size] += burst
    _, rows = run(x)
    bad = rows["index"][rows["state"] == QualityState.BAD] / FS
    assert bad[0] < 50
    assert np.sum((bad > 50) & (bad < 120)) > 65
    assert bad[-1] < 150


def test_a_tone_is_interference_and_no_movement():
    x = noise(80)
    t = np.arange(15 * N) / FS
    x[20 * N : 35 * N] += 40 * np.sin(2 * np.pi * 95 * t)
    x[50 * N : 65 * N] += 40 * np.sign(np.sin(2 * np.pi * 12 * t))
    events, rows = run(x)
    assert not np.any(events["kind"] == EventKind.CLOSED)
    assert np.any(rows["causes"][20:36] & Cause.INTERFERENCE)
    assert np.any(rows["causes"][50:66] & Cause.INTERFERENCE)
