"""Cost of a frame of the sweep beside one without what is measured, in the same run.

Off by default: ``pytest tests/bench --benchmark-only``.
"""

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import time

import numpy as np
from page_turn import RATE_HZ, edf, facts, of_file, session
from support.sweeping import frames, many_movements, new_sweep
from support.waiting import wait_for

from monitor.dashboard.signal.page_sources import FilePages, SessionPages
from monitor.dashboard.signal.sources import PageReader
from monitor.dashboard.signal.traces import ViewFilter
from monitor.files import read_recording

HOURS, PAGE_S = 0.5, 30.0


def test_three_thousand_movements_cost_a_frame_little(benchmark, qtbot):
    plain, full = new_sweep(qtbot), new_sweep(qtbot)
    full.set_movements(many_movements(3000, 28_800.0))
    # In turn, so that a busy machine slows both alike.
    costs_s = np.array([[frames(each, 20, 32.0 + turn) for each in (plain, full)] for turn in range(15)])
    alone_s, with_s = np.median(costs_s, axis=0) / 20
    benchmark.extra_info.update(plain_ms=alone_s * 1e3, full_ms=with_s * 1e3)
    benchmark.pedantic(frames, args=(full, 20, 60.0), rounds=3)
    # One graphics item for each took 124 ms a frame.
    assert with_s <= 2.0 * alone_s, f"{with_s * 1e3:.2f} ms with, {alone_s * 1e3:.2f} ms without"


class Pages:
    """The pages of a recording of 30 channels, read as the window reads them."""

    def __init__(self, source, found):
        self.reader = PageReader(source)
        self.about = [[fact for fact in found if fact.kind == kind] for kind in ("stream", "anchor")]

    def read_s(self, start_s):
        """Read a page; return how long it took."""
        from_s = time.perf_counter()
        self.reader.ask((start_s, start_s + PAGE_S), ViewFilter(), *self.about, {})
        page = wait_for(self.reader.take, "page", pause=lambda: time.sleep(0.0002))
        assert page.traces["left"].newest_s > start_s + PAGE_S - 10 / RATE_HZ
        return time.perf_counter() - from_s


def test_a_page_costs_the_same_early_and_late_in_a_session_and_in_a_file(benchmark, tmp_path):
    file = edf(tmp_path / "night.edf", HOURS)
    pages = {
        "session": Pages(SessionPages(session(tmp_path / "session", HOURS)), facts(HOURS)),
        "file": Pages(FilePages(lambda: read_recording(file)), of_file(facts(HOURS))),
    }
    late_s = HOURS * 3600 - PAGE_S
    for each in pages.values():
        # Opens the file, and places the samples of the session up to there.
        each.read_s(late_s)
    # In turn, so that a busy machine slows all alike.
    costs_s = {(name, at_s): [] for name in pages for at_s in (60.0, late_s)}
    for _ in range(25):
        for (name, at_s), found in costs_s.items():
            found.append(pages[name].read_s(at_s))
    medians_s = {of: float(np.median(found)) for of, found in costs_s.items()}
    benchmark.extra_info.update(
        {f"{name} at {at_s:g} s": cost_s for (name, at_s), cost_s in medians_s.items()}
    )
    benchmark.pedantic(pages["file"].read_s, args=(late_s,), rounds=3)
    for name, each in pages.items():
        assert medians_s[name, late_s] <= 2.0 * medians_s[name, 60.0], medians_s
        each.reader.close()
    assert medians_s["file", late_s] <= 2.0 * medians_s["session", late_s], medians_s
