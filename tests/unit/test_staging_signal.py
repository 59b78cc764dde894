"""One epoch of a signal: what comes out of any rate, and what must not reach the classifier."""

import numpy as np
import pytest

from monitor.staging.epoch_signal import EPOCH_N, PAD_S, read_epoch

START_S = 60.0


def times(rate_hz, pad_s=PAD_S):
    n = round((30 + 2 * pad_s) * rate_hz)
    return START_S - pad_s + np.arange(n) / rate_hz


def eeg(t, seed=1, rms_uv=20.0):
    rng = np.random.default_rng(seed)
    return rms_uv * (np.sin(2 * np.pi * 3 * t) + 0.5 * rng.normal(size=len(t)))


@pytest.mark.parametrize("rate_hz", [100.0, 128.0, 200.0, 256.0, 500.0, 512.0, 1111.111, 2048.0])
def test_a_wave_keeps_its_size_and_place_at_every_rate(rate_hz):
    t = times(rate_hz)
    epoch = read_epoch(t, 50 * np.sin(2 * np.pi * 10 * t), rate_hz, START_S, "eeg")
    assert epoch.why == ""
    expected = 50 * np.sin(2 * np.pi * 10 * (START_S + np.arange(EPOCH_N) / 100))
    assert np.abs(epoch.uv - expected)[100:-100].max() < 2.5


def test_jitter_is_evened_out():
    t = times(250.0)
    jittered = t + np.random.default_rng(2).uniform(-0.01, 0.01, len(t))
    x = eeg(t)
    plain, shaken = (read_epoch(each, x, 250.0, START_S, "eeg") for each in (t, jittered))
    assert shaken.why == plain.why == ""
    assert np.abs(shaken.uv - plain.uv).max() < 0.1 * np.abs(plain.uv).max()


def whole(t):
    return np.ones(len(t), bool)


def without(start_s, end_s):
    return lambda t: (t < START_S + start_s) | (t >= START_S + end_s)


@pytest.mark.parametrize(
    ("keep", "why"),
    [
        (whole, ""),
        (without(10, 11), ""),
        (without(10, 12), "missing"),
        (without(-5, 5), "missing"),
        (without(20, 40), "missing"),
        (lambda t: t < 0, "missing"),
    ],
)
def test_a_little_may_be_missing_and_more_may_not(keep, why):
    t = times(256.0)
    t = t[keep(t)]
    assert read_epoch(t, eeg(t), 256.0, START_S, "eeg").why == why


def flat(t, x):
    return np.full_like(x, 3.0)


def flat_for_ten_seconds(t, x):
    return np.where((t > START_S + 5) & (t < START_S + 15), 3.0, x)


def mains_alone(t, x):
    return 80 * np.sin(2 * np.pi * 50 * t)


def clipped(t, x):
    return np.clip(x * 40, -300, 300)


def swaying(t, x):
    return 4000 * np.sign(np.sin(2 * np.pi * 0.9 * t)) + x


def nan_for_ten_seconds(t, x):
    return np.where((t > START_S + 5) & (t < START_S + 15), np.nan, x)


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (flat, "flat"),
        (flat_for_ten_seconds, "flat"),
        (mains_alone, "flat"),
        (clipped, "saturated"),
        (swaying, "off scale"),
        (nan_for_ten_seconds, "missing"),
    ],
)
def test_what_is_no_eeg_is_refused_with_the_reason(spoil, why):
    t = times(500.0)
    assert read_epoch(t, spoil(t, eeg(t)), 500.0, START_S, "eeg").why == why


def test_a_low_eeg_and_a_silent_chin_are_signals():
    t = times(256.0)
    assert read_epoch(t, eeg(t, rms_uv=4.0), 256.0, START_S, "eeg").why == ""
    quiet = np.random.default_rng(4).normal(0, 0.4, len(t))
    assert read_epoch(t, quiet, 256.0, START_S, "chin").why == ""
    assert read_epoch(t, np.zeros(len(t)), 256.0, START_S, "chin").why == "flat"


def test_an_offset_of_millivolts_does_not_matter():
    t = times(200.0)
    assert read_epoch(t, eeg(t) - 5800.0, 200.0, START_S, "eeg").why == ""
