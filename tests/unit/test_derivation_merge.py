"""Several derivations of one leg are one leg; an arm is none."""

from dataclasses import replace

import numpy as np
import pytest

from dsp import DetectorSettings
from monitor.detection.pipeline import StreamDetection
from monitor.montage import LegChannel

RATE_HZ = 250.0
LEFT, SECOND, ARM = (
    LegChannel("left", 0, "LAT1", 1.0, "uV", "given"),
    LegChannel("left", 1, "LAT2", 1.0, "uV", "given"),
    LegChannel("left_arm", 2, "ARM", 1.0, "uV", "given"),
)


def signal(*bursts, seconds=60):
    """Return three channels at rest, with bursts (column, onset_s, duration_s, uv)."""
    values = np.random.default_rng(4).normal(0, 2.0, (round(seconds * RATE_HZ), 3))
    for column, onset_s, duration_s, uv in bursts:
        i, j = round(onset_s * RATE_HZ), round((onset_s + duration_s) * RATE_HZ)
        values[i:j, column] += np.random.default_rng(column).normal(0, uv, j - i)
    return values


def facts_of(values, *channels):
    detection = StreamDetection(RATE_HZ, channels, DetectorSettings())
    facts = detection.start(0.0)
    return [*facts, *detection.process(values, np.arange(len(values)) / RATE_HZ), *detection.finish()]


def lives(facts, kind="movement"):
    told = {}
    for fact in facts:
        if fact.kind == kind:
            told.setdefault(fact.data["id"], []).append(fact)
    return list(told.values())


def test_overlapping_movements_of_two_derivations_are_one_from_the_first_onset_to_the_last_end():
    facts = facts_of(signal((0, 20, 3, 30), (1, 21, 4, 60)), LEFT, SECOND)
    ((*before, closed),) = lives(facts)
    assert [fact.data["phase"] for fact in before] == ["onset", "confirmed"]
    assert closed.data["phase"] == "closed"
    assert closed.data["onset"] == pytest.approx(20, abs=0.05)
    assert closed.data["end"] == closed.t == pytest.approx(25, abs=0.1)
    assert closed.data["derivations"] == ["LAT1", "LAT2"]
    assert closed.data["peak_uv"] > 50


def test_movements_apart_stay_apart_and_say_where_they_were_seen():
    facts = facts_of(signal((0, 20, 2, 40), (1, 30, 2, 40), (0, 40, 0.3, 40)), LEFT, SECOND)
    first, second, twitch = lives(facts)
    assert first[-1].data["derivations"] == ["LAT1"]
    assert second[-1].data["derivations"] == ["LAT2"]
    assert [fact.data["phase"] for fact in twitch] == ["onset", "withdrawn"]
    assert twitch[-1].data["twitch"]
    assert [life[0].data["id"] for life in (first, second, twitch)] == ["L1", "L2", "L3"]


def test_a_leg_is_scored_on_while_any_of_its_derivations_is_good():
    values = signal((0, 45, 2, 40))
    values[: round(50 * RATE_HZ), 1] = 3.0
    facts = facts_of(values, LEFT, SECOND)
    states = [(f.t, f.data["state"], f.data["causes"]) for f in facts if f.kind == "quality"]
    assert states[-2][1:] == ("warn", ["LAT2: flat"])
    assert states[-1][1:] == ("ok", [])
    assert len(lives(facts)) == 1
    both = facts_of(np.full_like(values, 3.0), LEFT, SECOND)
    assert [f.data["state"] for f in both if f.kind == "quality"][-1] == "bad"


def test_an_arm_is_told_apart_and_is_no_leg():
    facts = facts_of(signal((2, 20, 2, 40), (0, 30, 2, 40)), LEFT, ARM)
    (leg,), (arm,) = lives(facts), lives(facts, "limb")
    assert leg[-1].data["leg"] == "left"
    assert [fact.data["phase"] for fact in arm] == ["onset", "confirmed", "closed"]
    assert arm[-1].data["limb"] == "left_arm"
    assert arm[-1].data["onset"] == pytest.approx(20, abs=0.05)
    assert {fact.data["leg"] for fact in facts if fact.kind == "quality"} == {"left"}
    assert {fact.data["limb"] for fact in facts if fact.kind == "limb_quality"} == {"left_arm"}


@pytest.mark.parametrize("more", [(), (1,)])
def test_a_limb_that_is_not_scored_is_detected_exactly_as_a_leg(more):
    """The role of its channels changes the kinds and the names of the facts, and nothing else."""
    values = signal((0, 20, 2, 40), (0, 30, 0.3, 40), (1, 21, 4, 60))
    values[round(40 * RATE_HZ) : round(50 * RATE_HZ), 0] = 0.0
    as_leg, as_arm = (
        facts_of(values, *(LegChannel(limb, i, f"CH{i}", 1.0, "uV", "given") for i in (0, *more)))
        for limb in ("left", "left_arm")
    )
    kinds = {"movement": "limb", "quality": "limb_quality"}
    for fact in as_leg:
        fact.data["limb"] = "left_arm"
        assert fact.data.pop("leg") == "left"
        if fact.kind == "movement":
            fact.data["id"] = fact.data["id"].replace("L", "left_arm-")
    assert [replace(fact, kind=kinds[fact.kind]) for fact in as_leg] == as_arm
    assert {fact.kind for fact in as_arm} == set(kinds.values())
