"""A recording that is read part by part is the one that is read whole, however it was cut off."""

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from support.sessions import FIRST_STAMP_S, RATE_HZ, anchor_fact, stream_fact

from monitor.session.signal.chunk_index import ChunkIndex
from monitor.session.signal.recorded import SignalIndex
from monitor.session.xdf import XdfWriter

HEADER = "<info><name>{}</name><channel_format>{}</channel_format></info>"
LATE_N = 1500
# Samples after a gap are placed with those that follow: as `Scrollback` has it.
AHEAD_S = 5.0
ABOUT, OTHER = dict(stream_fact().data), dict(stream_fact(key=2).data)
ANCHORS = {
    1: [anchor_fact(), anchor_fact(20.0, FIRST_STAMP_S + 20.0, LATE_N)],
    2: [anchor_fact(2.0, FIRST_STAMP_S + 2.0, key=2)],
}


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    """Two connections of one stream, another stream that begins later, texts, offsets and boundaries."""
    path = tmp_path_factory.mktemp("parts") / "r.xdf"
    writer = XdfWriter(path)
    writer.add_stream(1, HEADER.format("Amp", "float32"), "float32", 2)
    writer.add_stream(2, HEADER.format("Second", "int16"), "int16", 2)
    writer.add_stream(3, HEADER.format("Markers", "string"), "string", 1)
    noise = np.random.default_rng(3).normal(0.0, 100.0, (3000, 2))
    for at in range(0, 3000, 250):
        stamps_s = (
            FIRST_STAMP_S + (at + np.arange(250)) / RATE_HZ + (20.0 - LATE_N / RATE_HZ) * (at >= LATE_N)
        )
        writer.samples(1, noise[at : at + 250], stamps_s)
        if at >= 1000:
            writer.samples(2, noise[at : at + 250].astype(np.int16), stamps_s)
        writer.texts(3, [["N2"]], stamps_s[:1])
        writer.clock_offset(1, float(stamps_s[0]), 0.1)
        writer.boundary()
    writer.close()
    return path


def assert_same(index, other, until_s=1e6):
    """Compare all samples up to a time; where they are is rounded by the parts in which they were placed."""
    (times_s, values), (of_other_s, of_other) = index.read(-1e6, until_s), other.read(-1e6, until_s)
    np.testing.assert_allclose(times_s, of_other_s, rtol=0, atol=1e-9)
    np.testing.assert_array_equal(values, of_other)


@settings(max_examples=25, deadline=None, phases=(Phase.generate,))
@given(
    cut_share=st.floats(0.0, 1.0),
    damage=st.tuples(st.floats(0.0, 1.0), st.sampled_from([0, 1, 40, 700])),
    # Between two samples.
    until_s=st.integers(0, 15_000).map(lambda n: (n + 0.5) / RATE_HZ),
    part_bytes=st.integers(200, 20_000),
)
def test_parts_are_the_whole(recording, tmp_path_factory, cut_share, damage, until_s, part_bytes):
    data, path = recording.read_bytes(), tmp_path_factory.mktemp("cut") / "r.xdf"
    length = 8 + round(cut_share * (len(data) - 8))
    begin = round(damage[0] * length)
    end = min(length, begin + damage[1])
    path.write_bytes(data[:begin] + bytes(end - begin) + data[end:length])

    def opened():
        chunks = ChunkIndex(path)
        return chunks, {key: SignalIndex(chunks, about) for key, about in ((1, ABOUT), (2, OTHER))}

    whole, of_whole = opened()
    assert whole.update()
    for key, index in of_whole.items():
        assert index.update(ANCHORS[key])

    parts, of_parts = opened()
    for key, index in of_parts.items():
        # The page that is looked at first: everything up to its end is there once that is said.
        while not index.update(ANCHORS[key], until_s + AHEAD_S, n_blocks=1):
            parts.update(part_bytes)
        assert_same(index, of_whole[key], until_s)
    while not parts.update(part_bytes):
        pass
    for key, index in of_parts.items():
        assert index.update(ANCHORS[key])
        assert [part.tolist() for part in parts.chunks(key)] == [part.tolist() for part in whole.chunks(key)]
        assert_same(index, of_whole[key])
