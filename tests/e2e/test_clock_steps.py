"""Wall clock set, summer time ended, machine or recorder stood still: what is shown stays, and is right."""

import datetime as dt
import re
import time
from itertools import pairwise

import numpy as np
import pytest
from support.hand_fed import EMG, HEADER, RATE_HZ, START
from support.watching import of_kind

from monitor.dashboard.viewmodel import presenter
from monitor.dashboard.viewmodel.presenter import Presenter
from monitor.lsl.arrivals import Connected, Offset, Samples
from monitor.session.recorder_status import LiveStatus, RecorderStatus

pytestmark = pytest.mark.smoke

CENTRAL_EUROPE = "CET-1CEST,M3.5.0,M10.5.0/3"


@pytest.fixture(autouse=True)
def zone(bench, monkeypatch):
    if not hasattr(time, "tzset"):
        pytest.skip("the local time zone cannot be set here")
    monkeypatch.setenv("TZ", CENTRAL_EUROPE)
    time.tzset()
    monkeypatch.setattr(presenter, "utc_now", bench.utc)
    yield
    monkeypatch.undo()
    time.tzset()


def send(bench, stamp_s, clock_s, seconds=2.0, gain=1.0):
    """Let some signal come, at a moment of LSL's clock."""
    bench.clock_s = clock_s
    stamps = stamp_s + np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    values = (gain * 2 * bench.noise.standard_normal((len(stamps), 1))).astype(np.float32)
    bench.night.take(Samples(1, values, stamps))
    bench.night.tick()


class Night:
    """A recorder fed by hand for hours, and the screen beside it."""

    def __init__(self, bench):
        self.bench, self.now_s = bench, 0.0
        self.presenter = Presenter(bench.folder, lambda: bench.clock_s)
        self.shown = {}
        self.corrected_s = (float("inf"), float("inf"))
        send(bench, 4000.0, 9000.0 + 1 / RATE_HZ, 1 / RATE_HZ)

    def go_on(self, seconds, *, step_s=10.0):
        """Record for so long; a movement in every step."""
        until_s = self.now_s + seconds
        while self.now_s < until_s:
            for length_s, gain in ((step_s - 2, 1.0), (2.0, 15.0)):
                first_s = self.now_s + (1 / RATE_HZ if self.now_s == 0 else 0.0)
                self.now_s += length_s
                send(self.bench, 4000.0 + first_s, 9000.0 + self.now_s, self.now_s - first_s, gain)
            self.look()

    def look(self):
        """Compare every row of the log with how it was shown first; a label may be added."""
        status = RecorderStatus.of(self.bench.night.status())
        self.screen = self.presenter.poll(LiveStatus(status, self.now_s, 0.0, None))
        for row in self.screen.log.rows:
            text = self.screen.log.wall.text(row.t_s)
            before = self.shown.setdefault((row.t_s, row.kind, row.leg, row.what), text)
            is_corrected = self.corrected_s[0] <= row.t_s <= self.corrected_s[1]
            assert text == before or text.startswith(before + " ") or is_corrected, row
        return self.screen

    def warnings(self):
        return [f.data["reason"] for f in self.presenter.state.facts("warning")]


def test_a_recorder_that_stood_still_shows_each_movement_at_its_time(bench):
    night = Night(bench)
    night.go_on(40)
    # It stands still for 35 s, over the minute: on waking the clock is noted before the backlog is taken in.
    bench.clock_s = 9075.0
    bench.night.tick()
    night.look()
    clocks = night.presenter.state.facts("clock")
    assert clocks[-1].data["lsl"] == 9075.0
    assert clocks[-1].data["recorded_s"] == pytest.approx(40.0, abs=0.5)
    night.go_on(90)
    # 22:00 UTC is midnight.
    movements = [fact.data["onset"] for fact in night.presenter.state.movements()]
    wall = night.screen.log.wall
    shown_s = [(wall.at(onset_s) - START).total_seconds() for onset_s in movements]
    assert len(movements) >= 8
    assert shown_s == pytest.approx(movements, abs=0.01)
    assert night.warnings() == []
    assert wall.text(night.now_s) == "00:02:10"


def test_a_clock_that_is_set_back_is_told_once_and_changes_no_row(bench):
    night = Night(bench)
    night.go_on(100)
    bench.set_s = -3600.0
    # The source's clock is another machine's: for 20 s nobody knows whether LSL's clock here stood still.
    night.corrected_s = (100.0, 130.0)
    night.go_on(200)
    (reason,) = night.warnings()
    assert "set back by 1:00:00" in reason
    assert re.search(r"from 00:01:\d\d to 23:01:\d\d", reason)
    wall = night.screen.log.wall
    # Where it will come a second time it says so.
    assert wall.text(50.0) == "00:00:50 (1st)"
    assert wall.text(112.0) == "23:01:52"
    assert wall.text(250.0) == "23:04:10"
    at = [wall.at(t_s) for t_s in range(0, 300, 5)]
    backward = [a - b for a, b in pairwise(at) if b < a]
    assert len(backward) == 1
    assert night.screen.top.clock_text == "23:05:00"


def test_a_local_hour_that_comes_twice_says_which(bench):
    # 02:00 to 03:00 comes twice: summer time ends at 01:00 UTC, three hours after the first sample.
    night = Night(bench)
    night.go_on(10)
    night.now_s = 3 * 3600.0 - 600.0
    night.go_on(1200, step_s=60.0)
    (reason,) = night.warnings()
    assert "local time changed from CEST to CET: 03:0" in reason
    wall = night.screen.log.wall
    end_s = 3 * 3600.0
    assert wall.text(end_s - 300.0) == "02:55:00 CEST"
    assert wall.text(end_s + 300.0) == "02:05:00 CET"
    assert wall.text(end_s - 3 * 3600.0) == "00:00:00"
    assert wall.span_text(0.0, end_s + 600.0) == "2026-10-25 00:00 CEST to 02:10 CET"
    assert night.screen.top.clock_text == "02:10:00 CET"
    times = [wall.at(t_s).timestamp() for t_s in range(0, round(end_s) + 600, 30)]
    assert times == sorted(times)
    # The axis has a mark at each round time, before and after.
    ticks = [wall.text(t_s, seconds=False) for t_s in wall.ticks(end_s - 600.0, end_s + 600.0, 300.0)]
    assert ticks == ["02:50 CEST", "02:55 CEST", "02:00 CET", "02:05 CET"]


def test_while_this_machine_slept_a_remote_source_went_on(bench):
    night = Night(bench)
    night.go_on(100)
    # LSL's clock here stood still for 60 s: the source's is 60 s further on against it, and it has sent on.
    bench.slept_s = 60.0
    night.corrected_s = (100.0, 190.0)
    bench.night.tick()
    for first_s, length_s in ((0, 60), *((60 + 2 * i, 2) for i in range(15))):
        here_s = 9100.0 + max(0, first_s + length_s - 60)
        bench.night.take(Offset(1, here_s, 4940.0, 0.001))
        send(bench, 4100.0 + first_s, here_s, length_s)
        night.now_s = bench.night.recorded_s
        night.look()
    assert night.warnings() == ["it was suspended for 0:01:00"]
    assert bench.night.recorded_s == pytest.approx(190.0, abs=0.5)
    wall = night.screen.log.wall
    assert [wall.text(t_s) for t_s in (50.0, 130.0, 165.0, 189.0)] == [
        "00:00:50",
        "00:02:10",
        "00:02:45",
        "00:03:09",
    ]


def test_while_this_machine_slept_a_remote_source_sent_nothing(bench):
    """The timeline leaves out what nobody recorded: the time of day goes on where the machine woke."""
    night = Night(bench)
    night.go_on(100)
    bench.slept_s = 1000.0
    night.corrected_s = (100.0, 140.0)
    bench.night.tick()
    for second in range(0, 40, 2):
        bench.night.take(Offset(1, 9100.0 + second, 4000.0, 0.001))
        send(bench, 5100.0 + second, 9102.0 + second)
        night.now_s = bench.night.recorded_s
        night.look()
    ago_s = (START + dt.timedelta(seconds=1140.0) - night.screen.log.wall.at(night.now_s)).total_seconds()
    assert abs(ago_s) < 2.0
    assert night.screen.log.wall.text(99.0) == "00:01:39"


def test_while_this_machine_slept_a_source_beside_it_did_too(bench):
    bench.night.take(Connected(1, EMG, HEADER.format("Amp", "float32"), 0.0))
    for second in range(0, 20, 2):
        send(bench, 9000.0 + second, 9002.0 + second)
    bench.slept_s = 1000.0
    for second in range(20, 40, 2):
        send(bench, 9000.0 + second, 9002.0 + second)
    wall = Presenter(bench.folder, lambda: bench.clock_s).poll(LiveStatus()).log.wall
    assert [wall.text(t_s) for t_s in (0.0, 19.0, 25.0, 40.0)] == [
        "00:00:00",
        "00:00:19",
        "00:17:05",
        "00:17:20",
    ]


def test_a_real_clock_record_pairs_clocks_read_together(bench):
    bench.feed(2, 4000.0)
    (first, *_) = [f for f in of_kind(bench.end(), "clock") if f.data["origin"] is not None]
    data = first.data
    assert data["session_s"] == pytest.approx(data["lsl"] - data["origin"], abs=1e-6)
    when = dt.datetime.fromisoformat(data["utc"])
    assert when - START == dt.timedelta(seconds=data["lsl"] - 9000.0)
    assert (data["zone"], data["zone_name"]) == ("+0200", "CEST")
