"""Both channels with the same signal are reported once, the same for any chunks."""

import numpy as np
import pytest

from dsp import DetectorSettings
from monitor.detection.identical_legs import IdenticalLegs
from monitor.detection.pipeline import StreamDetection
from monitor.montage import LegChannel

RATE = 100.0
SIGNAL = np.random.default_rng(3).normal(0, 2, 3000)


def places(left, right, sizes):
    """Return where it was reported, absolute."""
    watch, at, found = IdenticalLegs(RATE), 0, []
    while at < left.size:
        n = sizes[len(found) % len(sizes)] if len(sizes) == 1 else sizes[at % len(sizes)]
        place = watch.look(left[at : at + n], right[at : at + n])
        found += [] if place is None else [at + place]
        at += n
    return found


@pytest.mark.parametrize("sizes", [[1], [7], [3000], [3, 50, 211]])
def test_the_same_signal_is_reported_once_after_ten_seconds(sizes):
    assert places(SIGNAL, SIGNAL.copy(), sizes) == [1000]


def test_legs_that_differ_once_are_two_legs():
    right = SIGNAL.copy()
    right[500] += 0.1
    assert places(SIGNAL, right, [50]) == []


@pytest.mark.parametrize("value", [0.0, 12.5, np.nan])
def test_two_flat_legs_prove_nothing(value):
    flat = np.full(3000, value)
    assert places(flat, flat.copy(), [50]) == []


@pytest.mark.parametrize("chunk_n", [37, 3000])
def test_a_stream_reports_it_as_a_warning_at_its_time(chunk_n):
    legs = [LegChannel(leg, k, leg, 1.0, "uV", "given") for k, leg in enumerate(("left", "right"))]
    detection = StreamDetection(200.0, legs, DetectorSettings())
    facts = detection.start(0.0)
    values = np.repeat(np.random.default_rng(5).normal(0, 2, (3000, 1)), 2, axis=1)
    for at in range(0, 3000, chunk_n):
        part = values[at : at + chunk_n]
        facts += detection.process(part, (at + np.arange(len(part))) / 200.0)
    (warning,) = [fact for fact in facts if fact.kind == "warning"]
    assert warning.t == pytest.approx(10.0, abs=0.01)
    assert "same signal" in warning.data["reason"]
