"""The detector's contract: what is flagged, when, and what never is."""

import math

import numpy as np
import pytest

from dsp import MAX_RATE_HZ, DetectorSettings, EventKind, LegDetector
from dsp.calibration import calibrate
from dsp.detector import new_state
from dsp.kernels import loop
from monitor import detect_movements, score_night
from monitor.detection.filters import design_filters

SETTINGS = DetectorSettings()
FS = 500.0
SOS = design_filters(FS, SETTINGS)


def white(rng, n, fs):
    """Return white noise whose RMS between 30 and 200 Hz (at most 0.9 of Nyquist) is 1."""
    return rng.standard_normal(n) * np.sqrt(fs / 2 / (min(200.0, 0.45 * fs) - 30.0))


def noise(seconds, uv=2.0, fs=FS, seed=5):
    return uv * white(np.random.default_rng(seed), int(seconds * fs), fs)


def add_burst(x, onset_s, duration_s, uv, fs=FS, seed=7):
    i, j = int(onset_s * fs), int((onset_s + duration_s) * fs)
    x[i:j] += uv * white(np.random.default_rng(seed), j - i, fs)
    return x


def detect(x, fs=FS, settings=SETTINGS, first_index=0):
    detector = LegDetector(settings, fs, design_filters(fs, settings), first_index)
    events, rows = detector.process(x)
    return np.concatenate([events, detector.finish()]), rows


def kinds(events):
    return [EventKind(k).name for k in events["kind"]]


def test_a_movement_is_flagged_confirmed_and_closed_in_time():
    events, _ = detect(add_burst(noise(20), 10, 2, 30))
    assert kinds(events) == ["ONSET", "CONFIRMED", "CLOSED"]
    flagged, confirmed, closed = events
    assert abs(flagged["index"] / FS - 10) < 0.025
    assert flagged["known_index"] / FS - 10 < 0.1
    assert confirmed["index"] == flagged["onset_index"] + 0.5 * FS
    assert closed["onset_index"] == flagged["onset_index"]
    assert abs(closed["offset_index"] / FS - 12) < 0.06
    assert 0.5 <= closed["known_index"] / FS - 12 < 0.75
    assert not closed["cut"]
    assert closed["morphology"]
    assert 20 < closed["peak_uv"] < 45
    assert abs(closed["resting_uv"] - 2) < 0.4
    assert abs(closed["area_uv_s"] - 2 * 28) < 8


def test_a_twitch_is_withdrawn_and_said_to_be_a_burst():
    events, _ = detect(add_burst(noise(20), 10, 0.3, 40))
    assert kinds(events) == ["ONSET", "WITHDRAWN"]
    assert events["twitch"][1]


def test_a_movement_lasts_at_least_half_a_second_to_the_hundredth():
    lengths_s = []
    for k, duration_s in enumerate(np.arange(0.40, 0.62, 0.01)):
        events, _ = detect(add_burst(noise(20, seed=k), 10, duration_s, 40, seed=k + 100))
        lengths_s += [
            (event["offset_index"] - event["onset_index"]) / FS
            for event in events
            if event["kind"] == EventKind.CLOSED
        ]
    assert min(lengths_s) == pytest.approx(0.5, abs=0.03)
    assert min(lengths_s) >= 0.5


def test_nothing_is_flagged_while_rest_is_learned_and_that_takes_at_most_five_seconds():
    detector = LegDetector(SETTINGS, FS, SOS)
    events, _ = detector.process(add_burst(noise(2), 1, 1, 50))
    assert detector.learning
    assert events.size == 0
    detector.process(noise(3))
    assert not detector.learning
    assert detector.n_seen == 5 * FS


def test_an_empty_chunk_is_legal_and_a_wrong_one_is_refused():
    detector = LegDetector(SETTINGS, FS, SOS)
    events, rows = detector.process(np.empty(0))
    assert events.size == rows.size == 0
    for wrong in (np.zeros(4, np.float32), np.zeros((2, 2)), np.zeros(8)[::2]):
        with pytest.raises(ValueError, match="expected one contiguous row"):
            detector.process(wrong)


def test_the_input_is_not_changed():
    x = add_burst(noise(20), 10, 2, 30)
    kept = x.copy()
    detect(x)
    np.testing.assert_array_equal(x, kept)


@pytest.mark.parametrize("fs", [50.0, 99.9, MAX_RATE_HZ + 1])
def test_rates_that_cannot_work_are_refused(fs):
    with pytest.raises(ValueError, match="fs_hz"):
        LegDetector(SETTINGS, fs, SOS)


@pytest.mark.parametrize("fs", [200.0, 256.0, 1111.111, 2000.0, 20000.0])
def test_any_usual_rate_finds_the_movement(fs):
    events, _ = detect(add_burst(noise(14, fs=fs), 8, 2, 40, fs=fs), fs=fs)
    closed = events[events["kind"] == EventKind.CLOSED]
    assert len(closed) == 1
    assert abs(closed["onset_index"][0] / fs - 8) < 0.06
    assert abs(closed["offset_index"][0] / fs - 10) < 0.12


def test_a_movement_open_at_the_end_is_closed_at_the_last_sample():
    events, _ = detect(add_burst(noise(12), 10, 2, 30))
    assert kinds(events)[-1] == "CLOSED"
    assert events["cut"][-1]
    assert events["offset_index"][-1] == 12 * FS - 1


def test_a_movement_is_ended_where_a_gap_begins_and_rest_is_learned_again():
    x = add_burst(noise(30), 10, 5, 30)
    x[int(12 * FS) : int(12.5 * FS)] = np.nan
    detector = LegDetector(SETTINGS, FS, SOS)
    events, _ = detector.process(x[: int(12.5 * FS)])
    assert kinds(events) == ["ONSET", "CONFIRMED", "CLOSED"]
    assert events["cut"][-1]
    assert events["offset_index"][-1] == 12 * FS - 1
    assert events["known_index"][-1] == int(12.5 * FS) - 1
    assert detector.learning
    events, _ = detector.process(x[int(12.5 * FS) : int(17 * FS)])
    assert events.size == 0


def test_a_short_blank_changes_neither_rest_nor_movement():
    x = add_burst(noise(30), 10, 5, 30)
    x[int(5 * FS) : int(5.1 * FS)] = np.nan
    x[int(12 * FS) : int(12.1 * FS)] = np.nan
    x[int(20 * FS) : int(20.45 * FS)] = np.nan
    events, _ = detect(x)
    assert kinds(events) == ["ONSET", "CONFIRMED", "CLOSED"]
    # An abrupt end rings in the notches: the bound is the 95 % one of the accuracy table.
    assert abs(events["offset_index"][-1] / FS - 15) < 0.1
    assert not events["cut"][-1]


@pytest.mark.parametrize("shape", ["step", "blank and step", "pop", "sway"])
def test_what_a_lead_does_is_no_movement(shape):
    x = noise(40)
    t = np.arange(x.size) / FS
    if shape == "sway":
        x += 400 * np.sin(2 * np.pi * 0.4 * t)
    elif shape == "pop":
        x += np.where(t > 20, 600 * np.exp(-(t - 20) / 0.1), 0)
    else:
        x[int(20 * FS) :] += 1000
    if shape == "blank and step":
        x[int(19.8 * FS) : int(20 * FS)] = np.nan
    events, _ = detect(x)
    assert events.size == 0


def test_a_spike_flagged_early_is_withdrawn_and_the_next_are_not_flagged():
    x = noise(60, 1.0)
    spike = 60 * np.sin(2 * np.pi * 75 * np.arange(int(0.04 * FS)) / FS)
    for at_s in np.arange(10, 58, 1.3):
        i = int(at_s * FS)
        x[i : i + spike.size] += spike
    events, _ = detect(x)
    assert not np.any(events["kind"] == EventKind.CLOSED)
    assert np.sum(events["kind"] == EventKind.ONSET) <= 3


def test_a_posture_step_in_a_movement_does_not_keep_it_open():
    x = add_burst(noise(40, 1.0), 15, 2, 40)
    x[int(16 * FS) :] = add_burst(noise(24, 5.0, seed=9), 0, 1, 40)
    events, _ = detect(x)
    closed = events[events["kind"] == EventKind.CLOSED]
    assert len(closed) == 1
    assert abs(closed["offset_index"][0] / FS - 17) < 0.35
    assert not np.any(events["kind"] == EventKind.WITHDRAWN)


def test_a_posture_step_just_before_a_movement_does_not_lengthen_it():
    late_s = []
    for seed in range(9, 21):
        x = noise(40, 1.0)
        # Near the old offset level: only a lull ends the movement.
        x[int(14.6 * FS) :] = noise(25.4, 2.8, seed=seed)
        events, _ = detect(add_burst(x, 15, 1, 40))
        closed = events[events["kind"] == EventKind.CLOSED]
        assert len(closed) == 1
        late_s.append(closed["offset_index"][0] / FS - 16)
    assert np.median(late_s) < 0.2
    assert max(late_s) < 0.6  # one shorter than a hold stays


def test_a_steady_rise_becomes_rest_within_15_s_and_is_no_movement():
    x = noise(130, 1.0)
    x[int(20 * FS) :] *= 15.0
    detector = LegDetector(SETTINGS, FS, SOS)
    events, _ = detector.process(x)
    assert kinds(events) == ["ONSET", "CONFIRMED", "WITHDRAWN"]
    assert not events["twitch"][-1]
    assert events["known_index"][-1] / FS < 35
    assert abs(detector.resting_uv - 15) < 2
    assert not detector.open


def test_a_strong_steady_rise_does_not_hide_the_movements_in_it():
    x = noise(100, 1.0)
    x[int(20 * FS) :] *= 22.0
    events, _ = detect(add_burst(x, 50, 2, 60))
    closed = events[events["kind"] == EventKind.CLOSED]
    assert 33.5 < closed["offset_index"][0] / FS <= 35
    onsets_s = closed["onset_index"][1:] / FS
    assert onsets_s == pytest.approx([50], abs=0.1)


def test_read_outs_follow_the_signal():
    detector = LegDetector(SETTINGS, FS, SOS, first_index=1000)
    assert math.isnan(detector.resting_uv)
    x = add_burst(noise(12), 10, 2, 30)
    detector.process(x[: int(9.9 * FS)])
    assert 1.2 < detector.envelope_uv < 3
    assert not detector.open
    detector.process(x[int(9.9 * FS) :])
    assert detector.open
    assert detector.envelope_uv > 20
    assert detector.n_seen == 1000 + x.size


def test_reset_is_refused_with_an_open_movement_and_numbers_go_on():
    detector = LegDetector(SETTINGS, FS, SOS)
    x = add_burst(noise(12), 10, 2, 30)
    detector.process(x)
    with pytest.raises(ValueError, match="finish"):
        detector.reset(0)
    first = detector.finish()
    detector.reset(50_000)
    second, _ = detector.process(x)
    assert set(second["movement"]) == {first["movement"][-1] + 1}
    assert abs(second["onset_index"][0] - 50_000 - 10 * FS) < 0.025 * FS


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("offset_uv", 9.0),
        ("offset_hold_s", 0.0),
        ("dropped_n", 3),
        ("rest_known_s", 9.0),
        ("clip_uv", -1.0),
        ("new_rest_s", 9.0),
    ],
)
def test_settings_that_cannot_work_are_refused(field, value):
    with pytest.raises(ValueError, match="expected"):
        DetectorSettings(**{field: value})


def test_a_burst_too_short_for_the_envelope_is_a_twitch_and_a_spike_is_none():
    spike = 60 * np.sin(2 * np.pi * 75 * np.arange(int(0.02 * FS)) / FS)
    pulse = noise(20)
    pulse[int(10 * FS) : int(10 * FS) + spike.size] += spike
    for x, twitch in ((add_burst(noise(20), 10, 0.15, 40), True), (pulse, False)):
        events, _ = detect(x)
        assert kinds(events) == ["ONSET", "WITHDRAWN"]
        assert events["twitch"][1] == twitch
        assert np.isnan(events["offset_index"][1]) != twitch
    events, _ = detect(add_burst(noise(20), 10, 0.15, 40))
    assert abs(events["onset_index"][1] / FS - 10) < 0.03
    assert abs(events["offset_index"][1] / FS - 10.15) < 0.1  # an abrupt end rings


def spikes(x, at_s, uv=40.0):
    u = np.arange(-0.02, 0.02, 1 / FS) / 0.002
    for t in at_s:
        i = int(t * FS)
        x[i : i + u.size] += uv * -u * np.exp(0.5 - 0.5 * u**2)
    return x


def test_a_few_spikes_in_a_row_are_no_movement_and_a_burst_after_them_is():
    x = spikes(noise(60), [t + k for t in (10, 20, 30) for k in (0.0, 0.12, 0.45, 0.57, 0.9, 1.02)])
    events, _ = detect(add_burst(x, 45, 2, 30))
    closed = events[events["kind"] == EventKind.CLOSED]
    assert [round(v / FS) for v in closed["onset_index"]] == [45]


def test_a_tremor_that_never_lulls_for_half_a_second_is_one_movement():
    x, t = noise(40), np.arange(int(5 * FS)) / FS
    x[int(20 * FS) : int(25 * FS)] += (
        60 * np.sin(np.pi * 6 * t) ** 2 * white(np.random.default_rng(9), t.size, FS)
    )
    events, _ = detect(x)
    closed = events[events["kind"] == EventKind.CLOSED]
    assert len(closed) == 1
    assert abs((closed["offset_index"] - closed["onset_index"])[0] / FS - 5) < 0.5


def needs_detection(state, sums=0):
    """Return whether a block whose largest short sum is `sums` would be examined sample by sample."""
    leg, cfg = (records.view(np.recarray)[0] for records in (state.leg, state.cfg))
    return loop.needs_detection.py_func(leg, leg.levels, cfg, sums)


@pytest.mark.parametrize("lead", ["dead from the start", "dead after a gap"])
def test_a_dead_lead_has_nothing_to_decide_sample_by_sample(lead):
    # Its resting level is never learned: levels of 0 would be reached by every sample.
    state = new_state((SETTINGS,), FS, SOS, calibrate(SETTINGS, FS, SOS))
    loop.start_at(state, 0)
    x = np.full(int(20 * FS), 17.3)
    if lead == "dead after a gap":
        x = np.concatenate([noise(10), np.full(int(FS), np.nan), x])
    assert loop.run(state, x, 0) == x.size
    assert state.leg["baseline"]["learning"]
    assert not needs_detection(state)


def test_a_live_lead_is_examined_sample_by_sample_when_a_sum_reaches_its_level():
    state = new_state((SETTINGS,), FS, SOS, calibrate(SETTINGS, FS, SOS))
    loop.start_at(state, 0)
    loop.run(state, noise(10), 0)
    assert not needs_detection(state)
    assert needs_detection(state, int(state.leg["levels"]["pulse"][0]))


@pytest.mark.parametrize(("fs", "window_s"), [(MAX_RATE_HZ, 60.0), (MAX_RATE_HZ, 5.0), (200.0, 60.0)])
def test_the_longest_settings_fit_into_the_memory_of_a_leg(fs, window_s):
    settings = DetectorSettings(rest_window_s=window_s)
    seconds = 12 if fs == MAX_RATE_HZ else 90
    x = add_burst(noise(seconds, fs=fs), seconds - 4, 2, 40, fs=fs)
    events, rows = detect(x, fs=fs, settings=settings)
    assert kinds(events) == ["ONSET", "CONFIRMED", "CLOSED"]
    assert abs(events["onset_index"][0] / fs - (seconds - 4)) < 0.06
    assert events["morphology"][-1]
    assert abs(rows["rest_uv"][-5] - 2) < 0.5


def test_no_event_or_row_is_lost_when_a_chunk_brings_more_than_the_memory_holds():
    x = noise(300)
    for onset_s in range(10, 290, 2):
        add_burst(x, onset_s, 0.8, 30, seed=onset_s)
    events, rows = detect(x)
    np.testing.assert_array_equal(rows["index"], np.arange(300) * FS)
    assert np.sum(events["kind"] == EventKind.CLOSED) == 140
    np.testing.assert_array_equal(np.unique(events["movement"]), np.arange(140))


@pytest.mark.parametrize("rate_hz", [100, 128, 150, 200, 250, 500])
def test_plain_movements_are_neither_artefact_nor_look_alike_at_any_rate(rate_hz):
    """In a narrow band the power of muscle fluctuates, which must not pass for bursts, crackle or a tone."""
    at_s = np.arange(300 * rate_hz) / rate_hz
    # As muscle, with little power at low frequencies.
    emg_uv = np.diff(np.random.default_rng(3).normal(0.0, 2.0, len(at_s) + 1)) / np.sqrt(2)
    emg_uv[(at_s % 20 >= 8) & (at_s % 20 < 10)] *= 15
    night = detect_movements({"left": emg_uv}, rate_hz)
    assert score_night(night, stages=["N2"] * 10).indices.n_lm == 15
