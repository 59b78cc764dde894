"""Measure the detector on artefacts and unusual movements: one line for each row of `artefact_recordings`.

``PYTHONPATH=tests python tests/detector/measure_artefacts.py --seeds 1:4`` prints F1, missed and false
movements, false ones an hour, errors of onset and offset (median and 95 % of the absolute error, ms), the
share of artefact time that the quality reports as bad, the causes and the error of the PLMS index. The row
`crosstalk` is the leg that has the other in its channel, through the whole detection of a stream.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter

import numpy as np
from measure import Score, line, score
from support.artefact_recordings import ROWS, make_artefacts, make_crosstalk

from dsp import EVENT_DTYPE, QUALITY_DTYPE, Cause, DetectorSettings, EventKind, LegDetector
from monitor.detection.filters import design_filters
from monitor.detection.pipeline import StreamDetection
from monitor.montage import LegChannel

CROSSTALK = "crosstalk"


def run(night):
    """Return all events and quality rows of one leg."""
    settings = DetectorSettings()
    detector = LegDetector(settings, night.fs_hz, design_filters(night.fs_hz, settings))
    events, rows = detector.process(np.ascontiguousarray(night.x_uv))
    return np.concatenate([events, detector.finish()]), rows


def run_stream(nights):
    """Return the events of each of two legs in one stream."""
    fs_hz, names = nights[0].fs_hz, ("left", "right")
    legs = [LegChannel(leg, k, leg, 1.0, "uV", "given") for k, leg in enumerate(names)]
    detection = StreamDetection(fs_hz, legs, DetectorSettings())
    values = np.stack([night.x_uv for night in nights], axis=1)
    facts = detection.start(0.0) + detection.process(values, np.arange(len(values)) / fs_hz)
    facts = [fact for fact in facts + detection.finish() if fact.kind == "movement"]
    return [as_events([fact.data for fact in facts if fact.data["leg"] == leg], fs_hz) for leg in names]


def as_events(movements, fs_hz):
    """Return the data of movement facts as the detector's events."""
    events = np.zeros(len(movements), EVENT_DTYPE)
    for event, data in zip(events, movements, strict=True):
        event["kind"], event["movement"] = EventKind[_KINDS[data["phase"]]], int(data["id"][1:])
        event["onset_index"], event["known_index"] = data["onset"] * fs_hz, round(data["known"] * fs_hz)
        event["offset_index"] = data.get("end", np.nan) * fs_hz
        event["twitch"] = data.get("twitch", False)
    return events


_KINDS = {"onset": "ONSET", "confirmed": "CONFIRMED", "withdrawn": "WITHDRAWN", "closed": "CLOSED"}


def measured(row, seed, rate, minutes):
    """Return a night of a row, its events and its quality rows."""
    if row != CROSSTALK:
        night = make_artefacts(seed, row, rate, minutes)
        return night, *run(night)
    nights = make_crosstalk(seed, rate, minutes)
    return nights[0], run_stream(nights)[0], np.empty(0, QUALITY_DTYPE)


def bad_share(night, rows):
    """Return the share of the artefacts' seconds, and of the others, in which the leg is bad."""
    at = rows["index"] / night.fs_hz
    inside = np.zeros(at.shape, bool)
    for start, end in getattr(night, "spans_s", ()):
        inside |= (at >= start - 1) & (at < end)
    bad = rows["state"] == 2
    return [float(np.mean(bad[where])) if where.any() else 0.0 for where in (inside, ~inside)]


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="1:4")
    parser.add_argument("--rates", default="200,500,2000")
    parser.add_argument("--rows", default=",".join((*ROWS, CROSSTALK)))
    parser.add_argument("--minutes", type=float, default=15.0)
    args = parser.parse_args()
    means = []
    for row in args.rows.split(","):
        for rate in map(int, args.rates.split(",")):
            total, each, hours, causes, shares = Score(), [], 0.0, Counter(), []
            for seed in range(*map(int, args.seeds.split(":"))):
                night, events, rows = measured(row, seed, rate, args.minutes)
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
