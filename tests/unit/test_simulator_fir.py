"""The simulator's filters are those of SciPy's packages, which take long to load."""

import subprocess
import sys

import numpy as np
import pytest
from scipy import fft, signal

from monitor.simulator.fir import band_pass_taps, fast_length, filtered


@pytest.mark.parametrize("rate_hz", [200.0, 256.0, 500.0, 1111.111, 2000.0])
@pytest.mark.parametrize(("taps_n", "band_hz"), [(101, (20.0, 88.0)), (64, (0.5, 4.0)), (201, (8.0, 90.0))])
def test_taps_and_filtered_noise_are_equal_to_the_last_bit(rate_hz, taps_n, band_hz):
    taps = band_pass_taps(taps_n, band_hz, rate_hz)
    np.testing.assert_array_equal(taps, signal.firwin(taps_n, band_hz, pass_zero=False, fs=rate_hz))
    white = np.random.default_rng(1).standard_normal(round(4 * rate_hz) + taps_n)
    np.testing.assert_array_equal(filtered(white, taps), signal.fftconvolve(white, taps, mode="valid"))


def test_the_length_of_a_transform_is_that_of_scipy():
    lengths_n = [1, 2, 7, 11, 97, 101, 127, 601, 1013, 4099, 60_013]
    assert [fast_length(n) for n in lengths_n] == [fft.next_fast_len(n, real=True) for n in lengths_n]


def test_the_amplifier_does_not_load_scipy():
    program = "import sys, monitor.simulator.amplifier; sys.exit('scipy' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)
