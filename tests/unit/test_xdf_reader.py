"""XDF files, sound and cut off."""

import gzip
import io
import struct
import tracemalloc

import numpy as np
import pytest

from monitor.files import Annotation, RecordedChannel, read_recording
from monitor.files.xdf_chunks import MAGIC, SAMPLES, STREAM_HEADER
from monitor.files.xdf_index import index_xdf
from monitor.model.errors import InputError
from monitor.session.signal.xdf_format import chunk, varlen
from monitor.session.xdf import XdfWriter

HEADER = """<?xml version="1.0"?><info><name>{name}</name><type>{type}</type>
<channel_count>{count}</channel_count><channel_format>{format}</channel_format><source_id>dev-1</source_id><nominal_srate>{rate}</nominal_srate>
<desc>{desc}</desc></info>"""
CHANNELS = """<channels><channel><label>LAT</label><unit>microvolts</unit><type>EMG</type></channel>
<channel><name>RAT</name><unit>V</unit></channel></channels>"""
ACC = np.arange(300, dtype=np.int16).reshape(100, 3)
LEGS = np.random.default_rng(2).normal(0, 20, (500, 2)).astype(np.float32)
# A jitter that goes back, and a gap.
LEG_STAMPS_S = 1000.0 + np.arange(500) / 250 + np.tile([0.0, -0.006], 250) + (np.arange(500) >= 300) * 4.0


def write(path, desc=CHANNELS, legs=LEGS):
    writer = XdfWriter(path)
    add = writer.add_stream
    add(1, HEADER.format(name="Acc", type="ACC", count=3, format="int16", rate=50, desc=""), "int16", 3)
    add(
        2,
        HEADER.format(name="Legs", type="EMG", count=2, format="float32", rate=250, desc=desc),
        "float32",
        2,
    )
    add(
        3,
        HEADER.format(name="Stages", type="Markers", count=1, format="string", rate=0, desc=""),
        "string",
        1,
    )
    writer.samples(1, ACC, 999.5 + np.arange(100) / 50)
    if len(legs):
        writer.samples(2, legs[:250], LEG_STAMPS_S[:250])
        writer.samples(2, legs[250:], LEG_STAMPS_S[250:])
    writer.texts(3, [["N2"], ["hypopnea 23.4"]], np.array([1000.5, 998.0]))
    writer.close()
    return path


def test_streams_keep_their_raw_relative_stamps(tmp_path):
    recording = read_recording(write(tmp_path / "a.xdf"))
    acc, legs = recording.streams
    assert recording.origin_s == LEG_STAMPS_S[0]
    assert np.array_equal(legs.stamps_s, LEG_STAMPS_S - LEG_STAMPS_S[0])
    assert (legs.start_s, acc.start_s) == (0.0, -0.5)
    assert (acc.name, acc.rate_hz, acc.sample_n) == ("Acc", 50.0, 100)
    assert recording.notes == ()


def test_samples_and_headers_are_those_recorded(tmp_path):
    acc, legs = read_recording(write(tmp_path / "a.xdf")).streams
    assert np.array_equal(legs.read(), LEGS.astype(np.float64))
    assert np.array_equal(acc.read([2, 0], 10, 20), ACC[10:20, [2, 0]])
    assert legs.channels == (RecordedChannel("LAT", "microvolts", "EMG"), RecordedChannel("RAT", "V", ""))
    assert acc.channels == (RecordedChannel("", "", ""),) * 3
    assert (legs.name, legs.type, legs.source_id, legs.speed, legs.simulated) == (
        "Legs",
        "EMG",
        "dev-1",
        1.0,
        False,
    )


def test_markers_become_annotations_relative_to_the_first_emg_sample(tmp_path):
    recording = read_recording(write(tmp_path / "a.xdf"))
    assert recording.annotations == (Annotation(-2.0, 0.0, "hypopnea 23.4"), Annotation(0.5, 0.0, "N2"))


def test_a_simulation_run_fast_says_so(tmp_path):
    legs = read_recording(write(tmp_path / "a.xdf", "<speed>10.0</speed><simulated>1</simulated>")).streams[1]
    assert (legs.speed, legs.simulated) == (10.0, True)


def read_legs(path):
    """Give the legs' samples, or none where the file is refused; whatever else is raised, is raised."""
    try:
        recording = read_recording(path)
    except InputError:
        return np.empty((0, 2)), ()
    legs = [stream.read() for stream in recording.streams if stream.name == "Legs"]
    return (legs[0] if legs else np.empty((0, 2))), recording.notes


def test_a_file_cut_anywhere_is_read_up_to_the_cut_or_refused(tmp_path):
    data = write(tmp_path / "a.xdf").read_bytes()
    path = tmp_path / "cut.xdf"
    read_n = []
    for end_n in range(4, len(data), 37):
        path.write_bytes(data[:end_n])
        samples, notes = read_legs(path)
        assert np.array_equal(samples, LEGS[: len(samples)])
        # A cut between two chunks cannot be told from an end.
        assert all("cut off" in note for note in notes)
        read_n.append(len(samples))
    assert read_n == sorted(read_n)
    assert set(read_n) == {0, 250, 500}


def test_a_cut_is_said(tmp_path):
    path = write(tmp_path / "a.xdf")
    path.write_bytes(path.read_bytes()[:-3])
    assert "cut off" in read_recording(path).notes[0]


def test_damage_between_chunks_costs_no_chunk_and_is_said(tmp_path):
    path = write(tmp_path / "a.xdf")
    data = path.read_bytes()
    # The first chunk of leg samples ends with its last sample.
    end_n = data.index(LEGS[249].tobytes()) + LEGS[249].nbytes
    path.write_bytes(data[:end_n] + b"\xee" * 9 + data[end_n:])
    samples, notes = read_legs(path)
    assert np.array_equal(samples, LEGS)
    assert f"damaged in 1 place: 9 of {len(data) + 9} bytes" in notes[0]


def test_a_damaged_chunk_costs_its_own_samples(tmp_path):
    path = write(tmp_path / "a.xdf")
    data = bytearray(path.read_bytes())
    at = data.index(LEGS[100].tobytes())
    data[at : at + 40] = bytes(byte ^ 255 for byte in data[at : at + 40])
    path.write_bytes(data)
    samples, notes = read_legs(path)
    assert np.array_equal(samples, LEGS[250:])
    assert "damaged in 1 place" in notes[0]


def test_damage_in_a_footer_costs_the_footer_and_is_said(tmp_path, capsys):
    path = write(tmp_path / "a.xdf")
    path.write_bytes(path.read_bytes()[:-30] + b"\xee" * 30)
    samples, notes = read_legs(path)
    assert np.array_equal(samples, LEGS)
    assert "damaged or cut off after" in notes[0]
    assert capsys.readouterr().err == ""


def test_markers_alone_are_no_recording(tmp_path):
    writer = XdfWriter(tmp_path / "a.xdf")
    header = HEADER.format(name="M", type="Markers", count=1, format="string", rate=0, desc="")
    writer.add_stream(1, header, "string", 1)
    writer.texts(1, [["N2"]], np.array([5.0]))
    writer.close()
    with pytest.raises(InputError, match="no stream with samples"):
        read_recording(tmp_path / "a.xdf")


def test_garbage_after_the_magic_word_is_refused(tmp_path):
    path = tmp_path / "a.xdf"
    path.write_bytes(b"XDF:" + b"\x99" * 500)
    with pytest.raises(InputError, match="no stream with samples"):
        read_recording(path)


def test_a_compressed_file_is_read_also_if_it_is_cut_off(tmp_path):
    whole = read_recording(write(tmp_path / "a.xdf"))
    packed = tmp_path / "a.xdfz"
    packed.write_bytes(gzip.compress((tmp_path / "a.xdf").read_bytes()))
    read = read_recording(packed)
    assert np.array_equal(read.streams[1].read(), whole.streams[1].read())
    assert (read.annotations, read.notes) == (whole.annotations, ())
    packed.write_bytes(packed.read_bytes()[:-2000])
    cut = read_recording(packed)
    assert "a.xdfz is damaged or cut off" in cut.notes[0]
    assert cut.streams[0].sample_n == 100
    packed.write_bytes(gzip.compress(b"onset\tduration\n"))
    with pytest.raises(InputError, match="is compressed but does not contain XDF"):
        read_recording(packed)


def test_a_file_that_was_compressed_in_blocks_is_read_to_its_end(tmp_path):
    data = write(tmp_path / "a.xdf").read_bytes()
    packed = tmp_path / "a.xdfz"
    packed.write_bytes(b"".join(gzip.compress(data[i : i + 1500]) for i in range(0, len(data), 1500)))
    read, whole = read_recording(packed), read_recording(tmp_path / "a.xdf")
    assert read.notes == ()
    assert np.array_equal(read.streams[1].read(), whole.streams[1].read())


class CountedFile(io.BytesIO):
    read_n = 0

    def read(self, n=-1):
        found = super().read(n)
        self.read_n += len(found)
        return found


@pytest.mark.parametrize("every", [1, 2, 50_000])
def test_of_a_recording_in_one_chunk_a_page_reads_a_part(every):
    n, number = 50_000, struct.pack("<I", 1)
    samples = [
        (struct.pack("<Bd", 8, i / 500) if i % every == 0 else b"\0") + struct.pack("<f", i) for i in range(n)
    ]
    head = HEADER.format(name="Legs", type="EMG", count=1, format="float32", rate=500, desc="")
    data = MAGIC + chunk(STREAM_HEADER, number + head.encode())
    file = CountedFile(data + chunk(SAMPLES, number + varlen(n) + b"".join(samples)))
    stream = index_xdf(file).streams[1]
    np.testing.assert_allclose(stream.stamps_s, np.arange(n) / 500, atol=1e-6)
    for start_n, stop_n in ((0, n), (16_380, 16_390), (49_990, n), (20_000, 20_000), (32_768, 32_769)):
        file.read_n = 0
        assert stream.read(file, start_n, stop_n)[:, 0].tolist() == list(range(start_n, stop_n))
        assert stop_n - start_n == n or file.read_n < len(file.getvalue()) * 0.7


def test_two_streams_of_one_name_are_two_streams(tmp_path):
    writer = XdfWriter(tmp_path / "two.xdf")
    head = HEADER.format(name="Legs", type="EMG", count=2, format="float32", rate=250, desc=CHANNELS)
    writer.add_stream(1, head, "float32", 2)
    writer.add_stream(2, head.replace("dev-1", "dev-2"), "float32", 2)
    writer.samples(1, LEGS, 1000.0 + np.arange(500) / 250)
    writer.samples(2, LEGS * 2, 1000.1 + np.arange(500) / 250)
    writer.close()
    recording = read_recording(tmp_path / "two.xdf")
    assert [s.source_id for s in recording.streams] == ["dev-1", "dev-2"]
    assert np.array_equal(recording.streams[1].read(), recording.streams[0].read() * 2)


def test_a_missing_footer_loses_nothing(tmp_path):
    data = write(tmp_path / "a.xdf").read_bytes()
    # A footer: the number of bytes of its length, its length, the tag 6, the stream, XML.
    tags = (at for at in range(len(data)) if data[at : at + 2] == b"\x06\x00")
    footers = [at for at in tags if data[at + 6 : at + 8] == b"<?"]
    assert len(footers) == 3
    bare = tmp_path / "b.xdf"
    bare.write_bytes(data[: footers[0] - 2 - (data[footers[0] - 5] == 4) * 3])
    assert np.array_equal(read_recording(bare).streams[1].read(), LEGS.astype(np.float64))


def test_a_name_as_text_works_like_a_path(tmp_path):
    path = write(tmp_path / "a.xdf")
    assert read_recording(str(path)).content_id == read_recording(path).content_id


def test_pages_are_read_from_the_disk(tmp_path):
    path, rng = tmp_path / "long.xdf", np.random.default_rng(3)
    values = rng.normal(0, 20, (20_000, 64)).astype(np.float32)
    writer = XdfWriter(path)
    head = HEADER.format(name="Legs", type="EMG", count=64, format="float32", rate=250, desc=CHANNELS)
    writer.add_stream(1, head, "float32", 64)
    for at in range(0, len(values), 125):
        writer.samples(1, values[at : at + 125], 1000.0 + np.arange(at, at + 125) / 250)
    writer.close()
    tracemalloc.start()
    try:
        (legs,) = read_recording(path).streams
        for first, last in ((0, 1), (124, 126), (3000, 7001), (19_999, 20_000), (50, 50)):
            assert np.array_equal(legs.read([63, 0], first, last), values[first:last, [63, 0]])
        most_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # Most of it is the first megabyte of the file, which is read to recognise it, and the longest page.
    assert most_bytes < 0.6 * path.stat().st_size


def test_a_file_that_becomes_shorter_is_an_error_not_other_samples(tmp_path):
    path = write(tmp_path / "a.xdf")
    legs = read_recording(path).streams[1]
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(InputError, match="cannot be read any more"):
        legs.read([0], 400, 500)
    path.unlink()
    with pytest.raises(InputError, match="cannot be read any more"):
        legs.read([0], 0, 1)


def test_samples_before_a_second_header_of_their_stream_are_said_to_be_unused(tmp_path):
    path = write(tmp_path / "a.xdf")
    data = path.read_bytes()
    path.write_bytes(data + data[4:])
    recording = read_recording(path)
    assert [stream.sample_n for stream in recording.streams] == [100, 500]
    assert (
        "a.xdf: stream 2 has two headers: what it recorded before the second one (500 samples) is not used"
        in (recording.notes)
    )


def test_headers_and_markers_that_are_not_utf_8_are_read_as_windows_text(tmp_path):
    path = write(tmp_path / "a.xdf", CHANNELS.replace("microvolts", "mikV"))
    data = path.read_bytes().replace(b"mikV", b"\xb5V  ")
    path.write_bytes(data.replace(b"hypopnea 23.4", b"Atem stopp \xfc."))
    recording = read_recording(path)
    assert recording.streams[1].channels[0].unit == "µV"
    assert np.array_equal(recording.streams[1].read(), LEGS)
    assert recording.annotations[0].text == "Atem stopp ü."
    assert recording.notes == ()
