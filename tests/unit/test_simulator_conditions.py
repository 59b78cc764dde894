"""Hostile conditions of the simulated night: what they do to the signal, and that the truth stays exact."""

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from monitor import detect_movements
from monitor.cli.simulate import simulate
from monitor.model.errors import InputError
from monitor.simulator.amplifier import AmplifierSettings
from monitor.simulator.conditions import CONDITIONS, MEANING, heart
from monitor.simulator.emg import SignalGenerator
from monitor.simulator.file_output import write_edf
from monitor.simulator.schedule import Schedule

RATE_HZ = 500.0


def generator(*conditions, seed=4, profile="demo"):
    return SignalGenerator(Schedule(seed, profile, None, conditions), RATE_HZ)


WHOLE = generator(*CONDITIONS).read(0, 100_000)


@examples(20)
@given(start_n=st.integers(0, 98_000), count_n=st.integers(1, 1500))
def test_any_stretch_is_the_same_to_the_bit(start_n, count_n):
    fresh = generator(*CONDITIONS).read(start_n, count_n)
    assert fresh.tobytes() == WHOLE[start_n : start_n + count_n].tobytes()


@pytest.mark.parametrize("seed", [4, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (5, 6))])
def test_the_truth_is_the_rule_on_the_moving_envelope_and_rest(seed):
    schedule = Schedule(seed, "demo", None, ("drift", "posture"))
    made = SignalGenerator(schedule, RATE_HZ)
    time_s = np.arange(0, 800, 0.0005)
    for index, leg in enumerate(("left", "right")):
        truth = [r for r in schedule.truth(790.0) if r.trial_type in (f"LM_{leg}", f"twitch_{leg}")]
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


def by_rule(above_uv, time_s):
    """Return rows (onset_s, offset_s): from 8 uV above rest to where 0.5 s stay at most 2 uV above it."""
    rows, open_s, low_s = [], None, None
    high, low = above_uv >= 8, above_uv <= 2
    edges = np.flatnonzero(np.diff(high.astype(int)) | np.diff(low.astype(int))) + 1
    for at_s, is_high, is_low in zip(time_s[edges], high[edges], low[edges], strict=True):
        if low_s is not None and at_s - low_s >= 0.5:
            rows.append((open_s, low_s))
            open_s = low_s = None
        if open_s is None and is_high:
            open_s = at_s
        if open_s is not None:
            low_s = (at_s if low_s is None else low_s) if is_low else None
    if low_s is not None and time_s[-1] - low_s >= 0.5:
        rows.append((open_s, low_s))
    return np.array(rows)


@pytest.mark.parametrize("conditions", [("tone",), ("close",), ("tremor",), ("posture", "tremor", "close")])
def test_the_truth_is_the_rule_whatever_movements_and_rest_are_like(conditions):
    schedule = Schedule(5, "demo", 300.0, conditions)
    made = SignalGenerator(schedule, RATE_HZ)
    time_s = np.arange(0, 300, 0.001)
    for index, leg in enumerate(("left", "right")):
        truth = [r for r in schedule.truth(600.0) if r.trial_type in (f"LM_{leg}", f"twitch_{leg}")]
        found = by_rule(made.envelope(index, time_s) - schedule.rest.at(leg, time_s), time_s)
        assert len(truth) >= 8
        np.testing.assert_allclose([(r.onset_s, r.onset_s + r.duration_s) for r in truth], found, atol=0.0021)


def test_tone_is_a_rest_of_8_uv_that_nothing_moves():
    level = Schedule(4, "demo", None, ("tone", "posture", "drift")).rest.at("right", np.arange(0, 900, 0.1))
    assert np.all(level == 8)
    quiet = generator("tone", profile="quiet").read(0, 60_000)[:, 0]
    assert np.sqrt(np.mean(quiet**2)) == pytest.approx(8, rel=0.03)


def lms(schedule, leg):
    return [r for r in schedule.truth(600.0) if r.trial_type == f"LM_{leg}"]


def test_close_adds_a_movement_0_6_s_after_each_and_changes_none():
    plain, close = Schedule(6, "demo", 600.0), Schedule(6, "demo", 600.0, ("close",))
    for leg in ("left", "right"):
        before, after = lms(plain, leg), lms(close, leg)
        assert set(before) <= set(after)
        ends_s = np.array([r.onset_s + r.duration_s for r in before if r.duration_s <= 10])
        added = np.array([r.onset_s for r in after if r not in before])
        np.testing.assert_allclose(added, ends_s + 0.6, atol=1e-5)


def test_tremor_waxes_and_wanes_in_movements_that_stay_where_they_are():
    plain, shaking = Schedule(6, "demo", 600.0), Schedule(6, "demo", 600.0, ("tremor",))
    made = SignalGenerator(shaking, RATE_HZ)
    for index, leg in enumerate(("left", "right")):
        assert lms(plain, leg) == lms(shaking, leg)
        marked = [r for r in shaking.truth(600.0) if r.trial_type == f"tremor_{leg}"]
        longer = [r for r in lms(shaking, leg) if r.duration_s >= 1]
        assert [r[:2] for r in marked] == [r[:2] for r in longer]
        for row in marked:
            time_s = np.arange(row.onset_s, row.onset_s + row.duration_s, 0.001)
            above = made.envelope(index, time_s) - shaking.rest.at(leg, time_s)
            lulls = np.count_nonzero(np.diff((above < 0.5).astype(int)) > 0)
            assert lulls / row.duration_s == pytest.approx(6, abs=0.6)


def test_fasciculations_are_short_spikes_clear_of_movements_and_all_in_the_truth():
    schedule = Schedule(6, "night", 3600.0, ("fasciculation",))
    read = SignalGenerator(schedule, 2000.0).read
    for index, leg in enumerate(("left", "right")):
        units = [r for r in schedule.truth(3600.0) if r.trial_type == f"fasciculation_{leg}"]
        assert len(units) > 100
        assert all(0.005 <= r.duration_s <= 0.012 for r in units)
        assert not any(schedule.bursts_between(r.onset_s - 1, r.onset_s + r.duration_s + 1) for r in units)
        start = round((units[0].onset_s - 2) * 2000)
        plain = SignalGenerator(Schedule(6, "night", 3600.0), 2000.0).read(start, 60_000)[:, index]
        added = read(start, 60_000)[:, index] - plain
        at_s = (start + np.flatnonzero(np.abs(added) > 10)) / 2000
        spikes = [r for r in units if r.onset_s < (start + 59_900) / 2000]
        begin, end = (np.array([r.onset_s + share * r.duration_s for r in spikes]) for share in (0, 1))
        near = np.searchsorted(begin - 0.003, at_s) - 1
        assert np.all(at_s <= end[near] + 0.003)
        assert set(near) == set(range(len(spikes)))
        assert 20 * 0.9 <= np.abs(added).max() <= 150


@pytest.mark.parametrize("condition", ["tone", "close", "tremor", "fasciculation"])
def test_the_detector_finds_what_the_truth_says(condition):
    schedule = Schedule(7, "demo", 600.0, (condition,))
    signal_uv = SignalGenerator(schedule, RATE_HZ).read(0, 300_000)
    night = detect_movements({"left": signal_uv[:, 0], "right": signal_uv[:, 1]}, rate_hz=RATE_HZ)
    for leg in ("left", "right"):
        found = [m for m in night.movements if m.leg == leg]
        truth = lms(schedule, leg)
        assert len(found) == pytest.approx(len(truth), abs=2)
        hits = [r for r in truth if any(abs(m.onset_us / 1e6 - r.onset_s) < 0.3 for m in found)]
        assert len(hits) >= len(truth) - 2


def test_help_says_what_each_condition_does():
    told = CliRunner().invoke(simulate, ["--help"]).output
    assert all(f"  {name} " in told and words in told for name, words in MEANING.items())


def test_the_command_takes_several_and_says_what_a_file_cannot_hold(tmp_path):
    path = tmp_path / "a.edf"
    hard = ["--hours", "0.02", "--condition", "pops", "--condition", "mains", "--edf", str(path)]
    assert CliRunner().invoke(simulate, hard, catch_exceptions=False).exit_code == 0
    with pytest.raises(InputError, match="dropouts"):
        write_edf(path, AmplifierSettings(hours=0.02, conditions=("dropouts",)))
