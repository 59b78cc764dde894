"""Other signals beside the legs: live from the ring of a recorder, in review from its recording."""

import numpy as np
import pytest
from support.lane_session import (
    AMP,
    FLOW,
    LANE_NAMES,
    OXYGEN,
    STREAMS,
    LaneSession,
    values_of,
)
from support.windows import LATE_MS, Recorder

from monitor.dashboard.shell.span_drag import leg_at
from monitor.dashboard.signal.scrollback import Scrollback
from monitor.dashboard.signal.signal_lane import scale_of, step_above
from monitor.dashboard.signal.sources import LiveSignal
from monitor.dashboard.signal.traces import Traces, ViewFilter
from monitor.dashboard.viewmodel.lanes import LaneView, choices, lanes_view
from monitor.model.lanes import KINDS, NO_LANES, LaneWish
from monitor.session.journal import read_journal
from monitor.session.reader import read_session
from monitor.session.signal.chunk_index import ChunkIndex
from monitor.session.signal.live_ring import LiveRing
from monitor.session.signal.recorded import SignalIndex, recorded_signals

SHOWN = tuple(name for names in LANE_NAMES.values() for name in names)


def sent(key, numbers):
    """Return the signals of the lanes of a stream, in their units, from the samples that were sent."""
    values = values_of(STREAMS[key - 1], numbers).astype(np.float64)
    if key == 1:
        return np.stack([(values[:, 2] - values[:, 3]) * 1000.0, values[:, 4]], axis=1)
    return values


def read_back(folder, key, start_s, end_s):
    facts, _ = read_journal(folder.journal)
    about = next(f.data for f in facts if f.kind == "stream" and f.data["key"] == key)
    anchors = [f for f in facts if f.kind == "anchor"]
    chunks = ChunkIndex(folder.recording)
    chunks.update()
    scrollback = Scrollback(SignalIndex(chunks, about), about)
    while not scrollback.place(anchors, end_s):
        pass
    return scrollback.others, scrollback.read(start_s, end_s)[1]


@pytest.fixture
def session(tmp_path):
    made = LaneSession(tmp_path)
    made.until(9008.0)
    yield made
    made.end()


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """Give the folder of a session that has ended, and what the ring of each stream had."""
    made = LaneSession(tmp_path_factory.mktemp("recorded"))
    made.until(9020.0)
    rings = {key: LiveRing.open(made.folder.live_lanes(key)) for key in LANE_NAMES}
    rows = {key: (ring.lanes, ring.read_since(0)[1]) for key, ring in rings.items()}
    made.end()
    return made.folder, rows


@pytest.mark.parametrize("key", [1, 2, 3])
def test_ring_and_recording_have_the_samples_that_were_sent_at_their_times(recorded, key):
    folder, rings = recorded
    rate_hz = STREAMS[key - 1].rate_hz
    names, page = read_back(folder, key, 5.0, 15.0)
    lanes, rows = rings[key]
    assert lanes == names == LANE_NAMES[key]
    numbers = np.rint(page[:, 0] * rate_hz).astype(int)
    assert len(page) == 10 * rate_hz
    assert page[:, 0] == pytest.approx(numbers / rate_hz, abs=1e-6)
    assert page[:, 1:] == pytest.approx(sent(key, numbers), abs=1e-3)
    live = rows[(rows[:, 0] >= 5.0 - 1e-4) & (rows[:, 0] < 15.0 - 1e-4)]
    assert live == pytest.approx(page, abs=1e-3)


def test_a_stream_that_began_before_the_legs_keeps_its_samples_and_times(tmp_path):
    made = LaneSession(tmp_path, begun_s=(9004.0, 9000.0, 9000.0))
    made.until(9004.0, 2, 3)
    made.until(9014.0)
    made.end()
    session = read_session(made.folder.path)
    for signal in recorded_signals(session)[1:]:
        runs = list(signal.runs([0]))
        times_s = np.concatenate([times for times, _ in runs])
        assert times_s[0] == pytest.approx(-4.0)
        assert len(times_s) == 14 * signal.rate_hz
    _, page = read_back(made.folder, 2, 0.0, 10.0)
    numbers = np.rint((page[:, 0] + 4.0) * FLOW.rate_hz).astype(int)
    assert page[:, 1:] == pytest.approx(sent(2, numbers), abs=1e-3)


def test_after_a_loss_a_signal_is_placed_anew(session):
    session.lose(2)
    session.until(9014.0, 1, 3)
    session.skip(2, 9014.0)
    session.connect(2)
    session.until(9024.0)
    session.end()
    _, page = read_back(session.folder, 2, 0.0, 24.0)
    assert not ((page[:, 0] > 8.01) & (page[:, 0] < 13.9)).any()
    later = page[page[:, 0] > 14.0]
    assert len(later) > 9 * FLOW.rate_hz
    numbers = np.rint(later[:, 0] * FLOW.rate_hz).astype(int)
    assert later[:, 1:] == pytest.approx(sent(2, numbers), abs=1e-3)


def test_a_fault_in_a_lane_ends_the_lane_and_neither_recording_nor_detection(session):
    session.until(
        9010.0, values=lambda stream, numbers: values_of(stream, numbers)[:, : 2 if stream is AMP else 9]
    )
    assert not session.folder.live_lanes(1).exists()
    session.end()
    facts, _ = read_journal(session.folder.journal)
    warned = [f.data for f in facts if f.kind == "warning" and f.data["about"].startswith("showing other")]
    assert [data["about"] for data in warned] == ["showing other signals of Amp"]
    assert not [f for f in facts if f.kind == "gap"]
    assert session.recorder.recorded_s == pytest.approx(10.0, abs=0.1)


def test_without_a_wish_there_is_no_ring_and_no_lane_and_the_streams_are_recorded(tmp_path):
    made = LaneSession(tmp_path, NO_LANES)
    made.until(9004.0)
    assert not list(made.folder.path.glob("live-*-lanes.ring"))
    made.end()
    facts, _ = read_journal(made.folder.journal)
    streams = [f for f in facts if f.kind == "stream"]
    assert [lane.name for lane in lanes_view(streams, ("left", "right"), ())] == ["left", "right"]
    assert len(recorded_signals(read_session(made.folder.path))) == 3


def test_lanes_follow_the_limbs_and_v_shows_all_the_legs_or_one(recorded):
    facts, _ = read_journal(recorded[0].journal)
    lanes = lanes_view([f for f in facts if f.kind == "stream"], ("left", "right"), ())
    assert [lane.name for lane in lanes] == ["left", "right", *SHOWN]
    assert [lane.title for lane in lanes][2:5] == ["EEG C4-M1", "chin EMG Chin", "airflow Flow"]
    found = choices(lanes)
    assert [name for name, _ in found[:3]] == ["all lanes", "legs only, one lane each", "left leg"]
    assert [lane.name for lane in found[1][1]] == ["left", "right"]


def test_a_level_is_drawn_where_it_is_and_named_in_its_unit():
    traces = Traces(("spo2 x/SpO2",), 4.0, 60.0, ViewFilter(), ("spo2",))
    times_s = np.arange(0.0, 20.0, 0.25)
    traces.add(np.stack([times_s, np.where(times_s < 10.0, 97.0, 85.0)], axis=1))
    assert traces.value_at("spo2 x/SpO2", 5.0, 5.0) == 97.0
    assert traces.value_at("spo2 x/SpO2", 15.0, 5.0) == 85.0
    assert np.isnan(traces.value_at("spo2 x/SpO2", 40.0, 5.0))
    assert traces.measured("spo2 x/SpO2", 12.0, 14.0)[:2] == (85.0, 85.0)


@pytest.mark.parametrize(
    ("kind", "inside_hz", "outside_hz"), [("eeg", 10.0, 0.03), ("chin", 40.0, 1.0), ("airflow", 0.5, 0.01)]
)
def test_a_signal_has_the_display_filter_of_its_kind(kind, inside_hz, outside_hz):
    t_s = np.arange(0.0, 120.0, 0.005)
    amplitudes = []
    for frequency_hz in (inside_hz, outside_hz):
        traces = Traces(("x",), 200.0, 120.0, ViewFilter(notch_hz=0.0), (kind,))
        traces.add(np.stack([t_s, 100.0 * np.sin(2 * np.pi * frequency_hz * t_s)], axis=1))
        amplitudes.append(traces.largest_uv("x", 60.0))
    assert amplitudes[0] > 85.0
    assert amplitudes[1] < 15.0


def test_a_scale_without_a_usual_one_holds_the_signal_and_does_not_follow_each_breath():
    flow, view = KINDS["airflow"], LaneView("x", "", "Flow", "airflow", "L/min")
    traces = Traces(("x",), 32.0, 60.0, ViewFilter(), ("airflow",))
    t_s = np.arange(0.0, 60.0, 1 / 32)
    traces.add(np.stack([t_s, 30.0 * np.sin(2 * np.pi * 0.25 * t_s)], axis=1))
    assert scale_of(view, flow, traces, float("nan")) == 50.0
    assert scale_of(view, flow, traces, 100.0) == 100.0
    assert scale_of(view, flow, traces, 500.0) == 50.0
    assert scale_of(view, flow, traces, 20.0) == 50.0
    assert scale_of(LaneView("x", "", "C4", "eeg", "µV"), KINDS["eeg"], traces, 1.0) == 75.0
    assert scale_of(LaneView("x", "", "C4", "eeg", "counts"), KINDS["eeg"], traces, float("nan")) == 50.0
    assert [step_above(value) for value in (0.03, 1.0, 3.0, 20.1)] == [0.05, 1.0, 5.0, 50.0]


def test_another_signal_does_not_lead_the_legs(tmp_path):
    made = LaneSession(tmp_path)
    made.until(9004.0)
    made.until(9006.0, 2, 3)
    signal = LiveSignal(made.folder, ViewFilter())
    signal.poll()
    assert signal.newest_s == pytest.approx(4.0, abs=0.1)
    assert signal.traces[LANE_NAMES[2][0]].newest_s == pytest.approx(6.0, abs=0.1)
    made.end()


def test_the_window_draws_all_lanes_live_and_in_review_with_the_legs_as_the_big_ones(
    session, open_window, qtbot
):
    stand_in = Recorder(session.folder)
    window = open_window(session.folder)
    sweep = window.live.sweep
    try:
        qtbot.waitUntil(
            lambda: len(sweep.lanes) == 7 and all(lane.pixels.any() for lane in sweep.lanes), timeout=LATE_MS
        )
        assert [lane.name for lane in sweep.lanes] == ["left", "right", *SHOWN]
        heights = [lane.rect.height() for lane in sweep.lanes]
        assert min(heights[:2]) >= 1.8 * max(heights[2:])
        tops, bottoms = [lane.top for lane in sweep.lanes], [lane.rect.bottom() for lane in sweep.lanes]
        assert all(bottom < top for bottom, top in zip(bottoms, tops[1:], strict=False))
        assert bottoms[-1] < sweep.strip_top
        assert leg_at(sweep, sweep.lanes[0].rect.center()) == "left"
        assert leg_at(sweep, sweep.lanes[3].rect.center()) is None
        window.review.show(0.0)
        qtbot.waitUntil(
            lambda: sweep.is_page and all(lane.pixels.any() for lane in sweep.lanes), timeout=LATE_MS
        )
        window.live.fit()
        largest_uv = max(lane.traces.largest_uv(lane.name, 30.0) for lane in sweep.lanes[:2])
        assert largest_uv <= sweep.full_uv < 10 * largest_uv
    finally:
        stand_in.close()


def test_a_wish_for_one_kind_shows_that_kind_alone(tmp_path):
    made = LaneSession(tmp_path, LaneWish(("spo2",)))
    made.until(9004.0)
    assert [path.name for path in made.folder.path.glob("live-*-lanes.ring")] == ["live-3-lanes.ring"]
    made.end()
    assert OXYGEN.name in LANE_NAMES[3][0]
