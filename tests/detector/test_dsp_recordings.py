"""Real recordings of the shared data; each test skips where its file is absent."""

import edfio
import numpy as np
import pytest
import pyxdf
from support.realdata import REAL_DATA, needs

from dsp import Cause, DetectorSettings, EventKind, LegDetector, QualityState
from monitor.detection.filters import design_filters

SETTINGS = DetectorSettings()


def detect(x_uv, fs_hz):
    detector = LegDetector(SETTINGS, fs_hz, design_filters(fs_hz, SETTINGS))
    events, rows = detector.process(np.ascontiguousarray(x_uv, dtype=np.float64))
    return np.concatenate([events, detector.finish()]), rows


@pytest.fixture(scope="module")
def delsys():
    streams, _ = pyxdf.load_xdf(str(next((REAL_DATA / "xdf_delsys").glob("*.xdf"))))
    return next(s for s in streams if s["time_series"].shape[1] == 16)["time_series"].astype(np.float64)


@needs("xdf_delsys")
def test_the_one_burst_of_a_delsys_recording_in_volts(delsys):
    fs_hz = 1111.111
    events, _ = detect(delsys[:, 4] * 1e6, fs_hz)
    closed = events[events["kind"] == EventKind.CLOSED]
    assert len(closed) == 1
    assert 5.4 <= closed["onset_index"][0] / fs_hz <= 5.8


@needs("xdf_delsys")
def test_the_same_volts_taken_for_microvolts_are_a_flat_leg(delsys):
    events, rows = detect(delsys[:, 4], 1111.111)
    assert events.size == 0
    assert np.all(rows["state"] == QualityState.BAD)


@needs("xdf_delsys")
def test_the_unused_sensors_are_flat(delsys):
    for channel in (0, 15):
        events, rows = detect(delsys[:, channel] * 1e6, 1111.111)
        assert events.size == 0
        assert np.all(rows["causes"] & Cause.FLAT)


@needs("nox_a1_psg")
@pytest.mark.parametrize("label", ["Left Leg", "Right Leg"])
def test_a_leg_channel_with_a_step_of_31_uv_is_refused(label):
    path = REAL_DATA / "nox_a1_psg" / "subject1.edf"
    leg = next(s for s in edfio.read_edf(path).signals if s.label == label)
    events, rows = detect(leg.data * 1e6, leg.sampling_frequency)
    assert not np.any(events["kind"] == EventKind.CLOSED)
    assert np.mean(rows["state"] == QualityState.BAD) > 0.95
    assert np.all(rows["causes"][rows["state"] == QualityState.BAD] & (Cause.QUANTISED | Cause.FLAT))
    assert rows["lsb_uv"][-1] == pytest.approx(31.25, rel=0.01)
