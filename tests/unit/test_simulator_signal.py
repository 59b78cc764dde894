"""The simulated signal: the same to the bit however it is cut, and of the texture it claims."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from monitor.simulator.emg import SignalGenerator
from monitor.simulator.schedule import Schedule

RATE_HZ = 500.0
WHOLE = SignalGenerator(Schedule(4, "demo"), RATE_HZ).read(0, 30_000)


@examples(25)
@given(st.lists(st.integers(0, 2500), min_size=1, max_size=12))
def test_any_chunking_gives_the_same_samples(sizes):
    generator = SignalGenerator(Schedule(4, "demo"), RATE_HZ)
    at_n, chunks = 0, []
    for size in sizes:
        chunks.append(generator.read(at_n, size))
        at_n += size
    assert np.array_equal(np.concatenate(chunks), WHOLE[:at_n])


@examples(25)
@given(st.integers(0, 29_000), st.integers(1, 1000))
def test_a_later_start_gives_the_same_samples(start_n, count_n):
    fresh = SignalGenerator(Schedule(4, "demo"), RATE_HZ)
    assert np.array_equal(fresh.read(start_n, count_n), WHOLE[start_n : start_n + count_n])


def test_sample_by_sample_at_an_odd_rate():
    generator, again = (SignalGenerator(Schedule(4, "demo"), 1111.111) for _ in range(2))
    start_n = generator.block_n - 20
    single = np.concatenate([generator.read(start_n + index, 1) for index in range(40)])
    assert np.array_equal(single, again.read(start_n, 40))


def test_seeds_and_channels_differ():
    other = SignalGenerator(Schedule(5, "demo"), RATE_HZ).read(0, 2500)
    assert not np.allclose(other, WHOLE[:2500])
    assert abs(np.corrcoef(WHOLE[:2500, 0], WHOLE[:2500, 1])[0, 1]) < 0.1


@pytest.mark.parametrize("rate_hz", [200.0, 500.0, 1111.111, 2000.0])
def test_rest_has_the_level_the_schedule_says(rate_hz):
    schedule = Schedule(6, "quiet")
    samples = SignalGenerator(schedule, rate_hz, ecg_leak_uv=0.0).read(0, round(60 * rate_hz))
    for column, leg in enumerate(("left", "right")):
        rms_uv = float(np.sqrt(np.mean(samples[:, column] ** 2)))
        assert 1.5 <= schedule.rest_uv[leg] <= 3.0
        assert rms_uv == pytest.approx(schedule.rest_uv[leg], rel=0.03)


def test_noise_lies_between_20_and_200_hz():
    samples = SignalGenerator(Schedule(6, "quiet"), 1000.0, ecg_leak_uv=0.0).read(0, 60_000)[:, 0]
    power = np.abs(np.fft.rfft(samples)) ** 2
    frequency_hz = np.fft.rfftfreq(len(samples), 1 / 1000.0)
    total = power.sum()
    assert power[(frequency_hz < 10) | (frequency_hz > 215)].sum() / total < 0.005
    assert power[(frequency_hz > 25) & (frequency_hz < 195)].sum() / total > 0.93


def test_ecg_beats_in_its_channel_and_leaks_into_the_legs_as_asked():
    clean, leaky = (
        SignalGenerator(Schedule(6, "quiet"), RATE_HZ, ecg_leak_uv=leak).read(0, 30_000)
        for leak in (0.0, 40.0)
    )
    ecg = clean[:, 2]
    beats = np.flatnonzero((ecg[1:-1] > 700) & (ecg[1:-1] >= ecg[:-2]) & (ecg[1:-1] > ecg[2:]))
    beat_n = np.count_nonzero(np.diff(beats) > 0.3 * RATE_HZ) + 1
    assert 55 <= beat_n <= 78
    leak = leaky[:, :2] - clean[:, :2]
    assert leak.max() == pytest.approx(40.0, rel=0.1)
    assert np.array_equal(leaky[:, 2], ecg)


def test_impossible_signals_are_refused():
    with pytest.raises(ValueError, match="50"):
        SignalGenerator(Schedule(1, "demo"), 50.0)
    with pytest.raises(ValueError, match="leak"):
        SignalGenerator(Schedule(1, "demo"), 500.0, ecg_leak_uv=-1.0)
