"""Hostile conditions of the simulated night: what they do to the signal, and that the truth stays exact."""

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.cli.simulate import simulate
from monitor.errors import InputError
from monitor.sources.amplifier import AmplifierSettings
from monitor.sources.conditions import CONDITIONS, heart
from monitor.sources.emg import SignalGenerator
from monitor.sources.recording_file import write_edf
from monitor.sources.schedule import Schedule

RATE_HZ = 500.0


def generator(*conditions, seed=4, profile="demo"):
    return SignalGenerator(Schedule(seed, profile, None, conditions), RATE_HZ)


WHOLE = generator(*CONDITIONS).read(0, 100_000)


@settings(deadline=None, max_examples=20)
@given(start_n=st.integers(0, 98_000), count_n=st.integers(1, 1500))
def test_any_stretch_is_the_same_to_the_bit(start_n, count_n):
    fresh = generator(*CONDITIONS).read(start_n, count_n)
    assert fresh.tobytes() == WHOLE[start_n : start_n + count_n].tobytes()


@pytest.mark.parametrize("seed", [4, 5, 6])
def test_the_truth_is_the_rule_on_the_moving_envelope_and_rest(seed):
    schedule = Schedule(seed, "demo", None, ("drift", "posture"))
    made = SignalGenerator(schedule, RATE_HZ)
    time_s = np.arange(0, 1200, 0.0005)
    for index, leg in enumerate(("left", "right")):
        truth = [r for r in schedule.truth(1190.0) if r.trial_type in (f"LM_{leg}", f"twitch_{leg}")]
        above = made.envelope(index, time_s) - schedule.rest.at(leg, time_s)
        ups = time_s[1:][(above[1:] >= 8) & (above[:-1] < 8)]
        downs = time_s[1:][(above[1:] <= 2) & (above[:-1] > 2)]
        assert len(truth) > 10
        np.testing.assert_allclose([r.onset_s for r in truth], ups[: len(truth)], atol=0.001)
        np.testing.assert_allclose([r.onset_s + r.duration_s for r in truth], downs[: len(truth)], atol=0.001)


def test_rest_moves_over_its_range_with_drift_and_posture_and_not_without():
    time_s = np.arange(0, 1800, 0.1)
    still = Schedule(4, "demo").rest.at("left", time_s)
    assert np.ptp(still) == 0
    for condition in ("drift", "posture"):
        level = Schedule(4, "demo", None, (condition,)).rest.at("left", time_s)
        assert level.min() >= 1
        assert level.max() <= 5
        assert level.max() > 2.2 * level.min()
    steps = np.abs(np.diff(level[::10]))
    assert np.sum(steps > 1) >= 15  # from within a second to the next


def test_the_heart_leaks_as_the_condition_says():
    leak_uv, beat_s = heart(4)
    clean, leaky = (generator(*c, profile="quiet").read(0, 30_000) for c in ((), ("ecg",)))
    assert 18 <= leak_uv <= 45
    assert 60 / 110 <= beat_s <= 60 / 50
    assert (leaky - clean)[:, :2].max() == pytest.approx(leak_uv, rel=0.25)
    beats = np.flatnonzero((leaky[1:-1, 2] > 700) & (leaky[1:-1, 2] >= leaky[:-2, 2]))
    assert np.count_nonzero(np.diff(beats) > 0.3 * RATE_HZ) + 1 == pytest.approx(60 / beat_s, abs=3)


def test_mains_lies_at_its_frequency_and_harmonics():
    hum = (generator("mains", profile="quiet").read(0, 60_000) - generator(profile="quiet").read(0, 60_000))[
        :, 0
    ]
    power = np.abs(np.fft.rfft(hum)) ** 2
    hz = np.fft.rfftfreq(hum.size, 1 / RATE_HZ)
    base_hz = hz[power.argmax()]
    assert min(abs(base_hz - 50), abs(base_hz - 60)) < 0.2
    near = np.min([abs(hz - k * round(base_hz)) for k in (1, 2, 3)], axis=0) < 0.5
    assert power[near].sum() / power.sum() > 0.99
    assert 3 <= np.sqrt(np.mean(hum**2)) <= 9 * 1.06


def test_pops_are_steps_that_decay_and_the_cable_sways():
    added = (
        generator("pops", profile="quiet").read(0, 150_000) - generator(profile="quiet").read(0, 150_000)
    )[:, 0]
    jumps = np.flatnonzero(np.abs(np.diff(added)) > 100)
    assert 4 <= jumps.size <= 6
    assert np.percentile(np.abs(added), 50) > 50


def test_dropouts_are_blanks_anywhere_and_gaps_away_from_movements():
    schedule = Schedule(4, "night", 7200.0, ("dropouts",))
    gone = np.isnan(SignalGenerator(schedule, 100.0).read(0, 720_000))
    assert np.array_equal(gone[:, 0], gone[:, 1])
    assert not gone[:, 2].any()
    edges = np.flatnonzero(np.diff(gone[:, 0].astype(int)))
    starts_s, ends_s = edges[::2] / 100, edges[1::2] / 100
    long = ends_s - starts_s > 0.5
    assert np.sum(~long) == pytest.approx(80, abs=2)
    assert np.sum(long) >= 10
    assert np.all((ends_s - starts_s)[long] <= 4.02)
    for start_s, end_s in zip(starts_s[long], ends_s[long], strict=True):
        assert not schedule.bursts_between(start_s - 1.5, end_s + 5.5)


def test_conditions_are_off_by_default_and_checked():
    assert AmplifierSettings().conditions == ()
    np.testing.assert_array_equal(
        generator().read(0, 5000), SignalGenerator(Schedule(4, "demo"), RATE_HZ).read(0, 5000)
    )
    with pytest.raises(ValueError, match="posture"):
        Schedule(4, "demo", None, ("earthquake",))


def test_the_command_takes_several_and_says_what_a_file_cannot_hold(tmp_path):
    path = tmp_path / "a.edf"
    hard = ["--hours", "0.02", "--condition", "pops", "--condition", "mains", "--edf", str(path)]
    assert CliRunner().invoke(simulate, hard, catch_exceptions=False).exit_code == 0
    with pytest.raises(InputError, match="dropouts"):
        write_edf(path, AmplifierSettings(hours=0.02, conditions=("dropouts",)))
