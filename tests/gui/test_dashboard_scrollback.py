"""Reading back from disk: any stretch, while it is written, across reconnections."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.sessions import FIRST_STAMP_S, RATE_HZ, stream_fact

from monitor.dashboard.signal.scrollback import Scrollback
from monitor.model.facts import Fact
from monitor.session.xdf import XdfWriter

HEADER = "<info><name>Amp</name><channel_format>{}</channel_format></info>"


def gap(start_s: float, end_s: float) -> Fact:
    data = {"legs": ["left", "right"], "end": end_s, "cause": "stream lost", "resets": True}
    return Fact("gap", start_s, "detector", data)


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


def test_reads_exactly_the_stretch_in_microvolts(tmp_path: Path) -> None:
    xdf = writer(tmp_path / "r.xdf", "int16")
    put(xdf, 0, 5000)
    xdf.close()
    about = dict(stream_fact().data)
    about["legs"] = [dict(leg, scale_uv=0.5) for leg in about["legs"]]
    rows = Scrollback(tmp_path / "r.xdf", about, []).read(2.0, 3.0)
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
    scrollback = Scrollback(path, stream_fact().data, [])
    assert len(scrollback.read(0.0, 100.0)) == 1000
    put(xdf, 1000, 1000)
    xdf.sync()
    whole = path.read_bytes()
    path.write_bytes(whole[:-100])
    assert len(scrollback.read(0.0, 100.0)) == 1750
    path.write_bytes(whole)
    assert scrollback.read(0.0, 100.0)[:, 1].tolist() == list(range(2000))
    xdf.close()


@pytest.mark.parametrize("second_stamp_s", [FIRST_STAMP_S + 60.0, 3.0])
def test_places_what_came_over_a_new_connection_behind_its_gap(tmp_path: Path, second_stamp_s: float) -> None:
    # The source came back after a minute; in the second case with its clock begun anew.
    path = tmp_path / "r.xdf"
    xdf = writer(path)
    put(xdf, 0, 5000)
    put(xdf, 0, 5000, second_stamp_s)
    xdf.close()
    scrollback = Scrollback(path, stream_fact().data, [gap(10.0, 60.0)])
    assert scrollback.read(5.0, 5.1)[0, 0] == pytest.approx(5.0)
    behind = scrollback.read(62.0, 63.0)
    assert behind[0, 0] == pytest.approx(62.0)
    assert behind[0, 1] == 1000
    assert len(scrollback.read(20.0, 50.0)) == 0


def test_what_came_twice_lies_where_it_came_first(tmp_path: Path) -> None:
    path = tmp_path / "r.xdf"
    xdf = writer(path)
    put(xdf, 0, 5000)
    put(xdf, 2500, 5000)
    put(xdf, 40_000, 500)
    xdf.close()
    rows = Scrollback(path, stream_fact().data, [gap(15.0, 80.0)]).read(0.0, 100.0)
    assert rows[:, 0] == pytest.approx(rows[:, 1] / RATE_HZ)


def test_what_thawed_lies_where_it_was_put_back(tmp_path: Path) -> None:
    # Frozen from 10 s to 40 s; what it had kept came within 20 ms, stamped now. There is a gap an hour later.
    path, frozen_n = tmp_path / "r.xdf", 15_000
    xdf = writer(path)
    put(xdf, 0, 5000)
    back_s = FIRST_STAMP_S + (5000 + frozen_n) / RATE_HZ
    for at in range(0, frozen_n, 250):
        xdf.samples(1, ramp(5000 + at, 250), back_s - 0.02 + 0.0199 * (at + np.arange(250)) / frozen_n)
    put(xdf, 5000 + frozen_n, 5000)
    xdf.close()
    first_s, last_s = 5000 / RATE_HZ, (5000 + frozen_n - 1) / RATE_HZ
    data = {"name": "Amp", "end": last_s, "late_s": 30.0, "n": frozen_n, "missing_s": 0.0, "retimed": True}
    told = [Fact("late", first_s, "recorder", data), gap(3600.0, 3700.0)]
    scrollback = Scrollback(path, stream_fact().data, told)
    whole = scrollback.read(0.0, 100.0)
    assert whole[:, 1].tolist() == list(range(25_000))
    assert whole[:, 0] == pytest.approx(whole[:, 1] / RATE_HZ, abs=1e-5)
    # Another stream's freeze is not its own.
    other = Scrollback(path, dict(stream_fact().data) | {"name": "Other amp"}, told).read(0.0, 100.0)
    assert np.diff(other[:, 0]).max() > 29.0
    page = scrollback.read(20.0, 25.0)
    assert page[:, 1].tolist() == list(range(round(20 * RATE_HZ), round(25 * RATE_HZ)))


def test_speed_is_taken_out(tmp_path: Path) -> None:
    path = tmp_path / "r.xdf"
    xdf = writer(path)
    stamps = FIRST_STAMP_S + np.arange(5000) / RATE_HZ / 10.0
    for at in range(0, 5000, 250):
        xdf.samples(1, ramp(at, 250), stamps[at : at + 250])
    xdf.close()
    rows = Scrollback(path, dict(stream_fact().data) | {"speed": 10.0}, []).read(4.0, 5.0)
    assert rows[0, 1] == 2000
    assert rows[0, 0] == pytest.approx(4.0)


def test_is_empty_where_nothing_is(tmp_path: Path) -> None:
    assert Scrollback(tmp_path / "none.xdf", stream_fact().data, []).read(0.0, 10.0).shape == (0, 7)


def test_reads_hour_six_without_the_hours_before(tmp_path: Path) -> None:
    path = tmp_path / "r.xdf"
    xdf = writer(path)
    put(xdf, 0, 100_000)
    xdf.close()
    scrollback = Scrollback(path, stream_fact().data, [])
    scrollback.read(0.0, 1.0)
    whole = scrollback.read(150.0, 152.0)
    assert len(whole) == 1000
    # What is not read may as well be lost.
    with path.open("r+b") as file:
        file.write(bytes(path.stat().st_size // 2))
    assert np.array_equal(scrollback.read(150.0, 152.0), whole, equal_nan=True)
