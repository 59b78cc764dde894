"""Cost of a frame of the sweep beside one without what is measured, in the same run.

Off by default: ``pytest tests/bench --benchmark-only``.
"""

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from support.sweeping import frames, many_movements, new_sweep


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
