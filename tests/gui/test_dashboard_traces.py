"""The trace on the screen: bursts stay, gaps stay, and it does not matter how the samples came."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from monitor.dashboard.signal.raster import PLAIN
from monitor.dashboard.signal.traces import Traces, ViewFilter

COLOURS = np.array([1, 2, 0], np.uint32)
ABOVE_UV = np.array([8.0, 2.0])


def rows_of(raw: np.ndarray, rate_hz: float = 500.0, start_s: float = 0.0, rest: float = 2.0) -> np.ndarray:
    rows = np.full((len(raw), 7), rest)
    rows[:, 0] = start_s + np.arange(len(raw)) / rate_hz
    rows[:, 1] = rows[:, 4] = raw
    return rows


def painted(traces: Traces, width: int = 200, span_s: float = 10.0, height: int = 101) -> np.ndarray:
    pixels = np.zeros((height, width), np.uint32)
    traces.paint(pixels, "left", (0, width), 0, span_s / width, 0.5, ABOVE_UV, COLOURS)
    return pixels


def make(rate_hz: float = 500.0) -> Traces:
    return Traces(("left", "right"), rate_hz, 20.0, ViewFilter())


@examples(20)
@given(cuts=st.lists(st.integers(0, 2500), max_size=12))
def test_any_pieces_give_the_same_picture(cuts: list[int]) -> None:
    rows = rows_of(np.random.default_rng(3).normal(0, 10, 2500))
    whole, pieces = make(), make()
    whole.add(rows)
    edges = [0, *sorted(cuts), len(rows)]
    for a, b in pairwise(edges):
        pieces.add(rows[a:b])
    assert np.array_equal(painted(whole), painted(pieces))


def test_python_draws_what_the_compiled_kernels_draw() -> None:
    """Until the kernels are compiled Python runs them."""
    rows = rows_of(np.random.default_rng(4).normal(0, 10, 2500), start_s=3.0)
    rows[700:720, 4] = np.nan
    rows[900:, 0] += 2.0
    compiled, plain = make(), Traces(("left", "right"), 500.0, 20.0, ViewFilter(), run_by=PLAIN)
    for part in np.array_split(rows, 5):
        compiled.add(part)
        plain.add(part)
    for lane in compiled.lanes:
        assert compiled.measured(lane, 0.0, 20.0) == plain.measured(lane, 0.0, 20.0)
    assert np.array_equal(painted(compiled), painted(plain))
    assert painted(plain).any()


WITHOUT_COMPILER = """
import sys
class Refused:
    def find_spec(self, name, path=None, target=None):
        if name == "numba":
            raise PermissionError("cannot allocate executable memory")
sys.meta_path.insert(0, Refused())
from monitor.dashboard.signal import raster, traces
for step in {steps}:
    step()
print(raster.kernels() is raster.PLAIN)
"""


@pytest.mark.parametrize("steps", ["[]", "[raster.run_uncompiled, traces.warm_up]"], ids=["first", "start"])
def test_python_draws_where_the_compiler_cannot_be_loaded(steps: str) -> None:
    code = WITHOUT_COMPILER.format(steps=steps)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("True\n", "")


def test_a_short_burst_is_not_averaged_away() -> None:
    raw = np.zeros(150_000)
    raw[75_000:75_010] = 90.0 * np.array([1, -1] * 5)
    traces = Traces(("left",), 500.0, 305.0, ViewFilter(20.0, 200.0, 0.0))
    traces.add(rows_of(raw)[:, :4])
    pixels = np.zeros((201, 300), np.uint32)
    traces.paint(pixels, "left", (0, 300), 0, 1.0, 1.0, ABOVE_UV, COLOURS)
    tall = (pixels == 1).sum(axis=0)
    assert tall[150] > 40
    assert tall[np.r_[0:149, 152:300]].max() <= 2


def test_a_gap_is_left_empty_and_not_bridged() -> None:
    traces = make()
    traces.add(rows_of(np.ones(1000)))
    traces.add(rows_of(np.ones(1000), start_s=5.0))
    columns = (painted(traces) == 1).any(axis=0)
    assert columns[:40].all()
    assert not columns[41:100].any()
    assert columns[100:140].all()


def test_missing_samples_do_not_silence_what_follows() -> None:
    raw = np.random.default_rng(0).normal(0, 10, 2500)
    raw[500:550] = np.nan
    traces = make()
    traces.add(rows_of(raw))
    assert np.isfinite(traces.largest_uv("left", 1.0))
    assert (painted(traces, span_s=5.0) == 1).any(axis=0)[-1]


def test_an_offset_of_millivolts_does_not_ring_through_the_picture() -> None:
    traces = make()
    traces.add(rows_of(np.full(500, -5800.0)))
    assert traces.largest_uv("left", 1.0) == pytest.approx(0.0, abs=1e-6)


def test_thresholds_are_drawn_over_the_resting_level_of_their_time() -> None:
    traces = make()
    traces.add(rows_of(np.zeros(2500), rest=2.0))
    traces.add(rows_of(np.zeros(2500), start_s=5.0, rest=12.0))
    pixels = painted(traces)
    middle, scale = 50, 0.5
    assert pixels[round(middle - 10.0 * scale), 0] == 2
    assert pixels[round(middle - 20.0 * scale), 104] == 2
    assert pixels[round(middle + 20.0 * scale), 104] == 2


def test_old_columns_give_way_to_new_ones() -> None:
    traces = make()
    traces.add(rows_of(np.random.default_rng(0).normal(0, 20, 20_000)))
    pixels = np.zeros((101, 200), np.uint32)
    traces.paint(pixels, "left", (0, 200), 0, 0.05, 0.5, ABOVE_UV, COLOURS)
    # Column 600 is 30 s, which lies at 600 % 200; only it may change.
    before = pixels.copy()
    traces.paint(pixels, "left", (600, 601), 0, 0.05, 0.5, ABOVE_UV, COLOURS)
    assert not np.array_equal(pixels[:, 0], before[:, 0])
    assert np.array_equal(pixels[:, 1:], before[:, 1:])


@pytest.mark.parametrize("rate_hz", [200.0, 1111.111, 2000.0])
def test_every_column_is_filled_at_any_rate(rate_hz: float) -> None:
    traces = make(rate_hz)
    n = round(10 * rate_hz)
    traces.add(rows_of(np.random.default_rng(0).normal(0, 5, n), rate_hz))
    assert (painted(traces, width=600) == 1).any(axis=0)[:-1].all()


def test_on_a_finer_screen_lines_keep_their_thickness() -> None:
    traces = make()
    traces.add(rows_of(np.zeros(5000)))
    pixels = np.zeros((202, 400), np.uint32)
    traces.paint(pixels, "left", (0, 400), 0, 10.0 / 400, 1.0, ABOVE_UV, COLOURS, 2)
    trace, thresholds = (pixels == 1).sum(axis=0), (pixels == 2).sum(axis=0)
    assert set(trace[10:-10].tolist()) == {2}
    # Onset, offset, both or none, above and below, each two pixels thick.
    assert set(thresholds[10:-10].tolist()) <= {0, 4, 8}
    assert thresholds.max() >= 4
