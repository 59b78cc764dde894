"""Epochs are cut from the session's folder as it grows: over reconnections, holes and changes of channels."""

import numpy as np
import pytest

from monitor.model.facts import Fact
from monitor.session.folder import SessionFolder
from monitor.session.journal import Journal
from monitor.session.signal.chunk_index import ChunkIndex
from monitor.session.signal.recorded import RecordedSignal, SignalIndex
from monitor.session.xdf import XdfWriter
from monitor.staging.channels import StageChannel
from monitor.staging.estimator import Estimate
from monitor.staging.session_signals import RecordedSignals

RATE_HZ = 100.0
HEADER = "<info><channel_format>float32</channel_format></info>"
EEG = StageChannel("eeg", 1, 1, 2, "C4-M1", 2.0, RATE_HZ)
CHIN = StageChannel("chin", 1, 0, None, "Chin", 1.0, RATE_HZ)


class Session:
    """A session folder that is being written, of one stream: chin, C4, M1."""

    def __init__(self, path, speed=1.0):
        self.folder, self.speed = SessionFolder(path), speed
        self.journal = Journal(self.folder.journal)
        self.xdf = XdfWriter(self.folder.recording)
        self.xdf.add_stream(1, HEADER, "float32", 3)
        self.signals = None
        channels = [[label, "uV", ""] for label in ("Chin", "C4", "M1")]
        about = {"key": 1, "name": "Amp", "type": "EEG", "source_id": "a", "rate_hz": RATE_HZ, "legs": []}
        about |= {"channels": channels}
        self.tell("stream", 0.0, about)
        self.choose(0.0, EEG)

    def tell(self, kind, t_s, data, source="recorder", supersedes=None):
        return self.journal.append([Fact(kind, t_s, source, data, supersedes)])[0]

    def choose(self, t_s, *channels):
        self.tell(
            "staging", t_s, {"state": "running", "reason": "", "channels": [c.as_dict() for c in channels]}
        )

    def connect(self, t_s, stamp_s):
        self.tell("anchor", t_s, {"key": 1, "stamp": stamp_s, "speed": self.speed})

    def samples(self, stamp_s, seconds, chunk_s=0.5, level=None, sent_stamps=None):
        """Write samples whose EEG is a wave of the session's clock, 20 uV high once scaled."""
        step_s = 1 / (RATE_HZ * self.speed)
        for k in range(round(seconds / chunk_s)):
            n = round(chunk_s * RATE_HZ)
            stamps = stamp_s + (k * n + np.arange(n)) * step_s
            stamps = stamps if sent_stamps is None else sent_stamps(stamps)
            wave = 10 * np.sin(2 * np.pi * 2 * (k * n + np.arange(n)) / RATE_HZ)
            wave = wave if level is None else np.full(n, level)
            rows = np.stack([np.arange(n) % 7, wave + 100, np.full(n, 100.0)], axis=1).astype(np.float32)
            self.xdf.samples(1, rows, stamps)
        self.xdf.sync()

    def read(self):
        self.signals = self.signals or RecordedSignals(self.folder)
        self.signals.update()
        return self.signals


@pytest.fixture(params=[1.0, 20.0])
def session(tmp_path, request):
    made = Session(tmp_path, request.param)
    yield made
    made.xdf.close()
    made.journal.close()


def whole_recording(session):
    state = session.read().state
    about = state.facts("stream")[0].data
    return RecordedSignal(session.folder.recording, about, tuple(state.facts("anchor")))


def wave_uv(start_s=0.0):
    return 20 * np.sin(2 * np.pi * 2 * (start_s + np.arange(3000) / 100))


def test_epochs_come_as_they_are_complete(session):
    session.connect(0.0, 5000.0)
    assert session.read().n_complete() == 0
    session.samples(5000.0, 31.0)
    assert session.read().n_complete() == 1
    session.samples(5000.0 + 31 / session.speed, 29.5)
    assert session.read().n_complete() == 1
    assert session.read().n_complete(is_last=True) == 2
    epoch = session.signals.epoch(0)
    assert set(epoch) == {"eeg"}
    assert epoch["eeg"].why == ""
    assert np.abs(epoch["eeg"].uv - wave_uv())[50:-50].max() < 1.0


def test_signal_that_came_over_a_new_connection_lies_where_it_was_anchored(session):
    session.connect(0.0, 5000.0)
    session.samples(5000.0, 30.0)
    # The source was started again: its clock as well.
    session.connect(60.0, 12.0)
    session.samples(12.0, 62.0)
    signals = session.read()
    assert signals.n_complete() == 4
    assert [signals.epoch(i)["eeg"].why for i in range(4)] == ["", "missing", "", ""]
    assert np.abs(signals.epoch(3)["eeg"].uv - wave_uv(30.0))[50:-50].max() < 1.0


@pytest.mark.parametrize(
    "sent_stamps",
    [
        lambda stamps: np.full(len(stamps), 5000.0),
        lambda stamps: np.random.default_rng(1).permuted(stamps * 7.0),
        lambda stamps: 10000.0 - stamps,
    ],
    ids=["constant", "shuffled", "backward"],
)
def test_samples_with_unusable_stamps_are_placed_by_count(session, sent_stamps):
    first = sent_stamps(np.arange(50) / (RATE_HZ * session.speed) + 5000.0)[0]
    session.connect(0.0, float(first))
    session.samples(5000.0, 95.0, sent_stamps=sent_stamps)
    signals = session.read()
    assert signals.n_complete() == 3
    assert [signals.epoch(i)["eeg"].why for i in range(3)] == ["", "", ""]
    placed = whole_recording(session)
    times_s = np.concatenate([times for times, _ in placed.runs([1])])
    for i in range(3):
        expected = wave_uv(30.0 * i - times_s[0])
        assert np.abs(signals.epoch(i)["eeg"].uv - expected)[100:-100].max() < 8.0


@pytest.mark.parametrize("update_every_n", [1, 7, 1000])
def test_positions_are_those_of_the_whole_recording_whenever_they_are_updated(session, update_every_n):
    """The index that grows with the recording gives the times of the reader of the finished recording."""
    session.connect(0.0, 5000.0)
    session.samples(5000.0, 20.0)
    index = ChunkIndex(session.folder.recording)
    growing = None
    for k in range(20):
        if k == 8:
            session.connect(40.0, 12.0)
        stamp_s = 12.0 + (k - 8) / session.speed if k >= 8 else 5000.0 + (20.0 + k) / session.speed
        session.samples(stamp_s, 1.0)
        if k % update_every_n == 0 or k == 19:
            state = session.read().state
            growing = growing or SignalIndex(index, state.facts("stream")[0].data)
            index.update()
            growing.update(state.facts("anchor"))
    placed = whole_recording(session)
    parts = list(placed.runs([0, 1, 2]))
    times_s, values = (np.concatenate(part) for part in zip(*parts, strict=True))
    found_s, found = growing.read(-1.0, 100.0)
    np.testing.assert_allclose(found_s, times_s[: len(found_s)], rtol=0, atol=1e-9)
    np.testing.assert_array_equal(found, values[: len(found)])
    # What follows a gap may wait for its next samples.
    assert len(times_s) - len(found_s) <= RATE_HZ
    inside = (times_s >= 41.0) & (times_s < 43.0)
    assert np.array_equal(growing.read(41.0, 43.0)[1], values[inside])


def test_an_anchor_that_arrives_after_its_samples_places_them(session):
    session.connect(0.0, 5000.0)
    session.samples(5000.0, 30.0)
    session.samples(12.0, 32.0)
    session.read()
    session.connect(60.0, 12.0)
    signals = session.read()
    assert [signals.epoch(i)["eeg"].why for i in range(3)] == ["", "missing", ""]
    assert np.abs(signals.epoch(2)["eeg"].uv - wave_uv(0.0))[50:-50].max() < 1.0


def test_what_is_written_before_it_is_anchored_waits(session):
    session.samples(5000.0, 35.0)
    assert session.read().n_complete() == 0
    session.connect(0.0, 5000.0)
    assert session.read().n_complete() == 1


def test_a_lost_source_is_waited_for_and_then_its_epochs_are_missing(session):
    session.connect(0.0, 5000.0)
    session.samples(5000.0, 30.0)
    session.tell("note", 100.0, {"text": "x"})
    assert session.read().n_complete() == 0
    session.tell("note", 185.0, {"text": "x"})
    assert session.read().n_complete() == 3
    assert [session.signals.epoch(i)["eeg"].why for i in range(3)] == ["", "missing", "missing"]


def test_a_flat_lead_is_flat(session):
    session.connect(0.0, 5000.0)
    session.samples(5000.0, 31.0, level=3.0)
    assert session.read().epoch(0)["eeg"].why == "flat"


def test_channels_may_change_in_the_night(session):
    session.connect(0.0, 5000.0)
    session.samples(5000.0, 61.0)
    assert session.read().roles == ("eeg",)
    session.choose(30.0, EEG, CHIN)
    assert session.read().roles == ("eeg", "chin")
    assert [set(session.signals.epoch(i)) for i in range(2)] == [{"eeg"}, {"eeg", "chin"}]


def test_what_stands_is_read_from_the_journal(session):
    first = session.tell("stage", 0.0, {"stage": "W", "duration_s": 30.0, "p_sleep": 0.3}, "auto")
    session.tell("stage", 30.0, {"stage": "unscored", "duration_s": 30.0, "p_sleep": None, "why": "flat EEG"},
                 "auto")  # fmt: skip
    session.tell("stage", 60.0, {"stage": "N2", "duration_s": None}, "person")
    assert session.read().recorded_estimates() == {
        0: Estimate("W", 0.3),
        1: Estimate("unscored", None, "flat EEG"),
    }
    session.tell("stage", 0.0, {"stage": "N1", "duration_s": 30.0, "p_sleep": 0.6}, "auto", first.seq)
    assert session.read().recorded_estimates()[0] == Estimate("N1", 0.6)


def test_the_morning_begins_when_the_lights_are_on_again(session):
    assert not session.read().is_in_bed_over
    for state, expected in (("on", False), ("off", False), ("on", True), ("off", False)):
        session.tell("lights", 1.0, {"state": state}, "person")
        assert session.read().is_in_bed_over is expected
