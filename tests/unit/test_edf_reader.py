"""EDF, EDF+ and BDF files, sound and damaged."""

import tracemalloc

import edfio
import numpy as np
import pytest

from monitor.files import Annotation, RecordedChannel, read_recording
from monitor.model.errors import InputError

RNG = np.random.default_rng(1)
LEG = RNG.normal(0, 20, 2000)
RESP = RNG.normal(0, 1, 250)


def emg(label="Left Leg", **more):
    return edfio.EdfSignal(LEG, 200, label=label, physical_dimension="uV", physical_range=(-500, 500), **more)


def write(path, signals=None, annotations=()):
    signals = signals or [emg(), edfio.EdfSignal(RESP, 25, label="Airflow"), emg("Right Leg")]
    edfio.Edf(signals, annotations=[edfio.EdfAnnotation(*a) for a in annotations]).write(path)
    return path


def patch(path, at_n, field):
    data = bytearray(path.read_bytes())
    data[at_n : at_n + len(field)] = field
    path.write_bytes(data)
    return path


def test_signals_of_one_rate_become_one_stream(tmp_path):
    recording = read_recording(write(tmp_path / "night.edf"))
    legs, resp = recording.streams
    assert (legs.name, legs.type, legs.rate_hz, legs.sample_n) == ("night-200Hz", "EMG", 200.0, 2000)
    assert (resp.name, resp.rate_hz, resp.sample_n, resp.stamps_s) == ("night-25Hz", 25.0, 250, None)
    assert [channel.label for channel in legs.channels] == ["Left Leg", "Right Leg"]
    assert legs.channels[0] == RecordedChannel("Left Leg", "uV", "EMG", pytest.approx(1000 / 65_535))
    assert recording.notes == ()


def test_samples_are_those_written(tmp_path):
    legs = read_recording(write(tmp_path / "night.edf")).streams[0]
    step_uv = legs.channels[0].lsb
    assert np.abs(legs.read([1])[:, 0] - LEG).max() <= step_uv
    assert np.array_equal(legs.read([1, 0], 313, 1201), legs.read()[313:1201, ::-1])
    assert legs.read([0], 5, 5).shape == (0, 1)


@pytest.mark.parametrize(
    ("channels", "start_n", "stop_n"), [([2], 0, 1), ([-1], 0, 1), ([0], 5, 4), ([0], 0, 2001)]
)
def test_samples_that_are_not_there_are_an_error(tmp_path, channels, start_n, stop_n):
    legs = read_recording(write(tmp_path / "night.edf")).streams[0]
    with pytest.raises(ValueError):
        legs.read(channels, start_n, stop_n)


def test_annotations_keep_time_and_text_and_empty_ones_go(tmp_path):
    annotations = [(0.0, 30.0, "N2"), (3.25, None, "lights_off"), (4.0, None, "")]
    recording = read_recording(write(tmp_path / "night.edf", annotations=annotations))
    assert recording.annotations == (Annotation(0.0, 30.0, "N2"), Annotation(3.25, 0.0, "lights_off"))


def test_content_identifies_a_file_and_its_place_does_not(tmp_path):
    first = read_recording(write(tmp_path / "a.edf"))
    same = read_recording(write(tmp_path / "b.edf"))
    other = read_recording(write(tmp_path / "c.edf", [emg("LAT")]))
    assert first.content_id == same.content_id != other.content_id
    assert first.streams[0].source_id == same.streams[0].source_id


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8"])
def test_units_beyond_ascii(tmp_path, encoding):
    path = write(tmp_path / "a.edf", [emg()])
    # A single signal and the annotations: its unit follows two labels and two transducers.
    patch(path, 256 + 2 * 16 + 2 * 80, "µV".encode(encoding).ljust(8))
    channel = read_recording(path).streams[0].channels[0]
    assert (channel.unit, channel.type) == ("µV", "EMG")


def test_bdf(tmp_path):
    signal = edfio.BdfSignal(LEG, 200, label="LAT", physical_dimension="uV")
    edfio.Bdf([signal], annotations=[edfio.EdfAnnotation(1.0, None, "N2")]).write(tmp_path / "a.bdf")
    recording = read_recording(tmp_path / "a.bdf")
    assert np.abs(recording.streams[0].read()[:, 0] - LEG).max() <= recording.streams[0].channels[0].lsb
    assert recording.annotations[0].text == "N2"


def test_samples_of_bdf_are_read_from_disk_on_request(tmp_path):
    signals = [
        edfio.BdfSignal(RNG.normal(0, 20, 200 * 3600), 200, label=label, physical_dimension="uV")
        for label in ("LAT", "RAT", "C3")
    ]
    signals.insert(1, edfio.BdfSignal(RNG.normal(0, 1, 25 * 3600), 25, label="Airflow"))
    notes = [edfio.EdfAnnotation(1.0, None, "N2")]
    edfio.Bdf(signals, annotations=notes, data_record_duration=2.0).write(tmp_path / "a.bdf")
    left, breath, right, _ = (signal.data for signal in edfio.read_bdf(tmp_path / "a.bdf").signals)
    expected = np.stack([right, left], axis=1)
    tracemalloc.start()
    try:
        legs, airflow = read_recording(tmp_path / "a.bdf").streams
        for first, last in ((0, 1), (399, 401), (3000, 7001), (719_999, 720_000), (50, 50)):
            assert np.array_equal(legs.read([1, 0], first, last), expected[first:last])
        most_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert np.array_equal(airflow.read()[:, 0], breath)
    # Of the file, most is its first megabyte, which is read to recognise it.
    assert most_bytes < 0.5 * (tmp_path / "a.bdf").stat().st_size


@pytest.mark.parametrize(
    ("label", "unit", "kind"),
    [
        ("EMG LAT", "uV", "EMG"), ("Left Leg", "V", "EMG"), ("RAT", "mV", "EMG"), ("ECG", "uV", "ECG"),
        ("C3-M2", "uV", "EEG"), ("E1-M2", "uV", "EOG"), ("Left Leg", "Ohm", ""), ("Airflow", "uV", ""),
        ("Legionella", "uV", ""),
    ],
)  # fmt: skip
def test_types_are_told_from_labels_that_leave_no_doubt(tmp_path, label, unit, kind):
    path = write(tmp_path / "a.edf", [edfio.EdfSignal(LEG, 200, label=label, physical_dimension=unit)])
    assert read_recording(path).streams[0].channels[0].type == kind


def test_a_signal_without_calibration_is_left_out_and_said(tmp_path):
    path = write(tmp_path / "a.edf", [emg("LAT"), emg("RAT")])
    # Three signals with the annotations: the second's digital minimum is set to its maximum.
    patch(path, 256 + 3 * (16 + 80 + 8 + 8 + 8) + 8, b"32767   ")
    recording = read_recording(path)
    assert [channel.label for channel in recording.streams[0].channels] == ["LAT"]
    assert "RAT" in recording.notes[0]


def test_a_file_its_recorder_never_closed_is_read(tmp_path):
    path = patch(write(tmp_path / "a.edf"), 236, b"-1      ")
    assert read_recording(path).streams[0].sample_n == 2000


def edf_d(path, onsets_s):
    """Turn a file into EDF+D whose records begin at those times."""
    signal = edfio.EdfSignal(LEG[:600], 200, label="LAT", physical_dimension="uV")
    edfio.Edf([signal], annotations=[], data_record_duration=1).write(path)
    data = bytearray(path.read_bytes().replace(b"EDF+C", b"EDF+D", 1))
    for number, onset_s in enumerate(onsets_s):
        data = data.replace(f"+{number}\x14\x14".encode(), f"+{onset_s}\x14\x14".encode(), 1)
    path.write_bytes(data)
    return path


def test_edf_d_keeps_its_gaps_in_the_times_of_its_samples(tmp_path):
    whole = read_recording(edf_d(tmp_path / "whole.edf", (0, 1, 2)))
    assert whole.streams[0].sample_n == 600
    assert whole.streams[0].stamps_s is None
    recording = read_recording(edf_d(tmp_path / "gaps.edf", (0, 1, 7)))
    (stream,) = recording.streams
    assert "discontinuous (EDF+D): 1 interruption of half a data record" in recording.notes[0]
    np.testing.assert_allclose(stream.stamps_s[[0, 199, 399, 400, 599]], [0, 0.995, 1.995, 7, 7.995])
    np.testing.assert_array_equal(stream.read(), whole.streams[0].read())


@pytest.mark.parametrize("onsets_s", [(0, 5, 2), (0, 1, 1)])
def test_edf_d_whose_records_go_back_in_time_is_refused(tmp_path, onsets_s):
    with pytest.raises(InputError, match="not in order of time"):
        read_recording(edf_d(tmp_path / "back.edf", onsets_s))


def test_an_annotated_gap_is_missing_in_the_signal_it_names(tmp_path):
    signals = [
        edfio.EdfSignal(LEG[:600], 200, label=label, physical_dimension="uV") for label in ("LAT", "RAT")
    ]
    annotations = [
        edfio.EdfAnnotation(0.5, 0.25, "Signal gap"),
        edfio.EdfAnnotation(2, 1, "Signal gap@@RAT"),
        edfio.EdfAnnotation(1, None, "Signal gap"),
    ]
    path = tmp_path / "filled.edf"
    edfio.Edf(signals, annotations=annotations, data_record_duration=1).write(path)
    (stream,) = read_recording(path).streams
    left, right = np.isnan(stream.read()).T
    assert np.flatnonzero(left).tolist() == list(range(100, 150))
    assert np.flatnonzero(right).tolist() == [*range(100, 150), *range(400, 600)]
    np.testing.assert_array_equal(np.isnan(stream.read([1], 140, 410))[:, 0], right[140:410])


ANNOTATED = ((3.25, None, "Bein links"), (5.5, 2.0, "Schlaf x"))


def latin(data):
    return data.replace(b"Schlaf x", b"Schlaf \xe4")


def commas(data):
    """Write the numbers of the header as programs in other countries do."""
    head, rest = data[:1024], data[1024:]
    for number in (b"-500    ", b"500     "):
        head = head.replace(number, number.replace(b"00 ", b"00,0")[:8].ljust(8))
    return head.replace(b"1       ", b"1,0     ") + rest


MENDED = {
    "stray bytes": (
        lambda data: data + b"\r\n\0",
        10,
        "not read: 3 bytes after the last data record",
    ),
    "a record of zeros behind the last": (
        lambda data: data + bytes(40_000),
        10,
        "40000 bytes after the last",
    ),
    "an incomplete last record": (lambda data: data[:-100], 9, "of 10 data records 9 are complete"),
    "half of the file": (lambda data: data[: 1024 + (len(data) - 1024) // 2], 5, "5 are complete"),
    "more records than declared": (
        lambda data: data[:236] + b"7       " + data[244:],
        10,
        "contains 10 data records, its header declares 7; all were read",
    ),
    "no records declared": (lambda data: data[:236] + b"0       " + data[244:], 10, "its header declares 0"),
    "NUL bytes": (lambda data: data[:8] + data[8:1024].replace(b" ", b"\0") + data[1024:], 10, "NUL bytes"),
    "decimal commas": (commas, 10, "decimal commas"),
    "a wrong size of the header": (
        lambda data: data[:184] + b"256     " + data[192:],
        10,
        "declares its size as 256 bytes; it has 1024",
    ),
}


@pytest.mark.parametrize("kind", MENDED)
def test_what_other_programs_leave_slightly_wrong_is_read_and_noted(tmp_path, kind):
    sound = write(tmp_path / "sound.edf", [emg(), emg("Right Leg")], ANNOTATED)
    change, records, words = MENDED[kind]
    path = tmp_path / "wrong.edf"
    path.write_bytes(change(sound.read_bytes()))
    whole, read = read_recording(sound), read_recording(path)
    assert any(words in note for note in read.notes), read.notes
    assert len(read.notes) == 1
    assert read.streams[0].sample_n == records * 200
    assert np.array_equal(read.streams[0].read(), whole.streams[0].read(None, 0, records * 200))
    if records == 10:
        assert read.annotations == whole.annotations


def test_annotations_in_latin_1_are_read(tmp_path):
    path = write(tmp_path / "night.edf", [emg()], ANNOTATED)
    path.write_bytes(latin(path.read_bytes()))
    assert read_recording(path).annotations == (
        Annotation(3.25, 0.0, "Bein links"),
        Annotation(5.5, 2.0, "Schlaf ä"),
    )


def test_numbers_are_not_read_as_stages_unless_every_epoch_has_one(tmp_path):
    codes = [(float(t), None, str(c)) for t, c in enumerate((200, 31, 1, 2, 2, 5, 31, 1, 2, 5))]
    recording = read_recording(write(tmp_path / "trigger.edf", [emg()], codes))
    assert recording.annotations == ()
    assert [one.text for one in recording.numbers] == [text for *_, text in codes]
    epochs = [(30.0 * i, 30.0, str(code)) for i, code in enumerate((0, 1, 2, 3, 5))]
    recording = read_recording(write(tmp_path / "stages.edf", [emg()], epochs))
    assert [one.text for one in recording.annotations] == ["0", "1", "2", "3", "5"]
    assert recording.numbers == ()


def header_only(path):
    path.write_bytes(write(path).read_bytes()[:300])


def fixed_header_only(path):
    path.write_bytes(write(path).read_bytes()[:100])


DAMAGED = {
    "0 bytes": lambda path: path.write_bytes(b""),
    "begins with": lambda path: path.write_bytes(b"PK\x03\x04 a spreadsheet" * 100),
    "compressed": lambda path: path.write_bytes(b"\x1f\x8b" + bytes(1000)),
    "content is XDF": lambda path: path.write_bytes(b"XDF:" + bytes(1000)),
    "contains no complete data record": lambda path: path.write_bytes(write(path).read_bytes()[:1500]),
    "ends inside its header, after 300": header_only,
    "ends inside its header, after 100": fixed_header_only,
    "number of signals": lambda path: patch(write(path), 252, b"many"),
    "header of 1280 bytes for 9 signals": lambda path: patch(write(path), 252, b"9   "),
    "samples per record of signal 1": lambda path: patch(write(path), 256 + 4 * 216, b"x       "),
    "0 samples per data record": lambda path: patch(write(path), 256 + 4 * 216, b"0       "),
    "damaged header": lambda path: patch(write(path), 244, b"a while "),
    "no complete data record; expected": lambda path: path.write_bytes(
        patch(write(path), 236, b"-1      ").read_bytes()[:1500]
    ),
    "no signal": lambda path: edfio.Edf([], annotations=[edfio.EdfAnnotation(0, None, "N2")]).write(path),
}  # fmt: skip


@pytest.mark.parametrize("reason", DAMAGED)
def test_damaged_files_are_refused_with_the_reason(tmp_path, reason):
    path = tmp_path / "bad.edf"
    DAMAGED[reason](path)
    with pytest.raises(InputError) as caught:
        read_recording(path)
    assert reason in str(caught.value)
    assert str(path) in str(caught.value)


def test_an_absent_file_is_said(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_recording(tmp_path / "none.edf")
    with pytest.raises(InputError, match="cannot be read"):
        read_recording(tmp_path)
