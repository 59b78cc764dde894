"""Reading back from disk: any period, while it is written, across reconnections."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.sessions import FIRST_STAMP_S, RATE_HZ, anchor_fact, read_back, stream_fact
from support.waiting import wait_for

from monitor.dashboard.signal.page_sources import SessionPages
from monitor.dashboard.signal.scrollback import Scrollback
from monitor.dashboard.signal.sources import Page, PageReader
from monitor.dashboard.signal.traces import ViewFilter
from monitor.session.folder import SessionFolder
from monitor.session.signal.chunk_index import ChunkIndex
from monitor.session.signal.recorded import SignalIndex
from monitor.session.xdf import XdfWriter

HEADER = "<info><name>Amp</name><channel_format>{}</channel_format></info>"
BEGIN = anchor_fact()


def ramp(start: int, n: int) -> np.ndarray:
    """Channel 0 counts samples, channel 1 counts down."""
    at = np.arange(start, start + n, dtype=np.float64)
    return np.stack([at, -at], axis=1)


def writer(path: Path, kind: str = "double64") -> XdfWriter:
    made = XdfWriter(path)
    made.add_stream(1, HEADER.format(kind), kind, 2)
    return made


def put(xdf: XdfWriter, start: int, n: int, first_stamp_s: float = FIRST_STAMP_S) -> None:
    for at in range(start, start + n, 250):
        part = ramp(at, min(250, start + n - at))
        xdf.samples(1, part, first_stamp_s + (at + np.arange(len(part))) / RATE_HZ)


def test_reads_exactly_the_period_in_microvolts(tmp_path: Path) -> None:
    xdf = writer(tmp_path / "r.xdf", "int16")
    put(xdf, 0, 5000)
    xdf.close()
    about = dict(stream_fact().data)
    about["legs"] = [dict(leg, scale_uv=0.5) for leg in about["legs"]]
    rows = read_back(tmp_path / "r.xdf", about, [BEGIN], 2.0, 3.0)
    assert rows.shape == (500, 7)
    assert rows[:, 0] == pytest.approx(2.0 + np.arange(500) / RATE_HZ)
    assert rows[:, 1].tolist() == (np.arange(1000, 1500) * 0.5).tolist()
    assert rows[:, 4].tolist() == (-np.arange(1000, 1500) * 0.5).tolist()
    assert np.isnan(rows[:, [2, 3, 5, 6]]).all()


def test_grows_with_the_file_and_leaves_a_cut_chunk(tmp_path: Path) -> None:
    path = tmp_path / "r.xdf"
    xdf = writer(path)
    put(xdf, 0, 1000)
    xdf.sync()
    chunks = ChunkIndex(path)
    scrollback = Scrollback(SignalIndex(chunks, stream_fact().data), stream_fact().data)

    def read() -> np.ndarray:
        chunks.update()
        assert scrollback.place([BEGIN], 100.0)
        return scrollback.read(0.0, 100.0)[0]

    assert len(read()) == 1000
    put(xdf, 1000, 1000)
    xdf.sync()
    whole = path.read_bytes()
    path.write_bytes(whole[:-100])
    assert len(read()) == 1750
    path.write_bytes(whole)
    assert read()[:, 1].tolist() == list(range(2000))
    xdf.close()


@pytest.mark.parametrize("second_stamp_s", [FIRST_STAMP_S + 60.0, 3.0])
def test_samples_of_a_new_connection_are_after_its_gap(tmp_path: Path, second_stamp_s: float) -> None:
    # The source returned after a minute; in the second case with a clock that started again.
    path = tmp_path / "r.xdf"
    xdf = writer(path)
    put(xdf, 0, 5000)
    put(xdf, 0, 5000, second_stamp_s)
    xdf.close()
    anchors = [BEGIN, anchor_fact(60.0, second_stamp_s, 5000)]
    about = stream_fact().data
    assert read_back(path, about, anchors, 5.0, 5.1)[0, 0] == pytest.approx(5.0)
    after = read_back(path, about, anchors, 62.0, 63.0)
    assert after[0, 0] == pytest.approx(62.0)
    assert after[0, 1] == 1000
    assert len(read_back(path, about, anchors, 20.0, 50.0)) == 0
    # The anchor of another stream places nothing here.
    other = anchor_fact(90.0, second_stamp_s, 5000, key=2)
    assert np.array_equal(read_back(path, about, [*anchors, other], 62.0, 63.0), after, equal_nan=True)


def test_duplicate_samples_are_shown_once_where_they_came_first(tmp_path: Path) -> None:
    path = tmp_path / "r.xdf"
    xdf = writer(path)
    put(xdf, 0, 5000)
    put(xdf, 2500, 5000)
    put(xdf, 40_000, 500)
    xdf.close()
    rows = read_back(path, stream_fact().data, [BEGIN])
    assert rows[:, 0] == pytest.approx(rows[:, 1] / RATE_HZ)
    assert len(np.unique(rows[:, 1])) == len(rows)


def test_a_burst_after_a_stall_is_where_the_recording_retimed_it(tmp_path: Path) -> None:
    # Stalled from 10 s to 40 s; the held samples came within 20 ms, stamped on arrival.
    path, stalled_n = tmp_path / "r.xdf", 15_000
    xdf = writer(path)
    put(xdf, 0, 5000)
    back_s = FIRST_STAMP_S + (5000 + stalled_n) / RATE_HZ
    for at in range(0, stalled_n, 250):
        xdf.samples(1, ramp(5000 + at, 250), back_s - 0.02 + 0.0199 * (at + np.arange(250)) / stalled_n)
    put(xdf, 5000 + stalled_n, 5000)
    xdf.close()
    whole = read_back(path, stream_fact().data, [BEGIN])
    assert whole[:, 1].tolist() == list(range(25_000))
    assert whole[:, 0] == pytest.approx(whole[:, 1] / RATE_HZ, abs=1e-3)
    page = read_back(path, stream_fact().data, [BEGIN], 20.0, 25.0)
    assert np.array_equal(page, whole[(whole[:, 0] >= 20.0) & (whole[:, 0] < 25.0)], equal_nan=True)


def test_speed_is_taken_out(tmp_path: Path) -> None:
    path = tmp_path / "r.xdf"
    xdf = writer(path)
    stamps = FIRST_STAMP_S + np.arange(5000) / RATE_HZ / 10.0
    for at in range(0, 5000, 250):
        xdf.samples(1, ramp(at, 250), stamps[at : at + 250])
    xdf.close()
    rows = read_back(path, stream_fact(speed=10.0).data, [anchor_fact(speed=10.0)], 4.0, 5.0)
    assert rows[0, 1] == 2000
    assert rows[0, 0] == pytest.approx(4.0)


def test_a_page_of_hour_six_reads_only_its_own_samples(tmp_path: Path) -> None:
    path = tmp_path / "r.xdf"
    xdf = writer(path)
    put(xdf, 0, 300_000)
    xdf.close()
    chunks = ChunkIndex(path)
    chunks.update()
    scrollback = Scrollback(SignalIndex(chunks, stream_fact().data), stream_fact().data)
    # Each call takes a part of the recording, so that another page can be asked for meanwhile.
    n_calls = 1
    while not scrollback.place([BEGIN], 552.0):
        n_calls += 1
    assert n_calls > 1
    whole = scrollback.read(550.0, 552.0)[0]
    assert len(whole) == 1000
    # What is not read may as well be lost.
    with path.open("r+b") as file:
        file.write(bytes(path.stat().st_size // 2))
    assert np.array_equal(scrollback.read(550.0, 552.0)[0], whole, equal_nan=True)


def page_of(reader: PageReader, start_s: float) -> Page:
    reader.ask((start_s, start_s + 10.0), ViewFilter(), [stream_fact()], [BEGIN], {})
    found: Page = wait_for(reader.take, "page")
    return found


def test_a_page_without_a_recording_is_empty_and_the_newest_request_is_answered(tmp_path: Path) -> None:
    folder = SessionFolder(tmp_path)
    reader = PageReader(SessionPages(folder))
    empty = page_of(reader, 0.0).traces
    assert {lane: traces.newest_s for lane, traces in empty.items()} == dict.fromkeys(
        ("left", "right"), -np.inf
    )
    xdf = writer(folder.recording)
    put(xdf, 0, 100_000)
    xdf.close()
    reader.ask((190.0, 200.0), ViewFilter(), [stream_fact()], [BEGIN], {})
    assert page_of(reader, 50.0).start_s == 50.0
    reader.close()


def test_the_recording_is_placed_ahead_of_a_request(tmp_path: Path) -> None:
    folder = SessionFolder(tmp_path)
    xdf = writer(folder.recording)
    put(xdf, 0, 100_000)
    xdf.close()
    times = iter(range(0, 1_000_000, 20))
    reader = PageReader(SessionPages(folder), lambda: next(times))
    wait_for(lambda: reader.place_ahead([stream_fact()], [BEGIN]), "placed recording")
    # The page needs nothing of the first half any more.
    with folder.recording.open("r+b") as file:
        file.write(bytes(folder.recording.stat().st_size // 2))
    assert page_of(reader, 180.0).traces["left"].newest_s == pytest.approx(190.0, abs=0.01)
    reader.close()
