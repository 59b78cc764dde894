"""The filter loop beside SciPy's, and its promise about blocks."""

import numpy as np
import pytest
from scipy import signal

from dsp import DetectorSettings, LegDetector
from dsp.cascade import arrange, run_cascade
from monitor.detection.filters import design_filters


@pytest.mark.parametrize("fs_hz", [200.0, 500.0, 1111.111, 2000.0, 20_000.0])
def test_it_filters_as_scipy_does(fs_hz):
    sos = design_filters(fs_hz, DetectorSettings())
    x = 300 * np.random.default_rng(1).standard_normal(5000)
    taps, gains = arrange(sos)
    y = x.copy()
    run_cascade(taps, gains, np.zeros((gains.size, 3, 2)), y)
    np.testing.assert_allclose(y, signal.sosfilt(sos, x), atol=1e-9)


@pytest.mark.parametrize("sections_n", [0, 1, 2, 3, 4])
def test_any_number_of_sections_will_do(sections_n):
    sos = design_filters(500.0, DetectorSettings())[:sections_n]
    x = np.random.default_rng(2).standard_normal(500)
    taps, gains = arrange(sos)
    y = x.copy()
    run_cascade(taps, gains, np.zeros((gains.size, 3, 2)), y)
    np.testing.assert_allclose(y, signal.sosfilt(sos, x) if sections_n else x, atol=1e-12)


def test_blocks_do_not_change_a_bit():
    taps, gains = arrange(design_filters(500.0, DetectorSettings()))
    x = 50 * np.random.default_rng(3).standard_normal(1000)
    whole, parts, state = x.copy(), x.copy(), np.zeros((gains.size, 3, 2))
    run_cascade(taps, gains, np.zeros((gains.size, 3, 2)), whole)
    for part in np.split(parts, [1, 3, 8, 40, 41, 300, 999]):
        run_cascade(taps, gains, state, part)
    assert parts.tobytes() == whole.tobytes()


def test_a_section_without_a_first_coefficient_is_refused():
    sos = np.array([[0.0, 1.0, 0.0, 1.0, 0.0, 0.0]])
    with pytest.raises(ValueError, match="b0"):
        LegDetector(DetectorSettings(), 500.0, sos)
