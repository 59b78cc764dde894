"""The heart around leg movements: beats of an ECG, and injected changes of the rate."""

import numpy as np
import pytest
from support.recorded_sessions import record_night

from monitor.detection.heartbeats import heartbeats
from monitor.model.rules import PROFILES
from monitor.outputs.report import heart as heart_section
from monitor.scoring import Epoch, Movement, Night, Span, score
from monitor.scoring.heart import LEAST_N, course_times_s, heart_response, intervals_around, usable_intervals
from monitor.session.reader import read_session
from monitor.session.signal.recorded_heart import ecg_column, recorded_beats
from monitor.simulator.emg import SignalGenerator
from monitor.simulator.schedule import Schedule

HOURS = 3


def beats_of(rate_bpm, end_s, rng, spread=0.03):
    """Return beats whose rate follows a function of time, with breathing and irregularity."""
    beats = [0.5]
    while beats[-1] < end_s:
        at_s = beats[-1]
        rr_s = 60 / rate_bpm(at_s)
        beats.append(at_s + rr_s * (1 + 0.03 * np.sin(1.5 * at_s) + spread * rng.standard_normal()))
    return np.array(beats)


def night_of(onsets_s, aroused=()):
    movements = tuple(
        Movement(round(at * 1e6), round((at + 2) * 1e6), "left", f"L{k}") for k, at in enumerate(onsets_s)
    )
    arousals = tuple(Span(round(at * 1e6), round((at + 4) * 1e6)) for at in aroused)
    end_us = HOURS * 3_600_000_000
    return Night(movements, (Epoch(0, end_us, "N2"),), arousals=arousals, end_us=end_us, legs=("left",))


def responding(onsets_s, rise_bpm, base_bpm=60.0):
    """Return a rate that is higher by some beats a minute from 0 to 8 s after each onset."""

    def rate_bpm(at_s):
        k = np.searchsorted(onsets_s, at_s, side="right") - 1
        inside = k >= 0 and at_s - onsets_s[k] < 8
        return base_bpm + (rise_bpm[k] if inside else 0.0)

    return rate_bpm


def plm(courses, arousal):
    return next(c for c in courses if c.kind == "plm" and c.arousal is arousal and c.hour is None)


@pytest.fixture(scope="module")
def train():
    """Movements every 30 s; every second one with an arousal."""
    onsets_s = np.arange(60.0, HOURS * 3600 - 60, 30.0)
    return onsets_s, night_of(onsets_s, onsets_s[::2] + 1)


@pytest.mark.parametrize("base_bpm", [50.0, 75.0])
def test_injected_changes_are_recovered_within_one_beat_a_minute(train, base_bpm):
    onsets_s, night = train
    rise = np.where(np.arange(onsets_s.size) % 2 == 0, 12.0, 5.0)
    beats_s = beats_of(responding(onsets_s, rise, base_bpm), HOURS * 3600, np.random.default_rng(3))
    courses = heart_response(beats_s, score(night, PROFILES["wasm2016"]))
    # The arousals of movements alternate, so the one before does not change what is before the next.
    for arousal, bpm in ((True, 12.0), (False, 5.0)):
        found = plm(courses, arousal)
        assert found.n > 150
        assert found.before_bpm == pytest.approx(base_bpm, abs=1)
        assert found.change_bpm == pytest.approx(bpm, abs=1)
        course = np.array(found.course_bpm) - found.before_bpm
        times_s = course_times_s()
        assert np.abs(course[(times_s >= 2) & (times_s <= 6)] - bpm).max() < 1
        assert np.abs(course[times_s <= -1.5]).max() < 1
        assert np.abs(course[times_s >= 10]).max() < 1


def test_without_a_response_there_is_none(train):
    onsets_s, night = train
    nothing = np.zeros(onsets_s.size)
    beats_s = beats_of(responding(onsets_s, nothing), HOURS * 3600, np.random.default_rng(4))
    for found in heart_response(beats_s, score(night, PROFILES["wasm2016"])):
        if found.course_bpm:
            assert abs(found.change_bpm) < max(1.0, 3 * found.error_bpm)
            if found.hour is None:
                assert np.abs(np.array(found.course_bpm) - found.before_bpm).max() < 1


def test_ectopic_beats_and_gaps_change_nothing(train):
    onsets_s, night = train
    rise = np.full(onsets_s.size, 8.0)
    rng = np.random.default_rng(5)
    beats_s = beats_of(responding(onsets_s, rise), HOURS * 3600, rng)
    clean = plm(heart_response(beats_s, score(night, PROFILES["wasm2016"])), True)
    disturbed = beats_s.copy()
    early = rng.choice(np.arange(5, beats_s.size - 5), beats_s.size // 40, replace=False)
    disturbed[early] -= 0.4 * np.diff(beats_s)[early - 1]  # premature, with a pause after it
    missed = rng.choice(np.arange(5, beats_s.size - 5), beats_s.size // 60, replace=False)
    disturbed = np.delete(disturbed, missed)
    lost = (disturbed > 4000) & (disturbed < 4600)
    disturbed = np.concatenate(
        [disturbed[disturbed <= 4000], [np.nan], disturbed[(disturbed > 4000) & ~lost]]
    )
    found = plm(heart_response(disturbed, score(night, PROFILES["wasm2016"])), True)
    assert found.change_bpm == pytest.approx(clean.change_bpm, abs=0.5)
    assert found.before_bpm == pytest.approx(clean.before_bpm, abs=0.5)
    assert found.n_left_out >= 10


def test_a_premature_beat_and_its_pause_are_left_out_and_a_real_rise_is_not():
    beats_s = np.cumsum(
        [1.0] * 10 + [0.6, 1.4] + [1.0] * 6 + [0.93, 0.87, 0.82, 0.8, 0.8, 0.85, 0.9] + [1.0] * 5
    )
    rr_s, usable = usable_intervals(beats_s)
    assert rr_s[~usable].round(1).tolist() == [0.6, 1.4]


def test_no_interval_spans_a_gap():
    beats_s = np.concatenate([np.arange(0.0, 60.0), [np.nan], np.arange(61.0, 120.0)])
    around = intervals_around(beats_s, np.array([60.2]))
    times_s = 60.2 + course_times_s()
    assert np.isnan(around[0][(times_s > 59) & (times_s < 61)]).all()
    assert (around[0][times_s < 58] == 1.0).all()


def test_kinds_and_hours():
    # Ten isolated movements two minutes apart, then pairs 4 s apart, then series in the third hour.
    isolated = 100 + 120.0 * np.arange(12)
    pairs = 3700 + 120.0 * np.arange(12)
    series = 7300 + 25.0 * np.arange(100)
    onsets_s = np.sort(np.concatenate([isolated, pairs, pairs + 4, series]))
    beats_s = beats_of(lambda _: 60.0, HOURS * 3600, np.random.default_rng(6))
    found = {
        (c.kind, c.arousal, c.hour): c.n + c.n_left_out
        for c in heart_response(beats_s, score(night_of(onsets_s), PROFILES["wasm2016"]))
    }
    assert found["plm", False, None] == found["plm", None, 2] == 100
    assert found["short_interval", False, None] == 12
    assert found["isolated", False, None] == 24
    assert found["plm", True, None] == 0


def test_few_movements_give_no_course():
    onsets_s = 100 + 30.0 * np.arange(LEAST_N - 1)
    beats_s = beats_of(lambda _: 60.0, HOURS * 3600, np.random.default_rng(7))
    found = plm(heart_response(beats_s, score(night_of(onsets_s), PROFILES["wasm2016"])), False)
    assert (found.n, found.course_bpm, found.change_bpm) == (LEAST_N - 1, (), None)


def test_no_beats_at_all():
    found = heart_response(np.empty(0), score(night_of(100 + 30.0 * np.arange(20)), PROFILES["wasm2016"]))
    assert plm(found, False).n_left_out == 20


def ecg_of(beats_s, rate_hz, rng, end_s, noise=0.05):
    time_s = np.arange(round(end_s * rate_hz)) / rate_hz
    ecg = noise * rng.standard_normal(time_s.size) + 0.3 * np.sin(2 * np.pi * 0.25 * time_s)
    for share, offset_s, width_s in (
        (0.15, -0.16, 0.025),
        (-0.12, -0.025, 0.01),
        (1.0, 0, 0.011),
        (-0.25, 0.028, 0.012),
        (0.3, 0.25, 0.045),
    ):
        for beat_s in beats_s:
            first, last = np.searchsorted(time_s, (beat_s + offset_s - 0.3, beat_s + offset_s + 0.3))
            near_s = time_s[first:last] - beat_s - offset_s
            ecg[first:last] += share * np.exp(-0.5 * (near_s / width_s) ** 2)
    return ecg


@pytest.mark.parametrize(
    ("rate_hz", "sign", "bpm"), [(200, 1, 60), (500, -1, 90), (1024, 1, 45), (256, 1, 110)]
)
def test_the_beats_of_an_ecg_are_found_to_a_few_milliseconds(rate_hz, sign, bpm):
    rng = np.random.default_rng(rate_hz)
    beats_s = beats_of(lambda _: bpm, 300, rng)
    beats_s = beats_s[(beats_s > 1) & (beats_s < 298)]
    found = heartbeats(sign * 1e-3 * ecg_of(beats_s, rate_hz, rng, 300), rate_hz)
    nearest = found[np.abs(found[:, None] - beats_s).argmin(axis=0)]
    assert found.size == beats_s.size
    errors = nearest - beats_s
    assert np.abs(errors - np.median(errors)).max() < 0.008
    assert abs(np.median(errors)) < 0.012


def test_missing_samples_part_the_beats():
    rng = np.random.default_rng(8)
    beats_s = np.arange(0.7, 119.5, 0.9)
    ecg = ecg_of(beats_s, 250, rng, 120)
    ecg[40 * 250 : 50 * 250] = np.nan
    found = heartbeats(ecg, 250.0)
    assert np.isnan(found).sum() == 1
    assert np.nanmax(np.diff(found)) < 1.0


def test_a_flat_channel_has_no_beats():
    assert heartbeats(np.zeros(60 * 250), 250.0).size == 0


def test_a_rate_too_low_is_refused():
    with pytest.raises(ValueError, match="rate_hz"):
        heartbeats(np.zeros(1000), 50.0)


@pytest.mark.parametrize(
    ("channels", "expected"),
    [
        ([("LAT", "uV", "EMG"), ("ECG II", "mV", "")], 1),
        ([("EKG", "uV", ""), ("II", "uV", "ECG")], 1),
        ([("ECG1-ECG2", "uV", "misc")], 0),
        ([("ECG Impedance", "kOhm", ""), ("ECG", "uV", "")], 1),
        ([("EEG C3-M2", "uV", "EEG"), ("SpO2", "%", "")], None),
    ],
)
def test_the_ecg_is_found_by_type_and_label(channels, expected):
    assert ecg_column(channels) == expected


def test_the_beats_of_a_session_are_those_of_its_ecg_and_its_report_has_them(tmp_path):
    session = read_session(record_night(tmp_path / "s", 400.0, gap=(100.0, 110.0), ecg=True).path)
    true_s = SignalGenerator(Schedule(5, "demo", 400.0), 250.0).beats_near(0.0, 400.0)
    found = recorded_beats(session)
    assert np.isnan(found).sum() == 1
    inside = true_s[(true_s > 1) & (true_s < 399) & ((true_s < 99) | (true_s > 111))]
    errors = np.nanmin(np.abs(found[:, None] - inside), axis=0)
    assert errors.max() < 0.012
    plot, table, about = heart_section.blocks(session)
    assert table.rows[0][0] == "in series, without arousal"
    assert int(table.rows[0][1]) >= LEAST_N
    assert "with standard error" in about.text
    assert "<svg" in plot.svg


def test_a_session_without_an_ecg_has_no_such_section(tmp_path):
    session = read_session(record_night(tmp_path / "s", 60.0).path)
    assert heart_section.blocks(session) == []
    assert recorded_beats(session).startswith("no ECG")
