"""A file that is still being written: whole records, in the file's own time, whatever its header says."""

import edfio
import numpy as np
import pytest
from support.interrupted import interrupted_edf

from monitor.files.growing_edf import GrowingEdf
from monitor.model.errors import InputError
from monitor.simulator.follow_file import GrowingReader

RATE_HZ, RECORDS = 200, 12
LEG = np.random.default_rng(3).normal(0, 9, RATE_HZ * RECORDS)


@pytest.fixture
def whole(tmp_path):
    signal = edfio.EdfSignal(LEG, RATE_HZ, label="LAT", physical_dimension="uV", physical_range=(-100, 100))
    annotations = [edfio.EdfAnnotation(1.5, 2.0, "arousal"), edfio.EdfAnnotation(8.25, None, "Lights off")]
    path = tmp_path / "whole.edf"
    edfio.Edf([signal], annotations=annotations, data_record_duration=1).write(path)
    return path.read_bytes()


@pytest.mark.parametrize("count", [b"-1      ", b"3       ", b"12      "])
def test_it_grows_by_whole_records(tmp_path, whole, count):
    whole = whole[:236] + count + whole[244:]
    head_n = 256 * 3
    record_n = (len(whole) - head_n) // RECORDS
    path = tmp_path / "growing.edf"
    path.write_bytes(whole[: head_n + record_n // 2])
    growing = GrowingEdf(path)
    assert (growing.records, growing.record_s) == (0, 1.0)
    found, texts = [], []
    taken = 0
    for upto in (head_n + record_n, head_n + 5 * record_n + 7, len(whole) - 1, len(whole)):
        path.write_bytes(whole[:upto])
        assert growing.records == (upto - head_n) // record_n
        if growing.records > taken:
            part = growing.read(taken, growing.records)
            (stream,) = part.streams
            assert stream.start_s == taken
            found.append(stream.read()[:, 0])
            texts += [(a.onset_s, a.duration_s, a.text) for a in part.annotations]
            taken = growing.records
    # Steps of 200 / 65536 uV.
    np.testing.assert_allclose(np.concatenate(found), LEG, atol=0.0016)
    assert sorted(texts) == [(1.5, 2.0, "arousal"), (8.25, 0.0, "Lights off")]


def test_an_interrupted_one_keeps_its_gaps_wherever_it_is_cut(tmp_path):
    path = tmp_path / "d.edf"
    interrupted_edf(path, LEG[: 6 * RATE_HZ], (3, 4, 9, 10, 11, 30))
    growing = GrowingEdf(path)
    assert [growing.start_s(record) for record in range(6)] == [0, 1, 6, 7, 8, 27]
    begins_s, signal = [], []
    for first, last in ((0, 1), (1, 3), (3, 6)):
        (stream,) = growing.read(first, last).streams
        inside_s = stream.stamps_s if stream.stamps_s is not None else np.arange(stream.sample_n) / RATE_HZ
        begins_s += list(stream.start_s + inside_s[::RATE_HZ])
        signal.append(stream.read()[:, 0])
    np.testing.assert_allclose(begins_s, [0, 1, 6, 7, 8, 27])
    np.testing.assert_allclose(np.concatenate(signal), LEG[: 6 * RATE_HZ], atol=0.0016)


def test_a_record_that_does_not_say_when_it_begins_is_told_and_tried_again(tmp_path):
    path = tmp_path / "d.edf"
    good = interrupted_edf(path, LEG[: 6 * RATE_HZ], (0, 1, 2, 3, 4, 50))
    bad = good.replace(b"+50\x14\x14", b"\0\0\0\0\0", 1)
    record_n = (len(good) - 256 * 3) // 6
    path.write_bytes(bad[: 256 * 3 + 5 * record_n])
    told = []
    reading = GrowingReader(GrowingEdf(path), 2.0, told.append)
    assert (reading.begin_s, reading.end_s) == (3.0, 5.0)
    assert reading.read_new().streams[0].sample_n == 2 * RATE_HZ
    path.write_bytes(bad)
    assert [reading.read_new(), reading.read_new()] == [None, None]
    assert len(told) == 1
    assert "has no start time in data record 6" in told[0]
    path.write_bytes(good)
    assert reading.read_new().streams[0].start_s == 50.0
    assert told[1:] == ["The file is readable again."]


def test_an_interrupted_one_without_annotations_is_refused(tmp_path):
    path = tmp_path / "d.edf"
    edfio.Edf([edfio.EdfSignal(LEG[:RATE_HZ], RATE_HZ, label="LAT", physical_dimension="uV")]).write(path)
    data = bytearray(path.read_bytes())
    data[192:197] = b"EDF+D"
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"EDF\+D but has no annotations"):
        GrowingEdf(path)


def test_one_that_is_away_for_a_moment_has_no_records(tmp_path, whole):
    path = tmp_path / "growing.edf"
    path.write_bytes(whole)
    growing = GrowingEdf(path)
    path.unlink()
    assert growing.records == 0
    with pytest.raises(InputError, match="cannot be read"):
        growing.read(0, 1)


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"XDF:", "is not an EDF or BDF file"), (b"", "is not an EDF or BDF file"), (None, "cannot be read")],
)
def test_what_cannot_grow_is_refused(tmp_path, data, words):
    path = tmp_path / "growing.edf"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(InputError, match=words):
        GrowingEdf(path)
