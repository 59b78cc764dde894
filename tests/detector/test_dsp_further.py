"""The same leg at further thresholds: exactly what detectors with those thresholds find, to the bit."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.artefact_recordings import ROWS, make_artefacts
from support.detector_recordings import CONDITIONS, HARDER, make_night

from dsp import DetectorSettings, EventKind, LegDetector
from dsp.calibration import calibrate
from dsp.detector import new_state
from dsp.kernels import loop
from dsp.memory import plan
from dsp.state import Leg
from monitor.detection.filters import design_filters

FURTHER_UV = (6.4, 9.6)
SETTINGS = DetectorSettings()
BAND = replace(SETTINGS, further_onset_uv=FURTHER_UV)
FS = 500
SOS = design_filters(FS, SETTINGS)


def alone(x, fs, onset_uv):
    """Return the events of a detector with one threshold, on the whole signal."""
    detector = LegDetector(replace(SETTINGS, onset_uv=onset_uv), fs, design_filters(fs, SETTINGS))
    events, _ = detector.process(x)
    return np.concatenate([events, detector.finish()])


def together(x, fs, chunks_n):
    """Return the events at the detector's own threshold and the further ones, and the quality rows."""
    detector = LegDetector(BAND, fs, design_filters(fs, SETTINGS))
    own, rows, further, at = [], [], [[] for _ in FURTHER_UV], 0
    while at < x.size:
        n = chunks_n[len(own) % len(chunks_n)]
        events, quality = detector.process(x[at : at + n])
        own.append(events)
        rows.append(quality)
        for found, new in zip(further, detector.further_events(), strict=True):
            found.append(new)
        at += n
    own.append(detector.finish())
    for found, new in zip(further, detector.further_events(), strict=True):
        found.append(new)
    return [np.concatenate(each) for each in (own, *further)], np.concatenate(rows)


def assert_same(x, fs=FS, chunks_n=(4096, 1, 977)):
    found, rows = together(x, fs, chunks_n)
    for onset_uv, events in zip((SETTINGS.onset_uv, *FURTHER_UV), found, strict=True):
        assert events.tobytes() == alone(x, fs, onset_uv).tobytes(), f"at {onset_uv:g} uV"
    plain = LegDetector(SETTINGS, fs, design_filters(fs, SETTINGS)).process(x)[1]
    assert rows.tobytes() == plain.tobytes()
    return found


@pytest.mark.parametrize("condition", [*CONDITIONS, *HARDER])
def test_each_threshold_equals_a_detector_of_its_own(condition):
    assert_same(make_night(210, condition, FS, 8.0).x_uv)


@pytest.mark.parametrize("row", sorted(set(ROWS)))
def test_also_with_artefacts(row):
    assert_same(make_artefacts(410, row, FS, 5.0).x_uv)


@pytest.mark.parametrize("rate", [200, 2000])
def test_at_other_rates(rate):
    assert_same(make_night(211, "all", rate, 4.0).x_uv, rate)


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    pieces=st.lists(
        st.tuples(
            st.sampled_from((1.0, 2.0, 4.0, 7.0, 9.0, 10.0, 11.0, 30.0, 400.0, 0.0, np.nan)),
            st.sampled_from((0.1, 0.3, 0.6, 1.0, 3.0, 8.0)),
        ),
        min_size=5,
        max_size=60,
    ),
    chunks_n=st.lists(st.integers(1, 3000), min_size=1, max_size=4),
)
def test_with_any_levels_gaps_and_chunks(seed, pieces, chunks_n):
    amplitude = np.concatenate([np.full(round(s * FS), uv) for uv, s in ((1.5, 6.0), *pieces, (1.5, 12.0))])
    x = amplitude * np.random.default_rng(seed).standard_normal(amplitude.size)
    assert_same(x, chunks_n=chunks_n)


def hour(low_uv, high_uv):
    """Return an hour of movements of 1.5 s each 26 s over 2 uV of rest, their amplitude in a range."""
    rng = np.random.default_rng(212)
    amplitude = np.full(3600 * FS, 2.0)
    for onset_s in range(20, 3590, 26):
        amplitude[onset_s * FS : round((onset_s + 1.5) * FS)] = rng.uniform(low_uv, high_uv)
    return amplitude * np.sqrt(250 / 170) * rng.standard_normal(amplitude.size)  # of them in the band


def test_near_the_threshold_the_numbers_differ_and_strong_movements_are_the_same():
    def closed(low_uv, high_uv):
        found = assert_same(hour(low_uv, high_uv))
        return [int(np.sum(events["kind"] == EventKind.CLOSED)) for events in found]

    own, low, high = closed(7.0, 10.0)
    assert low > 1.15 * own
    assert high < 0.85 * own
    strong = closed(25.0, 60.0)
    assert strong[0] == strong[1] == strong[2] >= 130


def test_at_rest_the_thresholds_share_the_work():
    detector = LegDetector(BAND, FS, SOS)
    rng = np.random.default_rng(5)
    apart = []
    for second in range(120):
        uv = 40.0 if second % 20 == 19 else 1.5
        detector.process(uv * rng.standard_normal(FS))
        apart.append(bool(detector._state.sets["apart"][0]))
    assert np.mean(apart[10:]) < 0.4


def hum_then_movement(fs):
    """Return a leg whose lead falls off in a movement for 8 s, and that moves as soon as it is on again.

    The hum is so strong that its differences are removed as steps.
    """
    i = np.arange(40 * fs)
    amplitude = np.full(i.size, 1.5)
    amplitude[18 * fs : 20 * fs] = 11.0
    amplitude[28 * fs : 31 * fs] = 30.0
    x = amplitude * np.random.default_rng(1).standard_normal(i.size)
    hum = slice(20 * fs, 28 * fs)
    x[hum] += 1400.0 * np.sin(2 * np.pi * 50 * i[hum] / fs)
    return x


@pytest.mark.parametrize("rate", [200, 500])
def test_hum_is_a_lead_off_at_each_threshold(rate):
    assert_same(hum_then_movement(rate), rate)


def last_beat_in_a_movement():
    """Return a leg with heart beats of which the last follows a movement that only low thresholds flag."""
    n = 100 * FS
    amplitude = np.full(n, 1.5)
    amplitude[round(28.65 * FS) : round(29.85 * FS)] = 7.0
    x = np.sqrt(250 / 170) * amplitude * np.random.default_rng(0).standard_normal(n)
    t_s = np.arange(-5, 6) / FS
    beat = 40.0 * np.exp(-0.5 * (t_s / 0.004) ** 2) * np.cos(2 * np.pi * 60 * t_s)
    for k in range(30):
        at = round((30.0 - 0.8 * k) * FS)
        x[at - 5 : at + 6] += beat
    return x


def test_thresholds_share_the_work_again_after_they_saw_the_heart_until_different_seconds():
    x = last_beat_in_a_movement()
    assert_same(x)
    onsets_uv = (SETTINGS.onset_uv, *FURTHER_UV)
    sets = [replace(SETTINGS, onset_uv=onset_uv) for onset_uv in onsets_uv]
    state = new_state(sets, FS, SOS, calibrate(SETTINGS, FS, SOS))
    loop.start_at(state, 0)
    apart = []
    for at in range(0, x.size, FS):
        loop.run(state, x[at : at + FS], 0)
        state.leg["events_n"] = state.leg["rows_n"] = 0
        apart.append(bool(state.sets["apart"][0]))
    assert len(set(state.leg["quality"]["heart_at"].tolist())) > 1
    assert any(apart[:40])
    assert not any(apart[45:])


def test_every_field_is_compared_unless_it_is_known_not_to_matter():
    # A field added to the leg must be classified, or compared: these are, and the list may only grow.
    sets, words = plan(), Leg.dtype.itemsize // 8
    compared = set(sets["compared"][0, : 2 * sets["compared_n"][0] : 2].tolist())
    offset = Leg.dtype.fields
    for record, field in (("baseline", "resting_uv"), ("movement", "open"), ("quality", "bad")):
        dtype, start = offset[record][:2]
        assert (start + dtype.fields[field][1]) // 8 in compared
    assert max(compared) < words


def test_reset_discards_the_signal_at_every_threshold():
    x = make_night(213, "low", FS, 3.0).x_uv
    detector = LegDetector(BAND, FS, SOS)
    separate = [LegDetector(replace(SETTINGS, onset_uv=uv), FS, SOS) for uv in FURTHER_UV]
    expected = [[] for _ in separate]
    for first in (0, 100_000):
        detector.process(x)
        detector.finish()
        detector.reset(first + 77)
        for found, each in zip(expected, separate, strict=True):
            found += [each.process(x)[0], each.finish()]
            each.reset(first + 77)
    for found, events in zip(expected, detector.further_events(), strict=True):
        assert np.concatenate(found).tobytes() == events.tobytes()


@pytest.mark.parametrize("further_uv", [(9.6,), (9.6, 6.4), (1.5, 9.6)])
def test_thresholds_in_another_order_or_below_the_offset_are_refused(further_uv):
    with pytest.raises(ValueError, match="further_onset_uv"):
        replace(SETTINGS, further_onset_uv=further_uv)
