"""Bursts less than 0.5 s apart are one movement from the first of them on; others stay twitches."""

import numpy as np
import pytest

from dsp import DetectorSettings, EventKind, LegDetector
from monitor.detection.filters import design_filters

SETTINGS = DetectorSettings()


def white(rng, n, fs):
    """Return white noise whose RMS between 30 and 200 Hz (at most 0.9 of Nyquist) is 1."""
    return rng.standard_normal(n) * np.sqrt(fs / 2 / (min(200.0, 0.45 * fs) - 30.0))


def trains(every_s, duration_s, bursts_n, fs, seed, trains_n=12):
    """Return a leg with a train of bursts of 25 to 60 uV each 15 s, and the onset of each train, s."""
    rng = np.random.default_rng([seed, 3])
    x = 1.5 * white(rng, round((trains_n + 1) * 15 * fs), fs)
    onsets_s = 10.0 + 15.0 * np.arange(trains_n)
    for onset_s in onsets_s:
        uv = rng.uniform(25, 60)
        for k in range(bursts_n):
            i, n = round((onset_s + k * every_s) * fs), round(duration_s * fs)
            x[i : i + n] += uv * white(rng, n, fs)
    return x, onsets_s


def detect(x, fs, chunk_n=None):
    detector = LegDetector(SETTINGS, fs, design_filters(fs, SETTINGS))
    found = [detector.process(x[i : i + (chunk_n or x.size)])[0] for i in range(0, x.size, chunk_n or x.size)]
    return np.concatenate([*found, detector.finish()])


def of_kind(events, kind):
    return events[events["kind"] == kind]


@pytest.mark.parametrize("fs", [200.0, 500.0])
@pytest.mark.parametrize(("every_s", "duration_s"), [(0.48, 0.07), (0.3, 0.06), (0.2, 0.05)])
def test_a_train_of_jerks_is_one_movement_that_begins_with_the_first(fs, every_s, duration_s):
    x, onsets_s = trains(every_s, duration_s, 8, fs, seed=1)
    closed = of_kind(detect(x, fs), EventKind.CLOSED)
    late_s = np.array([np.min(np.abs(closed["onset_index"] / fs - onset_s)) for onset_s in onsets_s])
    assert np.sum(late_s < 0.150) >= 11
    assert len(closed) <= 12


def test_the_flag_does_not_wait_for_the_second_jerk():
    x, onsets_s = trains(0.48, 0.07, 8, 500.0, seed=2)
    flags = of_kind(detect(x, 500.0), EventKind.ONSET)["known_index"] / 500.0
    delays_s = [flags[flags > onset_s][0] - onset_s for onset_s in onsets_s]
    assert np.median(delays_s) <= 0.065


@pytest.mark.parametrize("fs", [200.0, 500.0])
def test_jerks_further_apart_stay_twitches(fs):
    events = detect(trains(0.8, 0.08, 6, fs, seed=3)[0], fs)
    assert len(of_kind(events, EventKind.CLOSED)) == 0
    assert np.sum(of_kind(events, EventKind.WITHDRAWN)["twitch"]) >= 24


def test_the_bursts_inside_are_counted_from_the_onset_that_is_told_last():
    x, onsets_s = trains(0.3, 0.06, 8, 500.0, seed=4)
    for closed in of_kind(detect(x, 500.0), EventKind.CLOSED):
        starts, ends = closed["bursts"][: 2 * closed["bursts_n"]].reshape(-1, 2).T
        onset_s = onsets_s[np.argmin(np.abs(onsets_s - closed["onset_index"] / 500.0))]
        of_train = (closed["onset_index"] + starts) / 500.0 - onset_s
        assert np.all(np.abs(of_train - 0.3 * np.rint(of_train / 0.3)) < 0.04)
        assert np.all(ends[:-1] <= starts[1:])


@pytest.mark.parametrize("chunk_n", [1, 7, 997])
def test_trains_are_the_same_for_any_chunks(chunk_n):
    x, _ = trains(0.33, 0.06, 7, 200.0, seed=5, trains_n=3)
    assert detect(x, 200.0, chunk_n).tobytes() == detect(x, 200.0).tobytes()


@pytest.mark.parametrize(("fs", "uv"), [(200.0, 22.0), (200.0, 35.0), (500.0, 40.0), (1000.0, 60.0)])
def test_a_strong_resting_tone_is_learned_within_15_s_and_hides_no_movement(fs, uv):
    rng = np.random.default_rng(6)
    x = 1.5 * white(rng, round(120 * fs), fs)
    x[round(20 * fs) :] *= uv / 1.5
    for at_s in (40, 60, 80, 100):
        i, j = round(at_s * fs), round((at_s + 2) * fs)
        x[i:j] += 3 * uv * white(rng, j - i, fs)
    detector = LegDetector(SETTINGS, fs, design_filters(fs, SETTINGS))
    events, rows = detector.process(x)
    known = (rows["index"] / fs > 20) & (np.abs(rows["rest_uv"] / uv - 1) < 0.2)
    assert rows["index"][known][0] / fs - 20 <= 15
    later = of_kind(events, EventKind.CLOSED)["onset_index"] / fs
    assert later[later > 30] == pytest.approx([40, 60, 80, 100], abs=0.15)
