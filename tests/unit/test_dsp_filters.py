"""The filter loop beside SciPy's, its promise about blocks, and denormals."""

import numpy as np
import pytest
from scipy import signal

from dsp import DetectorSettings, LegDetector, filtered
from dsp.kernels.filters import flush_denormals, run_stages
from dsp.sections import arrange
from monitor.detection.filters import design_filters


@pytest.mark.parametrize("fs_hz", [200.0, 500.0, 1111.111, 2000.0, 20_000.0])
def test_it_filters_as_scipy_does(fs_hz):
    sos = design_filters(fs_hz, DetectorSettings())
    x = 300 * np.random.default_rng(1).standard_normal(5000)
    y = x.copy()
    run_stages(arrange(sos), y)
    np.testing.assert_allclose(y, signal.sosfilt(sos, x), atol=1e-9)


def test_a_whole_signal_is_filtered_and_left_as_it_was():
    sos = design_filters(500.0, DetectorSettings())
    pair = np.random.default_rng(4).standard_normal((1000, 2)).T
    before = pair.copy()
    np.testing.assert_allclose(filtered(sos, pair[1]), signal.sosfilt(sos, pair[1]), atol=1e-12)
    assert (pair == before).all()


@pytest.mark.parametrize("sections_n", [0, 1, 2, 3, 4])
def test_any_number_of_sections_will_do(sections_n):
    sos = design_filters(500.0, DetectorSettings())[:sections_n]
    x = np.random.default_rng(2).standard_normal(500)
    y = x.copy()
    run_stages(arrange(sos), y)
    np.testing.assert_allclose(y, signal.sosfilt(sos, x) if sections_n else x, atol=1e-12)


def test_blocks_do_not_change_a_bit():
    sos = design_filters(500.0, DetectorSettings())
    x = 50 * np.random.default_rng(3).standard_normal(1000)
    whole, parts, stages = x.copy(), x.copy(), arrange(sos)
    run_stages(arrange(sos), whole)
    for part in np.split(parts, [1, 3, 8, 40, 41, 300, 999]):
        run_stages(stages, part)
    assert parts.tobytes() == whole.tobytes()


def test_a_section_without_a_first_coefficient_is_refused():
    sos = np.array([[0.0, 1.0, 0.0, 1.0, 0.0, 0.0]])
    with pytest.raises(ValueError, match="b0"):
        LegDetector(DetectorSettings(), 500.0, sos)


def denormals_of(x):
    """Return how many samples and states are denormal while `x` is filtered in ticks of 0.1 s at 500 Hz."""
    stages, count = arrange(design_filters(500.0, DetectorSettings())), 0
    for tick in np.split(x, range(50, x.size, 50)):
        y = tick.copy()
        run_stages(stages, y)
        flush_denormals(stages)
        values = np.concatenate([y, np.frombuffer(stages.tobytes(), np.float64)])
        count += np.sum((values != 0.0) & (np.abs(values) < np.finfo(np.float64).tiny))
    return count


def test_a_flat_signal_leaves_no_denormals_behind():
    # How slow they are depends on the processor; that there are none does not.
    noise = 2.0 * np.random.default_rng(5).standard_normal(5000)
    assert denormals_of(np.concatenate([noise, np.zeros(60 * 500)])) == 0


@pytest.mark.parametrize("seed", range(200))
def test_the_coefficients_are_those_of_scipy_to_the_bit(seed):
    rng = np.random.default_rng(seed)
    fs_hz = float(rng.choice([200, 250, 256, 500, 512, 1000, 2048, rng.uniform(200, 20_000)]))
    settings = DetectorSettings(
        low_hz=float(rng.uniform(5, 30)),
        high_hz=float(rng.uniform(60, 450)),
        band_order=int(rng.integers(1, 9)),
        mains_hz=(50.0, 60.0),
    )
    high_hz = min(settings.high_hz, 0.9 * fs_hz / 2)
    band = signal.butter(
        settings.band_order, (settings.low_hz, high_hz), btype="bandpass", fs=fs_hz, output="sos"
    )
    designed = design_filters(fs_hz, settings)
    assert designed[: len(band)].tobytes() == band.tobytes()
    notches = sorted({base_hz * n for base_hz in settings.mains_hz for n in range(1, 30)})
    for row in designed[len(band) :]:
        wanted = [
            signal.iirnotch(f, f / settings.mains_bandwidth_hz, fs=fs_hz) for f in notches if f < fs_hz / 2
        ]
        assert row.tobytes() in [np.concatenate(each).tobytes() for each in wanted]
