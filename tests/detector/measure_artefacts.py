"""Measure the detector on artefacts and unusual movements: one line for each row of `artefact_recordings`.

``PYTHONPATH=tests python tests/detector/measure_artefacts.py --seeds 1:4`` prints F1, missed and false
movements, false ones an hour, errors of onset and offset (median and 95 % of the absolute error, ms), the
share of artefact time that the quality reports as bad, the causes and the error of the PLMS index.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter

import numpy as np
from measure import Score, line, score
from support.artefact_recordings import ROWS, make_artefacts

from dsp import Cause, DetectorSettings, LegDetector
from monitor.detection.filters import design_filters


def run(night):
    """Return all events and quality rows of one leg."""
    settings = DetectorSettings()
    detector = LegDetector(settings, night.fs_hz, design_filters(night.fs_hz, settings))
    events, rows = detector.process(np.ascontiguousarray(night.x_uv))
    return np.concatenate([events, detector.finish()]), rows


def bad_share(night, rows):
    """Return the share of the artefacts' seconds, and of the others, in which the leg is bad."""
    at = rows["index"] / night.fs_hz
    inside = np.zeros(at.shape, bool)
    for start, end in night.spans_s:
        inside |= (at >= start - 1) & (at < end)
    bad = rows["state"] == 2
    return [float(np.mean(bad[where])) if where.any() else 0.0 for where in (inside, ~inside)]


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="1:4")
    parser.add_argument("--rates", default="200,500,2000")
    parser.add_argument("--rows", default=",".join(ROWS))
    parser.add_argument("--minutes", type=float, default=15.0)
    args = parser.parse_args()
    means = []
    for row in args.rows.split(","):
        for rate in map(int, args.rates.split(",")):
            total, each, hours, causes, shares = Score(), [], 0.0, Counter(), []
            for seed in range(*map(int, args.seeds.split(":"))):
                night = make_artefacts(seed, row, rate, args.minutes)
                events, rows = run(night)
                one = score(night, events)
                each.append(one.f1)
                total.add(one)
                hours += night.x_uv.size / night.fs_hz / 3600
                shares.append(bad_share(night, rows))
                for value, n in zip(*np.unique(rows["causes"], return_counts=True), strict=True):
                    causes.update({flag.name: int(n) for flag in Cause if value & flag})
            means += each
            text = (
                line(f"{row} {rate}", total, min(each)) if total.hits else f"{row} {rate} false {total.false}"
            )
            bad = "bad {:.2f} else {:.2f}".format(*np.mean(shares, axis=0))
            sys.stdout.write(f"{text}  false/h {total.false / hours:.1f}  {bad}  {dict(causes)}\n")
            sys.stdout.flush()
    sys.stdout.write(f"mean F1 {np.mean(means):.4f}  worst {min(means):.3f}\n")


if __name__ == "__main__":
    main()
