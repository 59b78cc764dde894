"""A source's clock is followed within a millisecond through jitter, garbage and steps."""

import numpy as np
import pytest

from monitor.recorder.clock_fit import ClockFit


@pytest.mark.parametrize("ppm", [-100, -20, 0, 20, 100])
def test_a_night_of_jitter_and_garbage(ppm):
    rng, fit, worst, steps = np.random.default_rng(5), ClockFit(), 0.0, []
    for i in range(5760):
        at_s = 1000.0 + 5 * i
        true_s = 5000.0 + ppm * 1e-6 * (at_s - 1000.0)
        # Round trips of 0.4 to 40 ms: half of what is above the shortest may be in the offset.
        rtt_s = 0.0004 + rng.exponential(0.008)
        measured_s = true_s + rng.uniform(-0.5, 0.5) * (rtt_s - 0.0004)
        if rng.random() < 0.01:
            measured_s, rtt_s = float(rng.uniform(-1e5, 1e5)), 0.0004
        steps.append(fit.take(at_s, measured_s, rtt_s))
        if i > 40:
            worst = max(worst, abs(fit.at(at_s) - true_s))
    assert not any(steps)
    assert worst < 0.004


@pytest.mark.parametrize("step_s", [-3600.0, -0.2, 0.2, 60.0])
def test_a_step_is_told_once_at_the_second_measurement(step_s):
    fit = ClockFit()
    told = [fit.take(5.0 * i, 100.0 + (step_s if i >= 50 else 0.0), 0.001) for i in range(100)]
    assert [i for i, each in enumerate(told) if each] == [51]
    assert told[51] == pytest.approx(step_s)
    assert fit.at(500.0) == pytest.approx(100.0 + step_s)


def test_without_any_measurement_there_is_no_offset():
    with pytest.raises(ValueError, match="no offset"):
        ClockFit().at(0.0)
