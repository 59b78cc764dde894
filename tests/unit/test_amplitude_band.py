"""The index at lower and higher onset thresholds: from the signal, the journal and the rules."""

from dataclasses import replace

import numpy as np
import pytest

from monitor.detection.whole_recording import FileStream, detect, numbered
from monitor.model.config import config_from, load_config
from monitor.model.facts import Fact
from monitor.model.rules import PROFILES
from monitor.model.run_info import scored_with
from monitor.montage import LegChannel
from monitor.scoring import Epoch, Movement, Night, score
from monitor.scoring.uncertainty.amplitude_band import FurtherMovements, amplitude_band
from monitor.scoring.uncertainty.document import uncertainty
from monitor.session.state import SessionState
from monitor.session.tables import further_movements, summary_of

RATE_HZ = 500
LEFT = LegChannel("left", 0, "LAT", 1.0, "uV", "label")


def emg(low_uv, high_uv, minutes=20):
    """Return a leg with a movement each 25 s whose amplitude lies in a range, over 2 uV of rest."""
    rng = np.random.default_rng(7)
    amplitude = np.full(minutes * 60 * RATE_HZ, 2.0)
    for onset_s in range(15, minutes * 60 - 10, 25):
        amplitude[onset_s * RATE_HZ : round((onset_s + 1.5) * RATE_HZ)] = rng.uniform(low_uv, high_uv)
    return amplitude * np.sqrt(250 / 170) * rng.standard_normal(amplitude.size)


def folded(x_uv, config, *further):
    """Return the state of a recording of the left leg, in N2 throughout."""

    def read(start, stop):
        return x_uv[start:stop, None], np.arange(start, stop) / RATE_HZ

    facts, end_s = detect([FileStream(RATE_HZ, x_uv.size, (LEFT,), read)], config.detector)
    about = Fact("session", 0.0, "score", {"legs": ["left"]} | scored_with(config))
    stage = Fact("stage", 0.0, "person", {"stage": "N2", "duration_s": None})
    stop = Fact("stop", end_s, "score", {"reason": "end of the file"})
    return SessionState.of(numbered([about, stage, *facts, *further, stop]))


def indices(state, config):
    return {name: score(state.night(), profile).indices.plms_index for name, profile in config.rules.items()}


def at_onset(onset_uv):
    """Return a configuration with another threshold and without a band."""
    rules = {name: {"onset_uv": onset_uv} for name in PROFILES}
    return load_config(overrides={"rules": rules, "uncertainty": {"amplitude_band": False}})


@pytest.mark.parametrize("amplitude_uv", [(7.0, 10.0), (25.0, 60.0)])
def test_each_end_is_the_index_of_a_recording_scored_with_that_threshold(amplitude_uv):
    x_uv, config = emg(*amplitude_uv), load_config()
    state = folded(x_uv, config)
    night = state.night()
    for name, profile in config.rules.items():
        own = score(night, profile)
        found = amplitude_band(night, own, further_movements(state, own))
        assert [each.onset_uv for each in found.thresholds] == [6.4, 8.0, 9.6]
        for each in found.thresholds:
            other = at_onset(each.onset_uv)
            assert each.per_h == indices(folded(x_uv, other), other)[name]
        low, own_at, high = (each.n for each in found.thresholds)
        assert low > own_at > high if amplitude_uv[0] < 10 else low == own_at == high > 30


def test_the_summary_has_the_band_and_the_reference_value():
    state, config = folded(emg(7.0, 10.0), load_config()), load_config()
    scores = {name: score(state.night(), profile) for name, profile in config.rules.items()}
    part = summary_of(state, state.night(), scores, None)["uncertainty"]["amplitude_band"]["rules"]["aasm3"]
    assert part["of"] == "plms_index"
    assert part["low"] == min(each["per_h"] for each in part["thresholds"])
    assert part["high"] == max(each["per_h"] for each in part["thresholds"])
    assert part["has_reference"] is (part["low"] <= part["reference_per_h"] <= part["high"])
    assert part["why_null"] == {}


def test_without_stages_the_reference_value_does_not_apply():
    movements = tuple(Movement(k * 20_000_000, k * 20_000_000 + 10**6, "left", f"L{k}") for k in range(1, 60))
    night = Night(movements, end_us=3_600_000_000, legs=("left",))
    own = score(night, PROFILES["aasm3"])
    found = amplitude_band(night, own, FurtherMovements(8.0, {6.4: movements, 9.6: movements[:20]}))
    assert (found.key, found.has_reference) == ("plm_per_hour_recorded", None)
    assert (found.low, found.high) == (20.0, 59.0)


def test_what_a_person_decided_on_a_movement_holds_at_every_threshold():
    def moved(k, **extra):
        at_us = k * 20_000_000
        return Movement(at_us, at_us + 10**6, "left", f"L{k}", **extra)

    movements = tuple(moved(k) for k in range(1, 11))
    lower = tuple(replace(each, onset_us=each.onset_us - 50_000, key="") for each in movements)
    epochs = (Epoch(0, 3_600_000_000, "N2"),)
    judged = (*movements[:-1], moved(10, rejected="turned over"))
    night = Night(judged, epochs=epochs, end_us=3_600_000_000, legs=("left",))
    found = amplitude_band(night, score(night, PROFILES["aasm3"]), FurtherMovements(8.0, {6.4: lower}))
    assert [each.n for each in found.thresholds] == [9, 9]


def test_a_session_without_further_movements_shows_no_band_and_says_why():
    config = load_config(overrides={"uncertainty": {"amplitude_band": False}})
    assert config.detector.further_onset_uv == ()
    state = folded(emg(25.0, 60.0, 5), config)
    assert state.further_movements() is None
    scores = {name: score(state.night(), profile) for name, profile in config.rules.items()}
    found = uncertainty(state.night(), scores, config.uncertainty)
    assert found["amplitude_band"] is None
    assert "further thresholds" in found["why_null"]["amplitude_band"]


def test_a_session_of_an_earlier_version_gets_no_band_when_it_is_resumed():
    document = dict(load_config().document)
    assert config_from(document, "journal").detector.further_onset_uv == (6.4, 9.6)
    document["uncertainty"] = {
        name: value for name, value in document["uncertainty"].items() if name != "amplitude_band"
    }
    assert config_from(document, "journal").detector.further_onset_uv == ()


def test_movements_at_further_thresholds_are_in_no_count():
    config = load_config()
    state = folded(emg(25.0, 60.0, 5), config)
    plain = folded(emg(25.0, 60.0, 5), load_config(overrides={"uncertainty": {"amplitude_band": False}}))
    assert state.facts("further_movement")
    assert state.night() == plain.night()
