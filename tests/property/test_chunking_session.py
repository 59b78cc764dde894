"""A later start, a later hour and a repeat change nothing: ticks are absolute, sums are exact."""

import numpy as np
import pytest

from dsp import DetectorSettings, EventKind, LegDetector
from monitor.detection.filters import design_filters

FS = 500.0
SETTINGS = DetectorSettings()
SOS = design_filters(FS, SETTINGS)


def leg(seconds, seed=11):
    """Return noise with a movement every 20 s."""
    rng = np.random.default_rng(seed)
    n = int(seconds * FS)
    amplitude = np.full(n, 2.0)
    for onset_s in np.arange(10, seconds - 5, 20):
        amplitude[int(onset_s * FS) : int((onset_s + 2) * FS)] = 35.0
    return amplitude * rng.standard_normal(n)


def with_heart(x):
    """Add sharp spikes every 0.83 s, in place."""
    spike = 50 * np.sin(2 * np.pi * 75 * np.arange(int(0.03 * FS)) / FS)
    for at_s in np.arange(0.4, x.size / FS - 1, 0.83):
        x[int(at_s * FS) : int(at_s * FS) + spike.size] += spike
    return x


def closed_after(detector, x, index):
    events, _ = detector.process(x)
    return events[(events["kind"] == EventKind.CLOSED) & (events["onset_index"] > index)]


@pytest.mark.parametrize("late_n", [1, 250, 777, 4999, 15003])
def test_a_later_start_gives_the_same_movements_after_the_warm_up(late_n):
    x = leg(200)
    whole, late = LegDetector(SETTINGS, FS, SOS), LegDetector(SETTINGS, FS, SOS, first_index=late_n)
    warm = late_n + 30 * FS
    expected, found = closed_after(whole, x, warm), closed_after(late, x[late_n:], warm)
    assert len(expected) >= 6
    assert len(found) == len(expected)
    np.testing.assert_allclose(found["onset_index"], expected["onset_index"], atol=0.001 * FS)
    np.testing.assert_allclose(found["offset_index"], expected["offset_index"], atol=0.001 * FS)
    np.testing.assert_array_equal(found["known_index"], expected["known_index"])
    assert late.envelope_uv == pytest.approx(whole.envelope_uv, rel=1e-9)
    assert late.resting_uv == pytest.approx(whole.resting_uv, rel=1e-9)


@pytest.mark.parametrize("late_n", [777, 15003])
def test_a_later_start_flags_the_same_onsets_beside_a_heart(late_n):
    x = with_heart(leg(200))
    whole, late = LegDetector(SETTINGS, FS, SOS), LegDetector(SETTINGS, FS, SOS, first_index=late_n)
    expected, found = whole.process(x)[0], late.process(x[late_n:])[0]
    warm = late_n + 40 * FS
    expected, found = (each[each["known_index"] > warm] for each in (expected, found))
    np.testing.assert_array_equal(found["kind"], expected["kind"])
    np.testing.assert_array_equal(found["known_index"], expected["known_index"])


def test_after_twelve_hours_the_envelope_is_that_of_a_start_an_hour_before():
    hour = leg(3600)
    hour[int(1800 * FS) : int(1801 * FS)] += 3000.0  # what a plain float sum would lose its last bits to
    old = LegDetector(SETTINGS, FS, SOS)
    for _ in range(11):
        old.process(hour)
    fresh = LegDetector(SETTINGS, FS, SOS, first_index=old.n_seen)
    first, second = (closed_after(each, hour, each.n_seen + 30 * FS) for each in (old, fresh))
    assert old.envelope_uv == pytest.approx(fresh.envelope_uv, rel=1e-9)
    assert old.resting_uv == pytest.approx(fresh.resting_uv, rel=1e-9)
    assert len(first) >= 170
    np.testing.assert_allclose(first["onset_index"], second["onset_index"], atol=0.001 * FS)


def test_movement_numbers_and_indices_go_on_beyond_32_bits():
    start = 2**33 + 123
    events, rows = LegDetector(SETTINGS, FS, SOS, first_index=start).process(leg(40))
    plain, _ = LegDetector(SETTINGS, FS, SOS, first_index=start % 500).process(leg(40))
    assert rows["index"][0] == start
    assert events["known_index"].min() > start
    assert len(events) >= 6
    np.testing.assert_allclose(
        events["onset_index"] - start, plain["onset_index"] - start % 500, atol=0.001 * FS
    )
