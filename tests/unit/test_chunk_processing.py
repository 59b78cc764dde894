"""Chunks of a sender whose samples are held nearly all the time."""

from itertools import pairwise

import numpy as np

from dsp import DetectorSettings
from monitor.lsl.arrivals import Samples
from monitor.montage import Channel, Chosen, LegChannel, StreamDescription
from monitor.recorder.chunk_processing import detect
from monitor.recorder.source import Source

RATE_HZ, CHUNK_N = 250.0, 25


def test_what_was_lost_in_a_pause_is_missing_also_where_samples_are_always_held():
    channels = (Channel("LAT", "uV", "EMG"), Channel("COUNTER", "", ""))
    description = StreamDescription("Amp", "EMG", "amp", RATE_HZ, "double64", channels)
    legs = (LegChannel("left", 0, "LAT", 1.0, "uV", "given"),)
    source = Source.of(1, Chosen(None, description, legs), DetectorSettings())
    source.clock.connect(description, 0.0, 0.1)
    source.clock.anchor(0.1, 0.1)
    facts = source.detection.stream.start(0.1)
    rng = np.random.default_rng(3)
    emg = rng.normal(0, 2.0, 15_000)
    # A chunk is stamped when it is sent; from 40 s to 45 s nothing is, and half of it is lost.
    ends = np.cumsum(rng.integers(CHUNK_N, 2 * CHUNK_N, 600))
    ends = ends[(ends < 15_000) & ((ends < 10_000) | (ends > 11_250))]
    sent = [np.arange(begin, end) for begin, end in pairwise([0, *ends])]
    for each in sent:
        numbers = each[(each < 10_000) | (each >= 10_625)]
        now_s = (numbers[-1] + 1) / RATE_HZ
        chunk = Samples(1, np.column_stack((emg[numbers], numbers)), np.full(len(numbers), now_s))
        source.clock.arrived(len(numbers), now_s)
        facts += [
            fact for found, _, _ in detect(source, source.detection, chunk, now_s + 0.001) for fact in found
        ]
    (gap,) = [fact for fact in facts if fact.kind == "gap"]
    assert gap.data["cause"] != "clock step"
    assert abs(gap.data["end"] - gap.t - 2.5) < 0.15
