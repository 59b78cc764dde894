"""A burst of one leg that appears weaker in the other's channel is no movement and prolongs none."""

import json
from dataclasses import replace

import numpy as np
import pytest

from dsp import DetectorSettings, LegDetector
from monitor.detection.crosstalk import Crosstalk
from monitor.detection.filters import design_filters
from monitor.detection.pipeline import StreamDetection
from monitor.model.facts import Fact
from monitor.model.payload_check import problem_of
from monitor.montage import LegChannel
from monitor.session.journal import encode

RATE_HZ = 250.0
LEGS = [LegChannel(leg, k, leg, 1.0, "uV", "given") for k, leg in enumerate(("left", "right"))]


def signal(*bursts, gain=0.0, seconds=60, seed=4):
    """Return two legs at rest with bursts (leg, onset_s, duration_s, uv); `gain` of the right in the left."""
    rng = np.random.default_rng(seed)
    values = rng.normal(0, 2.0, (round(seconds * RATE_HZ), 2))
    for leg, onset_s, duration_s, uv in bursts:
        i, j = round(onset_s * RATE_HZ), round((onset_s + duration_s) * RATE_HZ)
        values[i:j, leg] += rng.normal(0, uv, j - i)
    values[:, 0] += gain * values[:, 1]
    return values


def facts_of(values, chunk_n=4096, settings=DetectorSettings()):  # noqa: B008
    detection = StreamDetection(RATE_HZ, LEGS, settings)
    facts = detection.start(0.0)
    for at in range(0, len(values), chunk_n):
        part = values[at : at + chunk_n]
        facts += detection.process(part, (at + np.arange(len(part))) / RATE_HZ)
    return facts + detection.finish()


def phases(facts, leg):
    return [f.data["phase"] for f in facts if f.kind == "movement" and f.data["leg"] == leg]


def closed(facts, leg):
    return [
        f.data for f in facts if f.kind == "movement" and f.data["leg"] == leg and f.data["phase"] == "closed"
    ]


@pytest.mark.parametrize("gain", [0.1, 0.3, -0.2])
def test_the_plateau_of_the_other_leg_does_not_prolong_a_movement(gain):
    facts = facts_of(signal((0, 20, 2, 60), (1, 21, 5, 60), gain=gain))
    (left,), (right,) = closed(facts, "left"), closed(facts, "right")
    assert left["end"] == pytest.approx(22.0, abs=0.1)
    assert right["end"] == pytest.approx(26.0, abs=0.1)


def test_a_plateau_before_it_does_not_begin_it_early():
    (left,) = closed(facts_of(signal((0, 23, 2, 60), (1, 20, 5, 60), gain=0.3)), "left")
    assert left["onset"] == pytest.approx(23.0, abs=0.1)
    assert left["end"] == pytest.approx(25.0, abs=0.1)


def test_nothing_but_crosstalk_is_never_confirmed_and_is_withdrawn():
    facts = facts_of(signal((1, 20, 3, 60), gain=0.3))
    assert phases(facts, "left") == ["onset", "withdrawn"]
    assert phases(facts, "right") == ["onset", "confirmed", "closed"]


def test_a_movement_that_begins_inside_crosstalk_is_confirmed_when_it_is_closed():
    facts = facts_of(signal((0, 22, 4, 60), (1, 20, 3, 60), gain=0.3))
    assert phases(facts, "left") == ["onset", "confirmed", "closed"]
    confirmed = [f for f in facts if f.kind == "movement" and f.data["phase"] == "confirmed"]
    left = next(f for f in confirmed if f.data["leg"] == "left")
    assert left.data["onset"] == pytest.approx(22.0, abs=0.1)
    assert left.t == pytest.approx(left.data["onset"] + 0.5, abs=1e-5)


@pytest.mark.parametrize("seed", range(5))
def test_two_legs_that_move_together_are_two_movements(seed):
    bursts = [(leg, at + 0.3 * leg, 2.5, uv) for at in (15, 30, 45) for leg, uv in ((0, 20), (1, 80))]
    facts = facts_of(signal(*bursts, seed=seed))
    assert len(closed(facts, "left")) == len(closed(facts, "right")) == 3
    for data in closed(facts, "left"):
        assert data["end"] - data["onset"] == pytest.approx(2.5, abs=0.15)


def test_the_facts_are_valid_and_the_same_for_any_chunks():
    values = signal(
        *((0, 20, 2, 60), (1, 21, 5, 60), (1, 30, 3, 60), (0, 42, 4, 60), (1, 40, 3, 60), (1, 57, 3, 60)),
        gain=0.25,
    )
    values[round(22.5 * RATE_HZ) : round(22.6 * RATE_HZ), 0] = np.nan
    whole = [encode(replace(f, seq=k)) for k, f in enumerate(facts_of(values))]
    assert not any(problem_of(json.loads(row)) for row in whole)
    for chunk_n in (1, 7, 997):
        assert [encode(replace(f, seq=k)) for k, f in enumerate(facts_of(values, chunk_n))] == whole


@pytest.mark.parametrize("chunk_n", [37, 4096])
def test_at_further_thresholds_it_is_corrected_as_by_a_detector_with_that_threshold(chunk_n):
    values = signal((0, 20, 2, 60), (1, 21, 5, 60), (1, 35, 3, 60), (0, 45, 2, 9), (1, 46, 4, 50), gain=0.2)
    together = facts_of(values, chunk_n, DetectorSettings(further_onset_uv=(6.4, 9.6)))
    for onset_uv in (6.4, 9.6):
        alone = facts_of(values, settings=DetectorSettings(onset_uv=onset_uv))
        for leg in ("left", "right"):
            found = [
                (fact.data["onset"], fact.data["end"])
                for fact in together
                if fact.kind == "further_movement"
                and (fact.data["onset_uv"], fact.data["leg"]) == (onset_uv, leg)
            ]
            assert found == [(each["onset"], each["end"]) for each in closed(alone, leg)]
            assert leg == "left" or len(found) == 3


def ended_long_ago(known_after_s, chunk_n):
    """Correct crosstalk of 20 s that is known to have ended only a while after its onset at 5 s."""
    settings, known_s = DetectorSettings(), 5.0 + known_after_s
    sos = design_filters(RATE_HZ, settings)
    crosstalk = Crosstalk([LegDetector(settings, RATE_HZ, sos) for _ in range(2)], sos)
    values = signal((1, 5, 20, 60), gain=0.3)
    at = round(known_s * RATE_HZ)
    for first in range(0, at + 1, chunk_n):
        left, right = values[first : first + chunk_n].T
        crosstalk.add(first, [left, right])
    times = {"phase": "closed", "onset": 5.0, "end": 25.0, "known": known_s}
    figures = {"resting_uv": 2.0, "peak_uv": 20.0, "area_uv_s": 300.0, "cut": None, "morphology": True}
    return crosstalk.correct(0, [(at, Fact("movement", 25.0, "detector", times | figures))])


@pytest.mark.parametrize("known_after_s", [25.0, 30.9, 31.5, 32.2])
def test_chunks_do_not_decide_how_far_back_a_movement_is_corrected(known_after_s):
    found = [ended_long_ago(known_after_s, chunk_n) for chunk_n in (10, 77, 250, 1000)]
    assert all(each == found[0] for each in found)
    (_, fact) = found[0][-1]
    assert fact.data["phase"] == ("withdrawn" if known_after_s < 31 else "closed")
