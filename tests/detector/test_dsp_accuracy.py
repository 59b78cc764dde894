"""Accuracy on semi-synthetic nights: a short table each day, the whole one when asked for.

The seeds here were never used to choose a constant of the detector.
"""

import numpy as np
import pytest
from measure import Score, detect, score
from support.detector_recordings import CONDITIONS, RATES, Night, make_night


def over(nights):
    """Return the total score and the F1 of each night."""
    total, each = Score(), []
    for night in nights:
        one = score(night, detect(night))
        each.append(one.f1)
        total.add(one)
    return total, each


def test_the_targets_hold_on_a_night_of_each_condition():
    total, each = over(make_night(200, condition, 500, 10.0) for condition in CONDITIONS)
    assert np.mean(each) >= 0.98
    assert min(each) >= 0.93  # two borderline movements of about 18
    assert np.median(np.abs(total.onset_s)) <= 0.025
    assert np.percentile(np.abs(total.onset_s), 95) <= 0.150
    assert np.median(np.abs(total.offset_s)) <= 0.060
    assert np.median(total.delay_s) <= 0.100
    assert total.withdrawn <= 0.08 * total.flags


def test_shaped_noise_alone_does_as_well():
    total, _ = over(
        make_night(201, condition, 200, 10.0, real=False) for condition in ("clean", "ecg", "all")
    )
    assert total.f1 >= 0.96
    assert np.median(np.abs(total.onset_s)) <= 0.025


@pytest.mark.parametrize("rate", [256, 500])
def test_single_motor_units_are_no_movements(rate):
    total, _ = over(make_night(seed, "fasciculation", rate, real=False) for seed in (11, 12, 13, 14))
    assert total.f1 >= 0.94
    assert total.false <= 0.08 * (total.hits + total.missed)


def test_a_burst_of_30_uv_is_flagged_within_100_ms():
    rng = np.random.default_rng(202)
    fs, n = 500.0, 500 * 600
    burst = np.zeros(n)
    onsets = np.arange(10, 590, 12)
    for onset in onsets:
        burst[int(onset * fs) : int((onset + 2) * fs)] = 30.0
    x = (1.5 + burst) * rng.standard_normal(n) * np.sqrt(250 / 170)
    truth = np.stack([onsets, onsets + 2.0], axis=1)
    result = score(Night(x, fs, truth, burst), detect(Night(x, fs, truth, burst)))
    assert result.hits == len(onsets)
    assert np.median(result.delay_s) <= 0.060
    assert result.withdrawn <= 0.05 * result.flags


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("rate", sorted(RATES))
def test_the_whole_table(rate):
    all_f1 = []
    for condition in CONDITIONS:
        total, each = over(make_night(seed, condition, rate, 60.0) for seed in range(300, 304))
        all_f1 += each
        assert np.median(np.abs(total.onset_s)) <= 0.025
        assert np.percentile(np.abs(total.onset_s), 95) <= 0.150
        assert np.median(np.abs(total.offset_s)) <= 0.060
        assert np.median(total.delay_s) <= 0.100
        # The target names clean nights (5 %) and ECG (15 %); every disturbed night gets the bound of ECG.
        assert total.withdrawn <= (0.05 if condition == "clean" else 0.15) * total.flags
    assert np.mean(all_f1) >= 0.99
    assert min(all_f1) >= 0.97
