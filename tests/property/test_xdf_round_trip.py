"""`recording.xdf`: pyxdf reads back what was written, and any cut up to where it was cut."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
import pyxdf
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from monitor.session.signal.recording_damage import repaired
from monitor.session.signal.xdf_format import last_stamps, survey
from monitor.session.state import SessionState
from monitor.session.xdf import XdfWriter

FORMATS = {"float32": "f4", "double64": "f8", "int8": "i1", "int16": "i2", "int32": "i4", "int64": "i8"}
HEADER = (
    '<?xml version="1.0"?><info><name>{0}</name><type>EMG</type><channel_count>{1}</channel_count>'
    "<channel_format>{2}</channel_format><nominal_srate>{3}</nominal_srate></info>"
)


def load(path):
    streams, _ = pyxdf.load_xdf(path, synchronize_clocks=False, dejitter_timestamps=False, verbose=False)
    return {stream["info"]["stream_id"]: stream for stream in streams}


@examples(40)
@given(
    kind=st.sampled_from(sorted(FORMATS)),
    n_channels=st.integers(1, 5),
    sizes=st.lists(st.integers(0, 300), min_size=1, max_size=5),
    texts=st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=300), max_size=4),
)
def test_pyxdf_reads_it_back_equal(kind, n_channels, sizes, texts):
    rng = np.random.default_rng(len(sizes))
    chunks = [rng.normal(0, 50, (n, n_channels)).astype(FORMATS[kind]) for n in sizes]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "r.xdf"
        writer = XdfWriter(path)
        writer.add_stream(1, HEADER.format("Legs", n_channels, kind, 500), kind, n_channels)
        writer.add_stream(2, HEADER.format("Markers", 1, "string", 0), "string", 1)
        at = 0
        for chunk in chunks:
            writer.samples(1, chunk, 100.0 + np.arange(at, at + len(chunk)) / 500)
            at += len(chunk)
            writer.boundary()
        writer.texts(2, [[text] for text in texts], np.arange(len(texts)) + 0.5)
        writer.clock_offset(1, 100.0, -0.25)
        writer.close()
        found = load(path)
        assert (survey(path).torn_bytes, survey(path).next_stream_id) == (0, 3)
        if at:
            assert survey(path).last == last_stamps(path) == {1: 100.0 + (at - 1) / 500}
    legs = np.concatenate(chunks)
    assert np.array_equal(np.asarray(found[1]["time_series"]).reshape(-1, n_channels), legs)
    assert np.array_equal(found[1]["time_stamps"], 100.0 + np.arange(at) / 500)
    assert [row[0] for row in found[2]["time_series"]] == texts
    assert found[1]["footer"]["info"]["sample_count"] == [str(at)]
    assert found[1]["clock_values"] == [-0.25]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Two streams in small chunks, with a boundary and an offset; where each chunk of a stream ends."""
    path = tmp_path_factory.mktemp("xdf") / "whole.xdf"
    writer = XdfWriter(path)
    writer.add_stream(1, HEADER.format("Legs", 2, "float32", 500), "float32", 2)
    writer.add_stream(2, HEADER.format("Markers", 1, "string", 0), "string", 1)
    ends = [(path.stat().st_size, 0, 0)]
    n = texts = 0
    for turn in range(6):
        writer.samples(1, np.full((4, 2), turn, "f4"), (np.arange(n, n + 4)) / 500)
        n += 4
        if turn == 2:
            writer.texts(2, [["N2"]], np.array([0.1]))
            texts = 1
            writer.boundary()
            writer.clock_offset(1, 1.0, 0.5)
        writer.flush()
        ends.append((path.stat().st_size, n, texts))
    writer.close()
    return path, ends


def test_cut_at_every_byte_behind_the_headers_it_reads_up_to_the_cut(whole, tmp_path):
    path, ends = whole
    data = path.read_bytes()
    cut_path = tmp_path / "cut.xdf"
    for cut in range(ends[0][0], len(data) + 1):
        cut_path.write_bytes(data[:cut])
        found = survey(cut_path)
        good = found.good_bytes
        assert good <= cut
        assert (found.next_stream_id, found.damaged) == (3, [])
        cut_path.write_bytes(data[:good])
        # What was flushed before the cut is all there.
        n = max(n for end, n, _ in ends if end <= cut)
        found = load(cut_path)
        assert len(found[1]["time_stamps"]) >= n
        assert len(found[1]["time_stamps"]) % 4 == 0
        assert np.array_equal(found[1]["time_stamps"], np.arange(len(found[1]["time_stamps"])) / 500)


def test_a_repaired_file_can_be_gone_on_with(whole, tmp_path):
    path, ends = whole
    cut_path = tmp_path / "cut.xdf"
    cut_path.write_bytes(path.read_bytes()[: ends[4][0] + 5])
    found = survey(cut_path)
    good, next_id = found.good_bytes, found.next_stream_id
    with cut_path.open("r+b") as file:
        file.truncate(good)
    writer = XdfWriter(cut_path)
    writer.add_stream(next_id, HEADER.format("Legs", 2, "float32", 500), "float32", 2)
    writer.samples(next_id, np.full((4, 2), 9, "f4"), 5 + np.arange(4) / 500)
    writer.close()
    found = load(cut_path)
    assert len(found[1]["time_stamps"]) == ends[4][1]
    assert np.array_equal(found[next_id]["time_series"], np.full((4, 2), 9))


def test_what_is_no_xdf_is_scanned_as_nothing(tmp_path):
    (tmp_path / "x").write_bytes(b"XDG: no")
    found = survey(tmp_path / "x")
    assert (found.good_bytes, found.parts, found.torn_bytes) == (0, [], 7)


@examples(60)
@given(st.data())
def test_after_a_power_cut_all_that_was_synced_is_there(data):
    """Pages behind the last sync are on disk or read as zeros, in any combination; also of a late header."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "r.xdf"
        writer = XdfWriter(path)
        writer.add_stream(1, HEADER.format("Legs", 2, "float32", 500), "float32", 2)
        writer.add_stream(2, HEADER.format("Markers", 1, "string", 0), "string", 1)
        n = 4 * data.draw(st.integers(1, 30))
        writer.samples(1, np.ones((n, 2), "f4"), np.arange(n) / 500)
        writer.sync()
        size = path.stat().st_size
        writer.texts(2, [["N2"]], np.array([0.5]))
        for turn in range(data.draw(st.integers(1, 20))):
            writer.samples(1, np.ones((40, 2), "f4"), 1 + turn + np.arange(40) / 500)
        writer.add_stream(3, HEADER.format("Late", 1, "int16", 100) + " " * 600, "int16", 1)
        writer.clock_offset(1, 3.0, 0.5)
        writer.flush()
        writer.close()
        whole = bytearray(path.read_bytes())
        for page in range(size // 512, len(whole) // 512 + 1):
            if not data.draw(st.booleans()):
                start, end = max(size, page * 512), min(len(whole), (page + 1) * 512)
                whole[start:end] = bytes(end - start)
        path.write_bytes(whole)
        found = survey(path)
        assert found.good_bytes >= size
        path.write_bytes(b"".join(repaired(path, found, SessionState())))
        stamps = load(path)[1]["time_stamps"]
        assert np.array_equal(stamps[:n], np.arange(n) / 500)
        assert np.all(np.diff(stamps) > 0)
        # And it can be gone on with.
        again = XdfWriter(path)
        assert again.streams[1].n_samples == len(stamps)
        again.samples(1, np.ones((4, 2), "f4"), 1000 + np.arange(4) / 500)
        again.close()
        assert len(load(path)[1]["time_stamps"]) == len(stamps) + 4


def test_a_header_that_no_reader_could_read_is_replaced(tmp_path):
    for number, header in enumerate(
        ("<info>", HEADER.format("\x01\ud800", 1, "int16", 5), "<a/>", ""), start=1
    ):
        path = tmp_path / f"{number}.xdf"
        writer = XdfWriter(path)
        writer.add_stream(1, header, "int16", 1)
        writer.samples(1, np.ones((2, 1), "i2"), np.arange(2) / 5)
        writer.close()
        assert len(load(path)[1]["time_stamps"]) == 2
        assert survey(path).torn_bytes == 0
