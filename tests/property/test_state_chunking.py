"""One stream to facts: the same facts, to the byte of their JSON, however the samples came."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from dsp import DetectorSettings
from monitor.detection.pipeline import StreamDetection
from monitor.model.facts import Fact
from monitor.montage import LegChannel
from monitor.session.journal import encode

RATE_HZ = 250.0
FURTHER_UV = (6.4, 9.6)
LEGS = (
    LegChannel("left", 0, "LAT", 1.0, "uV", "label"),
    LegChannel("right", 2, "RAT", 1000.0, "mV", "label"),
)

# Two derivations of the left leg, one of them a difference, and an arm.
MANY = (
    *LEGS,
    LegChannel("left", 1, "LAT2-LAT", 1.0, "uV", "given", minus=0, minus_scale_uv=0.7),
    LegChannel("left_arm", 1, "ARM", 1.0, "uV", "given"),
)


def recording():
    """Eighty seconds of two legs: movements, a lost second, a short loss, NaN, jitter, a dead channel."""
    rng = np.random.default_rng(12)
    n = round(80 * RATE_HZ)
    values = rng.normal(0, 2.0, (n, 3))
    for start_s, stop_s, column in [(10, 12, 0), (20, 21, 2), (34.5, 36, 0), (50, 53, 0), (50.5, 52, 2)]:
        values[round(start_s * RATE_HZ) : round(stop_s * RATE_HZ), column] *= 15
    values[round(70 * RATE_HZ) :, 2] = 0.0
    values[5000:5010] = np.nan
    values[:, 2] /= 1000
    times_s = np.arange(n) / RATE_HZ + rng.normal(0, 0.001, n)
    kept = np.ones(n, bool)
    kept[round(35 * RATE_HZ) : round(36 * RATE_HZ)] = False
    kept[round(60 * RATE_HZ) : round(60.25 * RATE_HZ)] = False
    times_s[7777] = np.nan
    return values[kept], times_s[kept]


VALUES, TIMES_S = recording()


def lines(sizes, channels=LEGS):
    detection = StreamDetection(RATE_HZ, channels, DetectorSettings(further_onset_uv=FURTHER_UV))
    facts: list[Fact] = detection.start(0.0)
    at = turn = 0
    while at < len(VALUES):
        stop = at + sizes[turn % len(sizes)]
        facts += detection.process(VALUES[at:stop], TIMES_S[at:stop])
        at, turn = stop, turn + 1
    facts += detection.finish()
    return [encode(Fact(f.kind, f.t, f.source, f.data, seq=i)) for i, f in enumerate(facts)]


WHOLE = lines([len(VALUES)])


def test_it_has_all_kinds_of_facts():
    rows = [json.loads(line) for line in WHOLE]
    phases = {row["phase"] for row in rows if row["kind"] == "movement"}
    assert {"onset", "confirmed", "closed"} <= phases
    assert {row["resets"] for row in rows if row["kind"] == "gap"} == {True, False}
    assert {row["state"] for row in rows if row["kind"] == "quality"} >= {"learning", "ok", "bad"}
    # The movement that was open when the signal was lost ends there and says so.
    cut = [row for row in rows if row.get("cut")]
    assert any(row["end"] == pytest.approx(35.0, abs=0.01) for row in cut)


@pytest.mark.parametrize("size", [1, 7, 997])
def test_equal_chunks_give_the_same_bytes(size):
    assert lines([size]) == WHOLE


@examples(12)
@given(st.lists(st.integers(1, 2000), min_size=1, max_size=8))
def test_any_chunks_give_the_same_bytes(sizes):
    assert lines(sizes) == WHOLE


@pytest.mark.parametrize("size", [1, 997])
def test_so_do_several_derivations_and_limbs(size):
    whole = lines([len(VALUES)], MANY)
    rows = [json.loads(line) for line in whole]
    assert any(row["kind"] == "limb_quality" for row in rows)
    assert any(len(row.get("derivations", ())) == 2 for row in rows)
    assert lines([size], MANY) == whole


@pytest.mark.parametrize("channels", [LEGS, MANY])
def test_movements_at_a_further_threshold_are_those_of_a_detection_with_it(channels):
    rows = [json.loads(line) for line in lines([997], channels)]
    for onset_uv in FURTHER_UV:
        alone = StreamDetection(RATE_HZ, channels, DetectorSettings(onset_uv=onset_uv))
        facts = [*alone.start(0.0), *alone.process(VALUES, TIMES_S), *alone.finish()]
        expected = [f.data for f in facts if f.kind == "movement" and f.data["phase"] == "closed"]
        found = [row for row in rows if row["kind"] == "further_movement" and row["onset_uv"] == onset_uv]
        names = ("leg", "onset", "end", "known", "morphology", "bursts")
        assert [[row.get(name) for name in names] for row in found] == [
            [data.get(name) for name in names] for data in expected
        ]
        assert len(found) >= 4
